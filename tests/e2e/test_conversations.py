"""Conversations in the browser: follow-ups, their understanding, and a history that lasts."""

import json
import re
import shutil
from contextlib import contextmanager

import pytest
from playwright.sync_api import expect

from index import IndexSettings
from rag import Answerer
from rag.receipts import load_receipt, verify_receipt
from rag.registry import Collection
from tests.e2e.conftest import CORPUS, Site, Visit, quiet_serve
from tests.ports import take_port
from webui.app import WebSettings
from webui.server import Address

WHO = "谁主持了岚谷县茶产业振兴大会？"
PRICE = "苍屏窑址博物馆团体讲解每场收多少钱？"


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "documents"
    folder.mkdir()
    for name in ("tea_conference.txt", "museum.txt"):
        shutil.copy(CORPUS / name, folder)
    return folder


@contextmanager
def open_site(folder, port=None):
    """Serve the page, with the history that this test's folder of user data holds."""
    answerer = Answerer.open(folder)
    settings = WebSettings(look_s=600, tick_s=60)
    served = quiet_serve(answerer, address=Address(port=port), settings=settings)
    try:
        yield Site(folder, served.local_url, answerer)
    finally:
        served.close()


@pytest.fixture
def talking_site(outbound, folder):
    """The page with a history of its own."""
    with open_site(folder) as site:
        yield site


def open_history(page):
    """Unfold the panel of conversations."""
    page.page.locator(".history > summary").click()
    expect(page.page.locator(".history form.search")).to_be_visible()


def wait_until_kept(page, count):
    """Wait until so many conversations are listed, folded or not."""
    expect(page.page.locator(".history li")).to_have_count(count)


def open_actions(page, title):
    row = page.page.locator(".history li", has_text=title)
    row.locator(".more > summary").click()
    return row


def test_follow_ups_are_understood_and_shown(talking_site, visit):
    page = visit(talking_site)
    page.ask(WHO)
    role = page.ask("那她是什么职务？")
    where = page.ask("地点呢？")
    expect(role.locator(".interpreted")).to_have_text("理解为：步云舒是什么职务？")
    expect(role.locator(".words")).to_contain_text(re.compile("县长|县委副书记"))
    expect(where.locator(".interpreted")).to_contain_text("步云舒在哪里主持了")
    expect(where.locator(".words")).to_contain_text("县文化中心")


def test_a_new_topic_is_shown_as_it_was_asked(talking_site, visit):
    page = visit(talking_site)
    page.ask(WHO)
    turn = page.ask(PRICE)
    expect(turn.locator(".words")).to_contain_text("120元")
    expect(turn.locator(".understood")).to_have_count(0)


def test_what_was_understood_can_be_edited_and_asked_again(talking_site, visit):
    page = visit(talking_site)
    page.ask(WHO)
    turn = page.ask("那她是什么职务？")
    turn.locator(".understood summary").click()
    turn.locator(".understood input").fill("柯定一是什么职务？")
    turn.locator(".understood input").press("Enter")
    again = page.page.locator(".turn").nth(2)
    expect(again.locator(".question")).to_contain_text("那她是什么职务？")
    expect(again.locator(".interpreted")).to_have_text("理解为：柯定一是什么职务？")
    expect(again.locator(".words")).to_contain_text("县委书记")


def test_a_conversation_survives_a_reload_and_a_restart_of_the_server(outbound, folder, browser):
    context, port = browser.new_context(locale="zh-CN"), take_port()
    with open_site(folder, port) as site:
        page = Visit(context.new_page())
        page.page.goto(site.url)
        page.ask(WHO)
        page.ask("那她是什么职务？")
        wait_until_kept(page, 1)
        expect(page.page.locator(".history li")).to_contain_text("2 问")
        page.reload()
        expect(page.page.locator(".turn")).to_have_count(2)
        page.page.locator(".turn .cite").first.click()
        expect(page.page.locator("#source-quote")).to_be_visible()
        page.page.close()
    with open_site(folder, port) as site:
        again = Visit(context.new_page())
        again.page.goto(site.url)
        expect(again.page.locator(".turn")).to_have_count(2)
        turn = again.ask("什么时候？")
        expect(turn.locator(".interpreted")).to_contain_text("步云舒什么时候主持了")
        expect(again.page.locator(".history li")).to_contain_text("3 问")
        again.page.close()
    context.close()


def test_conversations_are_found_renamed_deleted_and_brought_back(talking_site, visit):
    page = visit(talking_site)
    page.ask(WHO)
    wait_until_kept(page, 1)
    page.page.locator(".clear").click()
    expect(page.page.locator(".turn")).to_have_count(0)
    page.ask(PRICE)
    wait_until_kept(page, 2)
    open_history(page)
    page.page.locator(".history [name=wanted]").fill("講解")
    page.page.locator(".history [name=wanted]").press("Enter")
    wait_until_kept(page, 1)
    row = open_actions(page, PRICE)
    row.locator("[name=title]").fill("门票 <b>和</b> ${讲解}")
    row.locator("[name=title]").press("Enter")
    wait_until_kept(page, 2)
    expect(page.page.locator(".history .title").first).to_have_text("门票 <b>和</b> ${讲解}")
    open_actions(page, WHO).locator("[data-action=delete]").click()
    wait_until_kept(page, 1)
    expect(page.page.locator(".turn")).to_have_count(1)
    page.page.locator(".history [data-action=undo]").click()
    wait_until_kept(page, 2)
    page.page.locator(".history .title", has_text=WHO).click()
    expect(page.page.locator(".turn .words")).to_contain_text("步云舒")


def test_a_conversation_is_exported_with_receipts_that_verify(
    talking_site, visit, folder, tmp_path
):
    page = visit(talking_site)
    page.ask(WHO)
    wait_until_kept(page, 1)
    open_history(page)
    row = open_actions(page, WHO)
    with page.page.expect_download() as download:
        row.locator("[data-action=json]").click()
    assert download.value.suggested_filename.endswith(".json")
    exported = json.loads(download.value.path().read_text("utf-8"))
    (tmp_path / "receipt.json").write_text(
        json.dumps(exported["turns"][0]["receipt"], ensure_ascii=False, indent=1), "utf-8"
    )
    receipt = load_receipt(tmp_path / "receipt.json")
    collections = [Collection("", folder)]
    assert verify_receipt(receipt, collections, settings=IndexSettings()).stands
    with page.page.expect_download() as download:
        row.locator("[data-action=markdown]").click()
    assert "**步云舒**" in download.value.path().read_text("utf-8")


def test_another_browser_begins_with_a_conversation_of_its_own(talking_site, visit):
    page = visit(talking_site)
    page.ask(WHO)
    wait_until_kept(page, 1)
    other = visit(talking_site, viewport={"width": 360, "height": 740})
    expect(other.page.locator(".turn")).to_have_count(0)
    open_history(other)
    assert other.page.evaluate("document.documentElement.scrollWidth") == 360


def test_the_panel_can_be_used_from_the_keyboard(talking_site, visit):
    page = visit(talking_site)
    page.ask(WHO)
    wait_until_kept(page, 1)
    page.page.locator(".history > summary").focus()
    page.page.keyboard.press("Enter")
    for name in ("wanted", None, "title"):
        page.page.keyboard.press("Tab")
        focused = page.page.evaluate(
            "[document.activeElement.name, document.activeElement.className]"
        )
        assert name in (None, *focused)
    page.page.locator(".history .title").press("Enter")
    expect(page.page.locator(".turn")).to_have_count(1)
