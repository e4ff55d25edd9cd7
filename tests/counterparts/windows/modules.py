"""The modules that our playbooks use, as far as their results can be told without Windows."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from tests.counterparts.windows import scripts
from tests.counterparts.windows.disk import expanded
from tests.counterparts.windows.machine import LOCALES, TIME_ZONES, Account, Windows

__all__ = ["KNOWN", "FailedError", "expanded"]

Result = dict[str, Any]
Module = Callable[[Windows, dict[str, Any]], Result]
KNOWN: dict[str, Module] = {}


class FailedError(Exception):
    """The module ends with `failed`."""

    def __init__(self, msg: str, **more: object) -> None:
        super().__init__(msg)
        self.more = more


def module(*names: str) -> Callable[[Module], Module]:
    def register(act: Module) -> Module:
        for name in names:
            KNOWN[name] = act
        return act

    return register


def _checks(told: dict[str, Any]) -> bool:
    return bool(told["_ansible_check_mode"])


@module("ansible.windows.win_ping")
def win_ping(_windows: Windows, told: dict[str, Any]) -> Result:
    return {"ping": told.get("data") or "pong"}


@module("ansible.windows.win_hostname")
def win_hostname(windows: Windows, told: dict[str, Any]) -> Result:
    # The module compares with the DNS host name, which a rename sets at once and a restart makes known.
    now = windows.pending_name or windows.name
    wanted = told["name"]
    differs = wanted.lower() != now.lower()
    if differs and (len(wanted) > 15 or not wanted.replace("-", "").isalnum() or wanted.isdigit()):
        raise FailedError(f"FailedError to rename computer to '{wanted}': the name is not valid")
    if differs and not _checks(told):
        windows.pending_name = wanted
        windows.pending.add("name")
        windows.change(f"named {wanted}")
    return {"changed": differs, "old_name": now, "reboot_required": differs}


@module("ansible.windows.win_timezone")
def win_timezone(windows: Windows, told: dict[str, Any]) -> Result:
    wanted, before = told["timezone"], windows.time_zone
    if wanted != before:
        if wanted not in TIME_ZONES:
            raise FailedError(f"The specified timezone: {wanted} isn't supported on the machine.")
        if not _checks(told):
            windows.time_zone = wanted
            windows.change(f"time zone {wanted}")
    return {"changed": wanted != before, "previous_timezone": before, "timezone": wanted}


@module("ansible.windows.win_region")
def win_region(windows: Windows, told: dict[str, Any]) -> Result:
    changed = restart = False
    for option, own in (
        ("location", "location"),
        ("format", "format"),
        ("unicode_language", "system_locale"),
    ):
        wanted = told.get(option)
        if wanted is None:
            continue
        if option != "location" and wanted not in LOCALES:
            raise FailedError(f"The argument {option} '{wanted}' does not match a valid culture")
        value = int(wanted) if option == "location" else wanted
        if getattr(windows, own) == value:
            continue
        changed = True
        restart = restart or option == "unicode_language"
        if not _checks(told):
            setattr(windows, own, value)
            windows.change(f"{option} {value}")
    if restart and not _checks(told):
        windows.pending.add("locale")
    return {"changed": changed, "restart_required": restart}


@module("ansible.windows.win_user")
def win_user(windows: Windows, told: dict[str, Any]) -> Result:
    key = told["name"].lower()
    found = windows.accounts.get(key)
    changed = False
    if told["state"] == "present":
        missing = [name for name in told.get("groups") or [] if name not in windows.groups]
        if missing:
            raise FailedError(f"Group '{missing[0]}' not found")
        changed = _shape(windows, told, found)
    elif told["state"] == "absent" and found is not None:
        changed = True
        if not _checks(told):
            del windows.accounts[key]
            windows.change(f"account {told['name']} removed")
    found = windows.accounts.get(key)
    if found is None:
        return {"changed": changed, "name": told["name"], "state": "absent"}
    return {
        "changed": changed,
        "state": "present",
        "name": found.name,
        "fullname": found.full_name,
        "description": found.description,
        "account_disabled": found.disabled,
        "groups": [{"name": name} for name in sorted(found.groups)],
        "sid": found.sid,
    }


def _shape(windows: Windows, told: dict[str, Any], found: Account | None) -> bool:
    """Make or change the account; True when something had to be."""
    made = found is None
    password = told.get("password")
    if made and not password:
        raise FailedError("the password does not meet the password policy requirements")
    account = found or Account(told["name"], password or "")
    before = (
        account.full_name,
        account.description,
        frozenset(account.groups),
        account.password_never_expires,
    )
    groups = set(told.get("groups") or [])
    if told.get("groups") is not None:
        match told["groups_action"]:
            case "add":
                groups |= account.groups
            case "remove":
                groups = account.groups - groups
    else:
        groups = account.groups
    expires = told.get("password_never_expires")
    after = (
        told.get("fullname") if told.get("fullname") is not None else account.full_name,
        told.get("description") if told.get("description") is not None else account.description,
        frozenset(groups),
        account.password_never_expires if expires is None else expires,
    )
    new_password = bool(password) and told["update_password"] == "always" and account.password != password
    changed = made or before != after or new_password
    if changed and not _checks(told):
        account.full_name, account.description = after[0], after[1]
        account.groups, account.password_never_expires = set(after[2]), after[3]
        if new_password:
            account.password = password
        windows.accounts[told["name"].lower()] = account
        windows.change(f"account {told['name']}")
    return changed


@module("ansible.windows.win_powershell")
def win_powershell(windows: Windows, told: dict[str, Any]) -> Result:
    script = scripts.whole(told.get("script") or "")
    if script is None:
        raise FailedError(
            f"the bench's PowerShell does not know this script: {(told.get('script') or '')[:120]}"
        )
    sensitive = {one["name"]: one["value"] for one in told.get("sensitive_parameters") or []}
    given = {**(told.get("parameters") or {}), **sensitive, "_check": _checks(told)}
    try:
        printed = [json.loads(line) if line[:1] in "{[" else line for line in script(windows, given)]
    except scripts.ThrownError as thrown:
        return {
            "failed": True,
            "changed": True,
            "msg": "Unhandled exception while executing the script",
            "error": [{"exception": {"message": str(thrown)}, "output": str(thrown)}],
        }
    # By default the module says "changed"; a script that knows better sets $Ansible.Changed.
    return {
        "changed": bool(given.get("_changed", True)),
        "output": printed,
        "error": [],
        "result": given.get("_result", {}),
    }


@module("ansible.windows.async_status")
def async_status(windows: Windows, told: dict[str, Any]) -> Result:
    place = f"{told['_async_dir']}\\{told['jid']}"
    content = windows.disk.read(place)
    if content is None:
        raise FailedError(
            f"could not find job at '{told['_async_dir']}'", ansible_job_id=told["jid"], started=1, finished=1
        )
    if told.get("mode") == "cleanup":
        windows.disk.remove(place)
        return {"ansible_job_id": told["jid"], "erased": place}
    found: Result = json.loads(content)
    if "started" not in found:
        found |= {"finished": 1, "ansible_job_id": told["jid"]}
    return found


@module("ansible.windows.win_copy")
def win_copy(windows: Windows, told: dict[str, Any]) -> Result:
    match told.get("_copy_mode"):
        case "query":
            if told.get("directories") or told.get("symlinks"):
                raise FailedError("the bench copies single files only")
            differ = [
                {"src": one["src"], "dest": one["dest"]}
                for one in told["files"]
                if windows.disk.sha1(f"{told['dest']}\\{one['dest']}") != one["checksum"]
            ]
            return {"changed": bool(differ), "files": differ, "directories": [], "symlinks": []}
        case "single":
            content = windows.disk.read(told["src"])
            if content is None:
                raise FailedError(f"Cannot copy src file: '{told['src']}' as it does not exist")
            try:
                windows.disk.write(told["dest"], content)
            except FileNotFoundError as wrong:
                raise FailedError(f"Destination directory '{told['dest']}' does not exist") from wrong
            windows.change(f"file {told['dest']}")
            return {"changed": True, "dest": told["dest"], "checksum": windows.disk.sha1(told["dest"])}
        case mode:
            raise FailedError(f"the bench's win_copy does not know the mode {mode}")


@module("ansible.windows.win_file")
def win_file(windows: Windows, told: dict[str, Any]) -> Result:
    there = windows.disk.is_folder(told["path"]) or windows.disk.read(told["path"]) is not None
    match told.get("state"):
        case "directory":
            if not there and not _checks(told):
                windows.disk.make_folder(told["path"])
                windows.change(f"folder {told['path']}")
            return {"changed": not there}
        case "absent":
            if there and not _checks(told):
                windows.disk.remove(told["path"])
                windows.change(f"removed {told['path']}")
            return {"changed": there}
        case state:
            raise FailedError(f"the bench's win_file does not know the state {state}")


@module("ansible.windows.win_stat")
def win_stat(windows: Windows, told: dict[str, Any]) -> Result:
    content = windows.disk.read(told["path"])
    if content is None:
        folder = windows.disk.is_folder(told["path"])
        return {"stat": {"exists": folder, **({"isdir": True} if folder else {})}}
    digest = hashlib.new(told["checksum_algorithm"], content).hexdigest()
    return {"stat": {"exists": True, "isdir": False, "size": len(content), "checksum": digest}}
