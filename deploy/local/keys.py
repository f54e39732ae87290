"""Keys of the local stack: made once and kept over restarts; only their owner can read them."""

import hashlib
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

KEY_VARIABLES: dict[str, str] = {
    "ONEVOICE_PUBLISH_KEY": "publisher",
    "ONEVOICE_AGENT_KEY": "agent",
    "ONEVOICE_OPS_KEY": "ops",
    "ONEVOICE_SERVICE_KEY": "service",
    "ONEVOICE_CANARY_KEY": "canary",
}
SESSION_VARIABLE = "ONEVOICE_SESSION_SECRET"


@dataclass(frozen=True)
class Keys:
    """Plain keys by role; `file` holds their digests, as the services read them."""

    publish: str
    agent: str
    ops: str
    service: str
    canary: str
    session_secret: str
    file: Path


def read_env(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    lines = (line.strip() for line in path.read_text().splitlines())
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#") and "=" in line)


def write_whole(path: Path, text: str, mode: int) -> None:
    """Replaces `path` in one step; it never has another mode or half its content."""
    fresh = path.with_suffix(path.suffix + ".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as out:
        out.write(text)
    fresh.replace(path)


def local_keys(state_dir: Path) -> Keys:
    """Reads `keys.env` under `state_dir`, adds what is missing, and writes `keys.json` to match."""
    env_file, hashes_file = state_dir / "keys.env", state_dir / "keys.json"
    values = read_env(env_file)
    for variable, role in KEY_VARIABLES.items():
        values.setdefault(variable, f"ov-{role}-{secrets.token_urlsafe(24)}")
    values.setdefault(SESSION_VARIABLE, secrets.token_urlsafe(32))
    write_whole(env_file, "".join(f"{name}={value}\n" for name, value in values.items()), 0o600)
    hashes = [
        {
            "name": f"local-{role}",
            "role": role,
            "departments": ["*"],
            "sha256": hashlib.sha256(values[variable].encode()).hexdigest(),
        }
        for variable, role in KEY_VARIABLES.items()
    ]
    write_whole(hashes_file, json.dumps(hashes, indent=2) + "\n", 0o644)  # read in containers by another user
    return Keys(
        publish=values["ONEVOICE_PUBLISH_KEY"],
        agent=values["ONEVOICE_AGENT_KEY"],
        ops=values["ONEVOICE_OPS_KEY"],
        service=values["ONEVOICE_SERVICE_KEY"],
        canary=values["ONEVOICE_CANARY_KEY"],
        session_secret=values[SESSION_VARIABLE],
        file=hashes_file,
    )
