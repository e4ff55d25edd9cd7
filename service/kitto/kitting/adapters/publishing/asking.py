"""Asks ansible-playbook and ansible-lint what they think of a recipe, in a container without network.

Reading a playbook can run templates of it, so this is no place for trust: of this machine it sees programs
and Python, of our files only a copy of the recipe; it has no network, no device, little time and memory.
ansible-lint is GPL-3.0 and optional (the extra `lint`); it is started as a program, never imported.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import msgspec

from kitto.kitting.adapters.publishing.findings import Finding, found
from kitto.kitting.adapters.supervisor.containment import closed_off

SECONDS: Final = 240
MEMORY_KB: Final = 4 * 1024 * 1024
PROCESSOR_SECONDS: Final = 200
LINT: Final = "ansible-lint"
PROFILE: Final = "production"
# Of what this profile finds, what is dangerous or will not work; the rest is taste and warns.
_GRAVE: Final = (
    "syntax-check",
    "load-failure",
    "parser-error",
    "schema",
    "risky-",
    "no-log-password",
    "no-free-form",
    "jinja[invalid]",
    "args",
    "avoid-implicit",
    "command-instead-of-shell",
    "latest",
    "package-latest",
)
_OF_OURSELVES: Final = ("internal-error",)
_SETTINGS: Final = f"""\
# The one way recipes of Kitto are linted; a recipe's own settings are not looked at.
profile: {PROFILE}
offline: true
use_default_rules: true
"""
_ORIGIN: Final = re.compile(r"^Origin: (\S+?):(\d+)(?::\d+)?\s*$", re.MULTILINE)
_ERROR: Final = re.compile(r"^\[ERROR\]: (.+?)(?:\n\s*\n|\nOrigin:|\Z)", re.MULTILINE | re.DOTALL)
_FRAME: Final = re.compile(r"\x1b\[[0-9;]*m")


class _Place(msgspec.Struct):
    path: str = ""
    lines: dict[str, Any] = {}
    positions: dict[str, Any] = {}


class _Issue(msgspec.Struct):
    """One line of ansible-lint's report: the Code Climate format."""

    check_name: str
    description: str
    location: _Place
    content: dict[str, Any] = {}


@dataclass(frozen=True)
class Asking:
    """One recipe to ask about: `scratch` holds its copy `name` and nothing else of ours."""

    scratch: Path
    name: str
    plugins: Path
    collections: tuple[Path, ...]
    lint: str | None = None
    contained: bool = False

    @property
    def folder(self) -> Path:
        return self.scratch / self.name

    def look(self, books: Sequence[str], findings: list[Finding]) -> tuple[str, ...]:
        """Find what Ansible does not accept, then what lint does not like. Returns who was asked."""
        if not self.contained and any(finding.is_error for finding in findings):
            findings.append(found("not_contained"))
            return ()
        for name in ("home", "tmp"):
            (self.scratch / name).mkdir(mode=0o700, exist_ok=True)
        (self.scratch / "lint.yml").write_text(_SETTINGS, "utf-8")
        (self.scratch / "ansible.cfg").write_text("# Settings come by the environment.\n", "utf-8")
        broken = list(self._syntax(books))
        findings.extend(broken)
        if self.lint is None:
            findings.append(found("lint_missing"))
        elif not broken:
            findings.extend(self._lint(self.lint))
            return _named("ansible-core"), _named(LINT)
        return (_named("ansible-core"),)

    def _syntax(self, books: Sequence[str]) -> Iterator[Finding]:
        """All at once, which is quick; one by one only to find out which of them are wrong."""
        command = ["ansible-playbook", "--syntax-check", "-i", "device,"]
        if not books or self._run([*command, *books]).returncode == 0:
            return
        for book in books:
            done = self._run([*command, book])
            if done.returncode:
                yield self._understood(book, _FRAME.sub("", done.stderr + done.stdout))

    def _understood(self, book: str, said: str) -> Finding:
        error, origin = _ERROR.search(said), _ORIGIN.search(said)
        sentence = error[1] if error else said.strip()[-300:]
        if not sentence:
            return found("ansible_silent", book, what="ansible-playbook --syntax-check")
        file = origin[1].removeprefix(f"{self.folder}/") if origin else book
        return found("syntax", file, int(origin[2]) if origin else 0, sentence.replace(f"{self.folder}/", ""))

    def _lint(self, program: str) -> Iterator[Finding]:
        settings = str(self.scratch / "lint.yml")
        command = [
            program,
            "--offline",
            "--nocolor",
            "-q",
            "--profile",
            PROFILE,
            "-f",
            "json",
            "-c",
            settings,
        ]
        done = self._run([*command, "--project-dir", str(self.folder), "."])
        try:
            issues = msgspec.json.decode(done.stdout or "", type=list[_Issue])
        except msgspec.DecodeError:
            yield found("ansible_silent", what=LINT)
            return
        for issue in issues:
            yield self._issue(issue)

    def _issue(self, issue: _Issue) -> Finding:
        place = issue.location
        begin = place.lines.get("begin") or place.positions.get("begin", {}).get("line", 0)
        line = begin.get("line", 0) if isinstance(begin, dict) else begin
        said = str(issue.content.get("body") or issue.description)
        if issue.check_name.startswith(_OF_OURSELVES):
            return found("ansible_silent", place.path, int(line), f"{LINT} ({issue.description})")
        code = "lint_error" if issue.check_name.startswith(_GRAVE) else "lint"
        return found(code, place.path, int(line), said, rule=issue.check_name)

    def _run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        limits = f"ulimit -v {MEMORY_KB}; ulimit -t {PROCESSOR_SECONDS}; ulimit -f 131072; ulimit -c 0; "
        limited = ["/bin/sh", "-c", limits + 'exec "$@"', "kitto-check", *command]
        seen = [place.resolve() for place in (self.plugins, *self.collections)]
        whole = closed_off(limited, self.scratch, seen) if self.contained else limited
        try:
            return subprocess.run(
                whole,
                env=self._environment(),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=SECONDS,
                check=False,
                start_new_session=True,
            )
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess(whole, 1, "", "")

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": f"{_programs()}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.scratch / "home"),
            "TMPDIR": str(self.scratch / "tmp"),
            "LANG": "C.UTF-8",
            "ANSIBLE_CONFIG": str(self.scratch / "ansible.cfg"),
            "ANSIBLE_HOME": str(self.scratch / "home"),
            "ANSIBLE_LOCAL_TEMP": str(self.scratch / "tmp"),
            "ANSIBLE_COLLECTIONS_PATH": ":".join(str(place.resolve()) for place in self.collections),
            "ANSIBLE_LOOKUP_PLUGINS": str(self.plugins / "lookup"),
            "ANSIBLE_ACTION_PLUGINS": str(self.plugins / "action"),
            "ANSIBLE_LIBRARY": str(self.plugins / "modules"),
            "ANSIBLE_DEPRECATION_WARNINGS": "False",
            "ANSIBLE_NOCOLOR": "True",
            "PYTHONDONTWRITEBYTECODE": "1",
        }


def _named(package: str) -> str:
    """A program and its version: it is installed beside our Python, as are those that are started."""
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return package


def lint_program() -> str | None:
    """ansible-lint, if it is installed."""
    return shutil.which(LINT, path=str(_programs()))


def _programs() -> Path:
    """Where Ansible is: beside our Python, by the name under which a container sees it."""
    return Path(sys.executable).parent.resolve()


def can_be_contained() -> bool:
    """Whether bwrap is here and may be used; in a container of others only trying tells."""
    if shutil.which("bwrap") is None:
        return False
    trial = closed_off(["true"], Path("/tmp"), [])  # noqa: S108 -- seen, not written to
    return subprocess.run(trial, capture_output=True, check=False).returncode == 0
