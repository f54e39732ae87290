"""What the local stack decides before it starts anything: ports, keys, the lock, what it shows."""

import hashlib
import json
import socket
from pathlib import Path

import pytest

from deploy.local.keys import KEY_VARIABLES, local_keys, read_env
from deploy.local.lock import AlreadyRunningError, only_stack_in
from deploy.local.parts import SERVICES, endpoints
from deploy.local.ports import PORT_SETTINGS, PortError, choose_ports
from deploy.local.processes import last_lines
from deploy.local.screen import without_password

ALL = {setting.part for setting in PORT_SETTINGS}
ANY_FREE = {setting.variable: "0" for setting in PORT_SETTINGS}


def test_zero_takes_free_ports_all_different() -> None:
    chosen = choose_ports(ALL, ANY_FREE)
    assert set(chosen) == ALL
    assert len(set(chosen.values())) == len(ALL)


def test_a_port_that_is_asked_for_is_taken_as_it_is() -> None:
    port = choose_ports({"ingest"}, ANY_FREE)["ingest"]
    assert choose_ports({"ingest"}, {"ONEVOICE_INGEST_PORT": str(port)}) == {"ingest": port}


@pytest.mark.parametrize("part", ["gateway", "kafka"])
def test_a_taken_port_is_told_with_the_setting_to_change(part: str) -> None:
    setting = next(one for one in PORT_SETTINGS if one.part == part)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortError, match=rf"{port}.*{setting.variable}"):
            choose_ports({part}, {setting.variable: str(port)})


@pytest.mark.parametrize("text", ["http", "-1", "65536", "80 80"])
def test_nonsense_for_a_port_is_told(text: str) -> None:
    with pytest.raises(PortError, match="ONEVOICE_INGEST_PORT"):
        choose_ports({"ingest"}, {"ONEVOICE_INGEST_PORT": text})


def test_one_port_for_two_parts_is_told() -> None:
    port = str(choose_ports({"ingest"}, ANY_FREE)["ingest"])
    with pytest.raises(PortError, match="journey and ingest are both given port"):
        choose_ports({"ingest", "journey"}, {"ONEVOICE_INGEST_PORT": port, "ONEVOICE_JOURNEY_PORT": port})


def test_named_servers_are_used_as_they_are_named() -> None:
    ports = choose_ports(set(SERVICES), ANY_FREE)
    at = endpoints(ports, {"KAFKA_BOOTSTRAP_SERVERS": "one:9092,two:9092", "MONGODB_URI": "mongodb://m/?replicaSet=r"})
    assert (at.kafka, at.mongodb) == ("one:9092,two:9092", "mongodb://m/?replicaSet=r")


def test_an_open_host_is_called_by_loopback() -> None:
    ports = choose_ports(set(SERVICES), ANY_FREE)
    at = endpoints(ports | {"kafka": 1, "mongodb": 2}, {"ONEVOICE_HOST": "0.0.0.0"})
    assert at.url("ingest") == f"http://127.0.0.1:{ports['ingest']}"


def test_keys_are_kept_and_their_digests_match(tmp_path: Path) -> None:
    first = local_keys(tmp_path)
    assert local_keys(tmp_path) == first
    values = read_env(tmp_path / "keys.env")
    by_role = {one["role"]: one for one in json.loads(first.file.read_text())}
    for variable, role in KEY_VARIABLES.items():
        assert by_role[role]["sha256"] == hashlib.sha256(values[variable].encode()).hexdigest()


def test_a_key_that_is_missing_is_added_and_the_others_stay(tmp_path: Path) -> None:
    (tmp_path / "keys.env").write_text("ONEVOICE_OPS_KEY=mine\n")
    keys = local_keys(tmp_path)
    assert keys.ops == "mine"
    assert keys.publish


def test_only_one_stack_holds_a_directory(tmp_path: Path) -> None:
    with only_stack_in(tmp_path), pytest.raises(AlreadyRunningError, match="already runs"), only_stack_in(tmp_path):
        pass
    with only_stack_in(tmp_path):
        pass


def test_the_end_of_a_log(tmp_path: Path) -> None:
    log = tmp_path / "part.log"
    log.write_bytes(b"\n".join(b"line %d" % number for number in range(10_000)) + b"\n\xff\n")
    assert last_lines(log, 2) == ["line 9999", "\ufffd"]
    assert last_lines(tmp_path / "none.log") == []


def test_passwords_stay_off_the_screen() -> None:
    assert without_password("mongodb://me:secret@host:27017/?x=1") == "mongodb://host:27017/?x=1"
    assert without_password("mongodb://host:27017") == "mongodb://host:27017"
