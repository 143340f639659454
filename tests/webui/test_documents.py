from dataclasses import dataclass, fields, replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from index.datatypes import BuildReport, DocumentInfo, Problem
from index.manifest import Manifest
from index.progress import Progress, Stage
from rag import Answerer
from rag.federation import Member
from rag.registry import Collection
from tests.webui.samples import HOSTILE, Page
from webui import documents
from webui.document_rows import PER_PAGE, Rows
from webui.documents import (
    Contents,
    read_contents,
    render_collections,
    render_documents,
    render_refresh,
    render_refreshes,
)
from webui.languages import CATALOGUE
from webui.library_view import UNTOUCHED
from webui.messages import texts_for
from webui.refresher import RefreshState
from webui.wording import describe_share, describe_size

ZH = texts_for("zh-Hans")
EN = texts_for("en")


def make_info(source="报告.txt", **kwargs):
    unused = dict.fromkeys((field.name for field in fields(DocumentInfo)), "")
    shown = {
        "doc_id": "00ff",
        "source": source,
        "media_type": "text/plain",
        "encoding": "gb18030",
        "size": 2048,
        "mtime_ns": 1_770_000_000_000_000_000,
        "seconds": 0.5,
        "copies": (),
        "n_chars": 1234,
        "n_chunks": 7,
        "n_pages": 0,
        "n_empty_pages": 0,
        "warnings": (),
    }
    return DocumentInfo(**(unused | shown | kwargs))


def make_contents(*infos, problems=()):
    unused = dict.fromkeys((field.name for field in fields(Manifest)), "")
    shown = {
        "created_at": "2026-02-05T06:30:00+00:00",
        "n_documents": len(infos),
        "n_chunks": sum(document.n_chunks for document in infos),
    }
    warned = tuple(document for document in infos if document.warnings)
    return Contents(
        Manifest(**(unused | shown)),
        Rows(infos[:PER_PAGE], len(infos)),
        warned=warned,
        n_warned=len(warned),
        problems=problems,
        n_problems=len(problems),
    )


def make_report(**kwargs):
    values = {
        "generation": "000004",
        "is_new": True,
        "n_documents": 3,
        "n_chunks": 1200,
        "n_encoded": 5,
        "n_read": 1,
        "changed": ("a.txt",),
        "n_changed": 1,
        "seconds": 1.234,
    }
    return BuildReport(**(values | kwargs))


def test_every_document_is_listed_with_what_is_known_of_it():
    page = Page(render_documents(make_contents(make_info()), ZH))
    assert page.texts("button", data_event="open", data_document="00ff") == ["报告.txt"]
    cells = {"格式": "TXT · gb18030", "大小": "2.0 KB", "页数": "", "字数": "1,234", "片段": "7"}
    for label, words in cells.items():
        assert page.texts("td", data_label=label) == [words]
    assert page.texts("dd")[1:3] == ["gb18030", "0.50"]


def test_the_share_that_can_be_found_is_told_of_what_is_soon_read(tmp_path, monkeypatch):
    (tmp_path / "a.txt").write_text("茶会在二月五日召开。" * 100, "utf-8")
    (tmp_path / "b.txt").write_text("灯塔在九月三日检修。" * 100, "utf-8")
    answerer = Answerer.open(tmp_path)
    page = Page(render_documents(read_contents(answerer, UNTOUCHED), ZH))
    assert page.texts("dt").count("可查到") == 2
    assert page.texts("dd").count("100 %") == 2
    monkeypatch.setattr(documents, "_MEASURED_CHARS", 1500)  # of 2,000
    page = Page(render_documents(read_contents(answerer, UNTOUCHED), ZH))
    assert page.texts("dd").count("100 %") == 1


@pytest.mark.parametrize(("share", "words"), [(0.99999, "99.9 %"), (1.0, "100 %"), (None, "")])
def test_a_hundred_percent_is_said_of_nothing_less(share, words):
    assert describe_share(share) == words


def test_what_is_done_to_a_document_names_the_one_that_was_seen():
    page = Page(render_documents(make_contents(make_info("会议/a.txt")), ZH, collection="年报"))
    (form,) = page.find("form", data_action="rename")
    (button,) = page.find("button", data_action="delete")
    for _, attributes, *_ in (form, button):
        assert attributes["data-source"] == "会议/a.txt"
        assert attributes["data-collection"] == "年报"
        assert attributes["data-seen"] == "2048-1770000000000000000"


@pytest.mark.parametrize(("n_empty_pages", "words"), [(0, "1,200"), (3, "1,200 (3 empty)")])
def test_pages_are_counted_with_those_that_have_no_text(n_empty_pages, words):
    info = make_info(
        "手册.PDF", media_type="application/pdf", n_pages=1200, n_empty_pages=n_empty_pages
    )
    page = Page(render_documents(make_contents(info), EN))
    assert page.texts("td", data_label="Format") == ["PDF"]
    assert page.texts("td", data_label="Pages") == [words]


def test_time_of_the_index_is_told():
    page = Page(render_documents(make_contents(make_info()), ZH))
    assert page.find("time", datetime="2026-02-05T06:30:00+00:00")[0][2].startswith("索引更新于 20")


def test_a_generation_that_was_restored_says_so():
    contents = make_contents(make_info())
    restored = replace(contents, manifest=replace(contents.manifest, restored_from="000003"))
    assert "generation 000003, which was restored" in render_documents(restored, EN)
    assert "restored" not in render_documents(make_contents(make_info()), EN)


def test_files_left_out_are_told_with_the_reason():
    problems = [Problem("a.pdf", "Its format is not supported.")]
    page = Page(render_documents(make_contents(problems=problems), ZH))
    assert page.texts("summary") == ["1 个文件没有收入"]
    assert page.texts("li") == ["a.pdf 删除Its format is not supported."]


def test_files_read_in_part_are_told_with_every_reason():
    partly = make_info("扫描.pdf", warnings=("2 of 3 pages have no text.", "It has 1 attachment."))
    page = Page(render_documents(make_contents(make_info(), partly), ZH))
    assert page.texts("summary") == ["1 个文件没有读全"]
    assert page.texts("li") == ["扫描.pdf 2 of 3 pages have no text.It has 1 attachment."]


def test_without_anything_to_say_of_files_nothing_is_said():
    assert not Page(render_documents(make_contents(make_info()), ZH)).find("details")


def test_a_long_list_has_pages_and_says_which_is_shown():
    infos = [make_info(f"{number}.txt") for number in range(60)]
    page = Page(render_documents(make_contents(*infos), ZH))
    assert len(page.find("button", data_event="open")) == 50
    assert "第 1–50 份，共 60 份" in page.text
    (before, after) = page.find("button", data_action="page")
    assert "aria-disabled" in before[1]
    assert after[1]["data-page"] == "2"


@pytest.mark.parametrize("texts", CATALOGUE, ids=lambda texts: texts.code)
def test_hostile_names_stay_text(texts):
    contents = make_contents(
        make_info(HOSTILE, encoding=HOSTILE, warnings=(HOSTILE,)),
        problems=[Problem(HOSTILE, HOSTILE)],
    )
    page = Page(render_documents(contents, texts))
    names = {name for element in page.elements for name in element[1]}
    assert not page.find("img") + page.find("script")
    assert not [name for name in names if name.startswith("on") or name == "src"]
    assert page.texts("button", data_event="open") == [HOSTILE]


def test_progress_names_the_stage_and_the_file():
    running = RefreshState(is_running=True, progress=Progress(Stage.READ, 3, 10, "<b>报告.txt</b>"))
    page = Page(render_refresh(running, ZH))
    assert "读取文档" in page.text
    assert page.texts("span", class_="count") == ["3 / 10"]
    assert page.texts("bdi") == ["<b>报告.txt</b>"]
    assert page.find("progress")[0][1] == {"max": "10", "value": "3"}


def test_a_build_that_nobody_asked_for_says_why_it_runs():
    noticed = RefreshState(is_running=True, is_noticed=True)
    assert ZH.refreshing in render_refresh(noticed, ZH)
    assert ZH.refreshing not in render_refresh(RefreshState(is_running=True), ZH)


def test_a_build_without_progress_yet_shows_an_open_ended_bar():
    page = Page(render_refresh(RefreshState(is_running=True), ZH))
    assert page.find("progress")[0][1] == {}
    assert ZH.stage_check in page.text


@pytest.mark.parametrize("texts", CATALOGUE, ids=lambda texts: texts.code)
def test_every_stage_has_a_name(texts):
    shown = {
        Page(
            render_refresh(RefreshState(is_running=True, progress=Progress(stage, 0, 1)), texts)
        ).texts("span", class_="stage")[0]
        for stage in Stage
    }
    assert len(shown) == len(Stage)


def test_result_of_a_build_is_told_in_words():
    page = Page(render_refresh(RefreshState(report=make_report()), ZH))
    assert page.text == (
        "索引已更新：3 份文档，1,200 个片段，用时 1.2 秒 · 新增 0，改动 1，改名 0，移除 0"
    )


def test_a_build_that_found_nothing_to_do_says_so():
    state = RefreshState(report=make_report(is_new=False))
    assert Page(render_refresh(state, ZH)).text == ZH.unchanged


def test_a_failed_build_says_that_the_old_index_stays_and_why():
    state = RefreshState(has_failed=True, reason="No documents' folder at <here>.")
    page = Page(render_refresh(state, EN))
    assert page.text == EN.build_failed + "No documents' folder at <here>."


def test_before_any_build_the_button_is_explained():
    assert Page(render_refresh(RefreshState(), ZH)).text == ZH.rebuild_hint


@pytest.mark.parametrize(
    ("n_bytes", "words"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KB"),
        (12_595, "12.3 KB"),
        (5 * 1024**2, "5.0 MB"),
        (3 * 1024**4, "3072.0 GB"),
    ],
)
def test_size_is_told_in_units_of_1024(n_bytes, words):
    assert describe_size(n_bytes) == words


@dataclass
class Answering:
    """What the panel knows of an answerer."""

    contents: Contents
    collection: str = ""
    index_dir: Path = Path("nowhere")

    @property
    def knowledge_base(self):
        return SimpleNamespace(manifest=self.contents.manifest, files=self)

    def document_infos(self, *, limit, only_warned=False, wanted="", offset=0):
        infos = self.contents.warned if only_warned else self.contents.rows.documents
        return [info for info in infos if wanted in info.source][offset:][:limit]

    def document(self, doc_id):
        return SimpleNamespace(text="")

    def iterate(self, doc_id):
        return iter(())

    def n_documents(self, wanted):
        return len(self.document_infos(limit=None, wanted=wanted))

    def n_bytes(self):
        return sum(info.size for info in self.contents.rows.documents)

    def problems(self, limit):
        return self.contents.problems[:limit]

    def n_warned(self):
        return self.contents.n_warned

    def n_problems(self):
        return self.contents.n_problems


class TestSeveralCollections:
    @staticmethod
    def members(*names, left_out=()):
        return [
            Member(
                Collection(name, Path("/srv/secret")),
                None if name in left_out else Answering(make_contents(make_info()), name),
                "No folder at /srv/secret" if name in left_out else "",
            )
            for name in names
        ]

    def test_each_has_its_list_that_names_it(self):
        page = Page(render_collections(self.members("合同", "年报"), ZH))
        buttons = page.find("button", data_event="open")
        assert [button[1]["data-collection"] for button in buttons] == ["合同", "年报"]
        assert [text.split()[0] for text in page.texts("summary")] == ["合同", "年报"]
        titles = [section[1]["aria-labelledby"] for section in page.find("section")]
        assert len(set(titles)) == 2
        assert all(page.find("h2", id=title) for title in titles)

    def test_one_alone_is_titled_by_its_name(self):
        page = Page(render_collections(self.members("合同"), ZH))
        assert page.texts("h2") == ["合同"]
        assert not page.find("details", class_="collection")

    def test_one_that_is_left_out_is_told_without_its_place(self):
        page = Page(render_collections(self.members("合同", "年报", left_out=["年报"]), ZH))
        assert "“年报”现在查不了" in page.text
        assert "secret" not in page.text

    def test_hostile_names_are_shown_as_they_are(self):
        page = Page(render_collections(self.members(HOSTILE, "年报"), ZH))
        assert page.texts("summary")[0].startswith(HOSTILE)
        assert not page.find("script")

    def test_builds_are_told_by_the_names_of_their_collections(self):
        states = {
            "合同": RefreshState(report=make_report(is_new=False)),
            "年报": RefreshState(),
            "手册": RefreshState(is_running=True, progress=Progress(Stage.READ, 3, 10, "a.txt")),
        }
        page = Page(render_refreshes(states, ZH))
        assert page.texts("h3") == ["合同", "手册"]
        assert page.find("progress", value="3")

    def test_nothing_to_tell_is_the_hint(self):
        states = dict.fromkeys(("合同", "年报"), RefreshState())
        assert render_refreshes(states, ZH) == render_refresh(RefreshState(), ZH)
