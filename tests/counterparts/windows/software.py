"""Modules for software: MSI packages, Chocolatey, Windows Update."""

import hashlib
import json
from typing import Any

from tests.counterparts.windows.machine import Windows
from tests.counterparts.windows.modules import FailedError, Result, module

# What Chocolatey's own source would offer.
CHOCOLATEY = {"7zip": "24.9.0", "firefox": "145.0", "adobereader": "2025.1"}


@module("ansible.windows.win_package")
def win_package(windows: Windows, told: dict[str, Any]) -> Result:
    product, path = told.get("product_id"), told.get("path")
    if not product:
        raise FailedError("the bench installs packages with a product_id only")
    there = product.upper() in windows.products
    wanted = told["state"] == "present"
    if there == wanted:
        return {"changed": False, "reboot_required": False, "rc": 0}
    if wanted:
        content = windows.on_the_net.get(path)
        if content is None:
            raise FailedError(f"the file at the URL '{path}' could not be downloaded")
        digest = hashlib.new(told["checksum_algorithm"], content).hexdigest()
        if told.get("checksum") and digest != told["checksum"].lower():
            raise FailedError(
                f"The checksum for {path} did not match '{told['checksum']}', it was '{digest}'"
            )
    if not told["_ansible_check_mode"]:
        if wanted:
            windows.products[product.upper()] = path
        else:
            del windows.products[product.upper()]
        windows.change(f"package {product}")
    return {"changed": True, "reboot_required": False, "rc": 0}


@module("chocolatey.chocolatey.win_chocolatey")
def win_chocolatey(windows: Windows, told: dict[str, Any]) -> Result:
    if told["state"] not in ("present", "absent"):
        raise FailedError(f"the bench's Chocolatey does not know the state {told['state']}")
    packages = windows.chocolatey
    changed = packages is None
    installed = dict(packages or {"chocolatey": "2.5.1"})
    for name in told["name"]:
        if told["state"] == "absent":
            changed = installed.pop(name.lower(), None) is not None or changed
            continue
        if name.lower() not in CHOCOLATEY and name.lower() not in installed:
            raise FailedError(
                f"Error installing the package '{name}': it was not found with the source(s) listed."
            )
        have = installed.get(name.lower())
        if have is None or (told.get("version") and have != told["version"]):
            if have is not None:
                raise FailedError(f"Chocolatey package '{name}' is installed in another version: {have}")
            installed[name.lower()] = told.get("version") or CHOCOLATEY[name.lower()]
            changed = True
    if changed and not told["_ansible_check_mode"]:
        windows.chocolatey = installed
        windows.change(f"chocolatey {' '.join(told['name'])}")
    return {"changed": changed, "rc": 0}


@module("ansible.windows.win_updates")
def win_updates(windows: Windows, told: dict[str, Any]) -> Result:
    """The three operations of the module, as its action plugin asks for them one after the other."""
    match told["_operation"]:
        case "start":
            windows.update_progress = _search_and_install(windows, told)
            return {
                "changed": False,
                "poll_options": {"pipe_name": "kitto"},
                "cancel_options": {"cancel_id": "kitto", "task_pid": 4712},
            }
        case "poll":
            # Two pieces, as the real one also brings its progress in pieces.
            piece, windows.update_progress = windows.update_progress[:1], windows.update_progress[1:]
            return {"changed": False, "output": piece}
        case _:
            return {"changed": False}


def _search_and_install(windows: Windows, told: dict[str, Any]) -> list[dict[str, Any]]:
    wanted = {name.replace(" ", "").lower() for name in told["category_names"]}
    offered = [one for one in windows.updates if not one.installed]
    chosen = [one for one in offered if "*" in wanted or one.category.replace(" ", "").lower() in wanted]
    reasons = [{"id": one.id, "reasons": ["category_names"]} for one in offered if one not in chosen]
    found = [
        {"id": one.id, "title": one.title, "kb": [one.kb], "categories": [one.category]} for one in offered
    ]
    said = [{"task": "search_result", "result": {"updates": found, "filtered": reasons}}]
    installs = told["state"] == "installed" and bool(chosen)
    if installs and not told["_ansible_check_mode"]:
        for one in chosen:
            one.installed = True
            windows.change(f"update {one.kb}")
            if one.needs_restart:
                windows.pending.add("update")
        done = [{"id": one.id, "result_code": 2, "hresult": 0} for one in chosen]
        # Each with a list of its own: the action plugin takes its entries apart.
        said += [
            {"task": task, "result": {"info": json.loads(json.dumps(done))}}
            for task in ("download_result", "install_result")
        ]
    reboot = bool(windows.pending)
    return [
        *said,
        {"task": "exit", "result": {"changed": installs, "reboot_required": reboot, "failed": False}},
    ]
