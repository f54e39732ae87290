"""API keys: who is calling, in which role, for which departments.

Keys are random and long, so a plain SHA-256 of each is what is kept; the keys themselves are not.
"""

import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Literal

from fastapi import Request
from pydantic import BaseModel, ConfigDict, TypeAdapter

from shared.web.problems import problem

Role = Literal["publisher", "agent", "ops", "service", "canary"]
EVERY_DEPARTMENT = "*"


class Caller(BaseModel):
    """The holder of a key. `departments` is what it may publish for; `*` is all of them."""

    model_config = ConfigDict(frozen=True)

    name: str
    role: Role
    departments: tuple[str, ...] = ()
    sha256: str

    @property
    def fingerprint(self) -> str:
        """Names the key where the key must not stand, such as in a session."""
        return hash_key(f"fingerprint of {self.sha256}")[:32]

    def publishes_for(self, department: str) -> bool:
        return EVERY_DEPARTMENT in self.departments or department in self.departments


class Keys:
    def __init__(self, callers: list[Caller]) -> None:
        self._by_hash = {caller.sha256: caller for caller in callers}

    @classmethod
    def read(cls, file: Path) -> "Keys":
        """Raises `OSError` or `pydantic.ValidationError` where the file cannot be used."""
        return cls(TypeAdapter(list[Caller]).validate_json(file.read_bytes()))

    def holder(self, key: str) -> Caller | None:
        return self._by_hash.get(hash_key(key))

    def with_fingerprint(self, fingerprint: str) -> Caller | None:
        """Whose key it is, as long as the key is known; see `Caller.fingerprint`."""
        return next((caller for caller in self._by_hash.values() if caller.fingerprint == fingerprint), None)


def hash_key(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def bearer(request: Request) -> str | None:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" and key.strip() else None


def caller_of(request: Request) -> Caller:
    """The holder of the request's bearer key; raises 401. Needs `app.state.keys`."""
    key = bearer(request)
    if key is None:
        raise problem(401, "Send a key: 'Authorization: Bearer KEY'.")
    keys: Keys = request.app.state.keys
    holder = keys.holder(key)
    if holder is None:
        raise problem(401, "This key is not known.")
    return holder


def allow(*roles: Role) -> Callable[[Request], Awaitable[Caller]]:
    """A FastAPI dependency: the caller, or 401 without a known key, 403 in another role."""

    async def check(request: Request) -> Caller:
        caller = caller_of(request)
        if caller.role not in roles:
            raise problem(403, f"A key with the role {' or '.join(roles)} is needed; this one is {caller.role}.")
        return caller

    return check
