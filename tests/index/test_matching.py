from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.chunking import search_text
from index.datatypes import Chunk, Span
from index.matching import END, ChunkTerms, CutChunk, make_tokens, match_terms, number_terms
from index.normalization import fold_text
from index.scripts import N_SCRIPTS, count_scripts
from index.segmentation import extract_terms
from tests.strategies import file_texts

_TERMS = ["会议", "#会议", "=gbt5972", "rope", "é"]
_terms = st.lists(st.sampled_from(_TERMS), max_size=4)
_chunks = st.lists(st.lists(_terms, max_size=4), max_size=5)  # sentences of terms


def _of(sentences) -> ChunkTerms:
    """Number terms: those of the headings, then of each sentence."""
    (terms,) = ChunkTerms.of([CutChunk(tuple(sentences or [[]]), [0] * N_SCRIPTS)])
    return terms


def _numbers(terms: list[str]) -> list[int]:
    return number_terms("".join(term + END for term in terms)).tolist()


def _chunk(text: str, *heading: str) -> Chunk:
    return Chunk("c", "d", Span(0, len(text)), heading, text)


def _read(text: str, *heading: str) -> list[list[str]]:
    """Read a chunk and give its sentences' words back."""
    terms = ChunkTerms.read(_chunk(text, *heading))
    held = extract_terms(fold_text("\n".join((*heading, text))))
    words = dict(zip(_numbers(held), held, strict=True))
    ends = np.cumsum(terms.lengths)[:-1]
    return [
        [word for number in part.tolist() if (word := words[number])[0] != "#"]
        for part in np.split(terms.numbers, ends)
    ]


@given(st.lists(st.lists(_terms, min_size=1, max_size=4).map(tuple), max_size=70))
def test_chunks_numbered_together_are_as_each_alone(chunks):
    cut = [CutChunk(sentences, [at] * N_SCRIPTS) for at, sentences in enumerate(chunks)]

    for chunk, terms in zip(cut, ChunkTerms.of(cut), strict=True):
        assert terms.numbers.tolist() == _numbers([t for own in chunk.sentences for t in own])
        assert terms.lengths.tolist() == [len(own) for own in chunk.sentences]
        assert terms.scripts.tolist() == chunk.scripts


@given(st.lists(st.sampled_from([*_TERMS, "𠀀", "\ud800"])))
def test_a_token_is_the_number_of_its_term(terms):
    numbers = number_terms("".join(term + END for term in terms))

    assert [int(token, 16) for token in make_tokens(numbers).split()] == numbers.tolist()
    assert all(len(token) == 8 for token in make_tokens(numbers).split())


@given(file_texts(), st.lists(file_texts(), max_size=2))
def test_a_chunk_has_the_terms_of_the_lexical_index(text, heading):
    chunk = _chunk(text, *heading)

    terms = ChunkTerms.read(chunk)

    expected = Counter(_numbers(extract_terms(fold_text(search_text(chunk)))))
    assert Counter(terms.numbers.tolist()) == expected
    assert terms.lengths.sum() == len(terms.numbers)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("大会召开。每天罚款！", [["大会", "召开"], ["每天", "罚款"]]),
        ("大会召开；每天罚款", [["大会", "召开"], ["每天", "罚款"]]),
        ("The rope. The hoist", [["the", "rope"], ["the", "hoist"]]),
        ("exactly 3.14 euros", [["exactly", "3", "14", "euros", "=314"]]),
        ("大会\n召开", [["大会"], ["召开"]]),
        ("。。大会", [["大会"]]),
    ],
)
def test_sentences_are_told_apart(text, sentences):
    assert _read(text)[1:] == sentences


def test_headings_come_before_the_first_sentence():
    assert _read("每天罚款", "会议", "罚款") == [["会议", "罚款"], ["每天", "罚款"]]


def test_a_chunk_without_terms_has_one_empty_sentence():
    matches = match_terms(["rope"], [ChunkTerms.read(_chunk("……", ""))])

    assert matches.n_terms.tolist() == [0]
    assert matches.in_sentence.tolist() == [[False]]


@given(_terms, _chunks)
def test_matches_are_those_of_a_plain_loop(terms, chunks):
    matches = match_terms([*terms, "unknown"], [_of(chunk) for chunk in chunks])

    assert matches.terms == tuple(dict.fromkeys([*terms, "unknown"]))
    words = [[term for sentence in chunk for term in sentence] for chunk in chunks]
    assert matches.n_terms.tolist() == [len(held) for held in words]
    assert matches.counts.tolist() == [
        [held.count(term) for term in matches.terms] for held in words
    ]
    ends = [*matches.first_sentence[1:], len(matches.in_sentence)]
    for chunk, start, end in zip(chunks, matches.first_sentence, ends, strict=False):
        found = matches.in_sentence[start:end].tolist()
        expected = [[term in sentence for term in matches.terms] for sentence in chunk]
        assert found == (expected or [[False] * len(matches.terms)])


def test_scripts_are_counted_in_headings_and_text():
    terms = ChunkTerms.read(_chunk("The ROPE 会议", "大会"))

    matches = match_terms([], [terms, _of([])])

    assert matches.scripts.tolist() == [count_scripts("大会the rope会议"), [0, 0, 0, 0]]


def test_nothing_is_found_in_no_chunks():
    matches = match_terms(["rope"], [])

    assert matches.counts.shape == (0, 1)
    assert matches.in_sentence.shape == (0, 1)
    assert matches.scripts.shape == (0, 4)


def test_no_terms_are_found_in_any_chunk():
    matches = match_terms([], [_of([["a"], ["b"]])])

    assert matches.counts.shape == (1, 0)
    assert matches.in_sentence.shape == (2, 0)


_words = st.text(st.characters(exclude_characters=END, exclude_categories=()), max_size=200)


@given(st.lists(_words, max_size=20))
def test_a_term_has_one_number_whatever_is_beside_it(terms):
    numbers = _numbers(terms)

    assert numbers == [number for term in terms for number in _numbers([term])]
    assert len(set(numbers)) == len(set(terms))


def test_different_terms_seldom_have_the_same_number():
    terms = [
        f"{mark}{chr(0x4E00 + at)}{chr(0x4E00 + at * 7 % 9000)}"
        for at in range(20_000)
        for mark in ("", "#")
    ]

    assert len(set(_numbers(terms))) >= len(terms) - 3  # 0.2 are to be expected


def test_numbers_are_the_same_in_every_process():
    assert _numbers(["会议", "rope"]) == [2009466926, 85023820]
