"""`kitto kit apply, plan, wait, retry, report`: kits of a Kitto elsewhere, with exit codes for CI."""

import json as json_module
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import quote

import typer

from kitto.cli import junit
from kitto.cli.house import working
from kitto.cli.remote import Ca, CiCommand, Exit, Remote, Token, Url, end
from kitto.cli.say import JsonFlag, out, speak
from kitto.kitting import actions

GOOD: Final = ("ready", "handed_over")
BAD: Final = ("failed", "cancelled", "rejected")
LOOK_SECONDS: Final = 2.0
Kit = dict[str, Any]

Tags = Annotated[list[str], typer.Argument(help="Tags of devices.")]
Kits = Annotated[list[int], typer.Argument(help="Numbers of kits.")]
Timeout = Annotated[float, typer.Option(min=0, help="Minutes to wait for the kits.")]
Stop = Annotated[bool, typer.Option("--stop-when-waiting", help="End when no machine works any more.")]
Junit = Annotated[Path | None, typer.Option("--junit", help="Write JUnit XML: device = suite, step = case.")]
OnGitHub = Annotated[str, typer.Option(envvar="GITHUB_ACTIONS", hidden=True)]
Summary = Annotated[str, typer.Option(envvar="GITHUB_STEP_SUMMARY", hidden=True)]


def register(app: typer.Typer) -> None:
    """Add the commands to `kitto kit`."""
    for command in (apply, plan, wait, retry, report):
        app.command(cls=CiCommand)(command)


def apply(
    tags: Tags,
    profile: Annotated[str, typer.Option(help="Profile to kit with.")],
    url: Url = "",
    parameters: Annotated[str, typer.Option(help="Parameters as a JSON object.")] = "{}",
    in_place: Annotated[bool, typer.Option(help="The devices stay with who has them.")] = False,
    waits: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until the kits are done.")] = True,
    timeout: Timeout = 60,
    stop_when_waiting: Stop = False,
    junit_file: Junit = None,
    json: JsonFlag = False,
    token: Token = "",
    ca: Ca = "",
    on_github: OnGitHub = "",
    summary: Summary = "",
) -> None:
    """Start a kit on each device and wait for them. Ends 0, 1, 2, 3, 5, 6 or 7 (docs/ci.md)."""
    speak(as_json=json)
    given = _object(parameters)
    remote = Remote(url, token, ca)
    started = [
        remote.post(
            "/api/v1/kits", {"tag": tag, "profile": profile, "parameters": given, "in_place": in_place}
        )
        for tag in tags
    ]
    numbers = [kit["id"] for kit in started]
    kits = _awaited(remote, numbers, timeout, stop_when_waiting) if waits else started
    _told(kits, remote.url, junit_file, on_github, summary)
    sys.exit(_how(kits, waited=waits))


def plan(
    tags: Tags,
    profile: Annotated[str, typer.Option(help="Profile to kit with.")],
    url: Url = "",
    json: JsonFlag = False,
    token: Token = "",
    ca: Ca = "",
) -> None:
    """What applying a profile would do, without doing it. Ends 4 if a device differs from what it carries,
    3 if somebody works on one, 1 if the profile cannot be applied."""
    speak(as_json=json)
    remote = Remote(url, token, ca)
    known = {one["name"]: one for one in remote.get("/api/v1/profiles")}
    found = known.get(profile)
    if found is None or found["trouble"]:
        why = found["trouble"] if found else f"there is no profile “{profile}”; there are: {', '.join(known)}"
        end(Exit.ERROR, "profile", why)
    rows = [_planned(remote, tag, found) for tag in tags]
    out.rows(["tag", "state", "carries", "would_do", "drift", "held_by"], rows)
    if any(row["drift"] == "differs" for row in rows):
        sys.exit(Exit.DRIFT)
    sys.exit(Exit.WAITING if any(row["held_by"] for row in rows) else Exit.OK)


def wait(
    kits: Kits,
    url: Url = "",
    timeout: Timeout = 60,
    stop_when_waiting: Stop = False,
    junit_file: Junit = None,
    json: JsonFlag = False,
    token: Token = "",
    ca: Ca = "",
    on_github: OnGitHub = "",
    summary: Summary = "",
) -> None:
    """Wait for kits. Ends 0 when all are ready, else 1, 2, 3, 5, 6 or 7 (docs/ci.md)."""
    speak(as_json=json)
    remote = Remote(url, token, ca)
    found = _awaited(remote, kits, timeout, stop_when_waiting)
    _told(found, remote.url, junit_file, on_github, summary)
    sys.exit(_how(found, waited=True))


def report(
    kits: Kits,
    url: Url = "",
    junit_file: Junit = None,
    json: JsonFlag = False,
    token: Token = "",
    ca: Ca = "",
    on_github: OnGitHub = "",
    summary: Summary = "",
) -> None:
    """How kits stand now, for people and for CI. Ends like `wait`, without waiting."""
    speak(as_json=json)
    remote = Remote(url, token, ca)
    found = [remote.get(f"/api/v1/kits/{kit}") for kit in kits]
    _told(found, remote.url, junit_file, on_github, summary)
    sys.exit(_how(found, waited=False))


def retry(
    kit_id: int,
    step: Annotated[str, typer.Option(help="Step to go on from; empty: the one that failed.")] = "",
    url: Url = "",
    json: JsonFlag = False,
    token: Token = "",
    ca: Ca = "",
) -> None:
    """Go on from the step that failed, or from another; here, or with --url elsewhere."""
    speak(as_json=json)
    if url:
        kit = Remote(url, token, ca).post(f"/api/v1/kits/{kit_id}/retry", {"step": step})
        out.record({"kit": kit["id"], "tag": kit["tag"], "state": kit["state"], "reason": kit["reason"]})
        return
    with working() as work:
        done = actions.retry(work, kit_id=kit_id, step=step)
        found = {"kit": done.id, "tag": done.tag, "state": done.state, "reason": done.reason}
    out.record(found)


def _object(text: str) -> dict[str, Any]:
    try:
        given = json_module.loads(text)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        end(Exit.ERROR, "parameters", "--parameters is no JSON object.")
    return given


def _planned(remote: Remote, tag: str, profile: Mapping[str, Any]) -> dict[str, Any]:
    name = quote(tag, safe="")
    asset = remote.get(f"/api/v1/assets/{name}")
    kits = remote.get("/api/v1/kits", tag=tag, limit=20)["items"]
    carried = next((kit for kit in kits if kit["state"] in GOOD), None)
    busy = next((kit for kit in kits if kit["state"] not in (*GOOD, *BAD) or kit["state"] == "failed"), None)
    drift = remote.get(f"/api/v1/assets/{name}/drift", limit=1)
    lock = remote.get(f"/api/v1/assets/{name}/lock")
    return {
        "tag": asset["tag"],
        "state": asset["state"],
        "carries": f"{carried['profile']} v{carried['profile_version']}" if carried else "",
        "would_do": profile["steps"],
        "drift": drift[0]["result"] if drift else "",
        "held_by": f"kit #{busy['id']}" if busy else _holder(lock),
    }


def _holder(lock: Mapping[str, Any] | None) -> str:
    # What a lock said stays on rows that an older release gave back; only a holder holds.
    held = lock if lock and lock.get("holder") else {}
    return str(held.get("says") or held.get("holder") or "")


def _awaited(remote: Remote, numbers: Sequence[int], minutes: float, stop: bool) -> list[Kit]:
    until = time.monotonic() + minutes * 60
    while True:
        kits: list[Kit] = [remote.get(f"/api/v1/kits/{number}") for number in numbers]
        over = [kit["state"] in (*GOOD, *BAD) for kit in kits]
        still = [kit["state"] in ("waiting", "held") for kit in kits]
        if all(over) or (stop and all(map(any, zip(over, still, strict=True)))):
            return kits
        if time.monotonic() >= until:
            return kits
        time.sleep(LOOK_SECONDS)


def _how(kits: Sequence[Mapping[str, Any]], *, waited: bool) -> Exit:
    states = {kit["state"] for kit in kits}
    if states & set(BAD):
        return Exit.FAILED
    if states <= set(GOOD):
        return Exit.OK
    if any(kit["waits_for"] == "approval" for kit in kits):
        return Exit.APPROVAL
    if states & {"waiting", "held"}:
        return Exit.WAITING
    return Exit.TIMEOUT if waited else Exit.OK


def _told(kits: Sequence[Kit], url: str, path: Path | None, on_github: str, summary: str) -> None:
    if path is not None:
        junit.write(path, kits, url)
    if on_github and not out.as_json:
        junit.annotate(kits)
    if summary:
        junit.summarise(Path(summary), kits, url)
    if out.as_json:
        out.rows([], kits)
        return
    names = ["kit", "tag", "state", "waits_for", "reason"]
    out.rows(names, [{"kit": kit["id"]} | {name: kit[name] for name in names[1:]} for kit in kits])
