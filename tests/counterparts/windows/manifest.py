"""Runs what Ansible 2.19 sends to PowerShell: a bootstrap, then a manifest of scripts and actions."""

import base64
import json
import threading
import traceback
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Protocol

from ansible.executor.powershell import module_manifest

from tests.counterparts.windows import literals, modules, software  # noqa: F401 -- software adds modules
from tests.counterparts.windows.machine import Windows

END = "\0\0\0\0"
# Arguments that modules get from a shared table of web requests, by what they say they use.
WEB = (
    *("client_cert", "client_cert_password", "follow_redirects", "force_basic_auth", "headers", "http_agent"),
    *("maximum_redirection", "proxy_password", "proxy_url", "proxy_use_default_credential", "proxy_username"),
    *("url_method", "url_password", "url_timeout", "url_username", "use_default_credential", "use_proxy"),
    *("validate_certs", "method", "timeout"),
)


class Voice(Protocol):
    def out(self, text: str, /) -> None: ...
    def err(self, text: str, /) -> None: ...


@lru_cache
def bootstrap() -> str:
    """The script that reads a manifest, as the installed Ansible has it."""
    return module_manifest._get_powershell_script("bootstrap_wrapper.ps1").decode()


def run(windows: Windows, lines: Iterator[str], voice: Any) -> int | None:
    """Read bootstrap and manifest from `lines`, act, write what Ansible reads."""
    begin = json.loads("\n".join(_until_end(lines)))
    expected = module_manifest._get_powershell_script("exec_wrapper.ps1").decode()
    if begin["name"] != "exec_wrapper" or begin["script"] != expected:
        voice.err(f"the bench knows only Ansible's own exec_wrapper, and got {begin['name']}")
        return 1
    told = json.loads("\n".join(_until_end(lines)))
    actions = list(told["actions"])
    if not actions:
        voice.err("the bench got a manifest without actions")
        return 1
    first = actions[0]
    if first["name"] in _FILES:
        return _FILES[first["name"]](windows, first["params"], lines, voice)
    return _modules(windows, told, actions, voice)


def _until_end(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        if line == END:
            return
        yield line


def _modules(windows: Windows, told: dict[str, Any], actions: list[dict[str, Any]], voice: Any) -> int:
    names = [action["name"] for action in actions]
    match names:
        case ["module_wrapper.ps1"]:
            result = _module(windows, told, actions[0]["params"])
        case ["async_wrapper.ps1", "async_watchdog.ps1", "module_wrapper.ps1"]:
            result = _later(windows, told, actions)
        case _:
            result = {"failed": True, "msg": f"the bench does not know these actions: {', '.join(names)}"}
    voice.out(json.dumps(result))
    return 1 if result.get("failed") else 0


def _module(windows: Windows, told: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
    """The result of one module, as it would print it."""
    name = (
        params["Script"]
        .removesuffix(".ps1")
        .removeprefix("ansible_collections.")
        .replace(".plugins.modules.", ".")
    )
    windows.environment = dict(params.get("Environment") or {})
    arguments = next(one["Value"] for one in params["Variables"] if one["Name"] == "complex_args")
    act = modules.KNOWN.get(name)
    if act is None:
        return {"failed": True, "msg": f"the bench's PowerShell does not know the module {name}"}
    source = base64.b64decode(told["scripts"][params["Script"]]["script"]).decode("utf-8-sig")
    checked, wrong = arguments, ""
    options = literals.arguments_of(source)
    if options is not None:
        extra = WEB if "WebRequest" in source else ()
        checked, wrong = literals.held_against(options, arguments, extra)
    if wrong:
        return {"failed": True, "msg": wrong}
    checked["_ansible_check_mode"] = bool(arguments.get("_ansible_check_mode"))
    try:
        return {"changed": False} | act(windows, checked)
    except modules.FailedError as failed:
        return {"failed": True, "changed": False, "msg": str(failed)} | failed.more
    except Exception as broken:  # noqa: BLE001 -- a bug of the bench must not look like one of the play
        return {"failed": True, "msg": f"THE BENCH broke: {broken!r}", "exception": traceback.format_exc()}


def _later(windows: Windows, told: dict[str, Any], actions: list[dict[str, Any]]) -> dict[str, Any]:
    """Start a module that outlives its connection; async_status reads the file it writes."""
    job = f"{actions[0]['params']['AsyncJid']}.4711"
    place = f"{actions[0]['params']['AsyncDir']}\\{job}"
    begun = {"started": True, "finished": False, "results_file": place, "ansible_job_id": job}
    windows.disk.make_folder(actions[0]["params"]["AsyncDir"])
    windows.disk.write(place, json.dumps(begun).encode())

    def work() -> None:
        windows.disk.write(place, json.dumps(_module(windows, told, actions[2]["params"])).encode())

    threading.Thread(target=work, name="windows-async", daemon=True).start()
    return {**begun, "_ansible_suppress_tmpdir_delete": True}


def _put(windows: Windows, params: dict[str, Any], lines: Iterator[str], voice: Any) -> int:
    windows.disk.write(params["Path"], b"".join(base64.b64decode(line) for line in lines))
    voice.out(json.dumps({"sha1": windows.disk.sha1(params["Path"])}))
    return 0


def _fetch(windows: Windows, params: dict[str, Any], _lines: Iterator[str], voice: Any) -> int:
    content = windows.disk.read(params["Path"])
    if content is None:
        if windows.disk.is_folder(params["Path"]):
            voice.out("[DIR]")
            return 0
        voice.err(f"{params['Path']} does not exist")
        return 1
    size = params["BufferSize"]
    if "Offset" in params:
        piece = content[params["Offset"] : params["Offset"] + size]
        voice.out(base64.b64encode(piece).decode())
        return 0
    voice.out("[FILE]")
    for begin in range(0, len(content), size):
        voice.out(base64.b64encode(content[begin : begin + size]).decode())
    return 0


def _make_temp(windows: Windows, params: dict[str, Any], _lines: Iterator[str], voice: Any) -> int:
    path = f"{params['Directory']}\\{params['Name']}"
    windows.disk.make_folder(path)
    voice.out(modules.expanded(path))
    return 0


def _expand_user(_windows: Windows, params: dict[str, Any], _lines: Iterator[str], voice: Any) -> int:
    home = modules.expanded("%USERPROFILE%")
    path = params["Path"]
    voice.out(home + path[1:] if path == "~" or path.startswith("~\\") else path)
    return 0


_FILES = {
    "winrm_put_file.ps1": _put,
    "psrp_put_file.ps1": _put,
    "winrm_fetch_file.ps1": _fetch,
    "psrp_fetch_file.ps1": _fetch,
    "powershell_mkdtemp.ps1": _make_temp,
    "powershell_expand_user.ps1": _expand_user,
}
