"""The documents panel: files come, get other names, go and come back, and builds can be stopped."""

import json
import re
import shutil
import threading

import pytest
from playwright.sync_api import expect

from index.progress import Progress, Stage
from rag import Answerer
from tests.e2e.conftest import CORPUS, HOSTILE_NAME, HOSTILE_TEXT, Site, quiet_serve
from webui.app import WebSettings

WIND = "岚谷风电场于五月一日开工。".encode()


@pytest.fixture
def shared_site(outbound, tmp_path):
    """The page over documents that its visitors change; it looks at its state often."""
    shutil.copy(CORPUS / "museum.txt", tmp_path)
    (tmp_path / HOSTILE_NAME).write_bytes(HOSTILE_TEXT.encode())
    answerer = Answerer.open(tmp_path)
    app = quiet_serve(answerer, settings=WebSettings(look_s=600, tick_s=0.5))
    yield Site(tmp_path, app.local_url, answerer)
    app.close()


def file(name, data=WIND):
    return {"name": name, "mimeType": "text/plain", "buffer": data}


def send(page, *files):
    page.locator("#files").set_input_files(list(files))


def names(page):
    return page.locator(".document")


def open_row(page, name):
    page.get_by_role("button", name=re.compile(rf"“{re.escape(name)}”的详情")).click()
    return page.locator(".details:not([hidden])")


def note(page):
    return page.locator("#documents .note")


def test_chosen_files_are_taken_in_and_answered_from(shared_site, visit):
    opened = visit(shared_site)
    send(opened.page, file("风电.txt"), file("b.exe"), file("museum.txt", museum()))
    lines = opened.page.locator(".uploads li")
    expect(lines.filter(has_text="已收下：风电.txt")).to_have_count(1)
    expect(lines.filter(has_text="不支持这种格式（.exe）")).to_have_count(1)
    expect(lines.filter(has_text="已经有一样的文件：museum.txt")).to_have_count(1)
    expect(names(opened.page).filter(has_text="风电.txt")).to_have_count(1)
    turn = opened.ask("岚谷风电场是哪天开工的？")
    expect(turn.locator(".cite .place").first).to_contain_text("风电.txt")
    assert (shared_site.documents / "风电.txt").read_bytes() == WIND
    assert not (shared_site.documents / "b.exe").exists()


def museum():
    return (CORPUS / "museum.txt").read_bytes()


def test_dropped_files_are_taken_in(shared_site, visit):
    page = visit(shared_site).page
    data = page.evaluate_handle(
        "() => { const data = new DataTransfer();"
        " data.items.add(new File(['岚谷水库七月蓄水。'], '水库.txt')); return data; }"
    )
    page.dispatch_event("#documents", "dragover", {"dataTransfer": data})
    expect(page.locator("#library")).to_have_class(re.compile("dropping"))
    page.dispatch_event("#documents", "drop", {"dataTransfer": data})
    expect(page.locator("#library")).not_to_have_class(re.compile("dropping"))
    expect(names(page).filter(has_text="水库.txt")).to_have_count(1)


def test_hostile_names_are_shown_as_they_are_kept(shared_site, visit):
    page = visit(shared_site).page
    send(page, file("<img src=x onerror=window.pwned=1>.txt"), file("up\u202egpj.txt", WIND * 2))
    expect(page.locator(".uploads [data-state=added]")).to_have_count(2)
    expect(names(page)).to_have_count(4)
    assert (shared_site.documents / "_img src=x onerror=window.pwned=1_.txt").exists()
    assert (shared_site.documents / "upgpj.txt").exists()
    assert page.evaluate("window.pwned") is None


def test_a_file_is_renamed_by_keyboard(shared_site, visit):
    page = visit(shared_site).page
    page.get_by_role("button", name="“museum.txt”的详情和操作").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("新文件名").locator("visible=true")).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("窑址博物馆")
    page.keyboard.press("Enter")
    expect(note(page)).to_contain_text("已改名为“窑址博物馆.txt”")
    expect(names(page).filter(has_text="窑址博物馆.txt")).to_have_count(1)
    assert (shared_site.documents / "窑址博物馆.txt").read_bytes() == museum()
    assert not (shared_site.documents / "museum.txt").exists()


def test_a_deleted_file_goes_and_undo_brings_it_back(shared_site, visit):
    page = visit(shared_site).page
    open_row(page, "museum.txt").get_by_role("button", name="删除").click()
    expect(note(page)).to_contain_text("已删除“museum.txt”")
    expect(names(page)).to_have_count(1)
    assert not (shared_site.documents / "museum.txt").exists()
    undo = note(page).get_by_role("button", name="撤销")
    expect(undo).to_be_focused()
    page.keyboard.press("Enter")
    expect(note(page)).to_contain_text("已放回")
    expect(names(page)).to_have_count(2)
    assert (shared_site.documents / "museum.txt").read_bytes() == museum()


def test_what_somebody_else_did_meanwhile_is_told(shared_site, visit):
    page = visit(shared_site).page
    row = open_row(page, "museum.txt")
    (shared_site.documents / "museum.txt").rename(shared_site.documents / "other.txt")
    row.get_by_role("button", name="删除").click()
    expect(note(page)).to_contain_text("可能刚被别人改名或删除")
    assert (shared_site.documents / "other.txt").read_bytes() == museum()


def test_a_file_that_was_changed_since_it_was_listed_stays(shared_site, visit):
    page = visit(shared_site).page
    row = open_row(page, "museum.txt")
    (shared_site.documents / "museum.txt").write_bytes(WIND)
    row.get_by_role("button", name="删除").click()
    expect(note(page)).to_contain_text("没有动它")
    assert (shared_site.documents / "museum.txt").read_bytes() == WIND


def test_what_one_types_survives_what_another_does(shared_site, visit):
    one, other = visit(shared_site).page, visit(shared_site).page
    stem = open_row(one, "museum.txt").get_by_label("新文件名")
    stem.fill("半个名")
    send(other, file("风电.txt"))
    for page in (one, other):
        expect(names(page).filter(has_text="风电.txt")).to_have_count(1)
    expect(stem).to_have_value("半个名")
    expect(stem).to_be_focused()


def test_details_are_those_of_the_ledger(shared_site, visit):
    page = visit(shared_site).page
    info = next(shared_site.answerer.knowledge_base.files.document_infos(wanted="museum"))
    details = open_row(page, "museum.txt").locator("dl")
    for value in (info.sha256, info.encoding, f"{info.seconds:.2f}"):
        expect(details).to_contain_text(value)
    expect(page.locator(".documents .about")).to_contain_text("索引")


@pytest.fixture
def long_site(outbound, tmp_path):
    for number in range(120):
        (tmp_path / f"第{number:03}号.txt").write_text(f"第{number}号文件。", "utf-8")
    answerer = Answerer.open(tmp_path)
    app = quiet_serve(answerer, settings=WebSettings(look_s=600))
    yield Site(tmp_path, app.local_url, answerer)
    app.close()


def test_a_long_list_is_searched_and_turned_page_by_page(long_site, visit):
    page = visit(long_site).page
    expect(names(page)).to_have_count(50)
    page.get_by_role("button", name="下一页").click()
    expect(names(page).first).to_have_text("第050号.txt")
    page.get_by_role("button", name="下一页").click()
    expect(page.locator(".pager span")).to_have_text("第 101–120 份，共 120 份")
    expect(page.get_by_role("button", name="下一页")).to_have_attribute("aria-disabled", "true")
    page.get_by_role("searchbox", name="按文件名查找").fill("11")
    page.keyboard.press("Enter")
    expect(names(page)).to_have_count(11)
    page.get_by_role("searchbox", name="按文件名查找").fill("<b>没有</b>")
    page.keyboard.press("Enter")
    expect(page.locator(".documents .hint")).to_contain_text("<b>没有</b>")


def test_a_build_is_cancelled_at_its_next_file(shared_site, visit, monkeypatch):
    page = visit(shared_site).page
    before = shared_site.answerer.manifest.generation
    reading, go_on = threading.Event(), threading.Event()
    refresh = shared_site.answerer.refresh

    def slow(*, automatic, progress):
        def tell(step: Progress):
            progress(step)
            if step.stage is Stage.READ and step.name:
                reading.set()
                assert go_on.wait(30)

        return refresh(automatic=automatic, progress=tell)

    monkeypatch.setattr(shared_site.answerer, "refresh", slow)
    for name in ("a.txt", "b.txt"):
        (shared_site.documents / name).write_bytes(WIND + name.encode())
    page.get_by_role("button", name="重建索引").click()
    assert reading.wait(30)
    expect(page.locator(".progress .file")).to_contain_text("a.txt")
    expect(page.locator(".progress .count")).to_have_text("0 / 2")
    page.get_by_role("button", name="取消").click()
    expect(page.locator(".progress")).to_contain_text("正在取消")
    go_on.set()
    expect(page.locator("#refresh")).to_contain_text("已取消；仍用原来的索引")
    expect(page.get_by_role("button", name="取消")).to_be_hidden()
    assert shared_site.answerer.manifest.generation == before
    page.get_by_role("button", name="重建索引").click()
    expect(names(page)).to_have_count(4)


def test_a_narrow_page_has_everything_within_its_width(shared_site, visit):
    page = visit(shared_site, viewport={"width": 360, "height": 740}).page
    row = open_row(page, "museum.txt")
    rename = row.get_by_role("button", name="改名")
    rename.scroll_into_view_if_needed()
    expect(rename).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    expect(page.locator(".documents thead")).to_be_hidden()


@pytest.mark.parametrize(
    ("locale", "choose", "search"),
    [("en-US", "Choose files", "Search by file name"), ("zh-TW", "選擇檔案", "按檔名尋找")],
)
def test_the_panel_speaks_the_language_of_the_page(shared_site, visit, locale, choose, search):
    page = visit(shared_site, locale=locale).page
    expect(page.get_by_role("button", name=choose)).to_be_visible()
    expect(page.get_by_role("searchbox", name=search)).to_be_visible()


def test_another_page_may_not_upload(shared_site, http):
    url = f"{shared_site.url}upload?collection=&name=a.txt"
    answer = http.post(url, data=WIND, headers={"Origin": "http://evil.example"})
    assert answer.status == 403
    assert json.loads(http.post(url, data=WIND).text())["outcome"] == "added"
    assert http.get(url).status == 404
