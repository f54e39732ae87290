"""`python -m deploy.contract write|check`: the published contract under docs/contract, from the sources.

`check` ends with status 1 and shows the differences where the checked-in copy is not what the sources say.
"""

import argparse
import difflib
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import orjson
from fastapi import FastAPI

from deploy.asyncapi import asyncapi
from services.ingest.app import make
from services.ingest.settings import IngestSettings
from shared.settings import KafkaSettings, KeySettings, MongoSettings, RetentionSettings

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "contract"


def ingest() -> FastAPI:
    return make(IngestSettings(), KafkaSettings(), MongoSettings(), KeySettings(), RetentionSettings())


def gateway() -> FastAPI:
    """Its secrets have no defaults; a document needs none that are true."""
    app = import_module("services.gateway.app")
    settings = import_module("services.gateway.settings")
    secrets = {"service_key": "none", "session_secret": "none".ljust(32, "-")}
    made: FastAPI = app.create_app(settings.Settings(gateway=settings.GatewaySettings(**secrets)))
    return made


APPLICATIONS: dict[str, Callable[[], FastAPI]] = {"ingest": ingest, "gateway": gateway}
"""The services that others than ours speak to over HTTP."""


def documents() -> dict[str, dict[str, Any]]:
    """Every document by its file's name."""
    present = [name for name in APPLICATIONS if find_spec(f"services.{name}.app") is not None]
    described = {f"openapi.{name}.json": APPLICATIONS[name]().openapi() for name in present}
    return {"asyncapi.json": asyncapi(), **described}


def render(document: dict[str, Any]) -> str:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode() + "\n"


def write() -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, document in documents().items():
        (FOLDER / name).write_text(render(document), encoding="utf-8")
        print(f"wrote {FOLDER / name}")
    return 0


def check() -> int:
    differences = [line for name, document in documents().items() for line in difference(name, render(document))]
    sys.stdout.writelines(differences)
    if differences:
        print("docs/contract is not what the sources say: run `make contract`, look at the changes, commit them.")
    return 1 if differences else 0


def difference(name: str, wanted: str) -> list[str]:
    path = FOLDER / name
    found = path.read_text(encoding="utf-8") if path.exists() else ""
    before, after = found.splitlines(keepends=True), wanted.splitlines(keepends=True)
    return list(difflib.unified_diff(before, after, f"docs/contract/{name}", "from the sources"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m deploy.contract", description=__doc__)
    parser.add_argument("action", choices=["write", "check"])
    sys.exit({"write": write, "check": check}[parser.parse_args().action]())
