"""The examples for CI: readable, true to the program, and one of them run for real on a bench PC."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from kitto.cli.root import app as program
from tests.runs.conftest import ROOT

EXAMPLES = ROOT / "docs" / "examples"
CANARY = "office wifi key 0042"


def test_every_yaml_example_can_be_read() -> None:
    found = {path.name: yaml.safe_load(path.read_text("utf-8")) for path in EXAMPLES.glob("*.yml")}
    assert set(found) == {"github.yml", "gitlab-ci.yml", "stock.kitto.yml", "site.yml"}
    assert found["github.yml"]["permissions"]["id-token"] == "write"
    assert found["gitlab-ci.yml"]["kit"]["id_tokens"]["KITTO_ID_TOKEN"]["aud"].startswith("https://")


def said_to_kitto(text: str) -> Iterator[list[str]]:
    for line in re.findall(r"\bkitto (?:kit|token|run) [^|&\n)#`]*", text):
        yield shlex.split(line.replace("$TAGS", "PC-1").rstrip('"`'))


@pytest.mark.parametrize(
    "path", [*sorted(EXAMPLES.iterdir()), ROOT / "docs" / "ci.md"], ids=lambda path: path.name
)
def test_every_command_and_flag_of_the_examples_exists(path: Path) -> None:
    for _, noun, verb, *rest in said_to_kitto(path.read_text("utf-8")):
        command: Any = get_command(program)
        for name in (noun, verb):
            assert name in command.commands, f"{path.name}: kitto {noun} {verb}"
            command = command.commands[name]
        known = {flag for option in command.params for flag in (*option.opts, *option.secondary_opts)}
        assert [word for word in rest if word.startswith("--") and word not in known] == []
