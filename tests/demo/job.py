"""The main job in six steps, each done over HTTP by the person whose work it is."""

import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pypdfium2
import zxingcpp

from tests.counterparts.keys import KeyPair, new_key_pair
from tests.counterparts.pc import BenchPc
from tests.counterparts.snmp import SnmpDevice
from tests.demo.person import Person, Refused
from tests.demo.service import Service
from tests.demo.show import Stage

SERIAL = "8XK2QZ3"
MAKER, MODEL = "Dell Inc.", "Latitude 7450"
SHEET = "A-ONE 72224"
RECEIVER_BADGE = "BADGE-B0001"  # Anna Schmidt, of the project the PC was ordered for
RECEIVER_ACCOUNT = "anna"
WATCHER = "kitto-watch"
POOL = "Office LTSC 2024"
PRINTER_SERIAL, SWITCH_SERIAL = "KWC35-0004711", "SW24-8D20331"
KIT_PATIENCE = 600.0


@dataclass
class Cast:
    """Who takes part, and what stands on the bench."""

    service: Service
    sato: Person  # technician
    suzuki: Person  # asset manager
    pc: BenchPc
    printer: SnmpDevice
    switch: SnmpDevice
    watcher: KeyPair = field(default_factory=new_key_pair)  # reads health over SSH


def receive(stage: Stage, cast: Cast) -> dict[str, Any]:
    """Step 1: ordered, received by its serial number, accepted, labelled."""
    sato, suzuki = cast.sato, cast.suzuki
    model = next(m for m in sato.get("/models", category="pc") if m["name"] == MODEL)
    project = sato.get("/projects")["items"][0]
    ordered = sato.post(
        "/assets/orders", model_id=model["id"], order_no="PO-2026-0501", project_id=project["id"]
    )["items"][0]
    stage.tell(f"sato orders a {model['maker']} {model['name']} for “{project['name']}”")
    asset = sato.post(f"/assets/{ordered['id']}/receive", serial=SERIAL, accessories=["AC アダプター"])
    tag = asset["tag"]
    stage.tell(f"the box arrives; serial {SERIAL} is scanned; the ledger gives the tag {tag}")
    asset = suzuki.post(f"/assets/{tag}/accept", version=asset["version"])
    stage.check(asset["state"] == "in_stock", f"{tag} is {asset['state']} after acceptance")
    stage.tell("suzuki accepts the delivery: in stock")
    made = sato.post("/labels", tags=[tag], template=SHEET)
    pdf = sato.download(f"/labels/{made['id']}.pdf")
    path = cast.service.folder / "label.pdf"
    path.write_bytes(pdf)
    codes = read_codes(pdf)
    stage.check(codes, "no code on the label can be read")
    decoded = next((code for code in codes if tag.replace("-", "") in code.replace("-", "").upper()), "")
    found = sato.get("/scan/resolve", code=decoded) if decoded else {"tag": None}
    stage.check(found["tag"] == tag, f"the label says {codes}, not {tag}")
    stage.tell(f"label printed on {SHEET}, and read back from the paper: {decoded}")
    return {"tag": tag, "label": {"decoded": decoded, "path": str(path)}}


def read_codes(pdf: bytes) -> list[str]:
    """Every code on the pages, as a scanner would read it; QR codes first."""
    found = []
    document = pypdfium2.PdfDocument(pdf)
    for page in document:
        found += zxingcpp.read_barcodes(page.render(scale=4).to_pil())
    document.close()
    found.sort(key=lambda code: "QR" not in str(code.format))
    return [code.text for code in found]


def kit(stage: Stage, cast: Cast, tag: str, label: str) -> dict[str, Any]:
    """Step 2: hands and machines take turns until the PC is ready."""
    sato, pc = cast.sato, cast.pc
    before = pc.run("hostname").stdout.strip()
    sato.put(
        f"/assets/{tag}/endpoints/ssh",
        address=pc.address,
        port=pc.port,
        account=pc.user,
        host_key=pc.host_key,
    )
    stage.tell(f"the PC answers SSH at {pc.address}:{pc.port}; its host key is pinned; it is called {before}")
    began = time.monotonic()
    started = sato.post("/kits", tag=tag, profile="linux-workstation", parameters=_parameters(cast))
    done = Kit(stage, cast, started["id"], label).finish()
    seconds = round(time.monotonic() - began, 1)
    after = pc.run("hostname").stdout.strip()
    stage.check(after == tag.lower() or after == tag, f"the PC is called {after}, not {tag}")
    zone = pc.run("cat /etc/timezone").stdout.strip()
    stage.check(zone == "Asia/Tokyo", f"its time zone is {zone}")
    stage.check(pc.run(f"id -u {RECEIVER_ACCOUNT}").stdout.strip().isdigit(), "the account is missing")
    pc.run("visudo -c")
    pc.run("test -s /var/lib/kitto-agent/credential.json")
    stage.tell(f"on the PC itself: {before} → {after}, {zone}, account {RECEIVER_ACCOUNT}, agent enrolled")
    steps = done["steps"]
    failed = [step["key"] for step in steps if step["state"] not in ("succeeded", "skipped")]
    evidence = sum(len(step["evidence"]) for step in steps)
    stage.check(not failed, f"these steps are not done: {failed}")
    stage.tell(f"{len(steps)} steps done in {seconds} s, {evidence} pieces of evidence kept")
    return {"steps": len(steps), "failed": len(failed), "seconds": seconds}


def _parameters(cast: Cast) -> dict[str, Any]:
    person = new_key_pair()
    return {
        "kitto_accounts": [
            {
                "name": RECEIVER_ACCOUNT,
                "full_name": "Anna Schmidt",
                "keys": [person.public],
                "sudo": True,
            },
            {
                "name": WATCHER,
                "full_name": "Kitto health reads",
                "keys": [cast.watcher.public],
                "sudo_without_password": True,
                "sudo": True,
            },
        ]
    }


class Kit:
    """Follows one kit: shows its log, and does what it asks of people."""

    def __init__(self, stage: Stage, cast: Cast, number: int, label: str) -> None:
        self.stage = stage
        self.sato = cast.sato
        self.number = number
        self.label = label
        self.shown: dict[str, str] = {}
        self.cursor = ""
        self.told = ""

    def finish(self) -> dict[str, Any]:
        return self.stage.until("the kit", self._look, KIT_PATIENCE)

    def _look(self) -> dict[str, Any] | None:
        found: dict[str, Any] = self.sato.get(f"/kits/{self.number}")
        for step in found["steps"]:
            self._step(step)
        self._log()
        if found["state"] in ("failed", "cancelled"):
            reasons = [f"{s['key']}: {s['reason']}" for s in found["steps"] if s["reason"]]
            self.stage.check(False, f"the kit {found['state']}: {found['reason']} {'; '.join(reasons)}")
        return found if found["state"] == "ready" else None

    def _step(self, step: dict[str, Any]) -> None:
        key, state = step["key"], step["state"]
        if self.shown.get(key) == state:
            return
        self.shown[key] = state
        if state == "waiting" and step["kind"] == "manual":
            points = list(range(len(step["checks"])))
            self.sato.post(f"/kits/{self.number}/steps/{key}/confirm", ticked=points)
            self.stage.note(f"{step['title']}: sato ticks {len(points)} points")
        elif state == "waiting" and step["kind"] in ("label", "scan"):
            self.sato.post(f"/kits/{self.number}/steps/{key}/scan", scanned=self.label)
            self.stage.note(f"{step['title']}: sato scans the label on the PC")
        elif state == "succeeded":
            self.stage.tell(f"{step['title']} ({step['key']})")

    def _log(self) -> None:
        query = {"after": self.cursor} if self.cursor else {}
        for line in self.sato.get(f"/kits/{self.number}/log", **query):
            self.cursor = line["cursor"]
            # A task that works through a list says the same once for each entry.
            told = f"{line['step']}: {line['task']} [{line['status']}]"
            if line["status"] in ("changed", "failed", "unreachable") and line["task"] and told != self.told:
                self.stage.note(told)
                self.told = told


def check_in(stage: Stage, cast: Cast, tag: str) -> dict[str, Any]:
    """Step 3: the agent's report, and that the machine is the one in the ledger."""
    found = cast.sato.get(f"/checkins/devices/{tag}")
    agent = next(a for a in cast.sato.get("/checkins/agents")["items"] if a["tag"] == tag)
    stage.check(agent["serial"] == SERIAL, f"the agent reports serial {agent['serial']}")
    sections = cast.sato.get(f"/checkins/agents/{agent['id']}/sections")
    software = cast.sato.get(f"/checkins/agents/{agent['id']}/software")
    stage.check(sections, "the agent sent no sections")
    stage.tell(f"{agent['vendor']} {agent['model']} reports serial {agent['serial']}, as the ledger says")
    stage.tell(f"{len(sections)} sections, {len(software)} packages")
    cast.pc.run("python3 /usr/local/lib/kitto/agent.pyz checkin")
    stage.tell("a second check-in had nothing new to say")
    asset = cast.sato.get(f"/assets/{tag}")
    stage.check(asset["state"] == "ready", f"{tag} is {asset['state']}, not ready")
    differences = len([s for s in found.get("sides", []) if s.get("differs")])
    stage.tell(f"{tag} is ready ({differences} differences between ledger and machine)")
    return {"sections": len(sections), "software": len(software)}


def poll(stage: Stage, cast: Cast, tag: str) -> dict[str, Any]:
    """Step 4: SSH to the PC, SNMP to a printer and a switch."""
    sato = cast.sato
    community = sato.post(
        "/health/credentials", name="bench devices", kind="community", secret=cast.printer.community
    )
    key = sato.post(
        "/health/credentials",
        name="bench PC",
        kind="ssh_key",
        account=cast.pc.user if cast.pc.reduced else WATCHER,
        secret=cast.watcher.private,
    )
    probes = [
        (tag, SERIAL, _ssh(cast, tag, key["id"])),
        *(
            (
                sato.get("/scan/resolve", code=serial)["tag"],
                serial,
                {
                    "kind": "snmp",
                    "address": device.address,
                    "port": device.port,
                    "credential_id": community["id"],
                },
            )
            for serial, device in ((PRINTER_SERIAL, cast.printer), (SWITCH_SERIAL, cast.switch))
        ),
    ]
    made = []
    for device, serial, probe in probes:
        number = sato.post("/health/probes", **({"tag": device} | probe))["id"]
        sato.post(f"/health/probes/{number}/poll")
        made.append((device, serial, number))
    answers = [_answer(stage, cast, *one) for one in made]
    return answers[0] | {"others": answers[1:]}


def _ssh(cast: Cast, tag: str, credential_id: int) -> dict[str, Any]:
    pc = cast.pc
    return {
        "tag": tag,
        "kind": "ssh",
        "address": pc.address,
        "port": pc.port,
        "credential_id": credential_id,
        "host_key": pc.host_key,
    }


def _answer(stage: Stage, cast: Cast, tag: str, serial: str, number: int) -> dict[str, Any]:
    def polled() -> dict[str, Any] | None:
        found: dict[str, Any] = cast.sato.get(f"/health/probes/{number}")
        return found if found["polled_at"] and found["identity"] else None

    found = stage.until(f"an answer of {tag}", polled, 180)
    who = found["identity"]
    stage.check(found["state"] == "ok", f"{tag} is {found['state']}: {found['reason']} {found['detail']}")
    stage.check(who["serial"] == serial, f"{tag} says its serial is {who['serial']}, not {serial}")
    readings = cast.sato.get(f"/health/probes/{number}/readings")
    stage.tell(
        f"{found['kind'].upper()} {tag}: {found['state'].upper()}, {who['vendor']} {who['model']}, "
        f"serial {who['serial']}, {len(readings)} readings"
    )
    return {"device": tag, "health": found["state"], "serial": who["serial"]}


def hand_over(stage: Stage, cast: Cast, tag: str) -> dict[str, Any]:
    """Step 5: badge, device, licence, DONE at the desk; the receipt."""
    sato = cast.sato
    pool = next(p for p in sato.get("/licence-pools")["items"] if p["name"] == POOL)
    for scanned in (RECEIVER_BADGE, tag, f"KITTO-POOL-{pool['id']}"):
        echo = sato.post("/desk/scans", scanned=scanned)
        stage.check(echo["verdict"] == "ok", f"{scanned}: {echo['title']} {echo['says']}")
        stage.tell(f"scanned {scanned}: {echo['title']}")
    due = (datetime.now(UTC) + timedelta(days=180)).date().isoformat()  # noqa: TID251 -- a person's own calendar
    sato.put("/desk/due", due_on=due)
    done = sato.post("/desk/scans", scanned="DONE")["done"]
    stage.check(len(done) == 1 and done[0]["seats"], f"DONE brought {json.dumps(done)[:300]}")
    paper = done[0]
    used = sato.get(f"/licence-pools/{pool['id']}")["used"]
    stage.check(used == pool["used"] + 1, f"{POOL}: {used} seats used, {pool['used']} before")
    stage.tell(
        f"{paper['holder_name']} has {tag} until {due}, with a seat of {POOL} ({used} of {pool['cap']})"
    )

    def made() -> bytes | None:
        try:
            return sato.download(f"/handovers/{paper['id']}/document.pdf")
        except Refused as refusal:
            if refusal.code == "handover.document_not_ready":
                return None
            raise

    pdf = stage.until("the receipt", made, 120)
    path = cast.service.folder / "receipt.pdf"
    path.write_bytes(pdf)
    stage.check(pdf.startswith(b"%PDF"), "the receipt is no PDF")
    stage.tell(f"受領書 {paper['number']}: {path}")
    return {"holder": paper["holder_name"], "receipt": {"path": str(path)}}


def give_back(stage: Stage, cast: Cast, asset_tag: str) -> dict[str, Any]:
    """Step 6: another device comes back; the journal of the first."""
    sato = cast.sato
    other = sato.get("/assets", state="returning")["items"][0]
    for scanned in ("TAKEBACK", other["tag"], "GOOD", "DONE"):
        echo = sato.post("/desk/scans", scanned=scanned)
        stage.check(echo["verdict"] != "no", f"{scanned}: {echo['title']} {echo['says']}")
    after = sato.get(f"/assets/{other['tag']}")
    stage.check(after["state"] == "inspecting" and after["holder"] is None, f"it is {after['state']}")
    stage.tell(f"{other['tag']} comes back from {other['holder']['name']}: {after['state']}")
    asset = sato.get(f"/assets/{asset_tag}")
    facts = sato.get("/facts", subject_kind="asset", subject_id=asset["id"], limit=200)["items"]
    for fact in reversed(facts):
        changes = fact["data"].get("changes") or {}
        told = ", ".join(f"{name}: {old} → {new}" for name, (old, new) in changes.items())
        stage.note(f"{fact['at'][11:19]}  {fact['actor_name']}  {fact['says']}  {told}")
    verdict = sato.get("/journal/verify")
    stage.check(verdict["verified"], f"the journal is broken at {verdict['broken_at']}")
    stage.tell(f"the chain of {verdict['facts']} facts verifies; head {verdict['head'][:16]}…")
    return {
        "state": asset["state"],
        "holder": asset["holder"]["name"],
        "journal": {"facts": len(facts), "verified": verdict["verified"]},
    }
