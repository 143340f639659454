import json
import lzma
from random import Random

import pytest

from rag.training.synthesis.english_passages import Row
from rag.training.synthesis.english_phrasing import Draft
from rag.training.synthesis.parallel import generate, translate_answer
from rag.training.synthesis.parallel_alignment import (
    cut,
    latin_span,
    learn_aligner,
    phrase_span,
    reason_span,
    trim,
)
from rag.training.synthesis.parallel_questions import (
    chinese_question,
    foreign_question,
    plain_kind,
)
from rag.training.synthesis.parallel_values import chinese_value, date_span, number_span

_PAIRS = (
    (
        "The museum opened a new building in Vienna on July 26.",
        "7月26日,博物馆在维也纳开设了一座新建筑。",
    ),
    (
        "The police arrested 23 people after the protest in Beijing.",
        "抗议活动结束后,警察在北京逮捕了23人。",
    ),
    (
        "The government announced new restrictions because infections increased by 12%.",
        "政府宣布了新的限制措施,因为感染人数增加了12%。",
    ),
    (
        "British Airways cancelled all flights to Spain in May 2015.",
        "2015年5月,British Airways 取消了所有飞往西班牙的航班。",
    ),
)


def _found(text, span):
    return None if span is None else text[slice(*span)]


@pytest.mark.parametrize(
    ("date", "target", "found"),
    [
        ("July 26", "昨天即7月26日,他到了。", "7月26日"),
        ("26 July 2015", "他于2015年7月26日到达。", "2015年7月26日"),
        ("May 2015", "2015年5月,他到了。", "2015年5月"),
        ("2015", "他在2015年到达。", "2015年"),
        ("1990s", "20世纪90年代他到了。", "20世纪90年代"),
        ("the 19th century", "它建于19世纪。", "19世纪"),
        ("Friday evening", "他们周五晚上会面。", "周五晚上"),
        ("Sunday", "星期天他们会面。", "星期天"),
        ("May", "他们5月6日会面。", None),
        ("2015", "从2015年1月开始。", None),
        ("Friday", "周五开会,下周五再开。", None),
    ],
)
def test_a_date_is_found_by_its_parts(date, target, found):
    assert _found(target, date_span(date, target)) == found


@pytest.mark.parametrize(
    ("number", "target", "found"),
    [
        ("23", "警察逮捕了23人。", "23人"),
        ("$1.2 million", "他付了120万美元。", "120万美元"),
        ("1.2 million", "约有120 万人参加。", "120 万人"),
        ("4,648", "共有4648名学生。", "4648名"),
        ("three", "他买了三本书。", "三本"),
        ("5 percent", "价格上涨百分之五。", "百分之五"),
        ("12%", "人数增加了12%。", "12%"),
        ("12%", "人数增加了12人。", None),
        ("three", "他三心二意。", None),
        ("23", "今年23人,去年23人。", None),
        ("23", "每天有23至30人。", None),
        ("7", "他7月到达。", None),
    ],
)
def test_a_number_is_found_by_its_value(number, target, found):
    assert _found(target, number_span(number, target)) == found


@pytest.mark.parametrize(
    ("numeral", "value"),
    [("三", 3), ("十五", 15), ("二十", 20), ("三百二十", 320), ("两万五千", 25000), ("一二", None)],
)
def test_chinese_numerals(numeral, value):
    assert chinese_value(numeral) == value


@pytest.mark.parametrize(
    ("name", "target", "found"),
    [
        ("Python", "他用 Python 写作。", "Python"),
        ("Python", "Python 和 Python 都行。", None),
        ("try", "try.except 语句", None),
        ("Amy", "选举 Amy Smith 为校友。", None),
    ],
    ids=["kept", "twice", "path", "longer name"],
)
def test_a_latin_name_is_found_whole(name, target, found):
    assert _found(target, latin_span(name, target)) == found


@pytest.fixture(scope="module")
def aligner(bundled_encoder):
    pairs = [(cut(english, "en"), cut(chinese, "zh")) for english, chinese in _PAIRS]
    return learn_aligner(pairs, bundled_encoder.encode)


@pytest.mark.parametrize(
    ("pair", "phrase", "found"),
    [
        (0, "museum", "博物馆"),
        (1, "police", "警察"),
        (1, "Beijing", "北京"),
        (2, "government", "政府"),
        (3, "flights", "航班"),
    ],
)
def test_a_phrase_is_found_by_its_words(pair, phrase, found, aligner):
    english, chinese = _PAIRS[pair]
    alignment = aligner.align(cut(english, "en"), cut(chinese, "zh"))
    start = english.index(phrase)

    assert _found(chinese, phrase_span(alignment, start, start + len(phrase))) == found


def test_a_phrase_of_which_a_word_has_no_partner_is_not_found(aligner):
    english, chinese = _PAIRS[1][0], "警察在北京逮捕了人。"
    alignment = aligner.align(cut(english, "en"), cut(chinese, "zh"))
    start = english.index("protest in Beijing")

    assert phrase_span(alignment, start, start + len("protest in Beijing")) is None


@pytest.mark.parametrize(
    ("pair", "phrase", "kind", "found"),
    [
        (0, "July 26", "date", "7月26日"),
        (1, "23", "number", "23人"),
        (2, "12%", "percent", "12%"),
        (3, "British Airways", "subject", "British Airways"),
        (3, "May 2015", "rough-date", "2015年5月"),
        (1, "police arrested", "said", None),
    ],
)
def test_an_answer_is_translated_by_its_kind(pair, phrase, kind, found, aligner):
    english, chinese = _PAIRS[pair]
    start = english.index(phrase)
    row = Row(0, "wmt", english, "zh", chinese)
    alignment = aligner.align(cut(english, "en"), cut(chinese, "zh"))

    span = translate_answer(Draft("?", start, start + len(phrase), kind), row, alignment)

    assert _found(chinese, span) == found


def test_a_phrase_beside_a_word_without_partner_is_not_found(aligner):
    english, chinese = _PAIRS[3]
    alignment = aligner.align(cut(english, "en"), cut(chinese, "zh"))
    start = english.index("Spain")

    # 飞往 has no partner, so it may belong to the name.
    assert phrase_span(alignment, start, start + len("Spain")) is None


def test_a_reason_runs_to_its_clause_s_end():
    text = "政府宣布了限制,因为感染人数增加,而且很快。"
    start = text.index("感染")

    assert _found(text, reason_span(text, (start, start + 2))) == "感染人数增加"
    assert reason_span(text, (0, 2)) is None


def test_trimming_takes_marks_and_spaces():
    assert _found(" “北京”, ", trim(" “北京”, ", (0, 6))) == "北京"


@pytest.mark.parametrize(
    ("kind", "answer", "words"),
    [
        ("date", "7月26日", ("什么时候", "何时", "什么时间", "哪天")),
        ("place", "维也纳", ("哪里", "哪儿", "什么地方", "何处", "哪个地方", "哪个国家")),
        ("", "博物馆", ("什么",)),
    ],
)
def test_a_chinese_question_asks_for_its_answer(kind, answer, words):
    text = _PAIRS[0][1].rstrip("。")
    start = text.index(answer)
    questions = {
        chinese_question(text, (start, start + len(answer)), kind, Random(seed))
        for seed in range(40)
    }

    asked = [question for question in questions if question]
    assert asked
    assert all(answer not in question for question in asked)
    assert all(any(word in question for word in words) for question in asked)


def test_too_little_text_makes_no_question():
    assert chinese_question("他在北京", (2, 4), "place", Random(1)) is None
    assert foreign_question("In Wien.", (3, 7), "place", "de", Random(1)) is None


@pytest.mark.parametrize("language", ["de", "fr", "es", "ru", "ja", "ko"])
def test_a_foreign_question_leaves_the_answer_out(language):
    text = "Das neue Gebäude des Museums steht seit vielen Jahren in Wien am Ring"
    start = text.index("Wien")
    question = foreign_question(text, (start, start + 4), "place", language, Random(2))

    assert question is not None
    assert "Wien" not in question and "Museums" in question


@pytest.mark.parametrize(
    ("kind", "plain"),
    [("rough-date", "date"), ("money", "number"), ("person", "person"), ("subject", "")],
)
def test_kinds_are_reduced_to_types_of_answers(kind, plain):
    assert plain_kind(kind) == plain


def test_what_is_written_crosses_languages_and_is_exact(tmp_path):
    (tmp_path / "corpora").mkdir()
    with lzma.open(tmp_path / "corpora" / "parallel.jsonl.xz", "wt", encoding="utf-8") as file:
        for english, chinese in _PAIRS:
            file.write(json.dumps(["wmt", "zh", chinese, "en", english]) + "\n")

    paths = [tmp_path / "one.jsonl", tmp_path / "two.jsonl"]
    for path, workers in zip(paths, (1, 2), strict=True):
        generate(tmp_path, path, seed=1, workers=workers, limit=None)

    assert paths[0].read_bytes() == paths[1].read_bytes()
    records = [json.loads(line) for line in paths[0].read_text("utf-8").splitlines()]
    languages = {
        (record["language"], asked["language"])
        for record in records
        for asked in record["questions"]
    }
    assert languages == {("zh", "en"), ("en", "zh")}
    texts = [text for pair in _PAIRS for text in pair]
    for record in records:
        for asked in record["questions"]:
            answer = record["passage"][asked["start"] : asked["end"]]
            assert any(answer in text for text in texts)
            assert answer not in asked["question"]
