"""The kitting report: what was done, by whom, what proves it, what deviates; and the figures of many kits."""

import io
from pathlib import Path

import pypdfium2
import zxingcpp
from PIL import Image
from starlette.testclient import TestClient

from kitto.base.work import Ledger
from tests.kitting.conftest import Await, step
from tests.make import make_pc

SEEN = """
name: seen
title: { ja: 写真つき, en: Pictured }
platform: linux
parameters: { type: object, properties: {} }
steps:
  - { key: shot, kind: photo, title: { ja: 外観写真, en: Outside }, with: { photos: 1 } }
  - { key: note, kind: manual, title: { ja: 付属品, en: Accessories } }
  - { key: odd, kind: manual, title: { ja: 予備電池, en: Spare battery } }
"""


def words_and_codes(pdf: bytes) -> tuple[str, list[str], int]:
    document = pypdfium2.PdfDocument(pdf)
    text = "".join(page.get_textpage().get_text_range() for page in document)
    codes = [code.text for page in document for code in zxingcpp.read_barcodes(page.render(scale=3).to_pil())]
    return text, codes, len(document)


def kitted(bench: TestClient, ledger: Ledger, kit_when: Await, order: int) -> int:
    """A kit of this order, from its photo to ready, with one step passed over."""
    tag = str(make_pc(ledger).tag)
    kit: int = bench.post(f"/api/v1/kit-orders/{order}/devices", json={"tag": tag}).json()["id"]
    picture = io.BytesIO()
    Image.new("RGB", (640, 480), "orange").save(picture, "JPEG")
    kit_when(kit, lambda found: step(found, "shot")["state"] == "waiting")
    address = f"/api/v1/kits/{kit}/steps"
    bench.post(f"{address}/shot/photos", files={"picture": ("a.jpg", picture.getvalue(), "image/jpeg")})
    bench.post(f"{address}/shot/confirm", json={})
    kit_when(kit, lambda found: step(found, "note")["state"] == "waiting")
    bench.post(f"{address}/note/confirm", json={"note": "電源コードは黒"})
    kit_when(kit, lambda found: step(found, "odd")["state"] == "waiting")
    bench.post(f"{address}/odd/skip", json={"reason": "本社に在庫がないため"})
    kit_when(kit, lambda found: found["state"] == "ready")
    return kit


def test_a_report_says_what_was_done_and_its_code_says_which(
    bench: TestClient, ledger: Ledger, kit_when: Await, own_profiles: Path
) -> None:
    (own_profiles / "seen").mkdir()
    (own_profiles / "seen" / "profile.yml").write_text(SEEN, encoding="utf-8")
    order = bench.post("/api/v1/kit-orders", json={"profile": "seen", "quantity": 2}).json()["id"]
    kits = [kitted(bench, ledger, kit_when, order) for _ in range(2)]
    found = bench.get(f"/api/v1/kits/{kits[0]}").json()
    answer = bench.get(f"/api/v1/kits/{kits[0]}/report.pdf")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf"), answer.text
    text, codes, _ = words_and_codes(answer.content)
    for said in (found["tag"], "Outside", "電源コードは黒", "本社に在庫がないため", "佐藤", "seen v1"):
        assert said in text
    assert codes == [f"http://127.0.0.1:8300/kitting/{kits[0]}#{found['chain']}"]
    assert bench.get(f"/api/v1/kits/{kits[0]}/report.pdf").content == answer.content
    values = bench.get(f"/api/v1/kits/{kits[0]}/report").json()
    assert values["kits"][0]["holds"] is True
    assert [one["reason"] for one in values["kits"][0]["deviations"]] == ["本社に在庫がないため"]
    batch = bench.get(f"/api/v1/kit-orders/{order}/report.pdf")
    text, _, pages = words_and_codes(batch.content)
    assert (pages >= 3, all(bench.get(f"/api/v1/kits/{kit}").json()["tag"] in text for kit in kits)) == (
        True,
        True,
    )
    lines = bench.get(f"/api/v1/kit-orders/{order}/report.csv").content.decode("utf-8-sig").splitlines()
    assert (len(lines), lines[0].split(",")[:2]) == (3, ["kit", "tag"])
    figures = bench.get("/api/v1/kit-figures").json()
    assert (figures["ready"], figures["first_pass"], figures["open_now"]) == (2, 0.0, 0)
    by_key = {one["key"]: one for one in figures["steps"]}
    assert (by_key["note"]["done"], by_key["note"]["by_hand"], by_key["note"]["first_pass"]) == (2, True, 1.0)


APPROVED = """
name: approved
title: { ja: 承認つき, en: Approved }
platform: linux
second_person: true
parameters: { type: object, properties: {} }
steps:
  - { key: pw, kind: secret, title: { ja: 鍵, en: Key }, with: { name: admin, length: 20 } }
  - { key: long, kind: manual, title: { ja: 長い名前, en: %s } }
"""
LONG = "SuperLongNameWithoutASpace_com.example.enterprise.device-management.profile"


def test_a_report_names_who_approved_and_a_long_name_stays_in_its_column(
    bench: TestClient, ledger: Ledger, kit_when: Await, own_profiles: Path
) -> None:
    (own_profiles / "approved").mkdir()
    (own_profiles / "approved" / "profile.yml").write_text(APPROVED % LONG, encoding="utf-8")
    kit = bench.post("/api/v1/kits", json={"tag": make_pc(ledger).tag, "profile": "approved"}).json()["id"]
    at = f"/api/v1/kits/{kit}/steps"
    kit_when(kit, lambda found: step(found, "long")["state"] == "waiting")
    bench.post(f"{at}/long/confirm", json={})
    kit_when(kit, lambda found: step(found, "second_person")["state"] == "waiting")
    bench.post(f"{at}/second_person/approve", json={}, headers={"Authorization": "Bearer suzuki"})
    kit_when(kit, lambda found: found["state"] == "ready")
    steps = bench.get(f"/api/v1/kits/{kit}/report").json()["kits"][0]["steps"]
    assert [one["who"] for one in steps] == ["Kitto", "佐藤 花子", "鈴木 一郎"]

    page = pypdfium2.PdfDocument(bench.get(f"/api/v1/kits/{kit}/report.pdf").content)[0].get_textpage()
    drawn = [(page.get_text_range(n, 1), page.get_charbox(n)) for n in range(page.count_chars())]
    drawn = [(sign, box) for sign, box in drawn if sign.isprintable() and not sign.isspace()]
    text = "".join(sign for sign, _ in drawn)
    name = [box for _, box in drawn[text.index(LONG) :][: len(LONG)]]
    next_column = drawn[text.index("Doneby")][1]
    assert max(right for _, _, right, _ in name) < next_column[0]
