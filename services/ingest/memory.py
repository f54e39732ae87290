"""The door's memory of identities: which were acknowledged lately, and which are on their way.

A help only. It answers `duplicate` and 409 where it knows; what it does not know is published, and the
stores drop what they have. An identity is remembered only after the broker acknowledged it.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable

from services.ingest.identities import Identities


class Claim:
    """An identity on its way to the broker; `end` tells those who wait what content was acknowledged, if any."""

    def __init__(self, identity: str, digest: str) -> None:
        self.identity = identity
        self.digest = digest
        self._outcome: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()

    @property
    def ended(self) -> bool:
        return self._outcome.done()

    def end(self, acknowledged: str | None) -> None:
        if not self._outcome.done():
            self._outcome.set_result(acknowledged)

    async def outcome(self) -> str | None:
        return await asyncio.shield(self._outcome)


class Memory:
    def __init__(self, identities: Identities, size: int) -> None:
        self._identities = identities
        self._size = size
        self._known: OrderedDict[str, str] = OrderedDict()
        self._claims: dict[str, Claim] = {}

    def known(self, identity: str) -> str | None:
        """The digest of what was acknowledged under this identity, as far as this process holds it."""
        digest = self._known.get(identity)
        if digest is not None:
            self._known.move_to_end(identity)
        return digest

    def claimed(self, identity: str) -> Claim | None:
        return self._claims.get(identity)

    def claim(self, identity: str, digest: str) -> Claim:
        claim = self._claims[identity] = Claim(identity, digest)
        return claim

    async def recall(self, claims: Iterable[Claim]) -> None:
        """Ends the claims on what was acknowledged earlier, as far as MongoDB tells in time."""
        by_identity = {claim.identity: claim for claim in claims}
        for identity, digest in (await self._identities.recall(list(by_identity))).items():
            self._hold(identity, digest)
            self._close(by_identity[identity], digest)

    def acknowledged(self, claim: Claim) -> None:
        self._hold(claim.identity, claim.digest)
        self._identities.note(claim.identity, claim.digest)
        self._close(claim, claim.digest)

    def failed(self, claim: Claim) -> None:
        self._close(claim, None)

    def _close(self, claim: Claim, digest: str | None) -> None:
        self._claims.pop(claim.identity, None)
        claim.end(digest)

    def _hold(self, identity: str, digest: str) -> None:
        self._known[identity] = digest
        self._known.move_to_end(identity)
        if len(self._known) > self._size:
            self._known.popitem(last=False)
