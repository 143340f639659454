"""The page for everyone: languages, the keyboard alone, input methods, any size and colours."""

import re

import pytest
from playwright.sync_api import expect

from rag import Answerer
from tests.e2e.conftest import quiet_serve
from tests.e2e.showcase import DISPUTED, FOUND, FOUND_IN_PDF, NOWHERE
from webui.app import WebSettings
from webui.languages import CATALOGUE

LOCALES = {"zh-Hans": "zh-CN", "zh-Hant": "zh-TW", "en": "en-GB"}
# What is seen and what is read out, without what documents, their names and questions say.
SAID = """() => {
    const own = ["blockquote", "mark", "bdi", ".words", ".question [lang]", ".chip", ".source-text",
        ".source h2", ".outline li", ".references .place", ".title", ".why ol", ".cut li",
        ".interpreted", "nav [lang]", ".document", "time"].join();
    const said = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_ALL);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const element = node.nodeType === Node.TEXT_NODE ? node.parentElement : node;
        if (!(element instanceof Element) || element.closest(`script, style, ${own}`)) continue;
        if (node.nodeType === Node.TEXT_NODE) said.push(node.data);
        else for (const name of ["aria-label", "title", "placeholder", "alt", "aria-description"])
            if (element.hasAttribute(name)) said.push(element.getAttribute(name));
    }
    return said.map((words) => words.trim()).filter(Boolean);
}"""
# Names that are the same in every language, and what documents and files are called.
NAMES = re.compile(
    r"Yiju|Markdown|GB/T|JSON|PDF|\b(?:MB|KB|kB|GB|B|s)\b|yiju web|English"
    r"|[“\"][^”\"]*[”\"]|「[^」]*」"
    r"|[\w<>]*\.(?:txt|pdf|md)|Brightwater.*|简体中文|繁體中文|SHA-256|TXT|utf-8|Enter|公共图书馆.*"
    r"|第四条.*"
)
LATIN = re.compile(r"[A-Za-z]{2,}")
HAN = re.compile(r"[\u3400-\u9fff]")
SIMPLIFIED = re.compile(r"[问档开这确认页复制对话编号说来时见语历删导级间录]")
TRADITIONAL = re.compile(r"[問檔開這確認頁複製對話編號說來時見語歷刪導級間錄]")
FOREIGN = {
    "zh-Hans": lambda words: LATIN.search(words) or set(TRADITIONAL.findall(words)) - set("制"),
    "zh-Hant": lambda words: LATIN.search(words) or SIMPLIFIED.search(words),
    "en": HAN.search,
}


def find_foreign(page, code):
    """List what is said on a page in another language than its own."""
    is_foreign = FOREIGN[code]
    return sorted({words for words in page.evaluate(SAID) if is_foreign(NAMES.sub("", words))})


@pytest.mark.parametrize("code", [texts.code for texts in CATALOGUE])
def test_nothing_is_said_in_another_language(showcase, visit, code):
    opened = visit(showcase, locale=LOCALES[code])
    page, found = opened.page, set()

    def look():
        found.update(find_foreign(page, code))

    expect(page.locator(".chip").first).to_be_visible()
    look()
    for question in (FOUND, DISPUTED, NOWHERE):
        opened.ask(question)
    page.locator(".why button").click()
    expect(page.locator("section.why")).to_be_visible()
    page.locator(".history > summary").click()
    look()
    for question in (FOUND, FOUND_IN_PDF):
        opened.ask(question).locator(".cite").first.click()
        expect(page.locator(".source h2")).to_be_focused()
        look()
        page.keyboard.press("Escape")
        expect(page.locator(".source")).to_have_count(0)

    assert sorted(found) == []
    assert page.evaluate("document.documentElement.lang") == code


@pytest.mark.parametrize(
    ("locale", "words"), [("zh-CN", "连接断开了"), ("en-GB", "Connection lost")]
)
def test_a_lost_connection_is_told_in_the_readers_language(showcase, contexts, locale, words):
    served = quiet_serve(Answerer.open(showcase.documents), settings=WebSettings(look_s=600))
    page = contexts(locale=locale).new_page()
    try:
        page.goto(served.local_url)
        expect(page.locator(".chip").first).to_be_visible()
    finally:
        served.close()
    page.get_by_test_id("textbox").fill(FOUND)
    page.keyboard.press("Enter")
    title = page.locator(".toast-title").first

    expect(title).to_have_text(words)
    assert find_foreign(page, "en" if locale == "en-GB" else "zh-Hans") == []
    page.evaluate("localStorage.clear()")
    page.close()


def test_a_question_sent_before_the_page_has_loaded_waits_for_its_language(showcase, contexts):
    page = contexts(locale="zh-CN").new_page()
    held = []
    page.route("**/gradio_api/queue/data**", lambda route: held.append(route))  # noqa: PLW0108 - Playwright wants a function
    page.goto(showcase.url)
    page.get_by_test_id("textbox").fill(FOUND)
    page.keyboard.press("Enter")
    expect(page.locator(".masthead")).to_have_count(0)
    for route in held:
        route.continue_()
    page.unroute("**/gradio_api/queue/data**")

    expect(page.locator(".turn .confidence")).to_contain_text("把握")
    expect(page.locator(".turn")).to_have_count(1)
    expect(page.get_by_test_id("textbox")).to_have_value("")
    page.evaluate("localStorage.clear()")
    page.close()


# The keyboard.


def focus_ring(page):
    """Return the computed ring of what has the keyboard."""
    return page.evaluate(
        """() => {
            const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
            return outlineStyle === "none" ? 0 : parseFloat(outlineWidth);
        }"""
    )


def tab_to(page, locator, key="Tab"):
    """Go to an element by Tab alone; every stop on the way must be seen."""
    for _ in range(60):
        if locator.evaluate("element => element === document.activeElement"):
            assert focus_ring(page) >= 1, locator
            return
        page.keyboard.press(key)
        if page.evaluate("document.activeElement !== document.body"):
            html = page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
            assert focus_ring(page) >= 1, html
    raise AssertionError(f"The keyboard does not reach {locator}")


def test_the_whole_way_can_be_gone_by_the_keyboard(showcase, visit):
    page = visit(showcase).page
    expect(page.locator(".chip").first).to_be_visible()
    expect(page.get_by_test_id("textbox")).to_be_focused()
    tab_to(page, page.locator(".chip").first, "Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".turn .words")).to_have_count(1)
    tab_to(page, page.get_by_test_id("textbox"))
    page.keyboard.type(FOUND_IN_PDF)
    page.keyboard.press("Enter")
    expect(page.locator(".turn")).to_have_count(2)
    cite = page.locator(".turn").last.locator(".cite").first
    expect(cite).to_be_visible()
    tab_to(page, cite, "Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".source h2")).to_be_focused()
    tab_to(page, page.get_by_role("button", name="下一页"))
    page.keyboard.press("Enter")
    expect(page.locator(".reading")).to_contain_text("第 2 / 2 页")
    expect(page.get_by_role("button", name="下一页")).to_be_focused()
    page.keyboard.press("Escape")
    expect(cite).to_be_focused()
    tab_to(page, page.locator(".history > summary"), "Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".history form.search")).to_be_visible()
    tab_to(page, page.get_by_role("button", name="English"), "Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Yiju")
    expect(page.get_by_role("button", name="English")).to_be_focused()


def test_an_enter_that_safari_tells_after_the_composition_does_not_send(showcase, visit):
    page = visit(showcase).page
    box = page.get_by_test_id("textbox")
    box.fill("茶叶")
    box.evaluate(
        """box => {
            const tell = (type, Event, init) => box.dispatchEvent(
                new Event(type, { bubbles: true, cancelable: true, ...init }));
            tell("compositionstart", CompositionEvent, {});
            tell("compositionend", CompositionEvent, { data: "茶叶" });
            tell("keydown", KeyboardEvent, { key: "Enter", keyCode: 229 });
            tell("keypress", KeyboardEvent, { key: "Enter", keyCode: 13 });
        }"""
    )
    page.wait_for_timeout(300)  # for what must not be sent
    expect(page.locator(".turn")).to_have_count(0)
    expect(box).to_have_value("茶叶")
    box.press("Enter")
    expect(page.locator(".turn")).to_have_count(1)


# Sizes and colours.


@pytest.mark.parametrize("width", [360, 3840])
def test_nothing_scrolls_sideways_and_lines_stay_readable(showcase, visit, width):
    opened = visit(showcase, viewport={"width": width, "height": 740 if width < 400 else 2160})
    page = opened.page
    for question in (FOUND, DISPUTED, NOWHERE, FOUND_IN_PDF):
        turn = opened.ask(question)
        assert page.evaluate("document.documentElement.scrollWidth") == width
    em = page.evaluate(
        """() => {
            const quote = document.querySelector(".references blockquote");
            return quote.clientWidth / parseFloat(getComputedStyle(quote).fontSize);
        }"""
    )
    turn.locator(".cite").first.click()
    expect(page.locator(".source h2")).to_be_focused()

    assert em <= 56  # characters of a Chinese line
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_nothing_moves_where_motion_is_unwelcome(showcase, visit):
    page = visit(showcase, reduced_motion="reduce").page
    moving = """() => [...document.querySelectorAll(".gradio-container *")].flatMap((element) =>
        ["", "::before", "::after"].map((part) => getComputedStyle(element, part)).filter(
            ({ animationName, animationDuration }) =>
                animationName !== "none" && parseFloat(animationDuration) > .01
        ).map(({ animationName }) => `${element.outerHTML.slice(0, 100)} ${animationName}`))"""
    assert page.evaluate(moving) == []


def test_marks_and_states_are_told_apart_in_forced_colours(showcase, visit):
    opened = visit(showcase, forced_colors="active")
    turn = opened.ask(FOUND)
    seen = turn.evaluate(
        """turn => {
            const color = (element) => getComputedStyle(element).backgroundColor;
            const dot = getComputedStyle(turn.querySelector(".confidence"), "::before");
            return { mark: color(turn.querySelector("mark")), paper: color(document.body),
                dot: dot.forcedColorAdjust, cite: getComputedStyle(turn.querySelector(".cite"))
                    .borderTopStyle };
        }"""
    )
    assert seen["mark"] != seen["paper"]
    assert seen["dot"] == "none"
    assert seen["cite"] == "solid"
