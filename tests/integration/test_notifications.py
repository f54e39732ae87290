"""From a published alert to its receivers, on a real database, with real servers that take webhooks and mail."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.consistency.notify.api import NotifyDesk, retried_by
from services.consistency.notify.notifier import CLAIM
from services.consistency.notify.receivers import MICROSECONDS
from services.consistency.notify.silence import new_silence
from services.consistency.notify.silencing import make
from shared.mongo import Database
from tests.integration.notifying import CONSOLE, ROUTES, Desk, desk_with
from tests.integration.receivers import SECRET, Hooks, hook_receiver


@pytest.fixture
def hooks(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hooks]:
    monkeypatch.setenv("TEST_HOOK_SECRET", SECRET)
    with hook_receiver() as running:
        yield running
    assert running.forged == []


@pytest.fixture
async def desk(database: Database, tmp_path: Path, hooks: Hooks) -> AsyncIterator[Desk]:
    async with desk_with(database, tmp_path, ROUTES.replace("URL", hooks.url)) as opened:
        yield opened


async def test_a_group_is_told_after_its_wait_of_changes_after_its_interval_and_again(desk: Desk, hooks: Hooks) -> None:
    await desk.say("a1")
    await desk.go()
    assert hooks.requests == []
    await desk.say("a2", severity="high")
    await desk.go(11)
    [content] = hooks.taken.values()
    assert content["type"] == "alerts.changed"
    assert content["data"]["counts"] == {"opened": 2, "worsened": 0, "closed": 0, "still_open": 0}
    assert {alert["link"] for alert in content["data"]["alerts"]} == {f"{CONSOLE}/alerts/a1", f"{CONSOLE}/alerts/a2"}

    await desk.say("a1", "resolved")
    await desk.say("a2", "acknowledged", severity="high")
    await desk.say("a3")
    await desk.go(11)
    assert len(hooks.taken) == 1
    await desk.go(30)
    assert hooks.alerts()[2:] == [("a1", "closed"), ("a3", "opened")]
    await desk.go(121)
    assert hooks.alerts()[4:] == [("a3", "still_open")]
    await desk.say("a3", "dismissed")
    await desk.go(41)
    assert hooks.alerts()[5:] == [("a3", "closed")]
    assert [content["data"]["sequence"] for content in hooks.taken.values()] == [1, 2, 3, 4]
    await desk.go(60)
    assert len(hooks.requests) == 4


async def test_what_a_silence_hid_comes_up_the_moment_it_ends(desk: Desk, hooks: Hooks) -> None:
    await desk.say("told")
    await desk.go(11)
    now = desk.clock()
    silence = new_silence(["department = sales"], "ops", "known", now + 60 * MICROSECONDS, now)
    await make(desk.store, silence, desk.clock)
    await desk.say("late", first_seen="2026-03-01T09:00:00Z")
    await desk.say("gone")
    await desk.go(31)
    await desk.say("gone", "resolved")
    await desk.go(1)
    assert hooks.alerts() == [("told", "opened")]
    assert [one.id for one in await desk.store.watched.hidden(silence.id, 10)] == ["late", "told"]
    await desk.go(30)
    assert sorted(hooks.alerts()[1:]) == [("late", "opened"), ("told", "opened")]
    ended = await desk.store.silences.by_id(silence.id)
    assert ended is not None
    assert (ended.released, ended.hid) == (True, 3)
    await desk.go(31)
    assert len(hooks.requests) == 2


async def test_an_alert_holds_back_what_follows_from_it(desk: Desk, hooks: Hooks) -> None:
    await desk.say("cause", kind="embargo")
    await desk.say("effect")
    await desk.say("other", subject="Basic plan")
    await desk.go(11)
    assert sorted(hooks.alerts()) == [("cause", "opened"), ("other", "opened")]
    await desk.say("cause", "acknowledged", kind="embargo")
    await desk.go(31)
    await desk.say("cause", "resolved", kind="embargo")
    await desk.go(41)
    assert sorted(hooks.alerts()[2:])[:2] == [("cause", "closed"), ("effect", "opened")]


async def test_in_quiet_hours_nobody_is_told_and_after_them_of_what_is_still_open(
    database: Database, tmp_path: Path, hooks: Hooks
) -> None:
    since, until = (datetime.now(UTC) + timedelta(minutes=minutes) for minutes in (-1, 2))
    quiet = f'quiet = [{{ from = "{since:%H:%M}", to = "{until:%H:%M}", zone = "UTC" }}]\nto = ["hook"]'
    routes = ROUTES.replace("URL", hooks.url).replace('to = ["hook"]', quiet)
    async with desk_with(database, tmp_path, routes.replace("attempts", "closed = false\nattempts")) as desk:
        await desk.say("open")
        await desk.say("over")
        await desk.go(11)
        await desk.say("over", "resolved")
        await desk.go(11)
        assert hooks.requests == []
        await desk.go(120)
        assert hooks.alerts() == [("open", "opened")]
        await desk.say("open", "resolved")
        await desk.go(41)
        assert len(hooks.requests) == 1, "the receiver is not told of what is closed"
        await desk.say("open")
        await desk.go(41)
        assert hooks.alerts()[1:] == [("open", "opened")]


async def test_a_receiver_that_fails_hangs_and_comes_back_is_told_everything_once(desk: Desk, hooks: Hooks) -> None:
    hooks.status, hooks.headers = 503, {"retry-after": "20"}
    await desk.say("a1")
    await desk.go(11)
    await desk.go(7)
    assert len(hooks.requests) == 1
    hooks.hangs = True
    await desk.go(14)
    assert len(hooks.requests) == 2
    hooks.hangs, hooks.status = False, 200
    await desk.go(15)
    assert len(set(hooks.requests)) == 1, "the same id and the same bytes at each try"
    assert hooks.alerts() == [("a1", "opened")]
    assert await desk.states() == ["sent"]
    [notification] = await desk.store.notifications.page(None, None, None, 10)
    problems = [one.problem for one in notification.tries]
    assert problems == ["HTTP 503 Service Unavailable", "no answer within 2 seconds", None]


async def test_what_is_given_up_is_kept_and_goes_under_the_same_id_when_it_is_retried(desk: Desk, hooks: Hooks) -> None:
    hooks.status = 500
    await desk.say("a1")
    await desk.go(11)
    for seconds in (7, 13, 25):
        await desk.go(seconds)
    assert len(hooks.requests) == 3
    [dead] = await desk.store.notifications.page("dead", "hook", None, 10)
    hooks.status = 200
    asked = NotifyDesk(desk.store, desk.notifiers[0], desk.clock)
    assert await retried_by(asked, dead, "ops") is not None
    assert await retried_by(asked, dead, "ops") is None, "somebody else was first"
    await desk.go()
    assert set(hooks.ids) == {dead.id} == set(hooks.taken)
    assert await desk.store.notifications.totals() == {"hook": {"sent": 1}}


async def test_what_died_half_way_is_done_again_and_is_the_same(
    database: Database, tmp_path: Path, hooks: Hooks
) -> None:
    async with desk_with(database, tmp_path, ROUTES.replace("URL", hooks.url).replace('"2m"', '"1h"')) as desk:
        await die_at_each_step(desk, hooks)


async def die_at_each_step(desk: Desk, hooks: Hooks) -> None:
    first, second = desk.notifiers
    await desk.say("a1")
    await first.route()
    desk.clock.forward(11)

    async def dies(*_: object) -> None:
        raise ConnectionResetError

    for place, method in ((desk.store.watched, "told"), (desk.store.groups, "write")):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(place, method, dies)
            with pytest.raises(ConnectionResetError):
                await first.tell()
        await second.tell()
        assert len(await desk.store.notifications.page(None, None, None, 10)) == 1
        desk.clock.forward(CLAIM / MICROSECONDS + 1)
    with pytest.MonkeyPatch.context() as patch:
        [made] = await desk.store.notifications.page("pending", None, None, 10)
        write, claimed = desk.store.notifications.write, []

        async def dies_after_the_claim(before: Any, after: Any) -> Any:
            claimed.append(after.id)
            return await write(before, after) if len(claimed) == 1 else await dies()

        patch.setattr(desk.store.notifications, "write", dies_after_the_claim)
        with pytest.raises(ConnectionResetError):
            await first.deliver_one(made)
    await desk.go()
    assert hooks.ids == [made.id], "it is the first instance's, as far as the second one knows"
    await desk.go(CLAIM / MICROSECONDS + 3)
    assert hooks.ids == [made.id] * 2
    assert len(set(hooks.requests)) == 1
    assert hooks.alerts() == [("a1", "opened")]
    assert await desk.states() == ["sent"]


async def test_a_receiver_that_hangs_keeps_no_other_waiting(database: Database, tmp_path: Path, hooks: Hooks) -> None:
    with hook_receiver(secret=None) as chat:
        hooks.hangs = True
        routes = ROUTES.replace("URL", hooks.url).replace('to = ["hook"]', 'to = ["hook", "chat"]')
        routes = routes.replace("group_wait", 'group_by = ["alert"]\ngroup_wait')
        slack = f'\n[receiver.chat]\ntype = "slack"\nurl = "{chat.url}"\n'
        async with desk_with(database, tmp_path, routes + slack) as desk:
            for number in range(12):
                await desk.say(f"a{number}", reason="<!channel> 20 % & more | less")
            await desk.go(11)
            first = desk.notifiers[0]
            for _ in range(6):
                await first.step()
                await asyncio.sleep(0.1)
            assert len(chat.taken) == 12
            assert hooks.taken == {}
            hooks.hangs = False
            await desk.go(15)
            assert len(hooks.taken) == 12
    [text] = {content["text"] for content in chat.taken.values() if "/alerts/a7|" in content["text"]}
    assert "&lt;!channel&gt; 20 % &amp; more ¦ less" in text
    assert f"<{CONSOLE}/alerts/a7|Open: contradiction of discount, marketing and sales, 3 customers>" in text
