import json
import lzma
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from rag.training.synthesis.chinese import generate
from rag.training.synthesis.chinese_attributes import ask_attributes
from rag.training.synthesis.chinese_enumerations import EACH, ITEM, compose, load_schemes
from rag.training.synthesis.chinese_names import Names
from rag.training.synthesis.chinese_question_words import choose_question_word
from rag.training.synthesis.chinese_roles import find_facts
from rag.training.synthesis.chinese_short_names import shorten
from rag.training.synthesis.chinese_spans import find_candidates
from rag.training.synthesis.chinese_statements import ask_statements
from rag.training.synthesis.chinese_text import analyze
from rag.training.synthesis.chinese_unanswerable import ask_in_vain
from rag.training.synthesis.passages import (
    Document,
    cut_passages,
    cut_sentences,
    parse_document,
)
from rag.training.synthesis.writing import (
    MAX_ANSWER_CHARS,
    Question,
    TrainingPassage,
    is_clean,
    write_passages,
)

_STORY = (
    "清水桥位于云南省大理市,建于1885年,全长120米。该桥由工程师王建国设计,因为旧桥被洪水冲毁,当地决定重修此桥。"
    "2015年3月5日上午,市长李明华在桥边宣布,大桥将于当年十月重新开放,届时游客可免费参观。"
    "参加仪式的有大理大学、昆明银行和云南日报等单位,共有350人到场,其中外地游客约占百分之二十。"
)
_NAMES = Names(
    ("赵子明", "孙丽"),
    ("昆明", "上海"),
    ("北京大学", "昆明银行"),
    tuple(f"《故事{letter}》" for letter in "甲乙丙丁戊己庚辛"),
)


def _write_corpus(folder: Path, n_documents: int) -> None:
    (folder / "corpora").mkdir(exist_ok=True)
    with lzma.open(folder / "corpora/zh_documents.jsonl.xz", "wt", encoding="utf-8") as file:
        for number in range(n_documents):
            paragraphs = [_STORY.replace("120", str(100 + number)), _STORY.replace("350", "351")]
            record = {"src": "zhwiki", "title": "清水桥", "secs": [["", paragraphs]]}
            file.write(json.dumps(record, ensure_ascii=False) + "\n")


def _read(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[dict]:
    folder = tmp_path_factory.mktemp("data")
    _write_corpus(folder, 60)
    generate(folder, folder / "out.jsonl", seed=1, workers=1, limit=None)
    return _read(folder / "out.jsonl")


def test_every_answer_is_a_tidy_slice_of_one_sentence_that_its_question_does_not_give_away(made):
    n_questions = 0
    for record in made:
        for asked in record["questions"]:
            n_questions += 1
            answer = record["passage"][asked["start"] : asked["end"]]
            assert 0 < len(answer) <= MAX_ANSWER_CHARS
            assert answer == answer.strip(" ,。、;:!?\n")
            assert not set(answer) & set("。!?;\n")
            assert answer not in asked["question"]
            assert 5 <= len(asked["question"]) <= 70
    assert n_questions > 100


def test_passages_are_of_the_promised_size_and_kinds(made):
    assert {record["source"] for record in made} == {"zhwiki", "enumeration"}
    assert all(80 <= len(record["passage"]) <= 500 for record in made)
    assert any(record["unanswerable"] for record in made)


def test_a_passage_never_gives_two_answers_to_one_question(made):
    for record in made:
        asked = [
            question["question"]
            for question in record["questions"]
            if not question["kind"].startswith(EACH)
        ]
        assert len(asked) == len(set(asked))


def test_an_enumeration_shares_the_id_of_the_document_that_carries_it(made):
    documents = {record["document"] for record in made if record["source"] == "zhwiki"}
    composed = [record["document"] for record in made if record["source"] == "enumeration"]
    assert set(composed) <= documents


def test_the_same_seed_gives_the_same_file_whatever_the_number_of_workers(tmp_path):
    _write_corpus(tmp_path, 6)
    for name, seed, workers in (("a", 5, 1), ("b", 5, 2), ("c", 6, 1)):
        generate(tmp_path, tmp_path / name, seed=seed, workers=workers, limit=5)
    first, second, other = ((tmp_path / name).read_bytes() for name in "abc")
    assert first == second
    assert first != other


def test_nothing_stands_at_the_path_until_the_file_is_complete(tmp_path):
    def broken() -> Iterator[TrainingPassage]:
        yield TrainingPassage("news", "1", "文", (), ())
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError):
        write_passages(tmp_path / "out.jsonl", broken())
    assert not (tmp_path / "out.jsonl").exists()


@pytest.mark.parametrize(
    ("question", "start", "end"),
    [
        pytest.param("谁来了呢?", 0, 3, id="ends with a comma"),
        pytest.param("王建国来了吗?", 0, 2, id="the question holds the answer"),
        pytest.param("谁?", 0, 2, id="too short a question"),
        pytest.param("什么人来了?", 3, 3, id="empty"),
    ],
)
def test_unclean_questions_are_told(question, start, end):
    passage = "王建,李明"
    assert not is_clean(Question(question, start, end, "person"), passage)
    assert is_clean(Question("什么人来了?", 0, 2, "person"), passage)


def test_a_document_loses_its_empty_brackets_and_the_links_of_its_archive():
    record = {
        "src": "news",
        "title": "A &amp; B",
        "secs": [["", ["樊楫(),元朝人。", "[查看原文](https://example.com/a)"]]],
    }
    document = parse_document(7, json.dumps(record, ensure_ascii=False))
    assert document == Document(7, "news", "A & B", (("", ("樊楫,元朝人。", "")),))


def test_passages_are_whole_sentences_of_the_document():
    document = Document(0, "news", "标题", (("", (_STORY, _STORY)),))
    sentences = {_STORY[start:end] for start, end in cut_sentences(_STORY)}
    assert "".join(_STORY[start:end] for start, end in cut_sentences(_STORY)) == _STORY
    for passage in cut_passages(document, Random(1)):
        body = passage.removeprefix("标题\n")
        assert {body[start:end].strip() for start, end in cut_sentences(body)} <= sentences


@pytest.mark.parametrize(
    ("text", "organization", "role", "person"),
    [
        pytest.param(
            "会上,济宁市委书记王建国作了发言。", "济宁", "市委书记", "王建国", id="before"
        ),
        pytest.param("同年,李明华担任昆明银行董事长。", "昆明银行", "董事长", "李明华", id="after"),
        pytest.param("法国总统马克龙抵达北京访问。", "法国", "总统", "马克龙", id="foreign"),
    ],
)
def test_who_holds_which_office_is_found_with_its_whole_name(text, organization, role, person):
    [fact] = find_facts(analyze(text))
    parts = (text[slice(*span)] for span in (fact.organization, fact.role, fact.person))
    assert tuple(parts) == (organization, role, person)


def test_foreign_names_are_whole_though_the_segmenter_cuts_them():
    text = "当地时间昨天,美国国务卿安东尼·布林肯在记者会上说明了情况。"
    persons = {
        text[found.start : found.end]
        for found in find_candidates(analyze(text), Random(0))
        if found.kind == "person"
    }
    assert persons == {"安东尼·布林肯"}


def test_a_date_can_be_asked_for_whole_and_by_part():
    text = "大桥于2015年3月5日上午9点正式通车。"
    found = {
        candidate.kind: text[candidate.start : candidate.end]
        for candidate in find_candidates(analyze(text), Random(0))
    }
    assert found["date"] == "2015年3月5日上午9点"
    assert (found["year"], found["day"], found["month"]) == ("2015年", "3月5日", "3月")
    assert found["clock"] == "上午9点"


def test_numbers_keep_their_units_and_thousands():
    text = "该镇人口约12,605人,占百分之二十,面积1.5平方公里。"
    numbers = {
        text[found.start : found.end]
        for found in find_candidates(analyze(text), Random(0))
        if found.kind == "number"
    }
    assert numbers == {"约12,605人", "百分之二十", "1.5平方公里"}


def test_a_list_begins_after_its_verb():
    text = "来访者参观了长城、故宫和颐和园等景点。"
    lists = [
        text[found.start : found.end]
        for found in find_candidates(analyze(text), Random(0))
        if found.kind == "list"
    ]
    assert lists == ["长城、故宫和颐和园"]


@pytest.mark.parametrize(
    ("kind", "answer", "expected"),
    [
        ("ordinal", "第30届", "第几届"),
        ("number", "350人", "多少人"),
        ("number", "20%", "百分之多少"),
        ("date", "1998年", "哪一年"),
        ("date", "下午3点", "几点"),
        ("organization", "昆明银行", "哪家银行"),
        ("reason", "下雨", "什么"),
    ],
)
def test_the_question_word_fits_the_answer(kind, answer, expected):
    random = Random(0)
    assert expected in {choose_question_word(kind, answer, random) for _ in range(300)}


@pytest.mark.parametrize(
    ("text", "kind", "answer"),
    [
        ("清水桥位于云南省大理市,是一座石桥。", "located", "云南省大理市"),
        ("该桥始建于1885年,后来重修。", "founded", "1885年"),
        ("清水桥又称老石桥,桥边有树。", "alias", "老石桥"),
        ("清水桥由王建国设计,很有名气。", "designer", "王建国"),
        ("连日暴雨导致三座桥梁被冲毁。", "effect", "三座桥梁被冲毁"),
    ],
)
def test_what_documents_usually_tell_is_asked_of_the_subject(text, kind, answer):
    asked = [q for q in ask_attributes(analyze(text), "清水桥", Random(0)) if q.kind == kind]
    assert [text[q.start : q.end] for q in asked] == [answer]
    assert kind == "effect" or "清水桥" in asked[0].question


def test_a_statement_is_answered_by_all_that_was_said():
    text = "交通部门负责人表示,大桥将于十月开放,游客可免费参观。"
    [asked] = ask_statements(analyze(text), Random(0))
    assert text[asked.start : asked.end] == "大桥将于十月开放,游客可免费参观"
    assert asked.question.startswith("交通部门负责人") or "交通部门负责人" in asked.question


@pytest.mark.parametrize("number", range(len(load_schemes())))
def test_an_item_is_asked_for_by_what_only_it_has(number):
    random, scheme = Random(number), load_schemes()[number]
    composed = [compose(scheme, _NAMES, 400, random) for _ in range(30)]
    enumerations = [found for found in composed if found]
    assert len(enumerations) > 20
    assert any(found.questions for found in enumerations)
    for found in enumerations:
        assert len(found.text) <= 400
        for asked in found.questions:
            assert found.text[asked.start : asked.end] not in ("", "、", ",")
            assert asked.kind.startswith(("item_", EACH))


def test_some_enumerations_are_tables_whose_labels_can_be_asked_for():
    random, schemes = Random(11), load_schemes()
    made = [compose(scheme, _NAMES, 400, random) for scheme in schemes for _ in range(20)]
    tables = [found for found in made if found and "\n" in found.text]
    assert 0.1 < len(tables) / len([found for found in made if found]) < 0.4
    asked = [
        (found.text, question)
        for found in tables
        for question in found.questions
        if "的" in question.question and question.kind.startswith(ITEM)
    ]
    assert asked
    for text, question in asked:  # an answer is a value of its row, never a label with it
        answer = text[question.start : question.end]
        assert ": " not in answer
        assert not set("|\n") & set(answer)


@pytest.mark.parametrize(
    ("name", "short_names"),
    [
        ("昆明清水纸业股份有限公司", {"清水纸业", "昆明清水纸业", "清水纸业股份有限公司"}),
        ("清水市云岭集团", {"云岭", "清水市云岭", "云岭集团"}),
        ("昆明银行", {"银行"}),
        ("云岭大学", set()),
        ("有限公司", set()),
    ],
)
def test_a_company_is_called_without_its_place_or_kind(name, short_names):
    called = {shorten(name, Random(seed)) for seed in range(60)}
    assert called == short_names | {name}


def test_a_short_name_in_a_question_is_of_one_item_only():
    random = Random(4)
    names = Names(
        ("赵子明", "孙丽"), ("昆明",), tuple(f"昆明{c}山集团" for c in "东西南北"), ("《甲》",)
    )
    for scheme in [one for one in load_schemes() if "organization" in one.fields] * 10:
        found = compose(scheme, names, 400, random)
        for question in found.questions if found else ():
            shorts = [c for c in "东西南北" if f"{c}山" in question.question]
            assert len(shorts) <= 1 or question.kind.startswith(EACH)


def test_a_question_for_all_items_is_there_once_for_each_and_names_none():
    random, scheme = Random(3), load_schemes()[0]
    made = [compose(scheme, _NAMES, 400, random) for _ in range(60)]
    composed = [found for found in made if found]
    several = [[q for q in found.questions if q.kind.startswith(EACH)] for found in composed]
    assert any(several) and not all(several)
    for found, asked in zip(composed, several, strict=True):
        assert len({question.question for question in asked}) <= 1
        answers = [found.text[question.start : question.end] for question in asked]
        assert len(answers) == len(set(answers)) != 1
        assert not any(answer in asked[0].question for answer in answers)


def test_an_enumeration_without_room_for_four_items_is_none():
    assert compose(load_schemes()[0], _NAMES, 30, Random(0)) is None


def test_a_question_in_vain_is_about_what_the_passage_does_not_tell():
    analysis = analyze(_STORY)
    candidates = find_candidates(analysis, Random(0))
    answerable = Question("市长李明华2015年3月5日宣布了什么?", 0, 3, "saying")
    vain = {
        ask_in_vain(analysis, candidates, (answerable,), _NAMES, Random(seed)) for seed in range(60)
    }
    assert len(vain - {None}) > 10
    assert answerable.question not in vain
