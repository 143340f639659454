import json
import lzma
from random import Random

import pytest

from rag.training.synthesis import english
from rag.training.synthesis.english import generate, sentence_questions
from rag.training.synthesis.english_lexicon import learn_lexicon
from rag.training.synthesis.english_passages import Row, cut_sentences, cut_windows
from rag.training.synthesis.english_patterns import pattern_questions
from rag.training.synthesis.english_phrasing import Draft
from rag.training.synthesis.english_questions import clause_questions
from rag.training.synthesis.english_syntax import parse
from rag.training.synthesis.english_unanswerable import ask_missing, swap_name

_READ = (
    "They will open a shop, and they can announce it.",
    "You must open the door, or you could open a window.",
    "She may arrest him. They would arrest her. They could arrest us.",
    "They will support it. They can support us. We should support them.",
    "He met Mary Miller, and then Anna Schmidt came.",
)
_ARTICLE = (
    "The museum opened a second building in Vienna in May 2015.",
    "It was designed by Anna Schmidt, and 450 people attended the ceremony.",
    "The city council will support the project with $5 million because visitors spend more.",
    "Anna Schmidt, the president of the Austrian Architects Association (AAA), praised the plan.",
    "The director said that the museum needs more space for its large collection.",
    "Tickets are sold in the old hall on Saturday.",
)


@pytest.fixture(scope="module")
def lexicon():
    return learn_lexicon((*_READ, *_ARTICLE))


def _asked(sentence, lexicon, *, antecedent=None):
    """All that twenty draws make of a sentence: pairs of a question and its answer."""
    clause = parse(sentence, lexicon)
    assert clause is not None
    return {
        (draft.question, sentence[draft.start : draft.end])
        for seed in range(20)
        for draft in clause_questions(clause, antecedent, lexicon, Random(seed))
    }


@pytest.mark.parametrize(
    ("sentence", "question", "answer"),
    [
        (
            "The museum opened a second building in Vienna in May 2015.",
            "when did the museum open a second building in Vienna",
            "May 2015",
        ),
        (
            "The museum opened a second building in Vienna in May 2015.",
            "where did the museum open a second building in May 2015",
            "Vienna",
        ),
        (
            "In 1998, the museum opened a new hall.",
            "in what year did the museum open a new hall",
            "1998",
        ),
        (
            "The explosion in the old factory killed 23 workers on Monday.",
            "how many workers did the explosion in the old factory kill on Monday",
            "23",
        ),
        (
            "The old hall was built by Anna Schmidt for the city.",
            "who built the old hall for the city",
            "Anna Schmidt",
        ),
        (
            "The old hall was built by Anna Schmidt for the city.",
            "who was the old hall built by for the city",
            "Anna Schmidt",
        ),
        ("Vienna is the capital of Austria.", "what is the capital of Austria", "Vienna"),
        ("Vienna is the capital of Austria.", "what is Vienna", "the capital of Austria"),
        (
            "The council will support the project because visitors spend more.",
            "why will the council support the project",
            "visitors spend more",
        ),
        (
            "The council said that the project is too expensive.",
            "what did the council say",
            "the project is too expensive",
        ),
        (
            "The council wants to open a second museum.",
            "what does the council want to do",
            "open a second museum",
        ),
        (
            "About 300 visitors were sent home on Friday.",
            "how many visitors were sent home on Friday",
            "About 300",
        ),
        (
            "The council has waited for three months.",
            "how long has the council waited",
            "three months",
        ),
    ],
)
def test_a_part_of_a_statement_becomes_a_question_word(sentence, question, answer):
    words = (
        *_READ,
        "They will want it. They can kill or wait.",
        "They will wait. We want to kill.",
    )
    lexicon = learn_lexicon((*words, *words, *words, "They lived in Vienna, and we ate in Vienna."))

    assert (question, answer) in _asked(sentence, lexicon)


def test_a_pronoun_is_called_by_the_name_before_it(lexicon):
    asked = _asked("She opened a shop in May 2015.", lexicon, antecedent="Anna Schmidt")

    assert ("when did Anna Schmidt open a shop", "May 2015") in asked
    assert not any(answer == "She" for _, answer in asked)


@pytest.mark.parametrize(
    "sentence",
    [
        "The man arrested in Vienna has opened a shop.",
        "The man arrested by the police opened a shop.",
        "Opening a shop is not easy for them.",
        "What they open is a second shop.",
        "Shop of the museum.",
    ],
    ids=["reduced relative", "by-phrase", "gerund", "question word", "no verb"],
)
def test_what_cannot_be_read_with_certainty_is_not_read(sentence, lexicon):
    assert parse(sentence, lexicon) is None


@pytest.mark.parametrize(
    ("sentence", "question", "answer"),
    [
        (_ARTICLE[3], "what does AAA stand for", "Austrian Architects Association"),
        (_ARTICLE[3], "what is the abbreviation of Austrian Architects Association", "AAA"),
        (
            "Anna Schmidt, president of the museum, opened it.",
            "who is the president of the museum",
            "Anna Schmidt",
        ),
        (
            "They met Halden director Anna Schmidt there.",
            "who is the director of Halden",
            "Anna Schmidt",
        ),
        ("Anna Schmidt, 43, opened it.", "how old is Anna Schmidt", "43"),
        (
            'She wrote a novel called "The Long Way" there.',
            "what is the novel called",
            "The Long Way",
        ),
    ],
)
def test_patterns_state_names_roles_and_ages(sentence, question, answer, lexicon):
    asked = {
        (draft.question, sentence[draft.start : draft.end])
        for seed in range(20)
        for draft in pattern_questions(sentence, lexicon, Random(seed))
    }

    assert (question, answer) in asked


@pytest.mark.parametrize("sentence", _ARTICLE)
def test_finished_questions_do_not_hold_their_answers(sentence, lexicon):
    for seed in range(30):
        for draft in sentence_questions(sentence, None, lexicon, Random(seed), rough=3):
            answer = sentence[draft.start : draft.end]
            assert answer == answer.strip(" ,.;:!?")
            assert f" {answer.lower()} " not in f" {draft.question.lower().strip('?')} "


def test_sentences_do_not_end_at_abbreviations():
    text = "Mr. Smith left the U.S. Senate. He was 81."

    assert [text[start:end] for start, end in cut_sentences(text)] == [
        "Mr. Smith left the U.S. Senate.",
        "He was 81.",
    ]


def _rows(texts, *, first=0):
    return [Row(first + n, "wmt", text, "de", "…") for n, text in enumerate(texts)]


def test_a_sentence_stands_in_one_window_only():
    windows = list(cut_windows(_rows([*_ARTICLE, *_ARTICLE]), Random(1)))

    sentences = [sentence for window in windows for sentence in window.sentences]
    assert len(sentences) == len(set(sentences)) > 0


def test_windows_do_not_cross_a_gap():
    windows = cut_windows([*_rows(_ARTICLE[:2]), *_rows(_ARTICLE[2:4], first=30)], Random(1))

    assert [window.sentences for window in windows] == [_ARTICLE[:2], _ARTICLE[2:4]]


def test_where_a_window_s_sentences_start():
    (window,) = cut_windows(_rows(_ARTICLE[:2]), Random(1))

    assert [window.passage[at:][:6] for at in window.starts] == ["The mu", "It was"]


def test_a_swapped_name_is_not_the_passage_s(lexicon):
    passage = " ".join(_ARTICLE)
    pool = {"person": ["Mary Miller", "Anna Schmidt"], "place": ["Vienna", "Paris"]}
    pool |= {"date": ["May 2015"], "name": []}
    question = "When did Anna Schmidt come to Vienna?"

    swapped = {swap_name(question, passage, pool, lexicon, Random(seed)) for seed in range(30)}

    assert swapped <= {
        "When did Mary Miller come to Vienna?",
        "When did Anna Schmidt come to Paris?",
        None,
    }
    assert len(swapped) > 1


def test_only_what_a_passage_lacks_is_asked_in_vain():
    drafts = [Draft("What did the council open?", 0, 4, "object")]

    asked = {
        ask_missing("The council opened a shop 3 miles away.", drafts, Random(seed))
        for seed in range(40)
    }

    assert asked == {
        "When did the council open?",
        "In what year did the council open?",
        "What year did the council open?",
        "Why did the council open?",
    }
    assert ask_missing("In May 2015 3 men came to open it.", drafts, Random(1)) is None


@pytest.fixture
def corpus_dir(tmp_path):
    (tmp_path / "corpora").mkdir()
    with lzma.open(tmp_path / "corpora" / "parallel.jsonl.xz", "wt", encoding="utf-8") as file:
        for text in (*_READ, *_ARTICLE):
            file.write(json.dumps(["wmt", "en", text, "de", "…"]) + "\n")
        file.write(json.dumps(["cedict", "en", "museum", "zh", "博物馆"]) + "\n")
    return tmp_path


def test_what_is_written_is_exact_and_the_same_every_time(corpus_dir, tmp_path):
    paths = [tmp_path / "one.jsonl", tmp_path / "two.jsonl"]
    for path, workers in zip(paths, (1, 2), strict=True):
        generate(corpus_dir, path, seed=3, workers=workers, limit=None)

    assert paths[0].read_bytes() == paths[1].read_bytes()
    records = [json.loads(line) for line in paths[0].read_text("utf-8").splitlines()]
    assert sum(len(record["questions"]) for record in records) > 5
    for record in records:
        passage = record["passage"]
        assert record["language"] == "en" and 80 <= len(passage) <= 900
        for asked in record["questions"]:
            answer = passage[asked["start"] : asked["end"]]
            assert sum(answer in sentence for sentence in (*_READ, *_ARTICLE)) >= 1
            assert asked["language"] == "en"
    assert not list(tmp_path.glob("*.partial"))


def test_rough_questions_are_the_smaller_part():
    drafts = [(n, Draft(f"clean {n}?", 0, 1, "object")) for n in range(10)]
    drafts += [(n, Draft(f"rough {n}", 2, 3, "rough-name")) for n in range(10)]

    drawn = english.draw_questions(drafts, 20, Random(1))

    assert sum(english.is_rough(draft) for _, draft in drawn) in (4, 5)
