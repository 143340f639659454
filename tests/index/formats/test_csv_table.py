import csv
import io
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import DocumentError
from index.formats.csv_table import extract_csv
from index.formats.extraction import Extraction
from tests.index.formats.office import check_layout, mutate, survives
from tests.strategies import WORDS

_STAFF = "姓名,部门,工资\n林晓,财务部,8000\n何平,采购部,9000\n"


def _read(text: str, encoding: str = "utf-8") -> Extraction:
    extraction = extract_csv(text.encode(encoding))
    check_layout(extraction)
    return extraction


def _rows(extraction: Extraction) -> dict[int, str]:
    return {place.number: place.span.of(extraction.text) for place in extraction.places}


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_records_are_rows_with_the_header_before_each_value(delimiter, encoding):
    extraction = _read(_STAFF.replace(",", delimiter), encoding)

    assert _rows(extraction) == {
        1: "姓名 | 部门 | 工资",
        2: "姓名: 林晓 | 部门: 财务部 | 工资: 8000",
        3: "姓名: 何平 | 部门: 采购部 | 工资: 9000",
    }
    assert extraction.media_type == "text/csv"


def test_the_encoding_found_is_told():
    assert _read(_STAFF, "gb18030").encoding == "gb18030"


def test_commas_in_numbers_do_not_cut_them():
    rows = _rows(_read("名称;单价;数量\n纸张;1,5;2,25\n墨水;40,0;3,75\n"))

    assert rows[2] == "名称: 纸张 | 单价: 1,5 | 数量: 2,25"


def test_quoted_delimiters_quotes_and_breaks_belong_to_their_field():
    rows = _rows(_read('a,b,c\n"x, y","说""好""","第一\n第二"\n\nz,,w\n'))

    assert rows == {1: "a | b | c", 2: 'a: x, y | b: 说"好" | c: 第一 第二', 4: "a: z | c: w"}


def test_a_record_longer_than_the_header_keeps_its_surplus():
    rows = _rows(_read(_STAFF + "罗燕,市场部,7000,试用期\n"))

    assert rows[4] == "姓名: 罗燕 | 部门: 市场部 | 工资: 7000 | 试用期"


def test_what_a_spreadsheet_is_told_about_the_delimiter_is_obeyed():
    assert _rows(_read("sep=~\na~b\n1~2\n"))[2].endswith("2")


def test_a_quote_that_is_never_closed_swallows_nothing():
    lines = "".join(f"第{number}号,纸张,{number}\n" for number in range(60))
    extraction = _read('编号,名称,数量\n甲,"5寸屏,3\n' + lines)

    assert _rows(extraction)[62] == "编号: 第59号 | 名称: 纸张 | 数量: 59"
    assert "never closed" in extraction.warnings[0]


def test_a_field_of_a_megabyte_is_read_and_the_limit_of_others_stays():
    before = csv.field_size_limit()
    extraction = _read("a,b\n1," + "字" * 1_000_000 + "\n")

    assert extraction.text.count("字") == 1_000_000
    assert csv.field_size_limit() == before


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_all_line_endings_end_records(ending):
    assert _rows(_read(_STAFF.replace("\n", ending)))[3].startswith("姓名: 何平")


def test_zero_bytes_and_other_breaks_end_no_record():
    text = "甲\u2028乙,\x0b丙,丁\x00\n" + "天,地,人\n" * 200

    assert _rows(_read(text))[1] == "甲 乙 | 丙 | 丁"


def test_lines_without_a_delimiter_are_rows():
    assert _rows(_read("茶\n\n酒\n")) == {1: "茶", 3: "酒"}


def test_an_empty_file_has_no_rows():
    assert _read("").places == ()


_fields = st.sampled_from([w for words in WORDS.values() for w in words if "\n" not in w])


@given(st.lists(st.lists(_fields, min_size=3, max_size=3), min_size=1, max_size=30))
def test_every_field_stands_in_its_row(records):
    out = io.StringIO()
    csv.writer(out).writerows(records)

    rows = _rows(_read(out.getvalue(), "utf-8-sig"))

    for number, record in enumerate(records, 1):
        for field in record:
            assert " ".join(field.split()) in " ".join(rows[number].split())


def test_a_broken_table_is_refused_or_read_never_worse():
    rng = random.Random(3)
    for _ in range(400):
        survives(extract_csv, mutate(_STAFF.encode() * 3, rng))


def test_a_column_of_yes_and_no_keeps_the_labels():
    data = (
        "Stop,Street,Shelter,Lines,Note\n"
        'Mill Lane,Mill Lane,yes,"4, 11",Step-free\n'
        "Fox and Hounds,Station Road,no,11,Moved in 2021\n"
        'Corn Exchange,High Street,yes,"1, 4, 27",Ticket machine out of order\n'
        "Quarry Cross,Upper Hill,no,27,Request stop\n"
    )

    text = extract_csv(data.encode()).text

    assert "Shelter: no" in text


def test_a_record_of_countless_columns_is_refused_before_it_fills_the_memory():
    with pytest.raises(DocumentError, match="more than 100,000 columns"):
        extract_csv(b"a," * 100_001)
