import json
import threading
from types import SimpleNamespace

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import HOSTILE_NAME, HOSTILE_TEXT

QUESTION = "岚谷县茶产业振兴大会是哪天召开的？"
MUSEUM = "苍屏窑址博物馆团体讲解每场收多少钱？"
NOWHERE = "How do I reset the firmware of a toaster?"


def text_of(locator):
    return locator.evaluate("element => element.textContent")


def is_in_view(page, selector, container):
    """Tell whether an element lies inside the visible part of its container and of the window."""
    return page.evaluate(
        """([selector, container]) => {
            const inner = document.querySelector(selector).getBoundingClientRect();
            const outer = document.querySelector(container).getBoundingClientRect();
            const top = Math.max(0, outer.top), bottom = Math.min(innerHeight, outer.bottom);
            return inner.height > 0 && inner.top >= top && inner.bottom <= bottom;
        }""",
        [selector, container],
    )


def is_pwned(page):
    return page.evaluate("window.pwned !== undefined")


def test_answer_and_its_source_are_the_documents_exact_words(site, visit):
    page = visit(site)
    turn = page.ask(QUESTION)
    answer = site.answerer.answer(QUESTION)
    citation = answer.citations[0]
    assert text_of(turn.locator(".words")) == answer.text
    assert text_of(turn.locator("blockquote").first) == citation.quote
    assert text_of(turn.locator("mark").first) == answer.text
    turn.locator(".cite").first.click()
    expect(page.page.locator("#source-words")).to_be_visible()
    assert text_of(page.page.locator("#source-words")) == answer.text
    assert text_of(page.page.locator("#source-quote")) == citation.quote
    document = site.answerer.document(citation.source)
    assert text_of(page.page.locator(".source-text")) == document.text


@pytest.mark.parametrize("width", [1280, 360])
def test_clicking_a_citation_brings_the_words_into_view(site, visit, width):
    page = visit(site, viewport={"width": width, "height": 640})
    turn = page.ask("苍屏窑址博物馆团体讲解每场收多少钱？")
    turn.locator(".cite").first.click()
    expect(page.page.locator("#source-quote")).to_be_visible()
    place = "#source-words" if page.page.locator("#source-words").count() else "#source-quote"
    expect(page.page.locator(place)).to_be_in_viewport()
    assert is_in_view(page.page, place, ".source-text")


@pytest.mark.slow
def test_opening_the_same_citation_again_scrolls_to_it_again(site, visit):
    page = visit(site, viewport={"width": 1280, "height": 420})
    turn = page.ask("苍屏窑址博物馆团体讲解每场收多少钱？")
    turn.locator(".cite").first.click()
    expect(page.page.locator("#source-quote")).to_be_in_viewport()
    page.page.locator(".source-text").evaluate("element => { element.scrollTop = 0 }")
    expect(page.page.locator("#source-quote")).not_to_be_in_viewport()
    turn.locator(".cite").first.click()
    expect(page.page.locator("#source-quote")).to_be_in_viewport()


@pytest.mark.slow
def test_back_gives_the_documents_and_the_focus_back(site, visit):
    page = visit(site)
    cite = page.ask(QUESTION).locator(".cite").first
    cite.click()
    expect(page.page.locator(".source h2")).to_be_focused()
    page.page.keyboard.press("Escape")
    expect(page.page.locator(".source")).to_have_count(0)
    expect(page.page.locator(".documents")).to_be_visible()
    expect(cite).to_be_focused()


def test_not_found_is_said_plainly_with_passages_to_open(site, visit):
    page = visit(site)
    turn = page.ask(NOWHERE)
    expect(turn.locator(".plain")).to_have_text("文档中没有找到答案")
    assert turn.locator(".words").count() == 0
    quote = text_of(turn.locator("blockquote").first)
    turn.locator(".cite").first.click()
    expect(page.page.locator("#source-quote")).to_be_visible()
    assert text_of(page.page.locator("#source-quote")) == quote


@pytest.mark.slow
def test_suggested_questions_can_be_clicked_and_then_fold_away(site, visit):
    page = visit(site)
    chip = page.page.locator(".chip").first
    expect(chip).to_be_visible()
    question = text_of(chip)
    chip.click()
    expect(page.page.locator(".turn .question")).to_contain_text(question)
    expect(page.page.locator(".turn .words, .turn .plain").first).to_be_visible()
    expect(chip).to_be_hidden()


@pytest.fixture
def late(changing_site, visit, monkeypatch):
    """A page with its suggestions, whose answers are held back from now on until let go."""
    page = visit(changing_site)
    expect(page.page.locator(".chip").first).to_be_visible()
    asked, go_on, answer = [], threading.Event(), changing_site.answerer.answer

    def answer_late(question, **kwargs):
        asked.append(question)
        assert go_on.wait(15)
        return answer(question, **kwargs)

    monkeypatch.setattr(changing_site.answerer, "answer", answer_late)
    yield SimpleNamespace(page=page.page, asked=asked, go_on=go_on)
    go_on.set()


def send(page, question):
    page.get_by_test_id("textbox").fill(question)
    page.keyboard.press("Enter")
    expect(page.locator(".turn .pending")).to_be_visible()


def test_a_question_asked_while_another_is_answered_waits_and_costs_no_turn(late):
    page, box = late.page, late.page.get_by_test_id("textbox")
    send(page, QUESTION)
    page.locator(".chip").first.evaluate("chip => chip.click()")  # folded, but fingers are quick
    box.fill(NOWHERE)
    page.locator("#send").click()
    page.wait_for_timeout(500)  # for what must not be sent
    expect(box).to_have_value(NOWHERE)
    late.go_on.set()
    expect(page.locator(".turn .words, .turn .plain")).to_have_count(2)
    expect(box).to_have_value("")
    assert late.asked == [QUESTION, NOWHERE]


@pytest.mark.slow
def test_a_question_that_waits_is_not_sent_when_it_is_written_on(late):
    page, box = late.page, late.page.get_by_test_id("textbox")
    send(page, QUESTION)
    box.fill(NOWHERE)
    page.keyboard.press("Enter")
    page.keyboard.type("!")
    late.go_on.set()
    expect(page.locator(".turn .words, .turn .plain")).to_have_count(1)
    page.wait_for_timeout(500)  # for what must not be sent
    expect(box).to_have_value(f"{NOWHERE}!")
    assert late.asked == [QUESTION]


def test_enter_pressed_in_the_moment_an_answer_appears_sends(late):
    page, box = late.page, late.page.get_by_test_id("textbox")
    send(page, QUESTION)
    box.fill(MUSEUM)
    box.evaluate(
        """box => new MutationObserver((_, observer) => {
            if (!document.querySelector(".turn .words, .turn .plain")) return;
            observer.disconnect();
            for (const type of ["keydown", "keypress"]) box.dispatchEvent(new KeyboardEvent(
                type, {key: "Enter", bubbles: true, cancelable: true}));
        }).observe(document.querySelector("#conversation"), {subtree: true, childList: true})"""
    )
    late.go_on.set()
    expect(page.locator(".turn .words, .turn .plain")).to_have_count(2)
    expect(box).to_have_value("")
    assert late.asked == [QUESTION, MUSEUM]


@pytest.mark.slow
def test_a_new_conversation_can_be_begun(site, visit):
    page = visit(site)
    page.ask(QUESTION)
    page.page.locator(".clear").click()
    expect(page.page.locator(".turn")).to_have_count(0)
    expect(page.page.locator(".welcome")).to_be_visible()
    page.ask(QUESTION)
    expect(page.page.locator(".turn")).to_have_count(1)


@pytest.mark.slow
def test_conversations_of_two_visitors_are_apart(site, visit):
    first, second = visit(site), visit(site)
    first.ask(QUESTION)
    second.ask(NOWHERE)
    expect(first.page.locator(".turn")).to_have_count(1)
    expect(second.page.locator(".turn")).to_have_count(1)
    expect(second.page.locator(".plain")).to_be_visible()


def test_enter_sends_and_shift_enter_begins_a_line(site, visit):
    page = visit(site)
    box = page.page.get_by_test_id("textbox")
    expect(box).to_be_focused()
    page.page.keyboard.type("甲")
    page.page.keyboard.press("Shift+Enter")
    page.page.keyboard.type("乙")
    expect(box).to_have_value("甲\n乙")
    expect(page.page.locator(".turn")).to_have_count(0)
    page.page.keyboard.press("Enter")
    expect(page.page.locator(".turn")).to_have_count(1)
    expect(box).to_have_value("")


def test_enter_that_ends_a_composition_does_not_send(site, visit):
    page = visit(site)
    box = page.page.get_by_test_id("textbox")
    box.focus()
    cdp = page.page.context.new_cdp_session(page.page)
    cdp.send("Input.imeSetComposition", {"text": "chaye", "selectionStart": 5, "selectionEnd": 5})
    for kind in ("rawKeyDown", "char", "keyUp"):  # what Safari and some Windows IMEs let through
        event = {"type": kind, "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 229}
        cdp.send("Input.dispatchKeyEvent", event)
    box.evaluate(
        """element => element.dispatchEvent(new KeyboardEvent("keypress",
            {key: "Enter", isComposing: true, bubbles: true, cancelable: true}))"""
    )
    cdp.send("Input.insertText", {"text": "茶叶"})
    expect(box).to_have_value("茶叶")
    expect(page.page.locator(".turn")).to_have_count(0)
    page.page.keyboard.press("Enter")
    expect(page.page.locator(".turn")).to_have_count(1)


def test_language_follows_the_browser_and_can_be_switched(site, visit):
    page = visit(site, locale="en-GB").page
    expect(page.locator("h1")).to_have_text("Yiju")
    expect(page.get_by_label("Question", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Rebuild index")).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == "en"
    page.get_by_role("button", name="简体中文").click()
    expect(page.locator("h1")).to_have_text("依据")
    expect(page.get_by_role("button", name="重建索引")).to_be_visible()
    expect(page.get_by_test_id("textbox")).to_have_attribute("placeholder", "输入问题，回车发送")
    assert page.evaluate("document.documentElement.lang") == "zh-Hans"
    again = visit(site, locale="en-GB").page
    expect(again.locator("h1")).to_have_text("依据")


@pytest.mark.slow
def test_switching_the_language_keeps_the_conversation_and_the_source(site, visit):
    page = visit(site)
    turn = page.ask(QUESTION)
    words = text_of(turn.locator(".words"))
    turn.locator(".cite").first.click()
    expect(page.page.locator(".back")).to_contain_text("返回")
    page.page.get_by_role("button", name="English").click()
    expect(page.page.locator(".back")).to_contain_text("Back")
    expect(turn.locator(".confidence")).to_contain_text("sure")
    assert text_of(turn.locator(".words")) == words


def test_hostile_document_is_shown_as_it_is_and_nothing_runs(site, visit):
    page = visit(site).page
    name = page.get_by_role("button", name=HOSTILE_NAME, exact=True)
    assert text_of(name) == HOSTILE_NAME
    name.click()
    expect(page.locator(".source-text")).to_be_visible()
    assert text_of(page.locator(".source-text")) == HOSTILE_TEXT
    assert text_of(page.locator(".source .place")) == HOSTILE_NAME
    assert not is_pwned(page)


@pytest.mark.slow
def test_hostile_answer_and_question_are_shown_as_they_are_and_nothing_runs(site, visit):
    page = visit(site)
    question = "灯塔检修定于哪天开始？<img src=x onerror=window.pwned=6> ${window.pwned=7} {{8}}"
    turn = page.ask(question)
    assert question in text_of(turn.locator(".question"))
    turn.locator(".cite").first.click()
    expect(page.page.locator("#source-quote")).to_be_visible()
    quote = text_of(turn.locator("blockquote").first)
    assert text_of(page.page.locator("#source-quote")) == quote
    assert not is_pwned(page.page)


def test_rebuilding_from_the_page_changes_the_answer(changing_site, visit):
    page = visit(changing_site)
    question = "苍屏窑址最早是谁发现的？"
    before = page.ask(question)
    museum = changing_site.documents / "museum.txt"
    museum.write_text(museum.read_text("utf-8").replace("俞伯衡", "沈知白"), "utf-8", newline="")
    page.page.get_by_role("button", name="重建索引").click()
    expect(page.page.locator(".outcome")).to_contain_text("改动 1")
    after = page.ask(question)
    assert "俞伯衡" in text_of(before.locator(".words"))
    assert "沈知白" in text_of(after.locator(".words"))
    before.locator(".cite").first.click()
    expect(page.page.locator(".note")).to_contain_text("改过")


@pytest.mark.slow
def test_changed_documents_are_noticed_without_being_asked(watchful_site, visit):
    page = visit(watchful_site).page
    expect(page.locator(".documents")).not_to_contain_text("new.md")
    (watchful_site.documents / "new.md").write_text("# 新公告\n\n图书角周三开放。\n", "utf-8")
    (watchful_site.documents / "scan.pdf").write_bytes(b"%PDF")
    expect(page.locator(".documents")).to_contain_text("new.md")
    expect(page.locator(".problems")).to_contain_text("scan.pdf")
    expect(page.locator(".outcome")).to_contain_text("新增 1")


@pytest.mark.slow
def test_a_removed_document_is_told_when_its_citation_is_opened(changing_site, visit):
    page = visit(changing_site)
    turn = page.ask("苍屏窑址最早是谁发现的？")
    (changing_site.documents / "museum.txt").unlink()
    page.page.get_by_role("button", name="重建索引").click()
    expect(page.page.locator(".outcome")).to_contain_text("移除 1")
    turn.locator(".cite").first.click()
    expect(page.page.locator(".note")).to_have_text("这份文档已经不在索引里了。")


def test_phone_has_no_sideways_scroll(site, visit):
    page = visit(site, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    widths = [page.page.evaluate("document.documentElement.scrollWidth")]
    turn = page.ask(QUESTION)
    widths.append(page.page.evaluate("document.documentElement.scrollWidth"))
    turn.locator(".cite").first.click()
    expect(page.page.locator("#source-words")).to_be_visible()
    widths.append(page.page.evaluate("document.documentElement.scrollWidth"))
    assert widths == [360, 360, 360]


def test_everything_can_be_done_from_the_keyboard(site, visit):
    page = visit(site)
    page.ask(QUESTION)
    cite = page.page.locator(".cite").first
    for _ in range(12):
        page.page.keyboard.press("Shift+Tab")
        if cite.evaluate("element => element === document.activeElement"):
            break
    expect(cite).to_be_focused()
    page.page.keyboard.press("Enter")
    expect(page.page.locator(".source h2")).to_be_focused()


@pytest.mark.slow
def test_dark_follows_the_system(site, visit):
    page = visit(site, color_scheme="dark").page
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(24, 23, 21)"


def call_endpoint(http, site, **arguments):
    """Post to the endpoint and return the event and the data that come back."""
    url = f"{site.url}gradio_api/call/v2/answer"
    posted = http.post(url, data=arguments).json()
    event, data = http.get(f"{url}/{posted['event_id']}").text().strip().split("\n", 1)
    return event.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def test_endpoint_gives_the_answer_as_every_interface_does(site, http):
    event, data = call_endpoint(http, site, question=QUESTION)
    assert event == "complete"
    assert data == [site.answerer.answer(QUESTION).to_dict()]


def test_endpoint_refuses_to_read_a_senseless_number_of_chunks(site, http):
    event, _ = call_endpoint(http, site, question=QUESTION, top_k=0)
    assert event == "error"


def test_the_only_public_endpoint_is_answer(site, http):
    info = http.get(f"{site.url}gradio_api/info").json()
    assert list(info["named_endpoints"]) == ["/answer"]
    assert info["unnamed_endpoints"] == {}


def test_pages_carry_headers_that_keep_browsers_at_home(site, http):
    headers = http.get(site.url).headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert http.get(f"{site.url}monitoring").status in {403, 404}
    refused = http.get(site.url, headers={"Host": "evil.example"})
    assert refused.status == 421


def test_the_server_itself_never_looked_beyond_this_machine(site, outbound):
    assert set(outbound) <= {"127.0.0.1", "localhost", "::1", "None"}
