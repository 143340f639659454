"""The page over several collections, one of which is missing."""

import asyncio
import gc
import json
import shutil
import warnings
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import expect

from index.settings import IndexSettings
from rag.answerer import Answerer
from rag.federation import Federation
from rag.reading import Reading
from rag.receipts import load_receipt, verify_receipt
from rag.registry import Collection, Registry
from tests.e2e.conftest import CORPUS, quiet_serve
from webui.app import WebSettings, serve
from webui.opening import open_collections

TEA = "岚谷县茶产业振兴大会是哪天召开的？"
MUSEUM = "苍屏窑址博物馆团体讲解每场收多少钱？"


@dataclass
class CollectedSite:
    """A served page over collections."""

    folder: Path
    url: str
    federation: Federation


@pytest.fixture(scope="module")
def collected_site(outbound, tmp_path_factory):
    folder = tmp_path_factory.mktemp("collections")
    texts = {"茶业": "tea_conference.txt", "<b>馆</b>": "museum.txt"}
    for name, source in texts.items():
        (folder / source).mkdir()
        shutil.copy(CORPUS / source, folder / source / "文件.txt")
        texts[name] = folder / source
    reading = Reading.load()
    federation = Federation.open(
        [Collection(*item) for item in {**texts, "旧档案": folder / "gone"}.items()],
        lambda one, _: Answerer.open_collection(one, reading, settings=IndexSettings()),
    )
    with warnings.catch_warnings():
        # Gradio makes an event loop for each lock it needs outside of one, and closes none.
        warnings.simplefilter("ignore", ResourceWarning)
        app = serve(federation, settings=WebSettings(look_s=600, tick_s=1))
        asyncio.set_event_loop(None)
        gc.collect()
    yield CollectedSite(folder, app.local_url, federation)
    app.close()


@pytest.fixture
def followed_site(outbound, tmp_path):
    """The page over a registry of one collection, looking at it all the time."""
    for name, source in (("茶业", "tea_conference.txt"), ("馆", "museum.txt")):
        (tmp_path / name).mkdir()
        shutil.copy(CORPUS / source, tmp_path / name / "文件.txt")
    registry = Registry()
    registry.add("茶业", tmp_path / "茶业")
    opened = open_collections(
        registry.read(), encoder="", reader="", as_it_is=True, registry=registry
    )
    app = quiet_serve(opened, settings=WebSettings(look_s=0.2, tick_s=0.5))
    yield CollectedSite(tmp_path, app.local_url, opened)
    app.close()


def chooser(visit):
    return visit.page.get_by_label("文档集")


def choose(visit, name):
    chooser(visit).select_option(name)
    expect(visit.page.locator(".documents")).to_have_count(1 if name else 2)
    expect(visit.page.locator(".documents h2").first).to_have_text(name or "茶业")


def test_what_is_registered_meanwhile_is_indexed_offered_and_asked(followed_site, visit):
    page = visit(followed_site)
    expect(page.page.locator(".documents")).to_have_count(1)
    expect(page.page.locator(".chooser")).to_have_count(0)
    page.page.locator("#files").set_input_files(
        {"name": "b.exe", "mimeType": "text/plain", "buffer": b"b"}
    )
    expect(page.page.locator(".uploads li")).to_have_count(1)
    Registry().add("馆", followed_site.folder / "馆")
    expect(page.page.locator("#collection option")).to_have_text(
        ["全部（2 个文档集）", "茶业", "馆"]
    )
    expect(page.page.locator(".documents")).to_have_count(2)
    expect(page.page.locator("#intake option")).to_have_text(["茶业", "馆"])
    expect(page.page.locator(".uploads li")).to_have_count(1)  # what became of it is still told
    turn = page.ask(MUSEUM)
    expect(turn.locator(".cite .place").first).to_contain_text("馆/文件.txt")


def test_a_page_whose_collection_is_removed_asks_all_and_says_so(followed_site, visit):
    folder = followed_site.folder
    for name in ("馆", "后来"):
        (folder / name).mkdir(exist_ok=True)
        shutil.copy(CORPUS / "museum.txt", folder / name / "文件.txt")
        Registry().add(name, folder / name)
    page = visit(followed_site)
    for name in ("馆", "后来"):
        expect(page.page.locator(f"#collection option[value='{name}']")).to_be_enabled()
    choose_any(page, "馆")
    Registry().remove("馆")
    expect(page.page.locator(".fallback")).to_contain_text("“馆”已不再登记")
    expect(chooser(page)).to_have_value("")  # and not the one that stands in its place now
    expect(page.page.locator("#collection option")).to_have_count(3)
    expect(page.page.locator(".documents")).to_have_count(2)
    turn = page.ask(TEA)
    expect(turn.locator(".cite .place").first).to_contain_text("茶业/文件.txt")
    expect(page.page.locator(".fallback")).to_have_count(0)


def test_where_files_go_stays_chosen_while_collections_come_and_go(followed_site, visit):
    folder = followed_site.folder
    for name in ("馆", "后来"):
        (folder / name).mkdir(exist_ok=True)
        shutil.copy(CORPUS / "museum.txt", folder / name / "文件.txt")
        Registry().add(name, folder / name)
    page = visit(followed_site).page
    into = page.locator("#intake select")
    expect(into.locator("option")).to_have_text(["茶业", "馆", "后来"])
    into.select_option("后来")
    Registry().remove("馆")
    expect(into.locator("option")).to_have_text(["茶业", "后来"])
    expect(into).to_have_value("后来")


def choose_any(visit, name):
    chooser(visit).select_option(name)
    expect(visit.page.locator(".documents")).to_have_count(1)
    expect(visit.page.locator(".documents h2")).to_have_text(name)


def test_one_folder_has_nothing_to_choose(site, visit):
    page = visit(site).page
    expect(page.locator(".documents")).to_be_visible()
    expect(page.locator(".chooser")).to_have_count(0)


def test_all_collections_are_asked_at_first_and_each_quote_names_its_own(collected_site, visit):
    page = visit(collected_site)
    assert chooser(page).input_value() == ""
    for question, name in ((TEA, "茶业"), (MUSEUM, "<b>馆</b>")):
        turn = page.ask(question)
        expect(turn.locator(".cite .place").first).to_contain_text(f"{name}/文件.txt")
        expect(turn.locator(".unsearched")).to_contain_text("旧档案")


def test_the_copied_receipt_of_all_is_one_that_can_be_checked(collected_site, visit, tmp_path):
    page = visit(collected_site, permissions=["clipboard-read", "clipboard-write"])
    page.ask(MUSEUM).locator(".copying .copy").last.click()
    expect(page.page.locator(".copying .copy").last).to_have_text("已复制")
    path = tmp_path / "receipt.json"
    path.write_text(page.page.evaluate("navigator.clipboard.readText()"), "utf-8")

    receipt = load_receipt(path)
    assert receipt.generation == "茶业@000001, <b>馆</b>@000001"
    assert receipt.unsearched == ("旧档案",)
    collections = [one.collection for one in collected_site.federation.members]
    assert verify_receipt(receipt, collections).stands


def test_a_chosen_collection_is_the_only_one_asked_and_listed(collected_site, visit):
    page = visit(collected_site)
    choose(page, "<b>馆</b>")
    expect(page.page.locator(".documents")).to_have_count(1)
    expect(page.page.locator(".documents .document")).to_have_count(1)
    turn = page.ask(TEA)
    places = turn.locator(".cite .place")
    assert all(text.startswith("<b>馆</b>/") for text in places.all_inner_texts())
    expect(turn.locator(".unsearched")).to_have_count(0)


def test_the_choice_is_remembered_by_the_browser(collected_site, visit):
    page = visit(collected_site)
    choose(page, "茶业")
    expect(page.page.locator(".chip").first).to_be_visible()
    page.reload()
    expect(chooser(page)).to_have_value("茶业")
    expect(page.page.locator(".documents h2")).to_have_text("茶业")


def test_suggested_questions_are_those_of_the_chosen_collection(collected_site, visit):
    page = visit(collected_site)
    for name in ("茶业", "<b>馆</b>"):
        choose(page, name)
        expected = collected_site.federation.answerer(name)
        chip = page.page.locator(".chip").first
        expect(chip).to_be_visible()
        question = chip.get_attribute("data-question")
        assert expected.answer(question).citations


def test_a_citation_opens_the_file_of_its_own_collection(collected_site, visit):
    page = visit(collected_site)
    page.ask(TEA)
    turn = page.ask(MUSEUM)
    choose(page, "茶业")
    turn.locator(".cite").first.click()
    expect(page.page.locator(".source .place").first).to_contain_text("<b>馆</b>/文件.txt")
    text = page.page.locator(".source-text")
    document = collected_site.federation.document("文件.txt", "<b>馆</b>")
    assert text.evaluate("element => element.textContent") == document.text


def test_a_document_of_the_list_opens_from_its_own_collection(collected_site, visit):
    page = visit(collected_site)
    choose(page, "")
    expect(page.page.locator(".collection")).to_have_count(2)
    for number, name in enumerate(("茶业", "<b>馆</b>")):
        page.page.locator(".collection summary").nth(number).click()
        page.page.locator(".collection .document").nth(number).click()
        expect(page.page.locator(".source-text")).to_be_visible()
        shown = page.page.locator(".source-text").evaluate("element => element.textContent")
        assert shown == collected_site.federation.document("文件.txt", name).text
        page.page.locator(".source .back").click()
        expect(page.page.locator(".source")).to_have_count(0)


def test_a_missing_collection_is_told_without_its_place(collected_site, visit):
    page = visit(collected_site)
    expect(page.page.locator(".left-out")).to_contain_text("“旧档案”现在查不了")
    expect(page.page.locator("#collection option[value='旧档案']")).to_be_disabled()
    assert str(collected_site.folder) not in page.page.content()


def test_names_are_shown_as_they_are(collected_site, visit):
    page = visit(collected_site)
    expect(page.page.locator(".collection summary").nth(1)).to_contain_text("<b>馆</b>")
    expect(page.page.locator(".collection summary b")).to_have_count(0)


def test_the_chooser_is_worked_by_keyboard_in_every_language(collected_site, visit):
    page = visit(collected_site, locale="en-US")
    select = page.page.get_by_label("Collection")
    expect(page.page.locator(".chip").first).to_be_visible()
    select.press("ArrowDown")
    expect(page.page.locator(".documents")).to_have_count(1)
    expect(page.page.locator(".documents h2")).to_have_text("茶业")
    page.page.get_by_role("button", name="繁體中文").click()
    expect(page.page.get_by_label("文件集")).to_have_value("茶业")


def call(http, site, *data):
    begun = http.post(f"{site.url}gradio_api/call/answer", data={"data": list(data)})
    told = http.get(f"{site.url}gradio_api/call/answer/{begun.json()['event_id']}").text()
    event, _, body = told.partition("\n")
    return event, json.loads(body.partition("\n")[0].removeprefix("data: "))


def test_programs_name_the_collection(collected_site, http):
    _, (of_all,) = call(http, collected_site, MUSEUM, 5, "all", "")
    _, (of_one,) = call(http, collected_site, MUSEUM, 5, "茶业", "")
    event, _ = call(http, collected_site, MUSEUM, 5, "nothing", "")
    assert of_all["citations"][0]["collection"] == "<b>馆</b>"
    assert of_all["unsearched"] == ["旧档案"]
    assert {one["collection"] for one in (*of_one["citations"], *of_one["nearest"])} <= {"茶业"}
    assert event == "event: error"
