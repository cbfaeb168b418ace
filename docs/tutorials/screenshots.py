"""Takes the pictures of the tutorial from the pages of a simulated insurer: `python screenshots.py SITE`.

Small enough to be kept with the text; needs playwright and chromium, which the tests use as well.
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

# Height that is shown of each, in pixels.
PAGES = {"index": 690, "branches": 720, "what-next": 480}


def main(site: Path) -> None:
    """Write a picture of the top of each page beside this file."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 860, "height": 720}, device_scale_factor=0.7)
        for name, height in PAGES.items():
            page.goto((site / f"{name}.html").resolve().as_uri())
            picture = Path(__file__).parent / "pages" / f"{name}.png"
            page.screenshot(path=picture, clip={"x": 0, "y": 0, "width": 860, "height": height})
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
