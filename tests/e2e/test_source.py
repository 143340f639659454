"""The source view in a real browser: place, page, outline, find, address, keyboard."""

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import HOSTILE_NAME, _serve
from tests.index.formats.pdf_files import LONG, lines, make_pdf, together, wrap

QUESTION = "岚谷县茶产业振兴大会是哪天召开的？"
PAGE_QUESTION = "本办法自什么时候起施行？"
NOWHERE = "How do I reset the firmware of a toaster?"
ROWS = wrap(LONG, 400)
FILLER = [f"第{number}卷收录会议记录若干，按年份排列。" for number in range(25)]
LONG_TEXT = "".join(f"第{number}段：仓库盘点照常进行。\n" for number in range(12_000))
MARKER = "閉會於九月九日下午。\n"


@pytest.fixture(scope="module")
def reading_site(outbound, tmp_path_factory):
    """The page over a PDF of several pages, a long text and small ones."""
    documents = tmp_path_factory.mktemp("reading")
    chapters = [
        together(lines("第一章 总则", y=790, size=20), lines(*FILLER, y=750)),
        together(lines("第二章 施行", y=790, size=20), lines(*FILLER, *ROWS, y=750)),
        together(lines("第三章 附则", y=790, size=20), lines(*FILLER, y=750)),
    ]
    (documents / "档案管理办法.pdf").write_bytes(make_pdf(*chapters))
    (documents / "盘点.txt").write_text(LONG_TEXT + MARKER, "utf-8", newline="")
    app, site = _serve(documents, ("tea_conference.txt", "museum.txt"), look_s=600)
    yield site
    app.close()


def text_of(locator):
    return locator.evaluate("element => element.textContent")


def open_first(visit, site, question, **options):
    page = visit(site, **options)
    turn = page.ask(question)
    turn.locator(".cite").first.click()
    expect(page.page.locator(".source h2")).to_be_focused()
    return page.page


def open_document(visit, site, name, **options):
    page = visit(site, **options).page
    page.get_by_role("button", name=name, exact=True).click()
    expect(page.locator(".source h2")).to_be_focused()
    return page


def is_within(page, inner, outer):
    """Tell whether one element lies inside what is seen of another."""
    return page.evaluate(
        """([inner, outer]) => {
            const a = document.querySelector(inner).getBoundingClientRect();
            const b = document.querySelector(outer).getBoundingClientRect();
            return a.height > 0 && a.top >= Math.max(0, b.top) - 1 &&
                a.bottom <= Math.min(innerHeight, b.bottom) + 1;
        }""",
        [inner, outer],
    )


def wait_for_picture(page):
    expect(page.locator(".source-page img")).not_to_have_js_property("naturalWidth", 0)


# Pages.


@pytest.mark.parametrize("width", [1280, 360])
def test_a_citation_of_a_pdf_opens_the_picture_of_its_page_at_the_boxed_words(
    reading_site, visit, width
):
    size = {"width": width, "height": 640}
    page = open_first(visit, reading_site, PAGE_QUESTION, viewport=size)
    wait_for_picture(page)
    expect(page.locator(".box.words")).not_to_have_count(0)
    assert is_within(page, "#source-box", ".source-page")
    expect(page.locator(".reading")).to_contain_text("第 2 / 3 页")
    picture = page.locator(".source-page img").bounding_box()
    figure = page.locator(".source-page figure").bounding_box()
    assert abs(picture["width"] - figure["width"]) < 1
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_a_page_can_be_read_as_text_and_the_text_is_the_documents(reading_site, visit):
    page = open_first(visit, reading_site, PAGE_QUESTION)
    page.locator(".switch button").first.click()
    expect(page.locator("#source-words")).to_be_in_viewport()
    document = reading_site.answerer.document("档案管理办法.pdf")
    assert text_of(page.locator(".source-text")) == document.text
    page.locator(".switch button").last.click()
    expect(page.locator("#source-box")).to_be_in_viewport()
    expect(page.locator(".switch button").last).to_be_focused()


def test_arrows_turn_the_pages_and_end_at_the_last(reading_site, visit):
    page = open_first(visit, reading_site, PAGE_QUESTION)
    page.keyboard.press("ArrowRight")
    expect(page.locator(".reading")).to_contain_text("第 3 / 3 页")
    expect(page.get_by_role("button", name="下一页")).to_have_attribute("aria-disabled", "true")
    expect(page.get_by_role("button", name="下一页")).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".reading")).to_contain_text("第 2 / 3 页")
    expect(page.locator(".box.words")).not_to_have_count(0)


def test_a_page_can_be_enlarged_and_stays_at_the_words(reading_site, visit):
    page = open_first(visit, reading_site, PAGE_QUESTION)
    wait_for_picture(page)
    before = page.locator(".source-page figure").bounding_box()["width"]
    page.get_by_role("button", name="放大").click()
    expect(page.get_by_role("button", name="放大")).to_have_attribute("aria-pressed", "true")
    assert page.locator(".source-page figure").bounding_box()["width"] > 1.8 * before
    assert is_within(page, "#source-box", ".source-page")


def test_of_a_pdf_edited_on_disk_the_indexed_text_is_shown_with_a_note(changing_site, visit):
    path = changing_site.documents / "办法.pdf"
    path.write_bytes(make_pdf(lines(*ROWS)))
    page = visit(changing_site)
    expect(page.page.locator(".documents")).to_contain_text("办法.pdf")  # noticed by itself
    turn = page.ask(PAGE_QUESTION)
    path.write_bytes(make_pdf(lines("全新的内容。")))
    turn.locator(".cite").first.click()
    expect(page.page.locator(".note")).to_contain_text("磁盘上的文件和建索引时不一样")
    expect(page.page.locator("#source-words")).to_be_visible()
    assert page.page.locator(".source-page").count() == 0


# Citations one after the other.


def test_n_and_p_go_through_the_citations_and_the_way_back_leads_to_the_click(reading_site, visit):
    page = visit(reading_site)
    turn = page.ask(NOWHERE)
    cites, page = turn.locator(".references.nearest .cite"), page.page
    count = cites.count()
    assert count > 2
    cites.first.click()
    expect(page.locator(".stepper").first).to_contain_text(f"出处 1 / {count}")
    page.keyboard.press("n")
    expect(page.locator(".stepper").first).to_contain_text("出处 2 /")
    page.keyboard.press("n")
    expect(page.locator(".stepper").first).to_contain_text("出处 3 /")
    page.keyboard.press("P")
    expect(page.locator(".stepper").first).to_contain_text("出处 2 /")
    expect(page.get_by_role("button", name="上一处出处")).to_be_focused()
    expect(page.get_by_role("button", name="上一处出处")).to_have_attribute(
        "title", re.compile("P")
    )
    page.keyboard.press("Escape")
    expect(page.locator(".source")).to_have_count(0)
    expect(cites.first).to_be_focused()


# Find and outline.


def test_find_looks_through_the_whole_of_a_long_document_in_every_spelling(reading_site, visit):
    page = open_document(visit, reading_site, "盘点.txt")
    assert MARKER not in text_of(page.locator(".source-text"))
    page.keyboard.press("/")
    expect(page.locator(".find input")).to_be_focused()
    page.keyboard.type("闭会于")
    page.keyboard.press("Enter")
    expect(page.locator(".find output")).to_have_text("1 / 1")
    expect(page.locator("#source-found")).to_be_in_viewport()
    assert text_of(page.locator("#source-found")) == "閉會於"
    expect(page.locator(".find input")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("mark.found")).to_have_count(0)
    expect(page.locator(".source")).to_have_count(1)


def test_enter_goes_from_match_to_match_and_letters_are_only_letters(reading_site, visit):
    page = open_first(visit, reading_site, QUESTION)
    page.keyboard.press("/")
    page.keyboard.type("n会p")
    expect(page.locator(".find input")).to_have_value("n会p")
    page.locator(".find input").fill("会")
    page.keyboard.press("Enter")
    output = page.locator(".find output")
    expect(output).to_contain_text("/")
    number, count = map(int, text_of(output).split(" / "))
    assert count > 2
    page.keyboard.press("Enter")
    expect(output).to_have_text(f"{number % count + 1} / {count}")
    page.keyboard.press("Shift+Enter")
    expect(output).to_have_text(f"{number} / {count}")
    expect(page.locator("mark.found")).to_have_count(count)
    document = reading_site.answerer.document("tea_conference.txt")
    assert text_of(page.locator(".source-text")) == document.text


def test_what_is_found_in_a_pdf_is_boxed_on_its_page(reading_site, visit):
    page = open_first(visit, reading_site, PAGE_QUESTION)
    page.locator(".find input").fill("第三章")
    page.keyboard.press("Enter")
    expect(page.locator(".reading")).to_contain_text("第 3 / 3 页")
    expect(page.locator(".box.current")).to_have_count(1)
    assert is_within(page, ".box.current", ".source-page")


def test_the_outline_leads_to_a_heading(reading_site, visit):
    page = open_first(visit, reading_site, PAGE_QUESTION)
    page.locator(".outline summary").click()
    expect(page.locator(".outline").get_by_role("button", name="第二章 施行")).to_have_attribute(
        "aria-current", "true"
    )
    page.keyboard.press("Escape")
    expect(page.locator(".outline[open]")).to_have_count(0)
    expect(page.locator(".source")).to_have_count(1)
    page.keyboard.press("Enter")
    page.locator(".outline").get_by_role("button", name="第三章 附则").click()
    expect(page.locator(".reading")).to_contain_text("第 3 / 3 页")
    page.locator(".switch button").first.click()
    text = page.locator(".source-text")
    expect(text).to_be_visible()  # what replaces the panel would close the outline
    page.locator(".outline summary").click()
    page.locator(".outline").get_by_role("button", name="第一章 总则").click()
    expect(page.locator("#source-jump")).to_be_attached()
    for _ in range(100):
        if text.evaluate("element => element.scrollTop") < 50:
            break
        page.wait_for_timeout(100)
    assert text.evaluate("element => element.scrollTop") < 50


def test_a_long_document_is_read_part_by_part_without_a_gap(reading_site, visit):
    page = open_document(visit, reading_site, "盘点.txt")
    first = text_of(page.locator(".source-text"))
    page.get_by_role("button", name="后面的内容").click()
    expect(page.locator(".source .about")).not_to_contain_text("第 1–")
    second = text_of(page.locator(".source-text"))
    assert (LONG_TEXT + MARKER).startswith(first + second)
    number = first.count("\n") + 1
    expect(page.locator(".source .about")).to_contain_text(f"第 {number:,}–")
    page.get_by_role("button", name="前面的内容").click()
    expect(page.locator(".source .about")).to_contain_text("第 1–")
    assert text_of(page.locator(".source-text")) == first


# The address.


def test_the_address_opens_the_same_view(reading_site, visit):
    page = open_first(visit, reading_site, PAGE_QUESTION)
    wait_for_picture(page)
    boxes = page.locator(".box").evaluate_all("boxes => boxes.map(box => box.style.cssText)")
    other = visit(reading_site, page.url.removeprefix(reading_site.url)).page
    expect(other.locator(".source h2")).to_be_focused()
    expect(other.locator("#source-box")).to_be_in_viewport()
    assert boxes == other.locator(".box").evaluate_all(
        "boxes => boxes.map(box => box.style.cssText)"
    )
    assert other.url == page.url
    other.keyboard.press("Escape")
    expect(other.locator(".source")).to_have_count(0)
    expect(other).to_have_url(reading_site.url)


def test_a_copied_link_opens_the_quote_also_after_the_document_was_edited(changing_site, visit):
    granted = {"permissions": ["clipboard-read", "clipboard-write"]}
    page = open_first(visit, changing_site, "苍屏窑址最早是谁发现的？", **granted)
    quote_shown = text_of(page.locator("#source-quote"))
    page.locator(".source").get_by_role("button", name="复制链接").click()
    expect(page.locator(".source").get_by_role("button", name="已复制")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == page.url
    query = link.removeprefix(changing_site.url)
    museum = changing_site.documents / "museum.txt"
    museum.write_text("新写的开头。\n\n" + museum.read_text("utf-8"), "utf-8", newline="")
    changing_site.answerer.refresh()
    other = visit(changing_site, query).page
    expect(other.locator(".note")).to_contain_text("位置已重新对上")
    expect(other.locator("#source-words")).to_be_in_viewport()
    assert text_of(other.locator("#source-quote")) == quote_shown
    museum.write_text(museum.read_text("utf-8").replace("俞伯衡", "沈知白"), "utf-8", newline="")
    changing_site.answerer.refresh()
    other = visit(changing_site, query).page
    expect(other.locator(".note")).to_contain_text("现在最接近的一句")
    expect(other.locator("#source-quote")).to_be_in_viewport()
    assert other.url == link


def test_the_link_of_a_citation_opens_its_place(reading_site, visit):
    page = visit(reading_site)
    turn = page.ask(QUESTION)
    link = turn.locator(".copy.link").first.get_attribute("data-copy-link")
    other = visit(reading_site, link).page
    expect(other.locator("#source-words")).to_be_in_viewport()
    assert text_of(other.locator("#source-words")) == text_of(turn.locator(".words"))


def test_back_and_forward_of_the_browser_close_and_open_the_panel(reading_site, visit):
    page = open_first(visit, reading_site, QUESTION)
    opened = page.url
    assert opened != reading_site.url
    page.go_back()
    expect(page.locator(".source")).to_have_count(0)
    expect(page.locator(".turn .words")).to_be_visible()
    assert page.url == reading_site.url
    page.go_forward()
    expect(page.locator("#source-words")).to_be_in_viewport()
    assert page.url == opened
    page.locator(".back").click()
    expect(page.locator(".source")).to_have_count(0)
    expect(page).to_have_url(reading_site.url)


@pytest.mark.parametrize(
    "query",
    [
        f"?doc={quote(HOSTILE_NAME)}&sel=<script>window.pwned=1</script>&hash=zz",
        "?doc=<img src=x onerror=window.pwned=1>",
        "?doc=${window.pwned=1}&collection={{constructor}}",
        "?doc=../../../etc/passwd&sel=AAAA",
        "?doc=javascript:window.pwned=1",
        "?doc=%00%FF&sel=%F0%28",
        "?doc=tea_conference.txt&sel=" + "A" * 7000,
    ],
)
def test_a_hostile_address_does_nothing(reading_site, visit, query):
    page = visit(reading_site, query).page
    expect(page.locator(".source")).to_be_visible()
    expect(page.locator(".source :is(.note, .source-text)").first).to_be_visible()
    assert page.evaluate("window.pwned") is None
    assert "root:" not in text_of(page.locator("body"))
    page.keyboard.press("Escape")
    expect(page.locator(".source")).to_have_count(0)


# A small screen.


def test_on_a_phone_the_source_is_a_sheet_over_everything_with_a_way_back(reading_site, visit):
    phone = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
    page = open_first(visit, reading_site, QUESTION, **phone)
    sheet = page.locator(".source").bounding_box()
    assert (sheet["x"], sheet["y"], sheet["width"], sheet["height"]) == (0, 0, 360, 740)
    expect(page.locator("#source-words")).to_be_in_viewport()
    buttons = page.locator(".source button:visible, .source summary").all()
    boxes = [button.bounding_box() for button in buttons]
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= 360 for box in boxes)
    assert all(box["height"] >= 32 for box in boxes)
    page.go_back()
    expect(page.locator(".source")).to_have_count(0)
    expect(page.locator(".turn .words")).to_be_visible()
