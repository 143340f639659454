from dataclasses import fields, replace

import pytest

from index.datatypes import BuildReport, DocumentInfo, Problem
from index.manifest import Manifest
from index.progress import Progress, Stage
from tests.webui.samples import HOSTILE, Page
from webui.documents import render_documents, render_refresh
from webui.languages import CATALOGUE
from webui.messages import texts_for
from webui.refresher import RefreshState
from webui.wording import describe_size

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
        "n_chars": 1234,
        "n_chunks": 7,
        "n_pages": 0,
        "n_empty_pages": 0,
        "warnings": (),
    }
    return DocumentInfo(**(unused | shown | kwargs))


def make_manifest(*documents, problems=()):
    unused = dict.fromkeys((field.name for field in fields(Manifest)), "")
    shown = {
        "created_at": "2026-02-05T06:30:00+00:00",
        "n_chunks": sum(document.n_chunks for document in documents),
        "documents": documents,
        "problems": tuple(problems),
    }
    return Manifest(**(unused | shown))


def make_report(**kwargs):
    values = {
        "generation": "000004",
        "is_new": True,
        "n_documents": 3,
        "n_chunks": 1200,
        "n_encoded": 5,
        "n_read": 1,
        "changed": ("a.txt",),
        "seconds": 1.234,
    }
    return BuildReport(**(values | kwargs))


def test_every_document_is_listed_with_what_is_known_of_it():
    page = Page(render_documents(make_manifest(make_info()), ZH))
    assert page.texts("button", data_event="open", data_document="00ff") == ["报告.txt"]
    assert page.texts("td") == ["TXT · gb18030", "2.0 KB", "", "1,234", "7"]
    labels = [entry[1]["data-label"] for entry in page.find("td")]
    assert labels == ["格式", "大小", "页数", "字数", "片段"]


@pytest.mark.parametrize(("n_empty_pages", "words"), [(0, "1,200"), (3, "1,200 (3 empty)")])
def test_pages_are_counted_with_those_that_have_no_text(n_empty_pages, words):
    info = make_info(
        "手册.PDF", media_type="application/pdf", n_pages=1200, n_empty_pages=n_empty_pages
    )
    page = Page(render_documents(make_manifest(info), EN))
    assert page.texts("td", data_label="Format") == ["PDF"]
    assert page.texts("td", data_label="Pages") == [words]


def test_time_of_the_index_is_told():
    page = Page(render_documents(make_manifest(make_info()), ZH))
    assert page.find("time", datetime="2026-02-05T06:30:00+00:00")[0][2].startswith("索引更新于 20")


def test_a_generation_that_was_restored_says_so():
    manifest = replace(make_manifest(make_info()), restored_from="000003")
    assert "generation 000003, which was restored" in render_documents(manifest, EN)
    assert "restored" not in render_documents(make_manifest(make_info()), EN)


def test_files_left_out_are_told_with_the_reason():
    problems = [Problem("a.pdf", "Its format is not supported.")]
    page = Page(render_documents(make_manifest(problems=problems), ZH))
    assert page.texts("summary") == ["1 个文件没有收入"]
    assert page.texts("li") == ["a.pdfIts format is not supported."]


def test_files_read_in_part_are_told_with_every_reason():
    partly = make_info("扫描.pdf", warnings=("2 of 3 pages have no text.", "It has 1 attachment."))
    page = Page(render_documents(make_manifest(make_info(), partly), ZH))
    assert page.texts("summary") == ["1 个文件没有读全"]
    assert page.texts("li") == ["扫描.pdf2 of 3 pages have no text.It has 1 attachment."]


def test_without_anything_to_say_of_files_nothing_is_said():
    assert not Page(render_documents(make_manifest(make_info()), ZH)).find("details")


def test_a_long_list_is_cut_and_says_so():
    infos = [make_info(f"{number}.txt") for number in range(510)]
    page = Page(render_documents(make_manifest(*infos), ZH))
    assert len(page.find("button", data_event="open")) == 500
    assert "还有 10 份没有列出" in page.text


@pytest.mark.parametrize("texts", CATALOGUE, ids=lambda texts: texts.code)
def test_hostile_names_stay_text(texts):
    manifest = make_manifest(
        make_info(HOSTILE, encoding=HOSTILE, warnings=(HOSTILE,)),
        problems=[Problem(HOSTILE, HOSTILE)],
    )
    page = Page(render_documents(manifest, texts))
    names = {name for element in page.elements for name in element[1]}
    assert not page.find("img") + page.find("script")
    assert not [name for name in names if name.startswith("on") or name == "src"]
    assert page.texts("button") == [HOSTILE]


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
    assert page.text == ("索引已更新：3 份文档，1,200 个片段，用时 1.2 秒 · 新增 0，改动 1，移除 0")


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
