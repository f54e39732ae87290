"""docker-compose.yml and what it refers to, as far as files can be checked without an engine."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.local.keys import local_keys
from deploy.local.parts import SERVICES
from deploy.local.ports import PORT_SETTINGS
from shared.kafka.topics import TOPICS
from shared.telemetry.metrics import DESCRIPTIONS

ROOT = Path(__file__).resolve().parents[3]
Json = dict[str, Any]
OF_OTHERS = re.compile(r"^(OTEL_[A-Z_]+|PYTHON[A-Z]+|PATH)$")


@pytest.fixture(scope="module")
def compose() -> Json:
    loaded: Json = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return loaded


def known_settings() -> set[str]:
    """Every name that a settings group reads, from the sources of the services and what they share."""
    sources = [path.read_text() for part in ("shared", "services") for path in (ROOT / part).rglob("*.py")]
    return {name for source in sources for name in re.findall(r"validation_alias=\"([A-Z_]+)\"", source)}


def ours(compose: Json) -> Json:
    return {name: one for name, one in compose["services"].items() if one.get("image") == "onevoice"}


def test_the_four_services_run_from_one_image(compose: Json) -> None:
    commands = {name: one["command"] for name, one in ours(compose).items()}
    assert commands == {name: [f"services.{name}"] for name in SERVICES} | {"topics": ["shared.kafka"]}


def test_services_run_confined_and_checked(compose: Json) -> None:
    for name, one in ours(compose).items():
        assert one["read_only"] is True, name
        assert one["cap_drop"] == ["ALL"], name
        port = next((setting.default for setting in PORT_SETTINGS if setting.part == name), None)
        if port:
            assert one["environment"][f"ONEVOICE_{name.upper()}_PORT"] == port
            assert f":{port}/readyz" in one["healthcheck"]["test"][-1], name


def test_every_file_it_mounts_exists(compose: Json) -> None:
    mounted = [volume.split(":")[0] for one in compose["services"].values() for volume in one.get("volumes", [])]
    local = [path for path in mounted if path.startswith(".")]
    assert local
    for path in local:
        assert (ROOT / path).exists(), path
    assert {path for path in mounted if not path.startswith(".")} == set(compose["volumes"])


def test_its_settings_are_ones_that_something_reads(compose: Json) -> None:
    given = {name for one in ours(compose).values() for name in one["environment"]}
    unknown = {name for name in given - known_settings() if not OF_OTHERS.match(name)}
    assert not unknown


def test_the_local_stack_gives_settings_that_something_reads(tmp_path: Path) -> None:
    from deploy.local.parts import endpoints, settings_for_services

    ports = {setting.part: setting.default for setting in PORT_SETTINGS}
    given = settings_for_services(endpoints(ports, {}), local_keys(tmp_path))
    assert not {name for name in given if name not in known_settings() and not OF_OTHERS.match(name)}


def test_what_it_waits_for_is_there(compose: Json) -> None:
    for name, one in compose["services"].items():
        for needed, condition in one.get("depends_on", {}).items():
            other = compose["services"][needed]
            if condition["condition"] == "service_healthy":
                assert "healthcheck" in other, (name, needed)
            else:
                assert other.get("restart", "no") == "no", (name, needed)


def test_every_topic_is_made_before_the_services_start(compose: Json) -> None:
    """`shared.kafka` makes all of `TOPICS`; who writes or reads one waits for it, through others or itself."""

    def waits_for_topics(name: str) -> bool:
        needed = compose["services"][name].get("depends_on", {})
        return "topics" in needed or any(waits_for_topics(one) for one in needed)

    assert compose["services"]["kafka"]["environment"]["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"
    for topic in TOPICS:
        for service in (*topic.producers, *topic.consumers):
            assert waits_for_topics(service), (topic.name, service)


def test_prometheus_reads_every_service() -> None:
    jobs = yaml.safe_load((ROOT / "deploy/prometheus.yml").read_text())["scrape_configs"]
    read = {(one["names"][0], one["port"]) for job in jobs for one in job.get("dns_sd_configs", [])}
    assert read == {(one.part, one.default) for one in PORT_SETTINGS if one.part in SERVICES}


def test_the_collector_uses_only_what_it_defines() -> None:
    config = yaml.safe_load((ROOT / "deploy/otel-collector.yaml").read_text())
    connectors = set(config["connectors"])
    for name, pipeline in config["service"]["pipelines"].items():
        assert set(pipeline["receivers"]) <= set(config["receivers"]) | connectors, name
        assert set(pipeline["exporters"]) <= set(config["exporters"]) | connectors, name
        assert set(pipeline.get("processors", [])) <= set(config["processors"]), name


def dashboard_queries() -> list[str]:
    dashboard = json.loads((ROOT / "deploy/grafana/dashboards/onevoice.json").read_text())
    return [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]


def test_every_metric_on_the_dashboard_exists() -> None:
    names = {name for query in dashboard_queries() for name in re.findall(r"onevoice_\w+", query)}
    assert names
    assert {re.sub(r"_(total|bucket|sum|count)$", "", name) for name in names} <= set(DESCRIPTIONS)


def test_every_metric_that_is_alerted_on_exists(compose: Json) -> None:
    config = yaml.safe_load((ROOT / "deploy/prometheus.yml").read_text())
    mounted = [volume.split(":")[1] for volume in compose["services"]["prometheus"]["volumes"]]
    assert [f"/etc/prometheus/{name}" in mounted for name in config["rule_files"]] == [True]
    rules = [
        rule
        for name in config["rule_files"]
        for group in yaml.safe_load((ROOT / "deploy" / name).read_text())["groups"]
        for rule in group["rules"]
    ]
    names = {name for rule in rules for name in re.findall(r"onevoice_\w+", rule["expr"])}
    assert len(rules) == 4
    assert {re.sub(r"_(total|bucket|sum|count)$", "", name) for name in names} <= set(DESCRIPTIONS)


def test_grafana_finds_its_dashboard_and_its_source(compose: Json) -> None:
    folder = ROOT / "deploy/grafana"
    sources = yaml.safe_load((folder / "provisioning/datasources/datasources.yaml").read_text())["datasources"]
    dashboard = json.loads((folder / "dashboards/onevoice.json").read_text())
    assert {panel["datasource"]["uid"] for panel in dashboard["panels"]} <= {source["uid"] for source in sources}
    for source in sources:
        assert source["url"].removeprefix("http://").split(":")[0] in compose["services"]
    provider = yaml.safe_load((folder / "provisioning/dashboards/dashboards.yaml").read_text())["providers"][0]
    mounts = [volume.split(":")[1] for volume in compose["services"]["grafana"]["volumes"]]
    assert provider["options"]["path"] in mounts


def test_the_image_holds_only_what_runs() -> None:
    dockerfile = (ROOT / "deploy/Dockerfile").read_text()
    copied = [line.split()[1] for line in dockerfile.splitlines() if line.startswith("COPY") and "--from" not in line]
    assert all((ROOT / path).exists() for path in copied)
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert set(copied) == allowed
    assert "--require-hashes" in dockerfile
    assert re.search(r"^USER \d+$", dockerfile, re.MULTILINE)


def test_docker_compose_accepts_it() -> None:
    docker = shutil.which("docker")
    if docker is None or subprocess.run((docker, "compose", "version"), capture_output=True).returncode != 0:
        pytest.skip("docker with compose is not installed: `docker compose config` was not run")
    result = subprocess.run(
        (docker, "compose", "config", "--quiet"),
        cwd=ROOT,
        env={
            "PATH": "/usr/bin:/bin",
            "ONEVOICE_SERVICE_KEY": "x",
            "ONEVOICE_SESSION_SECRET": "x",
            "ONEVOICE_CANARY_KEY": "x",
        },
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
