"""Stands in for PowerShell and cmd: runs Ansible's manifests and the few statements it knows.

Whatever it does not know ends with an error that says so; nothing is guessed.
"""

import base64
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Event
from typing import Any
from xml.sax.saxutils import escape

from tests.counterparts.windows import manifest, recipes, scripts  # noqa: F401 -- recipes adds scripts
from tests.counterparts.windows.machine import Windows
from tests.counterparts.windows.runspaces import Session
from tests.counterparts.windows.shells import Console

_ENCODED = re.compile(
    r"^(?:\S*\\)?powershell(?:\.exe)?\b.*?-(?:encodedcommand|enc?)\s+(\S+)\s*$", re.IGNORECASE | re.DOTALL
)
# What Ansible's shell plugin puts around scripts.
_STRICT = "Set-StrictMode -Version Latest"
_PASS_CODE_ON = re.compile(
    r"If \(-not \$\?\) \{ If \(Get-Variable LASTEXITCODE -ErrorAction SilentlyContinue\)"
    r" \{ exit \$LASTEXITCODE \} Else \{ exit 1 \} \}$",
    re.IGNORECASE,
)


class UnknownError(Exception):
    """A statement, script or module that this stand-in was not taught."""

    def __init__(self, what: str) -> None:
        super().__init__(f"the bench's PowerShell does not know: {what}")


@dataclass
class Voice:
    """Where a script speaks, and how it learns that it shall end."""

    out: Callable[[str], None]
    err: Callable[[str], None]
    stopped: Event


class PowerShell:
    """The command processors of one PC."""

    def __init__(self, windows: Windows) -> None:
        self._windows = windows

    def run(self, command: str, console: Console) -> int:
        """A command line of a WinRS shell, as cmd.exe takes it."""
        encoded = _ENCODED.match(command)
        if encoded is None:
            return self._cmd(command, console)
        code, errors = self._run_encoded(encoded[1], console)
        if errors:
            console.err(_clixml(errors))
        return code

    def run_at_prompt(self, command: str, console: Console) -> int:
        """A command of an SSH session, as sshd hands it to PowerShell: `powershell.exe -c COMMAND`."""
        encoded = _ENCODED.match(command)
        if encoded is not None:
            return self.run(command, console)
        raw = base64.b64encode(command.encode("utf-16-le")).decode()
        code, errors = self._run_encoded(raw, console)
        for error in errors:
            console.err(error + "\r\n")
        return code

    def _run_encoded(self, raw: str, console: Console) -> tuple[int, list[str]]:
        errors: list[str] = []
        voice = Voice(lambda text: console.out(text + "\r\n"), errors.append, console.stopped)
        script = base64.b64decode(raw).decode("utf-16-le")
        try:
            code = self._script(script, console.ears.lines(), voice)
        except (UnknownError, scripts.ThrownError) as wrong:
            errors.append(str(wrong))
            code = 1
        return code or 0, errors

    def run_script(
        self, script: str, lines: Iterator[str], session: Session, arguments: list[Any]
    ) -> int | None:
        """A script of a runspace."""
        if arguments:
            raise UnknownError(f"a script with arguments: {script[:80]}")
        try:
            return self._script(script, lines, Voice(session.out, session.err, session.stopped))
        except (UnknownError, scripts.ThrownError) as wrong:
            session.err(str(wrong))
            return 1

    def _script(self, text: str, lines: Iterator[str], voice: Voice) -> int | None:
        plain = _PASS_CODE_ON.sub("", _plain(text).removeprefix(_STRICT).strip()).strip("; \n")
        if plain == _plain(manifest.bootstrap()):
            return manifest.run(self._windows, lines, voice)
        known = scripts.whole(plain)
        if known is not None:
            for line in known(self._windows, {}):
                voice.out(line)
            return 0
        code: int | None = None
        for statement in _statements(plain):
            if statement.lower() == "exit $lastexitcode":
                return code
            code = self._statement(statement, voice)
            if statement.lower().startswith("exit"):
                return code
        return code

    def _statement(self, statement: str, voice: Voice) -> int | None:
        for pattern, act in scripts.STATEMENTS:
            found = pattern.fullmatch(statement)
            if found is not None:
                return act(self._windows, found, voice)
        raise UnknownError(statement[:200])

    def _cmd(self, command: str, console: Console) -> int:
        """The handful of commands that tests give to cmd.exe itself."""
        word, _, rest = command.strip().partition(" ")
        match word.lower():
            case "hostname":
                console.out(f"{self._windows.name}\r\n")
            case "echo":
                console.out(f"{rest}\r\n")
            case "exit":
                return int(rest.split()[-1])
            case "more":
                for line in console.ears.lines():
                    console.out(f"{line}\r\n")
            case _:
                console.err(
                    f"'{word}' is not recognized as an internal or external command,\r\n"
                    "operable program or batch file.\r\n"
                )
                return 1
        return 0


def _plain(text: str) -> str:
    """As Ansible sends scripts: no blank lines, none indented."""
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


def _statements(text: str) -> list[str]:
    """Split at line ends and semicolons that stand in no string and no brace."""
    found, begin, quote, depth = [], 0, "", 0
    for at, sign in enumerate(text + "\n"):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        elif sign in "{(":
            depth += 1
        elif sign in "})":
            depth -= 1
        elif sign in ";\n" and not depth:
            found.append(text[begin:at].strip())
            begin = at + 1
    return [one for one in found if one]


def _clixml(errors: list[str]) -> str:
    """How powershell.exe -EncodedCommand writes its errors."""
    lines = [f"{line}_x000D__x000A_" for error in errors for line in error.splitlines() or [""]]
    inner = "".join(f'<S S="Error">{escape(line)}</S>' for line in lines)
    return (
        '#< CLIXML\r\n<Objs Version="1.1.0.1" '
        f'xmlns="http://schemas.microsoft.com/powershell/2004/04">{inner}</Objs>'
    )
