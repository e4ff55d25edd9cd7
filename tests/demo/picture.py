"""`python -m tests.demo.picture FILE.png`: the console with the seeded office, for the README."""

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.demo.service import Service, running_service
from tests.demo.show import Stage

CHROMIUM = Path("/usr/bin/chromium")
WIDTH, HEIGHT = 1280, 860
COLOURS = 128  # a page has few; so the file stays small


def main(words: list[str]) -> int:
    if len(words) != 1:
        sys.stderr.write("usage: python -m tests.demo.picture FILE.png\n")
        return 2
    if not CHROMIUM.exists():
        sys.stderr.write("No picture: Debian's package chromium is missing.\n")
        return 1
    with (
        tempfile.TemporaryDirectory() as folder,
        running_service(Stage(), Path(folder), "sqlite") as service,
    ):
        taken = _taken(service)
    target = Path(words[0])
    target.parent.mkdir(parents=True, exist_ok=True)
    Image.open(io.BytesIO(taken)).convert("RGB").quantize(COLOURS).save(target, optimize=True)
    sys.stderr.write(f"{target}: {target.stat().st_size // 1024} kB\n")
    return 0


def _taken(service: Service) -> bytes:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, locale="ja-JP")
        page.set_default_timeout(60_000)
        page.goto(f"{service.site}/sign-in")
        page.locator("[name=name]").fill("suzuki")
        page.locator("[name=password]").fill(service.password)
        page.locator("#content form [type=submit]").first.click()
        page.wait_for_url(lambda url: "/sign-in" not in url)
        page.goto(f"{service.site}/")
        page.wait_for_load_state("networkidle")
        taken: bytes = page.screenshot()
        browser.close()
    return taken


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
