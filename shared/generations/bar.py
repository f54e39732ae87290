"""How far a rebuild is: a bar for people, a line now and then for logs."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from shared.generations.rebuilding import Standing

LINE_SECONDS = 10.0


class RecordsASecond(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f}/s")


@contextmanager
def progress_bar(out: Console, about: str) -> Iterator[Callable[[Standing], None]]:
    """Records done of those there, records a second, time left. Where `out` is no terminal: plain lines."""
    if not out.is_terminal:
        yield lines(out, about)
        return
    columns = (
        TextColumn(about),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("records"),
        RecordsASecond(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=out) as progress:
        task = progress.add_task(about, total=None)

        def report(standing: Standing) -> None:
            progress.update(task, completed=standing.done, total=standing.there)

        yield report


def lines(out: Console, about: str) -> Callable[[Standing], None]:
    started = last = time.monotonic()

    def report(standing: Standing) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < LINE_SECONDS and standing.done < standing.there:
            return
        last = now
        speed = standing.done / max(now - started, 0.001)
        left = f", {(standing.there - standing.done) / speed:,.0f} s left" if speed else ""
        out.print(f"{about}: {standing.done:,} of {standing.there:,} records, {speed:,.0f}/s{left}")

    return report
