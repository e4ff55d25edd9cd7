"""Templates show and do not decide; vendored files are what they say; scripts stay small."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from kitto.base.i18n.catalogue import ROOMS
from kitto.web.render import templates
from kitto.web.static import FOLDER

TEMPLATES = sorted(ROOMS.glob("*/templates/**/*.html"))
NAMES = [str(path.relative_to(ROOMS)) for path in TEMPLATES]
# each has its reason in its first lines
LARGE_SCRIPTS = {"keys.js", "scan.js", "lines.js", "board.js"}

FORBIDDEN = {
    "an inline style": re.compile(r"<[^>]*\sstyle=|<style\b"),
    "an inline script": re.compile(r"<script(?![^>]*\bsrc=)"),
    "an event attribute": re.compile(r"<[^>]*\son[a-z]+=|hx-on"),
    "a trigger filter, which needs eval": re.compile(r"hx-trigger=\"[^\"]*\["),
    "a value by script, which needs eval": re.compile(r"=['\"](?:js|javascript):"),
    "the word 'safe', which switches escaping off": re.compile(r"\|\s*safe\b|autoescape false"),
    "another origin": re.compile(r"(?:src|href|action)=\"(?:https?:)?//"),
}


@pytest.mark.parametrize("path", TEMPLATES, ids=NAMES)
def test_a_template_keeps_to_the_content_security_policy(path: Path) -> None:
    text = path.read_text("utf-8")
    assert [what for what, pattern in FORBIDDEN.items() if pattern.search(text)] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=NAMES)
def test_a_template_can_be_read_and_stays_short(path: Path) -> None:
    text = path.read_text("utf-8")
    templates().parse(text)
    assert len(text.splitlines()) <= 400


@pytest.mark.parametrize("path", TEMPLATES, ids=NAMES)
def test_every_post_form_carries_its_token(path: Path) -> None:
    text = path.read_text("utf-8")
    forms = re.findall(r"<form\b[^>]*method=\"post\".*?</form>", text, re.DOTALL)
    assert [form for form in forms if "csrf_token" not in form] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=NAMES)
def test_visible_text_goes_through_the_catalogue(path: Path) -> None:
    text = path.read_text("utf-8").replace("{% block look %}scanning", "")  # a class, not a word
    text = re.sub(r"{#.*?#}|{{.*?}}|{%.*?%}", "", text, flags=re.DOTALL)
    text = re.sub(r"<(kbd|code)\b[^>]*>[^<]*</\1>", "", text)
    text = re.sub(r"<(\w+)\b[^>]*\slang=[^>]*>[^<]*</\1>", "", text)  # says itself what it is
    text = re.sub(r"<[^>]*>", "\n", text)
    text = re.sub(r'aria-[a-z]+="[^"]*"|\brequired\b', "", text)  # a macro that writes attributes
    words = re.findall(r"[A-Za-z]{3,}", text)
    # commands on bar codes and names of formats are the same in every language
    assert [word for word in words if word.lower() != "kitto" and not word.isupper()] == []


def test_vendored_files_are_as_locked() -> None:
    checked = subprocess.run(
        [sys.executable, "tools/vendor.py", "check"],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOMS.parents[1],
    )
    assert checked.returncode == 0, checked.stdout


def test_scripts_are_small() -> None:
    sizes = {path.name: path.stat().st_size for path in (FOLDER / "js").glob("*.js")}
    assert {name for name, size in sizes.items() if size > 2300} <= LARGE_SCRIPTS
    assert sum(sizes.values()) < 30_000


def test_every_icon_a_template_names_is_drawn() -> None:
    drawn = set(re.findall(r'id="([^"]+)"', (FOLDER / "icons.svg").read_text("utf-8")))
    named = {
        name
        for path in TEMPLATES
        for name in re.findall(
            r'(?:icons\.svg"\) }}#|ui\.icon\("|icon_name=")([a-z-]+)"', path.read_text("utf-8")
        )
    }
    assert named <= drawn
