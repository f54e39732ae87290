"""`rebuild`, `generations` and `drop`, the same for every service that can be rebuilt."""

import argparse
import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from aiokafka.errors import KafkaError
from pymongo.errors import PyMongoError
from rich.console import Console
from rich.table import Table

from shared.generations.bar import progress_bar
from shared.generations.letters import letters_so_far
from shared.generations.listing import Listed, listed
from shared.generations.naming import NoName, named, said
from shared.generations.offsets import Offsets, open_offsets
from shared.generations.rebuilding import Interrupted, Rebuilt, Target, catch_up
from shared.generations.record import Rebuild, holds_data, note, note_caught_up, rebuild_in
from shared.kafka.publisher import BrokerAway, open_publisher
from shared.kafka.subscription import Halted
from shared.mongo import Database, connect
from shared.settings import KafkaSettings, MongoSettings

COMMANDS = ("rebuild", "generations", "drop")
DONE, FAILED, REFUSED, INTERRUPTED = 0, 1, 2, 130


class Refused(Exception):
    """What was asked for would do harm, or makes no sense; the message says why, and what to do instead."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What every command works with; `first` is the database of the first generation."""

    rebuilt: Rebuilt
    first: Database
    offsets: Offsets
    kafka: KafkaSettings
    set_to: str
    """The generation that the setting names in this environment."""
    out: Console

    async def is_read(self, generation: str) -> bool:
        """Does a service, or a rebuild, read for the generation?"""
        return any([await self.offsets.has_members(group) for _, group in self.rebuilt.read_by(generation)])


def run(rebuilt: Rebuilt, arguments: Sequence[str], kafka: KafkaSettings, mongo: MongoSettings) -> int:
    """Exit status: 0 done, 1 failed on the way (what was done stays), 2 refused, 130 interrupted."""
    options = parser(rebuilt).parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    out = Console(stderr=options.command == "rebuild", soft_wrap=True, highlight=False)
    try:
        return asyncio.run(_run(rebuilt, options, kafka, mongo, out))
    except (Refused, NoName) as error:
        print(error, file=sys.stderr)
        return REFUSED
    except Interrupted:
        print(
            f"Interrupted; what is done stays. Go on with: python -m services.{rebuilt.service} rebuild "
            f"--generation {options.generation} --continue",
            file=sys.stderr,
        )
        return INTERRUPTED
    except Halted as error:
        print(f"Stopped with nothing committed of the last batch: {error}", file=sys.stderr)
    except (BrokerAway, KafkaError, TimeoutError) as error:
        print(f"Kafka ({kafka.bootstrap_servers}): {type(error).__name__}: {error}", file=sys.stderr)
    except PyMongoError as error:
        print(f"MongoDB: {type(error).__name__}: {error}", file=sys.stderr)
    return FAILED


def parser(rebuilt: Rebuilt) -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog=f"python -m services.{rebuilt.service}")
    commands = top.add_subparsers(dest="command", required=True)
    about = "make a generation of its own from the log, beside the one that runs"
    rebuild = commands.add_parser("rebuild", help=about, description=about)
    rebuild.add_argument(
        "--generation", type=generation, required=True, metavar="NAME", help="small letters, digits, hyphens; 2, say"
    )
    rebuild.add_argument(
        "--since", type=moment, metavar="TIME", help="with what came to the log from then on, as 2026-01-01T00:00:00Z"
    )
    rebuild.add_argument("--continue", dest="goes_on", action="store_true", help="go on with one that was interrupted")
    about = "list the generations, their size, and which is running"
    commands.add_parser("generations", help=about, description=about)
    about = "delete a generation's documents and consumer groups"
    drop = commands.add_parser("drop", help=about, description=about)
    drop.add_argument(
        "--generation", type=generation, required=True, metavar="NAME", help="`default` is the one without a name"
    )
    drop.add_argument("--yes", action="store_true", help="do not ask")
    return top


def generation(text: str) -> str:
    try:
        return named(text)
    except NoName as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def moment(text: str) -> int:
    """Milliseconds since 1970."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; write it as 2026-01-01T00:00:00Z") from error
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000)


def written(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def _run(
    rebuilt: Rebuilt, options: argparse.Namespace, kafka: KafkaSettings, mongo: MongoSettings, out: Console
) -> int:
    set_to = named(os.environ.get(rebuilt.setting) or "default")
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(connect(mongo, f"onevoice-{rebuilt.service}-rebuild"))
        offsets = await stack.enter_async_context(open_offsets(kafka))
        tools = Tools(rebuilt, first, offsets, kafka, set_to, out)
        if options.command == "rebuild":
            await rebuild_generation(tools, options.generation, options.since, options.goes_on)
        elif options.command == "generations":
            show(tools, await listed(rebuilt, first, offsets))
        else:
            await drop(tools, options.generation, options.yes)
    return DONE


async def rebuild_generation(tools: Tools, generation: str, since: int | None, goes_on: bool) -> None:
    rebuilt, out = tools.rebuilt, tools.out
    database = rebuilt.database(tools.first, generation)
    rebuild = await _allowed(tools, generation, database, since, goes_on)
    await note(database, rebuild)
    if rebuild.since is not None:
        for topic, group in rebuilt.read_by(generation):
            await tools.offsets.place(topic, group, rebuild.since)
    else:
        await _tell_what_is_gone(tools)
    async with open_publisher(tools.kafka, f"onevoice-{rebuilt.service}-rebuild") as publisher, on_signals() as ended:
        letters = await letters_so_far(tools.kafka, tools.offsets)
        target = Target(generation, database, tools.kafka, publisher, letters)
        with progress_bar(out, f"{rebuilt.service} {generation}") as report:
            await catch_up(rebuilt, target, tools.offsets, report, ended)
    await note_caught_up(database, rebuild, time.time_ns() // 1_000_000)
    out.print(
        f"Generation {generation} of {rebuilt.service} has what the log has. To switch over, set "
        f"{rebuilt.setting}={generation} and restart {rebuilt.service}, one instance after the other; "
        f"to go back, set it to {tools.set_to or 'nothing'} and do the same."
    )


async def _allowed(tools: Tools, generation: str, database: Database, since: int | None, goes_on: bool) -> Rebuild:
    """Raises `Refused`; answers what to note of the rebuild."""
    if not generation or generation == tools.set_to:
        raise Refused(
            f"Generation {said(generation)} is the one that {tools.rebuilt.setting} names: choose a new name."
        )
    await _must_not_be_needed(tools, generation)
    known = await rebuild_in(database)
    if known is None:
        if await holds_data(database):
            raise Refused(f"{database.name} holds data that no rebuild made: choose another name.")
        if goes_on:
            raise Refused(f"Nothing to go on with: there is no generation {generation}. Leave out --continue.")
        return Rebuild(since, time.time_ns() // 1_000_000)
    if known.caught_up_at is not None and await tools.is_read(generation):
        raise Refused(f"Generation {generation} is running: choose another name.")
    if not goes_on:
        raise Refused(
            f"Generation {generation} was begun at {written(known.started_at)}: go on with --continue, "
            f"or delete it with `drop --generation {generation}`."
        )
    if since is not None and since != known.since:
        begun = "offset 0" if known.since is None else written(known.since)
        raise Refused(f"Generation {generation} was begun from {begun}; that cannot be changed: leave out --since.")
    return Rebuild(known.since, known.started_at)


async def _must_not_be_needed(tools: Tools, generation: str) -> None:
    if (reason := await tools.rebuilt.needs(tools.first, generation)) is not None:
        raise Refused(f"Generation {said(generation)} stays as it is: {reason}.")


async def _tell_what_is_gone(tools: Tools) -> None:
    for topic in dict.fromkeys(topic for topic, _ in tools.rebuilt.read):
        gone = sum((await tools.offsets.begins(topic)).values())
        if gone:
            tools.out.print(f"Note: {gone:,} records of {topic} are past the log's retention and will not be in it.")


def show(tools: Tools, generations: Sequence[Listed]) -> None:
    table = Table("generation", "state", "made from", "documents", "behind", box=None)
    for one in generations:
        table.add_row(said(one.generation), one.state, one.origin, f"{one.documents:,}", f"{one.behind:,}")
    tools.out.print(table)
    tools.out.print(f"{tools.rebuilt.setting} names {said(tools.set_to)} here.")


async def drop(tools: Tools, generation: str, sure: bool) -> None:
    """Documents, then groups: whatever it is interrupted in, it can be said again."""
    rebuilt = tools.rebuilt
    if generation == tools.set_to:
        raise Refused(f"Generation {said(generation)} is the one that {rebuilt.setting} names: it stays.")
    if await tools.is_read(generation):
        raise Refused(f"Generation {said(generation)} is running (or ended less than a minute ago): it stays.")
    await _must_not_be_needed(tools, generation)
    database = rebuilt.database(tools.first, generation)
    if not sure:
        if not sys.stdin.isatty():
            raise Refused("Nobody is there to ask: say --yes.")
        asked = f"Delete generation {said(generation)} of {rebuilt.service} for good? Type its name: "
        if tools.out.input(asked).strip() != said(generation):
            raise Refused("Nothing was deleted.")
    if generation:
        await database.client.drop_database(database.name)
    else:
        for name in rebuilt.collections:
            await database.drop_collection(name)
    await tools.offsets.forget([group for _, group in rebuilt.read_by(generation)])
    tools.out.print(f"Generation {said(generation)} of {rebuilt.service} is deleted.")


@asynccontextmanager
async def on_signals() -> AsyncIterator[asyncio.Event]:
    """Set at SIGINT or SIGTERM, so that batches under way are finished."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    caught = (signal.SIGINT, signal.SIGTERM)
    for one in caught:
        loop.add_signal_handler(one, ended.set)
    try:
        yield ended
    finally:
        for one in caught:
            loop.remove_signal_handler(one)


def asked_for(arguments: Sequence[str]) -> bool:
    """Is this one of the commands here?"""
    return bool(arguments) and arguments[0] in COMMANDS
