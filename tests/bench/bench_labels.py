"""How long 1,000 labels take, read back, and how much memory; against bare reportlab that reads nothing back.

`python tests/bench/bench_labels.py [COUNT]` prints a table and one JSON line per measurement. Each
measurement runs in a process of its own, twice, the two sides in turn.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT / "service") not in sys.path:
    sys.path.insert(0, str(ROOT / "service"))

ROUNDS = 2
SHEET = "A-ONE 72244"


def kitto(count: int) -> tuple[int, int]:
    """Kitto: QR, Code 128, five lines, glyph gate, every cell of every page read back."""
    from kitto.base.paper import templates  # imported here: each side pays only for itself
    from kitto.base.paper.layout import Label
    from kitto.base.paper.sheets import render_labels

    labels = [
        Label(
            title=f"PC-{number:06}-1",
            code=f"HTTPS://KITTO.EXAMPLE/T/PC{number:06}1",
            short_code=f"PC{number:06}1",
            bars=f"PC{number:06}1",
            name=f"髙橋 花子 {number}",
            detail="Latitude 7450",
            owner="株式会社きっと",
            host="kitto.example",
        )
        for number in range(count)
    ]
    template = templates.load(ROOT / "label_templates").find(SHEET)
    printed = render_labels(template, labels)
    read = sum(verdict.ok for verdict in printed.verdicts)
    return len(printed.pdf), read


def bare(count: int) -> tuple[int, int]:
    """Bare reportlab: its own QR widget, tag and name at fixed places; nothing checked."""
    from reportlab.graphics import renderPDF
    from reportlab.graphics.barcode.qr import QrCodeWidget
    from reportlab.graphics.shapes import Drawing
    from reportlab.lib.units import mm
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.pdfgen.canvas import Canvas

    font = ROOT / "service/kitto/base/paper/fonts/NotoSansJP-Regular.ttf"
    pdfmetrics.registerFont(TTFont("jp", str(font)))
    file = BytesIO()
    canvas = Canvas(file, pageCompression=1)
    for number in range(count):
        cell = number % 44
        if number and cell == 0:
            canvas.showPage()
        x, y = (8.4 + cell % 4 * 48.3) * mm, (297 - 8.8 - (cell // 4 + 1) * 25.4) * mm
        widget = QrCodeWidget(f"HTTPS://KITTO.EXAMPLE/T/PC{number:06}1", barLevel="H")
        widget.barWidth = widget.barHeight = 19 * mm
        drawing = Drawing(19 * mm, 19 * mm)
        drawing.add(widget)
        renderPDF.draw(drawing, canvas, x + mm, y + 3 * mm)
        canvas.setFont("jp", 9)
        canvas.drawString(x + 21 * mm, y + 16 * mm, f"PC-{number:06}-1")
        canvas.drawString(x + 21 * mm, y + 11 * mm, f"髙橋 花子 {number}")
    canvas.save()
    return len(file.getvalue()), 0


SIDES: dict[str, Callable[[int], tuple[int, int]]] = {"kitto": kitto, "bare reportlab": bare}


def measure(side: str, count: int) -> dict[str, object]:
    """One side in this process; imports and fonts count; seconds leave out the start of Python."""
    start = time.perf_counter()
    size, read = SIDES[side](count)
    seconds = time.perf_counter() - start
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "bench": "labels",
        "side": side,
        "labels": count,
        "seconds": round(seconds, 2),
        "cpu_seconds": round(used.ru_utime + used.ru_stime, 2),
        "peak_mb": round(used.ru_maxrss / 1024, 1),
        "pdf_kib": round(size / 1024),
        "read_back": read,
    }


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["--side"]:
        print(json.dumps(measure(arguments[1], int(arguments[2]))))
        return 0
    count = int(arguments[0]) if arguments else 1000
    print(f"{'side':<16}{'labels':>8}{'seconds':>9}{'CPU s':>8}{'peak MB':>9}{'KiB':>7}{'read back':>11}")
    lines = []
    for _ in range(ROUNDS):
        for side in SIDES:
            command = [sys.executable, __file__, "--side", side, str(count)]
            line = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
            found = json.loads(line)
            lines.append(line)
            print(
                f"{found['side']:<16}{found['labels']:>8}{found['seconds']:>9}{found['cpu_seconds']:>8}"
                f"{found['peak_mb']:>9}{found['pdf_kib']:>7}{found['read_back']:>11}"
            )
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
