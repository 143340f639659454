import json
import lzma

import numpy as np
import pytest

from index.encoder import BUNDLED_DIR
from index.training.glossing import GlossedQuestions, read_glossaries
from index.training.held_out import is_held_out
from index.training.passages import Passages, Translations, read_documents, read_parallel, tokenize
from index.training.sampling import CutQuestions, QuestionWords, TranslatedLines, number_ranges
from index.training.train import load_tokenizer

TITLES = ("青岩大桥", "白毫银针", "龙山寺", "云海市图书馆")


@pytest.fixture(scope="module")
def tokenizer():
    return load_tokenizer(BUNDLED_DIR)


@pytest.fixture(scope="module")
def documents(tokenizer, tmp_path_factory) -> Passages:
    path = tmp_path_factory.mktemp("corpus") / "documents.jsonl.xz"
    with lzma.open(path, "wt", encoding="utf-8") as file:
        for title in TITLES:
            paragraphs = [
                f"{title}的第{n}段讲的是第{n}件事,由第{n}号负责人在{1900 + n}年记录下来。"
                * (2 + n % 3)
                for n in range(12)
            ]
            file.write(json.dumps({"title": title, "secs": [["历史", paragraphs]]}) + "\n")
    return read_documents(path, tokenizer)


def _decode(tokenizer, bags, at):
    end = bags.offsets[at + 1] if at + 1 < len(bags.offsets) else len(bags.ids)
    return "".join(tokenizer.id_to_token(int(i)) for i in bags.ids[bags.offsets[at] : end])


def test_documents_become_passages_of_a_chunks_size_with_their_titles(documents, tokenizer):
    assert len(documents.groups) - 1 == len(TITLES)
    for at in range(len(documents.passages) - 1):
        start, end = documents.sentences[documents.passages[at : at + 2]]
        text = "".join(tokenizer.id_to_token(int(i)) for i in documents.tokens[start:end])
        title = documents.tokens[slice(*documents.titles[at])]
        named = "".join(tokenizer.id_to_token(int(i)) for i in title)
        assert 40 <= len(text) <= 300
        assert named.endswith("历史")
        assert text.startswith(named.removesuffix("历史")[:2])


def test_queries_are_about_their_own_passage_and_no_two_passages_are_equal(documents, tokenizer):
    words = QuestionWords("zh", tokenizer)
    pairs = CutQuestions(documents, documents, words).draw(16, 4, np.random.default_rng(1))

    told = [_decode(tokenizer, pairs.passages, at) for at in range(len(pairs.passages.offsets))]
    assert len(set(told)) == len(told) == 16
    shared = []
    for at, passage in enumerate(told):
        asked = set(_decode(tokenizer, pairs.queries, at))
        shared.append(len(asked & set(passage)) / max(1, len(asked)))
    assert np.mean(shared) > 0.6


def test_the_same_chance_gives_the_same_pairs(documents, tokenizer):
    questions = CutQuestions(documents, documents, QuestionWords("zh", tokenizer))
    first, second = (questions.draw(8, 4, np.random.default_rng(5)) for _ in range(2))

    assert np.array_equal(first.queries.ids, second.queries.ids)
    assert np.array_equal(first.passages.ids, second.passages.ids)


def test_parallel_lines_become_alike_passages(tokenizer, tmp_path):
    path = tmp_path / "parallel.jsonl.xz"
    rows = [
        ["wmt", "en", f"Line number {n} of the text.", "zh", f"文本的第{n}行。"] for n in range(30)
    ]
    rows += [["cedict", "en", "bridge", "zh", "桥梁"]]
    with lzma.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    (parallel,), translations = read_parallel(path, tokenizer)

    left, right = parallel.sides
    assert parallel.languages == ("en", "zh")
    assert np.array_equal(left.passages, right.passages)
    assert np.array_equal(left.groups, right.groups)
    assert left.passages[-1] == 30
    assert [lines.name for lines in translations] == ["cedict", "wmt"]
    pairs = TranslatedLines(translations[1]).draw(10, np.random.default_rng(0))
    for at in range(len(pairs.queries.offsets)):
        digits = ["".join(filter(str.isdigit, _decode(tokenizer, side, at)))
                  for side in (pairs.queries, pairs.passages)]  # fmt: skip
        assert digits[0] == digits[1]


def test_glossed_questions_are_in_the_other_language(documents, tokenizer):
    entries = [("to record", "记录"), ("person in charge (of sth)", "负责人"), ("bridge", "大桥")]
    english, chinese = zip(*entries, strict=True)
    dictionary = Translations("cedict", tokenize(tokenizer, english), tokenize(tokenizer, chinese))
    to_english, to_chinese = read_glossaries(dictionary, tokenizer)
    record = tokenizer.encode("记录", add_special_tokens=False).ids
    assert len(record) == 1
    assert to_english.n_glosses[record[0]] == 1
    gloss = to_english.tokens[to_english.starts[record[0], 0]]
    assert tokenizer.id_to_token(int(gloss)) == "record"  # without "to"
    assert to_chinese.n_glosses[tokenizer.encode("bridge", add_special_tokens=False).ids[0]] == 1

    questions = CutQuestions(documents, documents, QuestionWords("en", tokenizer))
    stays = np.zeros(tokenizer.get_vocab_size(), np.bool_)
    pairs = GlossedQuestions(questions, to_english, stays).draw(16, 4, np.random.default_rng(0))
    text = "".join(_decode(tokenizer, pairs.queries, at) for at in range(16))
    assert "record" in text
    assert "记录" not in text


def test_ranges_are_numbered_one_after_the_other():
    assert number_ranges(np.array([5, 0, 9]), np.array([2, 0, 3])).tolist() == [5, 6, 9, 10, 11]


def test_about_a_tenth_is_held_out_and_always_the_same():
    held_out = [is_held_out(f"article {number}") for number in range(3000)]

    assert 0.08 < np.mean(held_out) < 0.12
    assert held_out == [is_held_out(f"article {number}") for number in range(3000)]
