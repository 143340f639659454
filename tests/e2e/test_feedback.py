"""Judging answers in the browser, and what a rebuild makes of the judged questions."""

import re

import pytest
from playwright.sync_api import expect

from rag import Answerer
from tests.e2e.conftest import Site, quiet_serve
from webui.app import WebSettings

GOOD_QUESTION = "灯塔检修从哪一天开始？"
PRICE = "团体讲解每场收多少钱？"
BEFORE = "灯塔检修定于九月三日开始。\n"


@pytest.fixture
def judging_site(outbound, tmp_path):
    """The page over two small documents that a test edits."""
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "灯塔.txt").write_text(BEFORE, "utf-8")
    (folder / "讲解.txt").write_text("博物馆的团体讲解每场收费120元。\n", "utf-8")
    answerer = Answerer.open(folder)
    served = quiet_serve(answerer, settings=WebSettings(look_s=600, tick_s=60))
    yield Site(folder, served.local_url, answerer)
    served.close()


def judge(turn, verdict):
    turn.locator(f".judge[data-verdict={verdict}]").click()
    expect(turn.locator(f".judge[data-verdict={verdict}]")).to_have_attribute(
        "aria-pressed", "true"
    )


def test_an_answer_is_judged_from_the_keyboard_and_the_judgement_can_be_taken_back(
    judging_site, visit
):
    page = visit(judging_site)
    turn = page.ask(PRICE)
    good = turn.get_by_role("button", name="对", exact=True)
    good.focus()
    page.page.keyboard.press("Enter")
    expect(good).to_have_attribute("aria-pressed", "true")
    expect(good).to_be_focused()
    expect(page.page.locator(".checks")).to_contain_text("判断过的 1 个问题，现在 1 个符合。")
    page.page.keyboard.press("Space")
    expect(good).to_have_attribute("aria-pressed", "false")
    expect(page.page.locator(".checks")).to_have_count(0)


def test_what_was_judged_is_shown_again_after_a_reload(judging_site, visit):
    page = visit(judging_site)
    turn = page.ask(PRICE)
    judge(turn, "bad")
    turn.locator("[name=expected]").fill("每场 <b>150</b> 元 ${x}")
    turn.locator("[name=comment]").fill("涨价了")
    turn.get_by_role("button", name="保存").click()
    expect(turn.get_by_role("button", name="保存")).to_be_focused()
    expect(page.page.locator(".checks")).to_contain_text("现在 0 个符合")
    page.reload()
    again = page.page.locator(".turn")
    expect(again.locator(".judge[data-verdict=bad]")).to_have_attribute("aria-pressed", "true")
    expect(again.locator("[name=expected]")).to_have_value("每场 <b>150</b> 元 ${x}")
    expect(again.locator("[name=comment]")).to_have_value("涨价了")
    expect(again.locator("[value=wrong]")).to_be_checked()


def test_a_rebuild_shows_what_broke_and_what_it_mended(judging_site, visit):
    page = visit(judging_site)
    judge(page.ask(GOOD_QUESTION), "good")
    turn = page.ask(PRICE)
    judge(turn, "bad")
    turn.locator("[name=expected]").fill("150元")
    turn.get_by_role("button", name="保存").click()
    checks = page.page.locator(".checks")
    expect(checks).to_contain_text("判断过的 2 个问题，现在 1 个符合。")
    checks.locator(".failing summary").click()
    expect(checks.locator(".failing li")).to_contain_text("120元")

    (judging_site.documents / "灯塔.txt").write_text("灯塔检修定于十月八日开始。\n", "utf-8")
    (judging_site.documents / "讲解.txt").write_text("博物馆的团体讲解每场收费150元。\n", "utf-8")
    page.page.locator("#rebuild").click()

    expect(checks.locator(".mended li")).to_contain_text(re.compile(r"120元.*→.*150元"))
    expect(checks.locator(".broken li")).to_contain_text(re.compile(r"九月三日.*→.*十月八日"))
    checks.locator(".broken li button").click()
    expect(page.page.locator(".turn").nth(2).locator(".words")).to_contain_text("十月八日")

    (judging_site.documents / "灯塔.txt").write_text(BEFORE, "utf-8")
    page.page.locator("#rebuild").click()
    expect(checks.locator(".mended li")).to_contain_text("九月三日")
    expect(checks).to_contain_text("判断过的 2 个问题，现在 2 个符合。")


def test_what_was_not_found_can_be_judged_in_another_language(judging_site, visit):
    page = visit(judging_site, locale="en-GB", viewport={"width": 360, "height": 740})
    turn = page.ask("How do I reset the firmware of a toaster?")
    judge(turn, "bad")
    expect(turn.locator(".faults")).to_contain_text("should have been found")
    judge(turn, "good")
    expect(turn.locator(".faults")).to_have_count(0)
    expect(page.page.locator(".checks")).to_contain_text("1 of 1 judged questions hold.")
    assert page.page.evaluate("document.documentElement.scrollWidth") == 360
