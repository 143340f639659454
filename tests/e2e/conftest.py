"""A browser, and the page served from real documents in a folder of its own."""

import os
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from rag import Answerer
from tests.e2e.showcase import make_documents
from tests.webui.quiet import quiet_gradio
from webui.app import WebSettings, serve

CORPUS = Path(__file__).parent.parent / "corpus"
CHROMIUM = os.environ.get("YIJU_CHROMIUM", "/usr/bin/chromium")
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--no-first-run", "--disable-quic"),
)
_QUICK = {"test_page"}  # the others are marked slow
HOSTILE_NAME = "<img src=x onerror=window.pwned=1> ${7} & '.txt"
HOSTILE_TEXT = (
    "灯塔检修通知\r\n\r\n"
    "灯塔检修定于九月三日开始。<script>window.pwned=2</script>\r\n"
    '\t<img src=x onerror="window.pwned=3"> ${window.pwned=4} {{constructor.constructor(\''
    "window.pwned=5')()}} $$x^2$$ `code` C:\\user \\u{110000} ${\r\n"
    "</div></mark></gradio-app>&amp;&#60; ![](http://example.com/a.png) <iframe src=//x.test>\r\n"
    "\u202egnp.exe \u2067تجربة\u2069 e\u0301 👩‍👩‍👧\r\n"
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            if item.path.stem not in _QUICK:
                item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="package")
def browser():
    if not Path(CHROMIUM).exists():
        if os.environ.get("YIJU_REQUIRE_BROWSER") == "1":
            pytest.fail(f"No browser at {CHROMIUM}; name one with YIJU_CHROMIUM.")
        pytest.skip(f"No browser at {CHROMIUM}; name one with YIJU_CHROMIUM.")
    expect.set_options(timeout=15_000)  # a busy machine is not a bug
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@dataclass
class Site:
    """A served page and the folder it answers from."""

    documents: Path
    url: str
    answerer: Answerer


def _serve(documents, names, *, look_s, tick_s=5):
    for name in names:
        shutil.copy(CORPUS / name, documents)
    (documents / HOSTILE_NAME).write_bytes(HOSTILE_TEXT.encode("utf-8"))
    answerer = Answerer.open(documents)
    app = quiet_serve(answerer, settings=WebSettings(look_s=look_s, tick_s=tick_s))
    return app, Site(documents, app.local_url, answerer)


def quiet_serve(answerer, **options):
    """Serve the page without what Gradio leaves behind when it is made."""
    with quiet_gradio():
        return serve(answerer, **options)


@pytest.fixture(scope="package")
def outbound():
    """Every address this process looks up or connects to, as Python's audit events tell."""
    seen = []

    def hear(event, arguments):
        if event == "socket.getaddrinfo":
            seen.append(str(arguments[0]))
        elif event == "socket.connect" and isinstance(arguments[1], tuple):
            seen.append(str(arguments[1][0]))

    sys.addaudithook(hear)
    return seen


@pytest.fixture(scope="package")
def site(outbound, tmp_path_factory):
    """The page over unchanging documents."""
    names = ("tea_conference.txt", "museum.txt", "annual_report_2023.md", "lighthouse_trust.md")
    app, site = _serve(tmp_path_factory.mktemp("documents"), names, look_s=600)
    yield site
    app.close()


@pytest.fixture(scope="package")
def showcase(outbound, tmp_path_factory):
    """The page over unchanging documents that show every kind of answer."""
    documents = tmp_path_factory.mktemp("showcase")
    make_documents(documents)
    answerer = Answerer.open(documents)
    app = quiet_serve(answerer, settings=WebSettings(look_s=600))
    yield Site(documents, app.local_url, answerer)
    app.close()


@pytest.fixture
def changing_site(outbound, tmp_path):
    """The page over documents that a test may change."""
    app, site = _serve(tmp_path, ("museum.txt",), look_s=600)
    yield site
    app.close()


@pytest.fixture
def watchful_site(outbound, tmp_path):
    """The same, looking for changes all the time."""
    app, site = _serve(tmp_path, ("museum.txt",), look_s=0.2, tick_s=0.5)
    yield site
    app.close()


@dataclass
class Visit:
    """A page opened in the browser, and what it was heard doing."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def hear(self, message):
        """Keep what the page complains of on the console."""
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def reload(self):
        """Load the page again; what it leaves behind may complain of requests broken off."""
        heard = len(self.complaints)
        self.page.reload()
        expect(self.page.locator(".masthead h1")).to_be_visible()
        broken_off = ("AbortError", "Connection errored out")
        left = [text for text in self.complaints[heard:] if not any(b in text for b in broken_off)]
        self.complaints[heard:] = left

    def ask(self, question):
        """Ask and wait; return the turn."""
        turn = self.page.locator(".turn").nth(self.page.locator(".turn").count())
        self.page.get_by_test_id("textbox").fill(question)
        self.page.keyboard.press("Enter")
        expect(turn.locator(".words, .plain").first).to_be_visible()
        return turn


@pytest.fixture(scope="package")
def contexts(browser):
    """Browser contexts by their options; kept, so that Gradio's scripts are fetched once each."""
    opened = {}

    def context_for(**options):
        options = {"locale": "zh-CN", "viewport": {"width": 1280, "height": 800}} | options
        key = repr(sorted(options.items()))
        if key not in opened:
            opened[key] = browser.new_context(**options)
        return opened[key]

    return context_for


@pytest.fixture
def http(contexts):
    """Plain requests, without a page."""
    return contexts().request


@pytest.fixture
def visit(contexts):
    """Open a page; at the end it must have stayed at home and complained of nothing."""
    visits = []

    def open_page(site, query="", **options):
        visit = Visit(contexts(**options).new_page())
        visits.append((visit, site))
        visit.page.on("request", lambda request: visit.requests.append(request.url))
        visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
        visit.page.on("console", visit.hear)
        visit.page.set_default_timeout(15_000)
        visit.page.goto(site.url + query)
        expect(visit.page.locator(".masthead h1")).to_be_visible()
        return visit

    yield open_page
    for visit, _ in visits:
        visit.page.evaluate("localStorage.clear()")
        visit.page.close()
    for visit, site in visits:
        assert not visit.complaints
        assert not [url for url in visit.requests if not url.startswith((site.url, "data:"))]
