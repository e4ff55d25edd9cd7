"""A start is short and small: what is seldom needed is neither imported nor built before that."""

import subprocess
import sys
import threading
from time import sleep
from typing import Any

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute

from kitto.web.doors import Door

LARGE = ("PIL", "ansible", "fontTools", "netmiko", "paramiko", "pypdfium2", "pysnmp", "qrcode", "reportlab")
LARGE += ("typst", "winrm", "zxingcpp")


def told(program: str) -> str:
    return subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout


def test_no_large_library_is_loaded_before_it_is_used() -> None:
    program = (
        f"import sys, kitto.cli.root, kitto.main; print([name for name in {LARGE} if name in sys.modules])"
    )
    assert told(program).strip() == "[]"


def test_a_command_runs_with_the_garbage_collector_on() -> None:
    program = (
        "import gc, sys\nfrom kitto.cli import main\nfrom kitto.cli.root import app\n"
        "app.command('look')(lambda: print(gc.isenabled(), gc.get_freeze_count() > 100_000))\n"
        "sys.argv[1:] = ['look']\nmain()"
    )
    assert told(program).strip() == "True True"


def test_whoever_only_imports_the_commands_keeps_the_garbage_collector() -> None:
    assert told("import gc, kitto.cli.root, kitto.main; print(gc.isenabled())").strip() == "True"


@pytest.fixture
def door() -> Door:
    router = APIRouter(route_class=Door)

    @router.get("/devices/{tag}", status_code=201)
    def device(tag: str) -> dict[str, str]:
        """One device."""
        return {"tag": tag}

    [made] = router.routes
    assert isinstance(made, Door)
    return made


def test_a_door_is_built_at_the_first_knock(door: Door) -> None:
    scope = {"type": "http", "path": "/devices/PC-1", "method": "GET"}
    assert door.matches(scope)[1]["path_params"] == {"tag": "PC-1"}
    assert (door.name, door.methods, "dependant" in vars(door)) == ("device", {"GET"}, False)
    assert (door.status_code, door.description) == (201, "One device.")
    assert [param.name for param in door.dependant.path_params] == ["tag"]
    with pytest.raises(AttributeError, match="colour"):
        door.colour  # noqa: B018 -- asked for, not used


def test_two_who_knock_at_once_find_the_door_built_once(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    built = []
    first = APIRoute.__init__

    def slowly(self: APIRoute, *given: Any, **named: Any) -> None:
        built.append(self)
        sleep(0.05)
        first(self, *given, **named)

    monkeypatch.setattr(APIRoute, "__init__", slowly)
    found: list[Any] = []
    knocks = [threading.Thread(target=lambda: found.append(door.app)) for _ in range(8)]
    for knock in knocks:
        knock.start()
    for knock in knocks:
        knock.join()
    assert (len(found), built) == (8, [door])
