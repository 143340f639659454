import pytest
from hypothesis import given

from rag.suggesting.draft import (
    Statement,
    clean_sentence,
    cut_statements,
    is_balanced,
    name_subject,
    simplify,
)
from tests.strategies import any_texts, mixed_texts


@pytest.mark.parametrize(
    ("sentence", "cleaned"),
    [
        ("**李娜**任`董事长`。", "李娜任董事长。"),
        ("- 额定起重量：5 t", "额定起重量：5 t"),
        ("## 三、公司治理", "公司治理"),
        ("3. 取25 mL水样", "取25 mL水样"),
        ("4.1 Annual leave", "Annual leave"),
        ("（二）关于夜间施工。", "关于夜间施工。"),
        ("第五条　读者凭证借书。", "读者凭证借书。"),
        ("已完成投资４，３００万元", "已完成投资4,300万元"),
        ("2024年的第3章", "2024年的第3章"),
        ("38.5米高的灯塔", "38.5米高的灯塔"),
        ("见[说明](help.md)", ""),
        ("https://example.com/a", ""),
        ("| 名称 | 数量 |", ""),
    ],
)
def test_what_cannot_be_read_aloud_is_dropped(sentence, cleaned):
    assert clean_sentence(sentence) == cleaned


@given(any_texts())
def test_any_sentence_can_be_cleaned_and_simplified(sentence):
    cleaned = clean_sentence(sentence)

    assert cleaned == cleaned.strip()
    assert simplify(simplify(cleaned)) == simplify(cleaned)


@given(mixed_texts(max_pieces=15))
def test_statements_hold_the_words_of_their_sentence_place_by_place(sentence):
    cleaned = clean_sentence(sentence)

    for statement in cut_statements(cleaned, Statement("", "")):
        assert statement.text in cleaned
        assert len(statement.simple) == len(statement.text) > 0
        assert simplify(statement.text) == statement.simple


def test_a_sentence_is_cut_at_its_commas_but_not_inside_numbers():
    cut = cut_statements("全县共1,200户，其中90户已搬迁；进度正常。", Statement("", ""))

    assert [one.text for one in cut] == ["全县共1,200户", "其中90户已搬迁", "进度正常"]


def test_the_fields_of_one_line_are_cut_apart():
    cut = cut_statements("版本：V3.2　修订日期：2022-08-15　编制：技术部", Statement("", ""))

    assert [one.text for one in cut] == ["版本：V3.2", "修订日期：2022-08-15", "编制：技术部"]


def test_a_name_after_a_wide_space_stays_with_its_post():
    cut = cut_statements("榕湾公司总经理　霍静汶", Statement("", ""))

    assert [one.text for one in cut] == ["榕湾公司总经理　霍静汶"]


def test_a_short_name_becomes_the_full_one_that_the_title_gives():
    cut = cut_statements("公司召开股东大会", Statement("", "", subject="澄湖精密股份有限公司"))

    assert [one.text for one in cut] == ["澄湖精密股份有限公司召开股东大会"]


@pytest.mark.parametrize(
    ("title", "subject"),
    [
        ("澄湖精密机械股份有限公司2023年年度报告（摘要）", "澄湖精密机械股份有限公司"),
        ("HX-5型钢丝绳电动葫芦使用说明书", "HX-5型钢丝绳电动葫芦"),
        ("云栖桥改造工程第十四次协调会会议纪要", "云栖桥改造工程第十四次协调会"),
        ("Lanyun API Gateway 接入指南", "Lanyun API Gateway"),
        ("雲杉山屋住宿申請須知", "雲杉山屋住宿申請"),
        ("榕灣渡輪有限公司乘客通告", "榕灣渡輪有限公司"),
        ("苍屏窑址博物馆", "苍屏窑址博物馆"),
        ("走在前 勇争先 济宁奋进新征程", ""),
        ("岚谷县茶产业振兴大会召开", ""),
        ("山里人的“金叶子”", ""),
        ("会议纪要", ""),
        ("通知", ""),
        ("", ""),
    ],
)
def test_a_title_tells_what_its_document_is_about(title, subject):
    assert name_subject(title, simplify(title)) == subject


@given(any_texts())
def test_the_subject_is_a_part_of_its_title(title):
    subject = name_subject(title, simplify(title))

    assert subject in title
    assert is_balanced(subject)


@pytest.mark.parametrize(
    ("text", "is_whole"),
    [("《甲》（乙）", True), ("《甲", False), ("乙）", False), ("", True), ("“甲”、“乙", False)],
)
def test_a_half_of_a_pair_is_noticed(text, is_whole):
    assert is_balanced(text) is is_whole
