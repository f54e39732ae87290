"""FerretDB for the local stack: the MongoDB protocol by other people's code, on SQLite.

It is built from its source, once, by the versions and digests of `deploy/ferretdb/go.mod` and `go.sum`. The services
are tested on it, so that they lean on no quirk of the embedded server.
"""

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from deploy.local.fetching import CACHE, FetchError, missing, run
from deploy.local.ports import LOOPBACK
from deploy.local.processes import Part
from deploy.local.readiness import answers_ping

HERE = Path(__file__).resolve().parents[1] / "ferretdb"
PROGRAMS = ("go",)
HOME = CACHE / "ferretdb"
MODULE = "github.com/FerretDB/FerretDB"
SECONDS_TO_BUILD = 1_200


def program(report: Callable[[str], None], cache: Path = HOME) -> Path:
    """The built program, built where it is not there yet. Raises `FetchError`."""
    pins = (HERE / "go.mod").read_bytes() + (HERE / "go.sum").read_bytes()
    place = cache / hashlib.sha256(pins).hexdigest()[:16] / "ferretdb"
    if not place.exists():
        if missing(PROGRAMS):
            raise FetchError(
                "FerretDB needs Go 1.24 or newer to be built, not found here; or leave MONGODB=ferretdb away"
            )
        report("FerretDB from its source (once, some minutes)")
        build(place, cache / f"building-{os.getpid()}")
    return place


def build(place: Path, folder: Path) -> None:
    """The module does not say its version when it is not built from a checkout, and refuses to start without."""
    folder.mkdir(parents=True)
    try:
        for name in ("go.mod", "go.sum"):
            shutil.copy(HERE / name, folder)
        go(folder, "mod", "download")
        source = Path(go(folder, "list", "-m", "-f", "{{.Dir}}", MODULE).strip())
        version = go(folder, "list", "-m", "-f", "{{.Version}}", MODULE)
        shutil.copytree(source, folder / "source", copy_function=shutil.copyfile)
        (folder / "source" / "build" / "version" / "version.txt").write_text(version)
        go(folder, "mod", "edit", f"-replace={MODULE}=./source")
        go(folder, "build", "-mod=mod", "-o", "ferretdb", f"{MODULE}/cmd/ferretdb")
        place.parent.mkdir(parents=True, exist_ok=True)
        (folder / "ferretdb").replace(place)
    finally:
        shutil.rmtree(folder)


def go(folder: Path, *arguments: str) -> str:
    return run(("go", *arguments), SECONDS_TO_BUILD, f"go {arguments[0]} for FerretDB", folder)


def mongodb_part(port: int, uri: str, state_dir: Path, report: Callable[[str], None]) -> Part:
    data = (state_dir / "ferretdb").resolve()
    data.mkdir(parents=True, exist_ok=True)
    command = (
        str(program(report)),
        "--handler=sqlite",
        f"--sqlite-url=file:{data}/",
        f"--state-dir={data}",
        f"--listen-addr={LOOPBACK}:{port}",
        "--debug-addr=-",
        "--telemetry=disable",
        "--log-level=WARN",
    )
    return Part("mongodb", command, answers_ping(uri), seconds_to_stop=30)
