"""Migrations form one line: every number once, every one on the one before it."""

import re
from collections import Counter
from pathlib import Path

VERSIONS = Path(__file__).resolve().parents[2] / "service" / "kitto" / "migrations" / "versions"


def test_migrations_form_one_line() -> None:
    texts = {path.name: path.read_text("utf-8") for path in sorted(VERSIONS.glob("*.py"))}
    own = {name: re.findall(r'^revision = "(\d+)"', text, re.MULTILINE) for name, text in texts.items()}
    whole = "\n".join(texts.values())
    before = re.findall(r'^down_revision = "(\d+)"', whole, re.MULTILINE)
    assert {name: numbers for name, numbers in own.items() if numbers != [name[:4]]} == {}
    assert [number for number, times in Counter(before).items() if times > 1] == []
    heads = {name[:4] for name in texts} - set(before)
    assert len(heads) == 1
