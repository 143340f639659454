import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from index.datatypes import BuildReport, Place, PlaceKind, Problem, Span
from index.progress import Progress, Stage
from rag.datatypes import Role, Status
from tests.webui.samples import (
    HOSTILE,
    disputed_answer,
    list_answer,
    make_answer,
    make_citation,
    make_document,
    make_sheet,
    sample_answer,
)
from webui.cite_style import CiteStyle
from webui.controls import escape_controls, neutralize, neutralize_line
from webui.messages import texts_for
from webui.terminal import BuildProgress, print_answer, print_cited, print_report

ZH = texts_for("zh-Hans")
ESCAPES = "\x1b[31mred\x1b]0;title\x07\x9b2J\x08\x7f\u202e"


def make_console(*, is_terminal=False):
    return Console(
        file=io.StringIO(),
        force_terminal=is_terminal,
        color_system="standard" if is_terminal else None,
        width=60,
        highlight=False,
        emoji=False,
    )


def printed(answer, **kwargs):
    console = make_console(**kwargs)
    print_answer(console, answer, ZH)
    return console.file.getvalue()


@given(st.text())
def test_neutral_text_has_no_controls_and_keeps_its_length(text):
    neutral = neutralize(text)
    assert len(neutral) == len(text)
    assert not [char for char in neutral if ord(char) < 32 and char not in "\t\n"]
    assert not set(neutral) & {"\x7f", "\x9b", "\u202e"}


def test_answer_prints_words_quote_and_place():
    assert printed(sample_answer()) == (
        "2月5日\n把握较大 90%\n\n会议于2月5日召开。\n〔1〕 notes/报告.txt:2\n"
    )


def test_a_list_prints_every_item_and_a_shared_quote_once():
    assert printed(list_answer()) == (
        "许明\n林澈\n沈禾\n沈禾\n把握较大 90%\n\n"
        "出席的有许明、林澈和沈禾。\n〔1〕 notes/报告.txt:1\n\n"
        "林澈\n〔2〕 notes/报告.txt:1\n\n沈禾\n〔3〕 notes/报告.txt:1\n\n"
        f"{ZH.also}\n沈禾先走。\n〔4〕 notes/报告.txt:2\n"
    )


def test_a_place_stands_instead_of_the_line():
    document = make_document("甲。", "手册.pdf", places=(Place(PlaceKind.PAGE, 3, Span(0, 2)),))
    answer = make_answer(make_citation(document, Span(0, 2), Span(0, 1), heading=("总则",)))
    assert printed(answer).splitlines()[-1] == "〔1〕 手册.pdf 第 3 页 › 总则"


def test_a_hostile_sheet_name_is_neutralised():
    document = make_sheet("甲。", name=f"a\n[2] b{ESCAPES}")
    output = printed(make_answer(make_citation(document, Span(0, 2), Span(0, 1))))
    place = output.splitlines()[-1]
    assert place.startswith("〔1〕 名册.xlsx 工作表“a [2] b")
    assert place.endswith("” 第 1 行")
    assert not set(output) & {"\x1b", "\x9b", "\x07", "\u202e"}


def test_words_are_marked_in_the_quote_on_a_terminal():
    assert "\x1b[1;4m2月5日\x1b[0m" in printed(sample_answer(), is_terminal=True)


def test_long_quotes_are_never_broken_into_lines():
    answer = sample_answer(before="很长的一句话" * 40)
    assert answer.citations[0].quote in printed(answer)


def test_not_found_prints_the_nearest_passages():
    document = make_document("甲。乙。")
    near = make_citation(document, Span(0, 2), role=Role.NEAREST)
    answer = make_answer(status=Status.NOT_FOUND, confidence=0.1, nearest=[near])
    assert printed(answer) == ("文档中没有找到答案\n\n最接近的段落\n\n甲。\n¶ notes/报告.txt:1\n")


def test_uncertain_asks_to_check():
    assert ZH.check_original in printed(sample_answer(status=Status.UNCERTAIN, confidence=0.4))


def test_escape_sequences_and_markup_in_documents_do_nothing():
    text = f"[bold]{ESCAPES}[/bold] :smile: {HOSTILE}"
    document = make_document(text, source=f"[red]{ESCAPES}.txt")
    cited = make_citation(document, Span(0, len(text)), Span(0, 20), heading=(ESCAPES,))
    output = printed(make_answer(cited))
    assert neutralize(text) in output
    assert "[red]" in output
    assert not set(output) & {"\x1b", "\x9b", "\x07", "\u202e"}


def test_report_is_one_line_and_a_table_of_problems():
    report = BuildReport(
        *("000001", True, 2, 9, 9, 2),
        problems=(Problem("[b]x.pdf", "Its format is not supported."),),
        seconds=0.5,
    )
    console = make_console()
    print_report(console, report, ZH)
    lines = console.file.getvalue().splitlines()
    assert lines[0].startswith("索引已更新：2 份文档，9 个片段")
    assert any("[b]x.pdf" in line for line in lines)


def test_report_without_problems_has_no_table():
    console = make_console()
    print_report(console, BuildReport("000001", False, 2, 9, 0, 0), ZH)
    assert console.file.getvalue() == ZH.unchanged + "\n"


def test_progress_off_a_terminal_is_a_line_a_stage():
    console = make_console()
    with BuildProgress(console, ZH) as show:
        for done in range(3):
            show(Progress(Stage.READ, done, 3, "a.txt"))
        show(Progress(Stage.ENCODE, 0, 9))
    assert console.file.getvalue() == "读取文档…\n计算向量…\n"


def test_progress_on_a_terminal_names_the_file_and_leaves_no_controls_of_its_own():
    console = make_console(is_terminal=True)
    with BuildProgress(console, ZH) as show:
        show(Progress(Stage.READ, 1, 3, "\x1b[31m[b]a.txt"))
    output = console.file.getvalue()
    assert "读取文档" in output
    assert "[b]a.txt" in output
    assert "\x1b[31m[b]" not in output


@pytest.mark.parametrize("text", ["a\r\nb", "a\tb\n"])
def test_lines_and_tabs_are_kept(text):
    assert neutralize(text) == text.replace("\r", " ")


def test_a_file_name_cannot_forge_lines_of_the_answer():
    assert neutralize_line("a.txt:1\n\n[2] b.txt\t\x1b[31m") == "a.txt:1  [2] b.txt \ufffd[31m"


def test_a_dispute_prints_every_side_with_its_date():
    assert printed(disputed_answer()) == (
        "一百二十人\n文档说法不一 90% · 2 处来源一致\n\n"
        "参加的有一百二十人。\n〔1〕 1.txt:1\n2023年 · 标题里的日期\n\n"
        f"{ZH.same_elsewhere}\n共120人参加。\n〔2〕 2.txt:1\n没有注明日期\n\n"
        "另一份文档说法不同：350人\n到场350人。\n〔3〕 3.txt:1\n2024年3月15日 · 文首的日期\n\n"
        "请对照日期和原文，自己判断以哪份为准。\n"
    )


def test_places_that_agree_are_counted():
    document = make_document("甲。甲。")
    one = make_citation(document, Span(0, 2), Span(0, 1))
    other = make_citation(document, Span(2, 4), Span(2, 3), number=2, role=Role.SAME)
    assert "把握较大 90% · 2 处来源一致\n" in printed(make_answer(one, other))


@pytest.mark.parametrize("style", CiteStyle)
def test_what_is_cited_has_no_controls(style):
    document = make_document(f"{ESCAPES}甲。", source=f"{ESCAPES}.txt", title=ESCAPES)
    cited = make_citation(document, Span(0, len(document.text)), Span(0, 5), heading=(ESCAPES,))
    console = make_console()
    print_cited(console, make_answer(cited, question=ESCAPES), style, ZH)
    output = console.file.getvalue()
    assert "甲" in output or style is CiteStyle.GBT7714
    assert not set(output) & {"\x1b", "\x9b", "\x07", "\u202e"}


def test_json_is_the_same_value_without_what_a_terminal_obeys():
    value = {"a": "\x9b31m\u202e\x7f\x1b[0m", "题": "字\u200d"}

    line = escape_controls(json.dumps(value, ensure_ascii=False))

    assert json.loads(line) == value
    assert neutralize(line) == line
    assert "题" in line
