"""The agent for Windows, as far as can be seen without one, and what all agents must compute alike."""

import base64
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tree_sitter
import tree_sitter_powershell

from kitto.bootstrap.adapters.agent_file import windows_agent
from kitto.checkins.rules import sections, signature
from kitto_agent import run, wire
from kitto_agent.collect import SECTIONS

ROOT = Path(__file__).resolve().parents[2]
VECTORS: dict[str, Any] = json.loads((ROOT / "agents/vectors.json").read_text("utf-8"))
# Of Windows PowerShell 5.1 and the modules that come with Windows 10 and 11.
CMDLETS = {
    *(
        "ConvertFrom-Json",
        "ForEach-Object",
        "Get-BitLockerVolume",
        "Get-CimInstance",
        "Get-Command",
        "Get-Date",
    ),
    *(
        "Get-ItemProperty",
        "Get-NetAdapter",
        "Get-PhysicalDisk",
        "Get-Random",
        "Get-ScheduledTask",
        "Get-TimeZone",
    ),
    *(
        "Get-WinSystemLocale",
        "Import-Certificate",
        "Measure-Object",
        "New-Item",
        "New-Object",
        "New-TimeSpan",
    ),
    *("New-ScheduledTaskAction", "New-ScheduledTaskSettingsSet", "New-ScheduledTaskTrigger", "Out-Null"),
    *("Register-ScheduledTask", "Remove-Item", "Set-StrictMode", "Sort-Object", "Test-Path", "Where-Object"),
    *("Unregister-ScheduledTask", "Write-Output", "Write-Verbose", "icacls.exe"),
}


@pytest.fixture(scope="module")
def source() -> bytes:
    """The one file that goes to a machine."""
    return windows_agent()


def nodes(source: bytes, *types: str) -> Iterator[tree_sitter.Node]:
    language = tree_sitter.Language(tree_sitter_powershell.language())
    waiting = [tree_sitter.Parser(language).parse(source).root_node]
    while waiting:
        node = waiting.pop()
        if node.type in types or (node.is_missing and "missing" in types):
            yield node
        waiting.extend(node.children)


def words(found: Iterator[tree_sitter.Node]) -> set[str]:
    return {(node.text or b"").decode() for node in found}


def test_it_is_one_whole_file_that_is_powershell(source: bytes) -> None:
    assert source.startswith(b"\xef\xbb\xbf# Kitto's endpoint agent for Windows")
    assert b"\r\n" in source
    assert b"# <" not in source
    plain = source.removeprefix(b"\xef\xbb\xbf")
    assert [node.start_point for node in nodes(plain, "ERROR", "missing")] == []


def test_it_calls_what_it_defines_and_what_windows_has_and_nothing_in_vain(source: bytes) -> None:
    defined = words(nodes(source, "function_name"))
    called = words(nodes(source, "command_name"))
    assert called - defined - CMDLETS == set()
    assert defined - called == set()
    assert CMDLETS - called == set()


def test_no_function_changes_a_word_of_the_whole_script_by_mistake(source: bytes) -> None:
    """PowerShell knows no large and small letters: `$task` in a function hides `$Task`."""
    text = source.decode("utf-8-sig")
    head, _, body = text.partition("function Stop-Agent")
    ours = {
        name.lower() for name in re.findall(r"^\s*(?:\[\w+\] )?\$(\w+)\b(?: =|,|\r?$)", head, re.MULTILINE)
    }
    assert {"task", "state", "full", "version"} <= ours
    changed = {name.lower() for name in re.findall(r"(?<![:\w])\$(\w+) (?:\+)?= ", body)}
    assert ours & changed == set()


def test_it_knows_the_sections_and_their_fields_and_the_doors(source: bytes) -> None:
    text = source.decode("utf-8-sig")
    named = re.search(r"^\$Sections = (.+)$", text, re.MULTILINE)
    assert named is not None
    assert re.findall(r"'(\w+)'", named[1]) == list(SECTIONS)
    structs = (sections.Hardware, sections.System, sections.Cpu, sections.Module, sections.Memory)
    more = (sections.Disk, sections.Volume, sections.Encryption, sections.Card, sections.Battery)
    fields = {name for struct in structs + more for name in struct.__struct_fields__}
    assert {name for name in fields if not re.search(rf"\b{name} *= ", text)} == set()
    for door in (run.ENROL, run.CHECK_IN, run.SECTIONS, run.BYE):
        assert f"'{door}'" in text


@pytest.mark.parametrize("one", VECTORS["canonical"], ids=lambda one: str(one["hash"]))
def test_equal_values_give_equal_text_and_hash(one: dict[str, Any]) -> None:
    assert wire.canonical(one["value"]).decode() == one["text"]
    assert wire.section_hash(one["value"]) == one["hash"]


def test_the_hash_of_the_whole_and_the_mark_of_a_machine() -> None:
    import hashlib

    for one in VECTORS["whole"]:
        assert wire.whole_hash(one["sections"]) == one["hash"]
    for one in VECTORS["marks"]:
        marks = [
            hashlib.sha256(f"kitto-agent:{value}".encode()).hexdigest()[:16] if value else ""
            for _, value in sorted(one["values"].items())
        ]
        assert hashlib.sha256("".join(marks).encode()).hexdigest()[:8] == one["fingerprint"]


@pytest.mark.parametrize("one", VECTORS["signed"], ids=lambda one: str(one["path"]))
def test_agents_sign_alike_and_the_service_believes_it(
    one: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def plain(text: str) -> bytes:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

    body, secret = plain(one["body"]), plain(one["secret"])
    monkeypatch.setattr(os, "urandom", lambda _: plain(one["nonce"]))
    signed = wire.authorization(secret, one["device"], one["path"], body, one["counter"])
    assert signed == one["header"]
    read = signature.read_header(one["header"])
    assert signature.fits(read, signature.key_of(one["secret"]), one["path"], body)
    assert not signature.fits(read, secret, one["path"], body + b" ")
