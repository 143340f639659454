from dataclasses import replace

import pytest

from rag.datatypes import DateOrigin
from rag.document_dates import DocumentDate, date_document
from tests.rag.samples import make_document

_2024_NS = 1_710_460_800 * 10**9  # 15 March 2024


def _date(text="没有日期。", *, title="办法", source="办法.txt", heading=(), modified_ns=None):
    document = replace(make_document(text, source), title=title)
    return date_document(document, heading, modified_ns)


@pytest.mark.parametrize(
    ("title", "date"),
    [
        ("差旅管理办法（二〇二四年三月修订）", "2024-03"),
        ("差旅管理办法（2021版）", "2021"),
        ("2023年度报告", "2023"),
        ("民國一一二年六月十八日會員大會紀錄", "2023-06-18"),
        ("Handbook, version 2 (May 2023)", "2023-05"),
        ("Minutes of 5 May 2023", "2023-05-05"),
        ("会议纪要20240315", "2024-03-15"),
    ],
)
def test_the_date_in_a_title_is_taken_as_exactly_as_it_is_written(title, date):
    assert _date(title=title) == DocumentDate(date, DateOrigin.TITLE)


@pytest.mark.parametrize(
    "title",
    [
        *(
            "办法",
            "3月5日会议",
            "2021版办法（2024年修订）",
            "2022—2023年度报告",
            "第2024号通知2023",
        ),
        *("型号12024", "端口 8080"),
        *("公元前221年", "1644年的北京"),
    ],
)
def test_no_date_is_guessed_from_a_title_that_has_none_or_several(title):
    assert _date(title=title) == DocumentDate()


def test_a_heading_over_the_place_is_nearer_than_the_title_and_the_title_than_the_name():
    heading = ("2020年手册", "2023年11月修订", "总则")
    dated = _date(title="2020年手册", source="2019.txt", heading=heading)
    assert dated == DocumentDate("2023-11", DateOrigin.HEADING)
    untold = _date(title="2020年手册", source="2019.txt", heading=("2020年手册", "总则"))
    assert untold == DocumentDate("2020", DateOrigin.TITLE)
    assert _date(source="报告-2019.txt") == DocumentDate("2019", DateOrigin.NAME)


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("办法\n\n二〇二四年三月五日\n正文。", "2024-03-05"),
        ("办法\n发布日期：2024-03-05\n", "2024-03-05"),
        ("Rules\nLast updated: 5 May 2023\n", "2023-05-05"),
        ("# 办法\n\n（2022年6月修订）\n", "2022-06"),
    ],
)
def test_a_first_line_that_is_a_date_or_says_what_of_is_taken(text, date):
    assert _date(text) == DocumentDate(date, DateOrigin.TEXT)


@pytest.mark.parametrize(
    "text",
    [
        "沈怀瑾，1936年5月出生于临川，植物学家。",
        "图书馆于1987年建成开放。",
        "2月5日\n没有年份。",
        "有效期自2024年1月1日至2024年12月31日",
        "字。\n" * 20 + "2024年3月5日",
    ],
)
def test_a_date_that_a_document_tells_of_is_not_its_own(text):
    assert _date(text) == DocumentDate()


def test_the_files_own_date_is_the_last_and_told_to_be_that():
    assert _date(modified_ns=_2024_NS) == DocumentDate("2024-03-15", DateOrigin.FILE)
    assert _date(title="2021版", modified_ns=_2024_NS).origin is DateOrigin.TITLE
    assert _date(modified_ns=0) == DocumentDate()
