"""Makes silences and ends them; what they hid comes up the moment they end."""

from services.consistency.clock import Clock
from services.consistency.notify.matchers import match
from services.consistency.notify.silence import NoSilence, Silence
from services.consistency.notify.store import NotifyStore
from services.consistency.notify.store.watched import AT_ONCE

MAX_ACTIVE = 500
SOME = 20


async def make(store: NotifyStore, silence: Silence, clock: Clock) -> None:
    """Raises `NoSilence` where there are too many. It holds from when it is stored."""
    if await store.silences.count_active(clock()) >= MAX_ACTIVE:
        raise NoSilence(f"There are {MAX_ACTIVE} silences already; end some first, the oldest are listed first.")
    await store.silences.add(silence)
    await apply(store, silence)


async def apply(store: NotifyStore, silence: Silence) -> None:
    """Marks the alerts that it hides now; those that come later are marked when they are routed."""
    after = ""
    while some := await store.watched.unsettled(silence.matchers, {}, after):
        await store.watched.silence(silence.id, [one.id for one in some if match(silence.matchers, one.labels)])
        after = some[-1].id
        if len(some) < AT_ONCE:
            break
    await store.silences.applied(silence.id)


async def muted_rules(store: NotifyStore, now: int) -> dict[str, Silence]:
    """By rule, the silence that mutes it longest."""
    active = await store.silences.active(now, MAX_ACTIVE)
    by_end = sorted(active, key=lambda silence: silence.ends_at)
    return {silence.mutes: silence for silence in by_end if silence.mutes is not None}


async def release_ended(store: NotifyStore, clock: Clock) -> None:
    """Also finishes what was left half done by who made one."""
    for silence in await store.silences.to_apply(SOME):
        if silence.is_active(clock()):
            await apply(store, silence)
    for silence in await store.silences.to_release(clock(), SOME):
        await store.silences.released(silence, await store.watched.release(silence.id))
