import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.value_parsing import Asked, asked_kind, parse_value
from rag.values import Agreement, agree
from tests.strategies import any_texts

SAME, COMPATIBLE = Agreement.SAME, Agreement.COMPATIBLE
DIFFERENT, INCOMPARABLE = Agreement.DIFFERENT, Agreement.INCOMPARABLE


def _agree(asked, one, other):
    return agree(parse_value(one, asked), parse_value(other, asked))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("12月1日", "十二月一日", SAME),
        ("12月1日", "Dec 1", SAME),
        ("12月1日", "December 1st", SAME),
        ("2024-03-05", "二〇二四年三月五日", SAME),
        ("2023年6月18日", "民國一一二年六月十八日", SAME),
        ("令和5年", "2023年", SAME),
        ("民国元年", "1912年", SAME),
        ("１２月１日", "12月1號", SAME),
        ("5 May 2023", "May 5, 2023", SAME),
        ("下午3点", "15:00", SAME),
        ("8 p.m.", "20:00", SAME),
        ("晚上8点半", "20:30", SAME),
        ("noon", "12:00", SAME),
        ("周三", "星期三", SAME),
        ("2月5日", "2月5日下午", COMPATIBLE),
        ("1936年", "1936年5月", COMPATIBLE),
        ("19世纪80年代", "1887年", COMPATIBLE),
        ("第三季度", "8月", COMPATIBLE),
        ("3月上旬", "3月5日", COMPATIBLE),
        ("9月3日", "9月3日至9月5日", COMPATIBLE),
        ("2月5日", "2月6日", DIFFERENT),
        ("1980年", "1979年", DIFFERENT),
        ("2027年6月", "2027年12月", DIFFERENT),
        ("上午7:00", "晚上7:00", DIFFERENT),
        ("19世纪80年代", "1899年", DIFFERENT),
        ("2月", "下午", INCOMPARABLE),
        ("9月4日", "9月3日至9月5日", INCOMPARABLE),
        ("正月初五", "1月5日", INCOMPARABLE),
        ("去年", "2023年", INCOMPARABLE),
        ("60分钟", "一小时", SAME),
        ("5/2/2024", "2024年2月5日", COMPATIBLE),
        ("5/2/2024", "2024年5月2日", COMPATIBLE),
    ],
)
def test_dates_and_hours_are_compared_as_far_as_they_are_said(one, other, expected):
    assert _agree(Asked.WHEN, one, other) is expected
    assert _agree(Asked.WHEN, other, one) is expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("一百二十万", "1.2 million", SAME),
        ("3,200 元", "三千二百元", SAME),
        ("三千二百圆", "3200块钱", SAME),
        ("30 %", "百分之三十", SAME),
        ("30%", "三成", SAME),
        ("1.2千克", "1200克", SAME),
        ("2.4公里", "2400米", SAME),
        ("half a minute", "30 seconds", SAME),
        ("24个月", "2年", SAME),
        ("两周", "14天", SAME),
        ("3万5千", "35000", SAME),
        ("三千五", "3500", SAME),
        ("一个半小时", "90分钟", SAME),
        ("forty-eight cars", "48", SAME),
        ("零下20℃", "-20℃", SAME),
        ("$8", "8 dollars", SAME),
        ("新臺幣150萬元", "150万元", SAME),
        ("20～30天", "20至30天", SAME),
        ("86万册", "863,210册", COMPATIBLE),
        ("约350人", "350人", COMPATIBLE),
        ("约350人", "345人", COMPATIBLE),
        ("20至30天", "25天", COMPATIBLE),
        ("一个月", "30天", COMPATIBLE),
        ("320人", "350人", DIFFERENT),
        ("约320人", "350人", DIFFERENT),
        ("86万册", "91万册", DIFFERENT),
        ("350元", "450元", DIFFERENT),
        ("20 days", "25", DIFFERENT),
        ("-20℃", "20℃", DIFFERENT),
        ("2个月", "90天", DIFFERENT),
        ("20000小时", "3万小时", DIFFERENT),
        ("1.5亿元", "1.4亿元", DIFFERENT),
        ("12个", "12座", SAME),
        ("12个", "15座", DIFFERENT),
        ("12个", "15", DIFFERENT),
        ("12个", "48.3万人", INCOMPARABLE),
        ("12个", "48.3万元", INCOMPARABLE),
        ("320人", "18亿元", INCOMPARABLE),
        ("5 dollars", "5 euros", INCOMPARABLE),
        ("每月100元", "每年1200元", INCOMPARABLE),
        ("3个工作日", "3天", INCOMPARABLE),
        ("占地12亩，设有38间", "12亩", INCOMPARABLE),
        ("1987年", "1987", INCOMPARABLE),
        ("很多", "350元", INCOMPARABLE),
    ],
)
def test_amounts_are_compared_in_one_unit(one, other, expected):
    assert _agree(Asked.AMOUNT, one, other) is expected
    assert _agree(Asked.AMOUNT, other, one) is expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("謝雨桐", "谢雨桐", SAME),
        ("副市长顾行远", "顾行远", COMPATIBLE),
        ("理事长谢雨桐", "会长谢雨桐", COMPATIBLE),
        ("A. Bradstock", "Owen Bradstock", COMPATIBLE),
        ("顾行远", "裴知秋", DIFFERENT),
        ("部门经理", "分管副总经理", DIFFERENT),
        ("Maria Tolland", "Owen Bradstock", DIFFERENT),
        ("主任王芳", "书记李芳", DIFFERENT),
        ("书记王芳", "主任王芳", INCOMPARABLE),
        ("由部门经理审批", "分管副总经理", INCOMPARABLE),
    ],
)
def test_names_are_compared_without_what_stands_before_them(one, other, expected):
    assert _agree(Asked.NAME, one, other) is expected
    assert _agree(Asked.NAME, other, one) is expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("支持无线投屏", "不支持无线投屏", DIFFERENT),
        ("允许住户饲养小型宠物", "禁止住户饲养宠物", DIFFERENT),
        ("可以", "不得不", SAME),
        ("支持无线充电", "可以无线充电，不过要另购充电盒", SAME),
        ("不少于三次", "可以", SAME),
        ("Dogs are allowed", "Dogs are not allowed", DIFFERENT),
        ("Dogs aren't allowed", "Dogs are prohibited", SAME),
        ("no later than noon is fine", "yes", SAME),
        ("可以携带宠物吗？", "可以", INCOMPARABLE),
    ],
)
def test_yes_and_no_are_told_apart(one, other, expected):
    assert _agree(Asked.WHETHER, one, other) is expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("V2.3.1", "版本2.3.1", SAME),
        ("2.3", "v2.3.1", COMPATIBLE),
        ("为V2.3.1", "V2.4.0", DIFFERENT),
        ("Python 3.9", "Python 3.11", DIFFERENT),
        ("3.9 and 3.11", "3.9", INCOMPARABLE),
    ],
)
def test_versions_are_compared_part_by_part(one, other, expected):
    assert _agree(Asked.VERSION, one, other) is expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("port 8080", "port 9090", DIFFERENT),
        ("10 MB", "25 MB", DIFFERENT),
        ("from 9:00 to 17:30", "8:30 to 17:00", DIFFERENT),
        ("恢复供电后再启动设备，等待10分钟", "恢复供电后再启动设备，等待20分钟", INCOMPARABLE),
        ("在北岸", "在南岸", INCOMPARABLE),
    ],
)
def test_without_a_kind_only_words_that_are_a_value_are_compared(one, other, expected):
    assert _agree(Asked.OTHER, one, other) is expected


def test_a_value_is_read_with_what_stands_around_the_words():
    cut = parse_value("9:00", Asked.OTHER, before="from ", after=" to 17:30.")
    whole = parse_value("9:00 to 17:30", Asked.OTHER)
    assert agree(cut, whole) is SAME
    days = parse_value("20", Asked.AMOUNT, before="entitled to ", after=" days of leave")
    assert agree(days, parse_value("20 days", Asked.AMOUNT)) is SAME
    no = parse_value("allowed", Asked.WHETHER, before="Dogs are not ", after=" in the office")
    assert agree(no, parse_value("allowed", Asked.WHETHER)) is DIFFERENT


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("大会是哪天召开的?", Asked.WHEN),
        ("馆藏图书有多少册?", Asked.AMOUNT),
        ("由谁主持?", Asked.NAME),
        ("施工单位是哪家?", Asked.NAME),
        ("允许养宠物吗?", Asked.WHETHER),
        ("are dogs allowed?", Asked.WHETHER),
        ("固件版本是什么?", Asked.VERSION),
        ("为什么停电?", Asked.OTHER),
    ],
)
def test_the_question_tells_the_kind(question, kind):
    assert asked_kind(question) is kind


@given(any_texts(), any_texts(), any_texts(), st.sampled_from(list(Asked)))
def test_any_words_are_read_and_say_the_same_as_themselves(before, words, after, asked):
    value = parse_value(words, asked, before=before, after=after)
    assert agree(value, value) is (INCOMPARABLE if value is None else SAME)


@pytest.mark.parametrize("words", ["1" * 5000, "一" * 5000, "1," * 5000, "至" * 5000, "1年" * 5000])
def test_hostile_words_take_no_time(words):
    for asked in Asked:
        parse_value(words, asked, before=words, after=words)
