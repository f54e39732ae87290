"""How to tell that a part can do its work."""

import socket
from collections.abc import Callable

import httpx
import pymongo
from pymongo.errors import PyMongoError


def accepts_connections(host: str, port: int) -> Callable[[], bool]:
    def is_ready() -> bool:
        try:
            with socket.create_connection((host, port), timeout=1):
                return True
        except OSError:
            return False

    return is_ready


def answers_ping(uri: str) -> Callable[[], bool]:
    def is_ready() -> bool:
        try:
            with pymongo.MongoClient[dict[str, object]](uri, serverSelectionTimeoutMS=1_000) as client:
                client.admin.command("ping")
        except PyMongoError:
            return False
        return True

    return is_ready


def answers_ready(url: str) -> Callable[[], bool]:
    def is_ready() -> bool:
        try:
            return httpx.get(f"{url}/readyz", timeout=10).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    return is_ready
