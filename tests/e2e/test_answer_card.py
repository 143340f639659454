import json
import shutil

import pytest
from playwright.sync_api import expect

from rag.receipt_file import load_receipt
from tests.conflicts.disagreement import SETS_DIR
from tests.e2e.conftest import _serve

DISPUTED = "青岚图书馆全年接待读者多少人次？"
AGREED = "瑞光K3投影仪的质保期是多久？"


@pytest.fixture(scope="module")
def library(outbound, tmp_path_factory):
    """The page over documents that contradict and confirm one another."""
    documents = tmp_path_factory.mktemp("library")
    for source in (SETS_DIR / "design" / "documents").glob("*"):
        if source.name.startswith(("青岚", "瑞光", "松涛", "溪口")):
            shutil.copy(source, documents)
    app, site = _serve(documents, (), look_s=600)
    yield site
    app.close()


def _read_clipboard(page):
    return page.evaluate("navigator.clipboard.readText()")


def test_both_sides_stand_side_by_side_with_words_and_dates(visit, library):
    turn = visit(library).ask(DISPUTED)

    sides = turn.locator(".side")
    expect(sides).to_have_count(2)
    expect(turn.locator(".verdict")).to_contain_text("文档说法不一")
    expect(sides.locator(".words")).to_have_text(["一百五十万人次", "120万人次"])
    expect(sides.locator("time")).to_have_text(["2023年", "2022年"])
    expect(sides.locator(".newer")).to_have_text(["较新"])
    first, second = (sides.nth(at).bounding_box() for at in (0, 1))
    assert first["y"] == second["y"]
    assert first["x"] + first["width"] < second["x"]


def test_sides_are_stacked_on_a_phone_and_nothing_scrolls_sideways(visit, library):
    opened = visit(library, viewport={"width": 360, "height": 740})
    turn = opened.ask(DISPUTED)

    first, second = (turn.locator(".side").nth(at).bounding_box() for at in (0, 1))
    assert first["x"] == second["x"]
    assert first["y"] + first["height"] <= second["y"]
    assert opened.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_side_opens_its_own_document(visit, library):
    opened = visit(library)
    opened.ask(DISPUTED).locator(".side").nth(1).locator(".cite").click()

    expect(opened.page.locator("#source-title")).to_have_text("青岚图书馆2022年度报告")


def test_agreeing_places_are_counted_and_the_confidence_is_a_number_for_everyone(visit, library):
    turn = visit(library).ask(AGREED)

    expect(turn.locator(".agreeing")).to_have_text("2 处来源一致")
    confidence = turn.locator(".confidence")
    percent = confidence.get_attribute("title")
    assert percent.startswith("把握 ") and percent.endswith("%")
    expect(confidence.locator(".unseen")).to_have_text(f"({percent})")


@pytest.mark.parametrize(("locale", "copied"), [("zh-CN", "已复制"), ("en-US", "Copied")])
def test_a_copy_is_told_and_the_button_keeps_its_name(visit, library, locale, copied):
    opened = visit(library, locale=locale, permissions=["clipboard-read", "clipboard-write"])
    button = opened.ask(AGREED).locator(".copying .copy").nth(1)
    name = button.inner_text()
    button.focus()
    opened.page.keyboard.press("Enter")

    expect(button).to_have_text(copied)
    assert _read_clipboard(opened.page).startswith("2年[^1][^2]\n\n[^1]: “")
    expect(button).to_have_text(name)


def test_the_copied_receipt_is_one_that_can_be_checked(visit, library, tmp_path):
    opened = visit(library, permissions=["clipboard-read", "clipboard-write"])
    opened.ask(DISPUTED).locator(".copying .copy").last.click()
    expect(opened.page.locator(".copying .copy").last).to_have_text("已复制")
    path = tmp_path / "receipt.json"
    path.write_text(_read_clipboard(opened.page), "utf-8")

    receipt = load_receipt(path)
    assert receipt.text == "一百五十万人次"
    assert json.loads(path.read_text("utf-8"))["citations"][1]["role"] == "conflict"


def test_without_a_clipboard_the_text_is_copied_all_the_same(visit, library):
    opened = visit(library, permissions=["clipboard-read"])
    turn = opened.ask(AGREED)
    # A page without TLS that is not on loopback has no clipboard at all.
    opened.page.evaluate(
        "Object.defineProperty(navigator.clipboard, 'writeText', {value: undefined})"
    )
    turn.locator(".copying .copy").nth(2).click()

    expect(turn.locator(".copying .copy").nth(2)).to_have_text("已复制")
    assert "[Z/DK]" in _read_clipboard(opened.page)
