"""Take the pictures of the page: ``python -m tests.e2e.pictures OUT``.

Serves documents of the tests, asks them and writes PNG files into the folder OUT. ``page.png`` is
the one that README shows.
"""

import argparse
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.showcase import DISPUTED, FOUND, FOUND_IN_PDF, NOWHERE, make_documents

CHROMIUM = os.environ.get("YIJU_CHROMIUM", "/usr/bin/chromium")
_DESKTOP = {"width": 1280, "height": 800}
_PHONE = {"width": 360, "height": 740}


def main() -> None:
    """Take all pictures."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.pictures", description=__doc__)
    parser.add_argument("out", type=Path)
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        _serve(Path(folder)) as url,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        _take_all(browser, url, out)
        browser.close()
    for path in sorted(out.glob("*.png")):
        print(f"{path} {path.stat().st_size:,} bytes")


def _take_all(browser: Browser, url: str, out: Path) -> None:
    for name, scheme in (("page", "light"), ("page_dark", "dark")):
        page = _open(browser, url, color_scheme=scheme)
        _ask(page, FOUND)
        _open_source(page)
        _take(page, out / f"{name}.png")
    page = _open(browser, url)
    _take(page, out / "welcome.png")
    page = _open(browser, url)
    _ask(page, FOUND_IN_PDF)
    _open_source(page)
    page.wait_for_selector(".source-page img")
    page.locator(".source-page img").evaluate("image => image.decode()")
    _take(page, out / "source_pdf.png")
    page = _open(browser, url)
    _ask(page, DISPUTED)
    _take(page, out / "disagreement.png")
    page = _open(browser, url)
    _ask(page, NOWHERE)
    page.locator(".why button").click()
    page.locator("section.why").scroll_into_view_if_needed()
    _take(page, out / "not_found.png")
    page = _open(browser, url, viewport=_PHONE, device_scale_factor=2)
    _ask(page, FOUND)
    _take(page, out / "phone.png")


@contextmanager
def _serve(folder: Path) -> Iterator[str]:
    os.environ["YIJU_HOME"] = str(folder / "home")
    documents = folder / "documents"
    documents.mkdir()
    make_documents(documents)
    from rag import Answerer
    from webui.app import WebSettings, serve

    site = serve(Answerer.open(documents), settings=WebSettings(look_s=600))
    try:
        yield site.local_url
    finally:
        site.close()


def _open(browser: Browser, url: str, **look: object) -> Page:
    """Open the page in a browser that has never seen it."""
    options: dict[str, object] = {"locale": "zh-CN", "viewport": _DESKTOP}
    page = browser.new_context(**(options | look)).new_page()  # type: ignore[arg-type]
    page.goto(url)
    page.wait_for_selector(".chip")
    return page


def _ask(page: Page, question: str) -> None:
    page.get_by_test_id("textbox").fill(question)
    page.keyboard.press("Enter")
    page.wait_for_selector(".turn .words, .turn .plain")


def _open_source(page: Page) -> None:
    page.locator(".cite").first.click()
    page.wait_for_selector("#source-words, #source-box, .source-page")


def _take(page: Page, path: Path) -> None:
    page.evaluate("document.activeElement.blur()")
    page.mouse.move(0, 0)
    page.screenshot(path=path, animations="disabled", caret="hide")
    page.context.close()


if __name__ == "__main__":
    main()
