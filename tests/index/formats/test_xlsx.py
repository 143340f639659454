import datetime as dt
import io
import time

import openpyxl
import pytest
import xlsxwriter
from openpyxl.styles import Font
from openpyxl.worksheet.table import Table

from index.datatypes import PlaceKind
from index.errors import DocumentError
from index.formats.extraction import Extraction
from index.formats.xlsx import extract_xlsx
from tests.index.formats.office import check_layout, fuzz, part_of, repack

_SHEET = "xl/worksheets/sheet1.xml"
_STAFF = (
    ("姓名", "部门", "入职日期", "工资"),
    ("林晓", "财务部", dt.date(2024, 3, 5), 12345.5),
    ("何平", "采购部", dt.date(2023, 12, 31), 8000),
    ("罗燕", "采购部", dt.date(2020, 2, 29), 7000),
)


def _bytes(book) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _read(book) -> Extraction:
    extraction = extract_xlsx(_bytes(book))
    check_layout(extraction)
    return extraction


def _book(*rows, title: str = "表"):
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    return book


def _rows(extraction: Extraction) -> dict[int, str]:
    return {
        place.number: place.span.of(extraction.text)
        for place in extraction.places
        if place.kind is PlaceKind.ROW
    }


def _with_shared_strings(rows) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet("表")
    for number, row in enumerate(rows):
        sheet.write_row(number, 0, row)
    book.close()
    return out.getvalue()


def _shown(value, code: str) -> str:
    book = _book([value])
    book.active["A1"].number_format = code
    return _rows(_read(book)).get(1, "")


def test_each_row_is_a_line_with_the_header_before_each_value():
    extraction = _read(_book(*_STAFF, title="员工"))

    assert _rows(extraction) == {
        1: "姓名 | 部门 | 入职日期 | 工资",
        2: "姓名: 林晓 | 部门: 财务部 | 入职日期: 2024-03-05 | 工资: 12345.5",
        3: "姓名: 何平 | 部门: 采购部 | 入职日期: 2023-12-31 | 工资: 8000",
        4: "姓名: 罗燕 | 部门: 采购部 | 入职日期: 2020-02-29 | 工资: 7000",
    }
    assert [(h.level, h.title) for h in extraction.headings] == [(2, "员工")]
    assert extraction.places[0].span.of(extraction.text) == extraction.text


def test_sheets_are_places_in_order_hidden_and_empty_ones_too():
    book = _book(["甲"], title="一")
    hidden = book.create_sheet("参数")
    hidden.sheet_state = "hidden"
    hidden.append(["税率", 0.13])
    book.create_sheet("空")

    extraction = _read(book)

    sheets = [p for p in extraction.places if p.kind is PlaceKind.SHEET]
    assert [(p.number, p.name, p.span.of(extraction.text)) for p in sheets] == [
        (1, "一", "一\n\n甲"),
        (2, "参数", "参数\n\n税率 | 0.13"),
        (3, "空", ""),
    ]
    assert extraction.warnings == ("Hidden sheets were read too (1): 参数.",)


def test_a_header_is_found_under_a_title_and_a_group_row():
    book = _book(
        ["2026年员工名册"],
        ["基本信息", None, "联系方式", None],
        ["姓名", "部门", "电话", "邮箱"],
        ["林晓", "财务部", "分机 12", "lx@example.org"],
        ["何平", "采购部", "分机 15", "hp@example.org"],
    )
    for area in ("A1:D1", "A2:B2", "C2:D2"):
        book.active.merge_cells(area)

    rows = _rows(_read(book))

    assert rows[3] == "姓名 | 部门 | 电话 | 邮箱"
    assert rows[5] == "姓名: 何平 | 部门: 采购部 | 电话: 分机 15 | 邮箱: hp@example.org"


def test_names_beside_values_are_no_header():
    pairs = _rows(_read(_book(["公司", "青禾茶业"], ["成立年份", 1999], ["员工", 30])))
    form = _rows(_read(_book(["姓名", "林晓", "性别", "女"], ["籍贯", "江苏", "学历", "本科"])))

    assert pairs[2] == "成立年份 | 1999"
    assert form[2] == "籍贯 | 江苏 | 学历 | 本科"


@pytest.mark.parametrize("told_by", ["pane", "filter", "table", "bold"])
def test_a_header_of_two_columns_is_found_when_the_file_tells(told_by):
    book = _book(["甲", "乙"], ["茶", "春"], ["酒", "秋"])
    sheet = book.active
    if told_by == "pane":
        sheet.freeze_panes = "A2"
    elif told_by == "filter":
        sheet.auto_filter.ref = "A1:B3"
    elif told_by == "table":
        sheet.add_table(Table(displayName="T", ref="A1:B3"))
    else:
        sheet["A1"].font = sheet["B1"].font = Font(bold=True)
        sheet["A1"], sheet["B1"] = "名称", "季节"

    head = "名称" if told_by == "bold" else "甲"
    assert _rows(_read(book))[2].startswith(f"{head}: 茶 | ")


def test_years_may_head_columns():
    rows = _rows(_read(_book(["指标", 2023, 2024], ["收入", 51.5, 62], ["支出", 40.25, 41])))

    assert rows[3] == "指标: 支出 | 2023: 40.25 | 2024: 41"


def test_a_second_table_has_its_own_header_and_remarks_have_none():
    rows = _rows(
        _read(
            _book(
                *_STAFF,
                ["注：工资为税前。"],
                [],
                ["产品", "单价", "数量"],
                ["纸张", 9, 100],
                ["墨水", 40, 12],
                [],
                ["制表：林晓"],
            )
        )
    )

    assert rows[5] == "注：工资为税前。"
    assert rows[8] == "产品: 纸张 | 单价: 9 | 数量: 100"
    assert rows[11] == "制表：林晓"


def test_a_merged_label_is_said_in_each_row_and_a_merged_number_is_not():
    book = _book(
        ["部门", "姓名", "预算"],
        ["财务部", "林晓", 300],
        [None, "何平", None],
        ["采购部", "罗燕", 5],
    )
    book.active.merge_cells("A2:A3")
    book.active.merge_cells("C2:C3")

    assert _rows(_read(book))[3] == "部门: 财务部 | 姓名: 何平"


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        (1234567.891, "#,##0.00", "1,234,567.89"),
        (0.1275, "0.0%", "12.8%"),
        (-1234, "#,##0_);(#,##0)", "(1,234)"),
        (-5, '0.00"元"', "-5.00元"),
        (1234.5, "[$¥-804]#,##0.00", "¥1,234.50"),
        (1234.5, '_(* #,##0.00_);_(* \\(#,##0.00\\);_(* "-"??_);_(@_)', "1,234.50"),
        (0, '0;-0;"无"', "无"),
        (12345, '0!.0,"万"', "1.2万"),
        (45678901, '0.0,,"百万"', "45.7百万"),
        (75, '[>=60]"及格";"不及格"', "及格"),
        (59, '[>=60]"及格";"不及格"', "不及格"),
        (1234.5, "0.00E+00", "1.23E+03"),
        (13800138000, "000-0000-0000", "138-0013-8000"),
        (7, "000", "007"),
        (0.5, "#.##", ".5"),
        (0.1 + 0.2, "General", "0.3"),
        (1 / 3, "General", "0.333333333"),
        (123456789012345, "General", "123456789012345"),
        (3, ";;;", ""),
        ("七", '"第"@"号"', "第七号"),
        (True, "General", "TRUE"),
        (dt.datetime(2024, 3, 5, 14, 7), 'yyyy"年"m"月"d"日"', "2024年3月5日"),
        (dt.datetime(2024, 3, 5, 14, 7), "mm-dd-yy", "2024/3/5"),
        (dt.datetime(2024, 3, 5, 14, 7, 9), "yyyy-mm-dd hh:mm:ss", "2024-03-05 14:07:09"),
        (dt.datetime(2024, 3, 5, 14, 7), "h:mm AM/PM", "2:07 PM"),
        (dt.datetime(2024, 3, 5), "[$-804]aaaa;@", "星期二"),
        (dt.datetime(2024, 3, 5), "d mmmm yyyy", "5 March 2024"),
        (dt.datetime(2024, 3, 15), "[DBNum1][$-804]yyyy年m月d日", "二〇二四年三月十五日"),
        (dt.timedelta(hours=30, minutes=5), "[h]:mm", "30:05"),
        (dt.time(8, 5), "h:mm", "8:05"),
        (-1, "yyyy-mm-dd", "-1"),
    ],
)
def test_a_value_is_written_as_it_is_shown(value, code, shown):
    assert _shown(value, code) == shown


def test_days_may_count_from_1904():
    book = _book([dt.date(2024, 3, 5)])
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904

    assert _rows(_read(book))[1] == "2024-03-05"


def test_a_formula_shows_its_stored_result_and_one_without_is_counted():
    data = _bytes(_book(["合计", "=1+2"], ["平均", "=3/2"]))
    xml = part_of(data, _SHEET).replace(b"<f>1+2</f><v></v>", b"<f>1+2</f><v>3</v>")
    xml = xml.replace(b"<f>1+2</f><v />", b"<f>1+2</f><v>3</v>")

    extraction = extract_xlsx(repack(data, {_SHEET: xml}))

    assert _rows(extraction) == {1: "合计 | 3", 2: "平均"}
    assert extraction.warnings == (
        "Formulas without a stored result were left out (1); open the file in a spreadsheet "
        "program and save it.",
    )


def test_strings_of_all_kinds_are_read():
    data = _with_shared_strings([["占位"]])
    cells = (
        '<c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><r><t>甲</t></r><r><t>乙</t></r>'
        '<rPh sb="0" eb="1"><t>jia</t></rPh></is></c><c r="C1" t="str"><f>A1</f><v>一_x000D_二</v>'
        '</c><c r="D1" t="e"><v>#N/A</v></c><c r="E1" t="d"><v>2024-03-05</v></c>'
        '<c r="F1" t="s"><v>99</v></c><c><v>7</v></c>'
    )
    xml = part_of(data, _SHEET).decode()
    start, end = xml.index("<c "), xml.index("</row>")
    data = repack(data, {_SHEET: (xml[:start] + cells + xml[end:]).encode()})

    assert _rows(extract_xlsx(data))[1] == "占位 | 甲乙 | 一 二 | #N/A | 45356 | 7"


def test_a_cell_in_the_last_corner_costs_nothing():
    book = _book(["首"])
    book.active["XFD1048576"] = "角"
    started = time.process_time()

    rows = _rows(_read(book))

    assert rows == {1: "首", 1_048_576: "角"}
    assert time.process_time() - started < 2


def test_short_breaks_are_spaces_and_long_cells_keep_their_lines():
    long = "每天上午九点开馆，下午五点闭馆。\n" * 4
    rows = _rows(_read(_book(["联系\n电话", long])))

    assert rows[1].startswith("联系 电话 | 每天")
    assert rows[1].count("\n") == 3


def test_a_long_string_used_again_and_again_is_refused_not_written_out():
    data = _with_shared_strings([["字" * 30_000]])
    xml = part_of(data, _SHEET).decode()
    cell = xml[xml.index("<c ") : xml.index("</row>")]
    many = cell.replace(' r="A1"', "") * 10_000

    with pytest.raises(DocumentError, match="characters"):
        extract_xlsx(repack(data, {_SHEET: xml.replace(cell, many).encode()}))


def test_a_workbook_of_another_program_reads_alike():
    rows = [[str(value) for value in row] for row in _STAFF]

    extraction = extract_xlsx(_with_shared_strings(rows))

    check_layout(extraction)
    assert _rows(extraction) == _rows(_read(_book(*rows)))


def test_a_row_of_too_many_cells_is_refused():
    data = _bytes(_book([1]))
    xml = part_of(data, _SHEET).decode()
    cell = xml[xml.index("<c ") : xml.index("</row>")]

    with pytest.raises(DocumentError, match="cells"):
        extract_xlsx(repack(data, {_SHEET: xml.replace(cell, cell * 20_000).encode()}))


def test_a_sheet_that_is_missing_is_said():
    book = _book(["甲"])
    book.create_sheet("乙").append(["二"])

    extraction = extract_xlsx(repack(_bytes(book), {_SHEET: None}))

    assert extraction.text == "乙\n\n二"
    assert "left out (1)" in extraction.warnings[0]


def test_planted_cells_are_found_in_their_rows():
    book = _book(["编号", "名称", "数量", "日期"])
    for number in range(2, 502):
        day = dt.date(2020, 1, 1) + dt.timedelta(number)
        book.active.append([number, f"第{number}号样品", number * 3, day])

    rows = _rows(_read(book))

    for number in range(2, 502):
        assert f"名称: 第{number}号样品 | 数量: {number * 3} | " in rows[number]


@pytest.mark.parametrize("part", [_SHEET, "xl/styles.xml", "xl/sharedStrings.xml"])
def test_a_broken_workbook_is_refused_or_read_never_worse(part):
    rows = [[str(value) for value in row] for row in _STAFF]
    fuzz(extract_xlsx, _with_shared_strings(rows), part, 70)
