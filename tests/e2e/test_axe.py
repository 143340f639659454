"""axe-core over every state of the page: nothing that keeps anybody out."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from rag import Answerer
from tests.e2e.conftest import quiet_serve
from tests.e2e.showcase import DISPUTED, FOUND, FOUND_IN_PDF, NOWHERE
from webui.accounts import Accounts
from webui.app import WebSettings

AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text("utf-8")
RUN = """async () => {
    document.getAnimations().forEach((animation) => animation.finish());
    const options = {resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a",
        "wcag21aa", "wcag22aa", "best-practice"]};
    const { violations } = await axe.run(document, options);
    return violations.flatMap(({ id, impact, nodes }) => nodes.map(
        (node) => `${impact} ${id}: ${node.html.slice(0, 200)} ${node.failureSummary}`));
}"""
LOOKS = [
    pytest.param(width, scheme, id=f"{width}-{scheme}")
    for width in (1280, 360)
    for scheme in ("light", "dark")
]


def find_problems(page):
    """List what axe-core finds, of any impact."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    return page.evaluate(RUN)


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_no_state_of_the_page_keeps_anybody_out(showcase, visit, width, scheme):
    opened = visit(showcase, viewport={"width": width, "height": 800}, color_scheme=scheme)
    page, found = opened.page, {}

    def look(state):
        found[state] = find_problems(page)

    expect(page.locator(".chip").first).to_be_visible()
    look("welcome")
    page.locator(".history > summary").click()
    expect(page.locator(".history form.search")).to_be_visible()
    look("history")
    page.locator(".history > summary").click()
    opened.ask(FOUND).locator(".cite").first.click()
    expect(page.locator(".source h2")).to_be_focused()
    look("source as text")
    page.keyboard.press("Escape")
    expect(page.locator(".source")).to_have_count(0)
    opened.ask(FOUND_IN_PDF).locator(".cite").first.click()
    expect(page.locator(".source-page img")).not_to_have_js_property("naturalWidth", 0)
    look("source as a page")
    page.keyboard.press("Escape")
    expect(page.locator(".source")).to_have_count(0)
    opened.ask(DISPUTED)
    turn = opened.ask(NOWHERE)
    turn.get_by_role("button", name="为什么").click()
    expect(turn.locator("section.why")).to_be_visible()
    look("found, uncertain, disputed, not found and why")

    assert {state: problems for state, problems in found.items() if problems} == {}


@pytest.fixture(scope="module")
def guarded_url(showcase):
    accounts = Accounts()
    served = quiet_serve(
        Answerer.open(showcase.documents), accounts=accounts, settings=WebSettings(look_s=600)
    )
    yield served.local_url
    served.close()
    accounts.close()


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_the_login_form_keeps_nobody_out(guarded_url, contexts, width, scheme):
    look = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
    page = contexts(**look).new_page()
    page.goto(guarded_url)
    page.locator("#name").fill("alice")
    page.locator("#password").fill("wrong wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    problems = find_problems(page)
    page.close()

    assert problems == []
