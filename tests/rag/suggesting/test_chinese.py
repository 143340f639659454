import pytest
from hypothesis import given

from rag.suggesting.chinese import draft_chinese
from rag.suggesting.draft import Statement, clean_sentence, cut_statements, simplify
from tests.strategies import mixed_texts

COMPANY = Statement("", "", title="澄湖公司年报", subject="澄湖精密股份有限公司")


def _drafts(sentence, about=None):
    about = about or Statement("", "", is_traditional=sentence != simplify(sentence))
    statements = cut_statements(clean_sentence(sentence), about)
    return [draft for statement in statements for draft in draft_chinese(statement)]


@pytest.mark.parametrize(
    ("sentence", "question", "words"),
    [
        (
            "**山东太阳纸业股份有限公司**董事长李娜，",
            "山东太阳纸业股份有限公司董事长是谁？",
            "李娜",
        ),
        ("市委书记温金荣出席会议并讲话。", "市委书记是谁？", "温金荣"),
        ("市委副书记、市长张海波主持，", "市委副书记、市长是谁？", "张海波"),
        ("榕灣渡輪有限公司總經理　霍靜汶", "榕灣渡輪有限公司總經理是誰？", "霍靜汶"),
        ("2月5日下午，绿色低碳发展大会召开，", "绿色低碳发展大会是什么时候召开的？", "2月5日下午"),
        ("4月16日，茶产业大会在县城召开。", "茶产业大会是什么时候在县城召开的？", "4月16日"),
        (
            "柳渡新厂区于2023年9月12日正式投产，",
            "柳渡新厂区是什么时候正式投产的？",
            "2023年9月12日",
        ),
        ("v1 接口将于 2025 年 3 月 31 日下线", "v1 接口将于什么时候下线？", "2025 年 3 月 31 日"),
        (
            "二〇〇六年，遗址被公布为文物保护单位",
            "遗址是什么时候被公布为文物保护单位的？",
            "二〇〇六年",
        ),
        ("岳池寺被县政府于1989年公布为文物", "岳池寺是什么时候被县政府公布为文物的？", "1989年"),
        ("原始记录由水质室档案员苗子瑜保管，", "原始记录由谁保管？", "苗子瑜"),
        ("统计分析由研究院负责。", "统计分析由谁负责？", "研究院"),
        (
            "市文化主管部门负责全市图书馆的管理工作。",
            "哪个部门负责全市图书馆的管理工作？",
            "市文化主管部门",
        ),
        (
            "衡正会计师事务所出具了审计报告。",
            "哪家会计师事务所出具了审计报告？",
            "衡正会计师事务所",
        ),
        ("当前生产集群共有 36 个节点，", "当前生产集群共有多少个节点？", "36"),
        ("茶园面积达到12.8万亩，", "茶园面积是多少？", "12.8万亩"),
        ("默认超时时间为 15 秒。", "默认超时时间是多长时间？", "15 秒"),
        ("岚谷种茶已有四百多年历史，", "岚谷种茶已有多少年历史？", "四百"),
        ("钢丝绳应每月检查一次，", "钢丝绳应多久检查一次？", "每月"),
        ("白鷺溪發源於北望山，", "白鷺溪發源於哪裡？", "北望山"),
        ("会上，播放了《一片叶子的旅程》专题片，", "会上播放了什么专题片？", "一片叶子的旅程"),
        ("净利润下降的主要原因是钢材涨价。", "净利润下降的主要原因是什么？", "钢材涨价"),
    ],
)
def test_a_clause_becomes_a_question_in_its_own_words_and_script(sentence, question, words):
    drafts = {draft.question: draft.words for draft in _drafts(sentence)}

    assert drafts == {question: words}


@pytest.mark.parametrize(
    ("sentence", "question", "words"),
    [
        ("- 营业收入：**18.64亿元**，", "澄湖精密股份有限公司的营业收入是多少？", "18.64亿元"),
        ("总经理为韦伯闻，", "澄湖精密股份有限公司的总经理是谁？", "韦伯闻"),
        (
            "地点：河东区政务中心603会议室",
            "澄湖精密股份有限公司的地点是哪里？",
            "河东区政务中心603会议室",
        ),
        ("主持人：区住建局副局长 尉迟岚", "澄湖精密股份有限公司的主持人是谁？", "尉迟岚"),
        ("时间：2024年3月11日下午", "澄湖精密股份有限公司是什么时候？", "2024年3月11日下午"),
        ("修订日期：2022-08-15", "《澄湖公司年报》的修订日期是什么时候？", "2022-08-15"),
    ],
)
def test_a_label_is_asked_for_with_what_the_title_names(sentence, question, words):
    drafts = {draft.question: draft.words for draft in _drafts(sentence, COMPANY)}

    assert drafts == {question: words}


@pytest.mark.parametrize(
    "sentence",
    [
        "他于2月5日召开会议。",
        "并由组长林武填写记录。",
        "全长41.7公里，",
        "2023年度股东大会",
        "上午十时在县城召开。",
        "票价由港币18.4元调整至港币19.8元，",
        "人行道铺装由花岗岩改为透水砖，",
        "坚定不移扩总量、提能级。",
        "经理和书记都出席。",
        "总经理：韦伯闻、穆思齐、阮青禾",
        "MTU 设为 9000。",
        "见 `PPR-9087`。",
        "你好！",
        "",
    ],
)
def test_no_question_is_made_where_none_would_read_well(sentence):
    assert _drafts(sentence) == []


@given(mixed_texts(max_pieces=15))
def test_every_question_ends_as_one_and_does_not_hold_its_answer(sentence):
    for draft in _drafts(sentence):
        assert draft.question.endswith("？")
        assert len(draft.question) <= 34
        assert draft.words
        assert draft.words not in draft.question
