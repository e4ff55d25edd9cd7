"""How CI systems read what became of kits: JUnit XML, GitHub annotations and a summary in Markdown."""

import sys
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import Element, ElementTree, SubElement

BAD: Final = ("failed", "lost")
NOT_DONE: Final = ("pending", "runnable", "running", "waiting", "skipped", "cancelled")
MARKS: Final = {"ready": "✅", "handed_over": "✅", "failed": "❌", "cancelled": "⛔", "rejected": "⛔"}
Kit = Mapping[str, Any]


def write(path: Path, kits: Iterable[Kit], url: str) -> None:
    """One testsuite a device, one testcase a step; the kit's page, with its evidence, in system-out."""
    root = Element("testsuites", name="kitto")
    for kit in kits:
        steps = kit["steps"]
        suite = SubElement(
            root,
            "testsuite",
            name=kit["tag"],
            tests=str(len(steps)),
            failures=str(sum(step["state"] in BAD for step in steps)),
            skipped=str(sum(step["state"] in NOT_DONE for step in steps)),
            time=str(sum(map(_seconds, steps))),
        )
        for step in steps:
            _case(suite, kit, step, url)
    ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def _case(suite: Element, kit: Kit, step: Mapping[str, Any], url: str) -> None:
    name = f"{step['key']}: {_clean(step['title'])}"
    case = SubElement(suite, "testcase", classname=kit["tag"], name=name, time=str(_seconds(step)))
    if step["state"] in BAD:
        SubElement(case, "failure", message=_clean(step["reason"] or step["state"]), type=step["state"])
    elif step["state"] in NOT_DONE:
        SubElement(case, "skipped", message=_clean(step["reason"] or step["state"]))
    SubElement(case, "system-out").text = f"{url}/kitting/{kit['id']}"


def annotate(kits: Iterable[Kit]) -> None:
    """An error of GitHub for each step that failed (workflow commands escape %, CR and LF)."""
    for kit in kits:
        for step in kit["steps"]:
            if step["state"] in BAD:
                said = _escaped(f"{kit['tag']}: {step['title']}: {step['reason']}")
                sys.stdout.write(f"::error file={_property(kit['profile'])},title=Kitto::{said}\n")


def summarise(path: Path, kits: Iterable[Kit], url: str) -> None:
    """Append a table to the summary of the job."""
    lines = ["### Kitto", "", "| device | profile | state | step | |", "|---|---|---|---|---|"]
    for kit in kits:
        at = next((step for step in kit["steps"] if step["state"] in (*BAD, "running", "waiting")), None)
        mark = MARKS.get(kit["state"], "⏳")
        said = _cell(f"{at['title']} {at['reason']}") if at else ""
        profile = _cell(f"{kit['profile']} v{kit['profile_version']}")
        link = f"[kit {kit['id']}]({url}/kitting/{kit['id']})"
        lines.append(f"| {_cell(kit['tag'])} | {profile} | {mark} {kit['state']} | {said} | {link} |")
    with path.open("a", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def _seconds(step: Mapping[str, Any]) -> float:
    if not (step["started_at"] and step["ended_at"]):
        return 0.0
    took = datetime.fromisoformat(step["ended_at"]) - datetime.fromisoformat(step["started_at"])
    return round(took.total_seconds(), 3)


def _clean(text: str) -> str:
    # XML 1.0 holds no other controls
    return "".join(sign if sign.isprintable() or sign in "\t\n" else " " for sign in text)


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")


def _cell(text: str) -> str:
    plain = _clean(text).replace("\n", " ").replace("|", "\\|").replace("<", "&lt;")
    return plain.replace("[", "\\[").strip()
