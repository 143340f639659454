from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.chunking import search_text
from index.datatypes import Chunk, Span
from index.matching import ChunkTerms, match_terms
from index.normalization import fold_text
from index.scripts import count_scripts
from index.segmentation import extract_terms
from tests.strategies import file_texts

_TERMS = ["会议", "#会议", "=gbt5972", "rope", "é"]
_terms = st.lists(st.sampled_from(_TERMS), max_size=4)
_chunks = st.lists(st.lists(_terms, max_size=4), max_size=5)  # sentences of terms


def _chunk(text: str, *heading: str) -> Chunk:
    return Chunk("c", "d", Span(0, len(text)), heading, text)


def _read(text: str, *heading: str) -> list[list[str]]:
    """Read a chunk and give its sentences' words back."""
    terms = ChunkTerms.read(_chunk(text, *heading))
    words = {hash(term): term for term in extract_terms(fold_text("\n".join((*heading, text))))}
    return [
        [word for key in terms.keys[terms.sentences == number] if (word := words[key])[0] != "#"]
        for number in range(int(terms.sentences.max(initial=0)) + 1)
    ]


@given(file_texts(), st.lists(file_texts(), max_size=2))
def test_a_chunk_has_the_terms_of_the_lexical_index(text, heading):
    chunk = _chunk(text, *heading)

    terms = ChunkTerms.read(chunk)

    expected = Counter(map(hash, extract_terms(fold_text(search_text(chunk)))))
    assert Counter(terms.keys.tolist()) == expected
    assert np.all(np.diff(terms.sentences.astype(int)) >= 0)


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
    matches = match_terms([*terms, "unknown"], [ChunkTerms.of(chunk) for chunk in chunks])

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
        while expected and not chunk[len(expected) - 1]:
            expected.pop()  # sentences without terms at the end leave no trace
        assert found == (expected or [[False] * len(matches.terms)])


def test_scripts_are_counted_in_headings_and_text():
    terms = ChunkTerms.read(_chunk("The ROPE 会议", "大会"))

    matches = match_terms([], [terms, ChunkTerms.of([])])

    assert matches.scripts.tolist() == [count_scripts("大会the rope会议"), [0, 0, 0, 0]]


def test_nothing_is_found_in_no_chunks():
    matches = match_terms(["rope"], [])

    assert matches.counts.shape == (0, 1)
    assert matches.in_sentence.shape == (0, 1)
    assert matches.scripts.shape == (0, 4)


def test_no_terms_are_found_in_any_chunk():
    matches = match_terms([], [ChunkTerms.of([["a"], ["b"]])])

    assert matches.counts.shape == (1, 0)
    assert matches.in_sentence.shape == (2, 0)
