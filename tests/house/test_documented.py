"""What there is stands in the documents: rights, states, refusal codes, commands, words.

Settings: tests/operations/test_production.py.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from kitto.base.i18n.catalogue import ROOMS
from kitto.cli import root

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
SERVERS = {"kitto serve", "kitto web", "kitto worker"}  # they print a log, not an answer
# 貸出, 返却 and 棚卸 are the words of those who do the work
WRONG_WORDS = re.compile("チェックアウト|チェックイン|監査")


def read(path: Path) -> str:
    return path.read_text("utf-8")


def test_every_right_state_refusal_and_command_is_documented() -> None:
    # In a process of its own: other tests make states and refusals of their own known in this one.
    said = subprocess.run(
        [sys.executable, "-m", "tools.reference", "check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.stdout.strip() == "", "run `make reference` and read what it changed"
    assert said.returncode == 0, said.stderr


def test_every_word_of_the_glossary_is_a_pair_and_is_used() -> None:
    rows = re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \|$", read(DOCS / "glossary.md"), re.MULTILINE)[1:]
    assert len(rows) > 25
    code = "\n".join(read(path) for path in sorted((ROOT / "service").rglob("*.py")))
    unused = [
        name
        for japanese, english, names in rows
        for name in re.findall(r"`([^`]+)`", names)
        if not (japanese.strip() and english.strip())
        or not re.search(rf"\b{re.escape(name.rpartition('.')[2])}\b", code)
    ]
    assert unused == []


def test_no_page_says_a_word_of_the_wrong_trade() -> None:
    wrong = [
        f"{path.parent.name}: {line}"
        for path in sorted(ROOMS.glob("*/ja.po"))
        for line in read(path).splitlines()
        if WRONG_WORDS.search(line)
    ]
    assert wrong == []


def _commands(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    for verb, one in getattr(command, "commands", {}).items():
        yield f"{name} {verb}", one
        yield from _commands(f"{name} {verb}", one)


def test_every_command_answers_in_json_too() -> None:
    found = dict(_commands("kitto", typer.main.get_command(root.app)))
    without = {
        name
        for name, command in found.items()
        if not hasattr(command, "commands") and "json" not in {given.name for given in command.params}
    }
    assert without == SERVERS


def test_the_two_readmes_say_the_same() -> None:
    def shape(name: str) -> dict[str, Any]:
        text = read(ROOT / name)
        blocks = re.findall(r"```\n(.*?)```", text, re.DOTALL)
        return {
            "titles": [len(marks) for marks in re.findall(r"^(#+) ", text, re.MULTILINE)],
            "blocks": [re.findall(r"^(\S+)", block, re.MULTILINE) for block in blocks],
            "links": set(re.findall(r"\]\(([^)]+)\)", text)) - {"README.md", "README.ja.md"},
            "commands": set(re.findall(r"`((?:make|\.venv|DATABASE)[^`]*?)(?: 名前| YOURNAME)?`", text)),
        }

    assert shape("README.md") == shape("README.ja.md")


def test_every_link_between_documents_leads_somewhere() -> None:
    broken = [
        f"{path.relative_to(ROOT)}: {target}"
        for path in [*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "playbooks").rglob("*.md")]
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", read(path))
        if "://" not in target and not (path.parent / target).exists()
    ]
    assert broken == []


def test_the_guide_says_the_same_in_both_languages_with_every_picture() -> None:
    def shape(locale: str) -> list[str]:
        text = read(DOCS / "guide" / locale / "README.md")
        return re.findall(
            r"^#+(?= )|(?<=\]\()[a-z-]+\.png(?=\))|`(?:/[a-z-]+|[A-Z]{3,})`|^\d\.", text, re.MULTILINE
        )

    assert shape("ja") == shape("en")
    for locale in ("ja", "en"):
        there = {path.name for path in (DOCS / "guide" / locale).glob("*.png")}
        assert there == {word for word in shape(locale) if word.endswith(".png")}
        assert all((DOCS / "guide" / locale / name).stat().st_size < 80_000 for name in there)
