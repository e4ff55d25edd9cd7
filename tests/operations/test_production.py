"""The production path as far as it goes without an engine: files that parse, agree, and give nothing away."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from kitto.base.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
NAMES = {f"KITTO_{name.upper()}" for name in Settings.model_fields}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    return found


@pytest.fixture(scope="module")
def dockerfile() -> str:
    return (ROOT / "Dockerfile").read_text("utf-8")


def test_every_setting_is_in_the_operations_manual_with_its_own_words() -> None:
    manual = (ROOT / "docs" / "operations.md").read_text("utf-8")
    for name, field in Settings.model_fields.items():
        line = next(
            (line for line in manual.splitlines() if line.startswith(f"| `KITTO_{name.upper()}` |")), ""
        )
        assert (field.description or "") in line, name
    named = set(re.findall(r"^\| `(KITTO_[A-Z_]+)` \|", manual, re.MULTILINE))
    assert named == NAMES


def test_the_services_are_proxy_web_worker_and_database(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert set(services) == {"proxy", "migrate", "web", "worker", "database"}
    assert services["web"]["command"] == ["web"]
    assert services["worker"]["command"] == ["worker"]
    assert services["migrate"]["command"] == ["db", "upgrade"]
    for name in ("web", "worker"):
        assert services[name]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
    networks = set(compose["networks"])
    volumes = set(compose["volumes"])
    for service in services.values():
        assert set(service["networks"]) <= networks
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in volumes or (ROOT / source).exists()


def test_only_the_proxy_can_be_reached_from_outside(compose: dict[str, Any]) -> None:
    assert [name for name, service in compose["services"].items() if "ports" in service] == ["proxy"]
    assert compose["networks"]["back"]["internal"]
    assert compose["services"]["database"]["networks"] == ["back"]


def test_settings_are_known_and_no_password_is_written_down(compose: dict[str, Any]) -> None:
    for name in ("migrate", "web", "worker"):
        assert set(compose["services"][name]["environment"]) <= NAMES
    text = (ROOT / "docker-compose.yml").read_text("utf-8")
    assert "${POSTGRES_PASSWORD:?" in text
    given = re.findall(r"POSTGRES_PASSWORD: (\S+)", text)
    assert all(value.startswith("${POSTGRES_PASSWORD:?") for value in given)


def test_the_database_knows_japanese_and_lets_go_of_lost_workers(compose: dict[str, Any]) -> None:
    database = compose["services"]["database"]
    assert "C.UTF-8" in database["environment"]["POSTGRES_INITDB_ARGS"]
    assert "tcp_keepalives_idle=60" in database["command"]


def test_containers_run_without_rights_they_do_not_need(compose: dict[str, Any], dockerfile: str) -> None:
    for name in ("web", "worker", "migrate", "proxy"):
        service = compose["services"][name]
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in service["security_opt"]
    assert dockerfile.index("\nUSER kitto") < dockerfile.index("\nENTRYPOINT")


def test_the_image_takes_only_what_the_lock_names(dockerfile: str) -> None:
    instructions = re.findall(r"^([A-Z]+) ", dockerfile, re.MULTILINE)
    known = {"FROM", "ENV", "RUN", "COPY", "USER", "WORKDIR", "VOLUME", "EXPOSE", "STOPSIGNAL"}
    assert set(instructions) <= known | {"HEALTHCHECK", "ENTRYPOINT", "CMD", "ARG"}
    assert "--require-hashes" in dockerfile
    assert "HEALTHCHECK" in dockerfile
    images = re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE)
    assert all(":" in image and not image.endswith(":latest") for image in images)
    assert "ADD " not in dockerfile
    assert "curl" not in dockerfile
    assert re.findall(r"apt-get install (?!--yes --no-install-recommends)", dockerfile) == []


def test_what_the_image_copies_is_there_and_not_ignored(dockerfile: str) -> None:
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = [
        source
        for line in re.findall(r"^COPY (?!--from)(.+)$", dockerfile, re.MULTILINE)
        for source in line.split()[:-1]
        if not source.startswith("--")
    ]
    assert copied
    for source in copied:
        assert (ROOT / source).exists()
        assert source in kept


def test_the_command_of_the_image_is_the_command() -> None:
    text = (ROOT / "deploy" / "kitto").read_text("utf-8")
    compile(text, "deploy/kitto", "exec")
    assert (ROOT / "deploy" / "kitto").stat().st_mode & 0o111


def test_the_proxy_keeps_the_operators_addresses_inside_and_lets_the_live_log_stream() -> None:
    text = (ROOT / "deploy" / "Caddyfile").read_text("utf-8")
    depth = 0
    for line in text.splitlines():
        bare = line.split("#")[0].replace("{$KITTO_HOSTNAME}", "host")
        depth += bare.count("{") - bare.count("}")
        assert depth >= 0
    assert depth == 0
    assert re.search(r"@inside path .*?/metrics", text)
    assert "flush_interval -1" in text
    assert "reverse_proxy web:8300" in text


@pytest.mark.skipif(shutil.which("docker") is None, reason="no docker client here to read the compose file")
def test_the_client_reads_the_compose_file(tmp_path: Path) -> None:
    if subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode:
        pytest.skip("this docker client has no compose")
    (tmp_path / "env").write_text("KITTO_HOSTNAME=kitto.example.jp\nPOSTGRES_PASSWORD=only4this0test\n")
    done = subprocess.run(
        ["docker", "compose", "--env-file", tmp_path / "env", "config", "--quiet"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
