"""The pages in a real browser: opened from the file system, followed link by link, judged by axe."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PAGES = (
    "index",
    "what-moved",
    "branches",
    "kpis",
    "what-next",
    "trust",
    "branch-B001",
    "kpi-claim_paid_share",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Debian's chromium, headless."""
    if not CHROMIUM:
        pytest.skip("there is no chromium; apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


# The schemes differ in nothing but colours.
SCHEMES: dict[str, dict[str, Any]] = {"light": {}, "dark": {"runOnly": ["color-contrast"]}}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_pages_open_from_the_file_system_without_fault(insurer: Path, browser: Any, scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    site = (insurer / "warehouse" / "current-site").resolve()
    shots = os.environ.get("PAGE_SCREENSHOTS")
    page = browser.new_page(viewport={"width": 1100, "height": 900}, color_scheme=scheme)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for name in PAGES:
        page.goto((site / f"{name}.html").as_uri())
        found = Axe().run(page, options={"resultTypes": ["violations"], **SCHEMES[scheme]})
        assert not found.violations_count, (name, found.response["violations"])
        if shots:
            page.screenshot(path=Path(shots) / f"{name}-{scheme}.png", full_page=True)
    assert not said and all(url.startswith("file://") for url in asked)
    page.close()


def test_a_narrow_screen_shows_all_without_scrolling_sideways(insurer: Path, browser: Any) -> None:
    site = (insurer / "warehouse" / "current-site").resolve()
    page = browser.new_page(viewport={"width": 360, "height": 800})
    for name in PAGES:
        page.goto((site / f"{name}.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, name
    page.close()


def test_a_manager_goes_from_the_index_to_a_branch_and_a_measure(insurer: Path, browser: Any) -> None:
    page = browser.new_page()
    page.goto((insurer / "warehouse" / "current-site" / "index.html").resolve().as_uri())
    page.get_by_role("link", name="Which branches").click()
    page.get_by_role("link", name="Branch 001 (B001)").first.click()
    assert page.get_by_role("heading", level=1).inner_text() == "Branch 001 (B001)"
    page.go_back()
    page.get_by_role("link", name="Measures", exact=True).click()
    page.get_by_role("link", name="Claims decided within 30 days of the report").first.click()
    assert "Formula" in page.inner_text("main")
    page.close()
