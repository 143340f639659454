"""Matching: a question's terms ↔ the sentences of the chunks that hold them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Self

import numpy as np
from numpy.typing import NDArray

from index.chunking import search_text
from index.datatypes import Chunk
from index.normalization import fold_text
from index.scripts import N_SCRIPTS, count_scripts
from index.segmentation import extract_terms

# Rougher than ``split_sentences``, and a semicolon ends one: items of a list are told apart.
_SENTENCE = re.compile(r"[^。！？!?；;\n.]+(?:\.(?!\s)[^。！？!?；;\n.]*)*[。！？!?；;\n.]*")
_MOST_SENTENCES = 2**16 - 1


@dataclass(frozen=True, slots=True)
class ChunkTerms:
    """The terms of a chunk in order, those of its headings first.

    Terms are kept as 64-bit hashes, which take a tenth of the memory that a counter of strings
    does: thousands of chunks are cached. Python salts the hashes anew in every process, so they
    are never written down.
    """

    keys: NDArray[np.int64]  # (n_terms,)
    sentences: NDArray[np.uint16]  # (n_terms,) rising; 0 are the headings
    scripts: NDArray[np.int64]  # (N_SCRIPTS,) units of each script, headings too

    @classmethod
    def read(cls, chunk: Chunk) -> Self:
        """Cut a chunk and its headings into terms.

        :param chunk: The chunk.
        :return: The same terms, as often, as the lexical index has of it.
        """
        folded = fold_text(search_text(chunk))
        heading, text = _split_heading(folded, len(chunk.heading))
        sentences = (
            terms for match in _SENTENCE.finditer(text) if (terms := extract_terms(match.group()))
        )
        return cls.of(chain([extract_terms(heading)], sentences), count_scripts(folded))

    @classmethod
    def of(
        cls, sentences: Iterable[Sequence[str]], scripts: Sequence[int] = (0,) * N_SCRIPTS
    ) -> Self:
        """Keep terms.

        :param sentences: The terms of the headings, then of each sentence.
        :param scripts: Units of each script.
        :return: The terms.
        """
        keys: list[int] = []
        numbers: list[int] = []
        for number, terms in enumerate(sentences):
            keys.extend(map(hash, terms))
            numbers.extend([min(number, _MOST_SENTENCES)] * len(terms))
        return cls(
            np.array(keys, np.int64), np.array(numbers, np.uint16), np.array(scripts, np.int64)
        )


@dataclass(frozen=True, slots=True)
class TermMatches:
    """Where distinct terms stand in chunks; m terms, n chunks, s sentences of all chunks.

    Each chunk's first sentence are its headings, so that no chunk is without sentences.
    """

    terms: tuple[str, ...]  # m
    counts: NDArray[np.int64]  # (n, m) how often each term stands in each chunk
    n_terms: NDArray[np.int64]  # (n,) terms of all kinds in each chunk
    in_sentence: NDArray[np.bool_]  # (s, m)
    first_sentence: NDArray[np.int64]  # (n,) rising rows of in_sentence
    scripts: NDArray[np.int64]  # (n, N_SCRIPTS) units of each script in each chunk


def match_terms(terms: Sequence[str], chunks: Sequence[ChunkTerms]) -> TermMatches:
    """Find terms in chunks.

    :param terms: Terms; repetitions are dropped.
    :param chunks: The chunks' terms.
    :return: The distinct terms, in order, with their places.
    """
    wanted = tuple(dict.fromkeys(terms))
    n_terms = np.array([len(chunk.keys) for chunk in chunks], np.int64)  # (n,)
    n_sentences = np.array(
        [int(chunk.sentences[-1]) + 1 if len(chunk.sentences) else 1 for chunk in chunks], np.int64
    )
    first_sentence = np.cumsum(n_sentences) - n_sentences
    found = _find(wanted, chunks)
    chunk_at = np.repeat(np.arange(len(chunks)), n_terms)[found.places]
    counts = np.zeros((len(chunks), len(wanted)), np.int64)
    np.add.at(counts, (chunk_at, found.terms), 1)
    in_sentence = np.zeros((int(n_sentences.sum()), len(wanted)), np.bool_)
    in_sentence[first_sentence[chunk_at] + found.sentences, found.terms] = True
    scripts = np.array([chunk.scripts for chunk in chunks], np.int64).reshape(-1, N_SCRIPTS)
    return TermMatches(wanted, counts, n_terms, in_sentence, first_sentence, scripts)


@dataclass(frozen=True, slots=True)
class _Found:
    """The places, among the joined terms of all chunks, that hold a wanted term."""

    places: NDArray[np.int64]
    terms: NDArray[np.int64]  # which one
    sentences: NDArray[np.uint16]  # of its chunk


def _find(wanted: Sequence[str], chunks: Sequence[ChunkTerms]) -> _Found:
    if not wanted or not chunks:
        empty = np.empty(0, np.int64)
        return _Found(empty, empty, np.empty(0, np.uint16))
    keys = np.array([hash(term) for term in wanted], np.int64)  # (m,)
    order = np.argsort(keys)
    held = np.concatenate([chunk.keys for chunk in chunks])
    nearest = order[np.minimum(np.searchsorted(keys, held, sorter=order), len(keys) - 1)]
    places = np.flatnonzero(keys[nearest] == held)
    sentences = np.concatenate([chunk.sentences for chunk in chunks])
    return _Found(places, nearest[places], sentences[places])


def _split_heading(folded: str, n_lines: int) -> tuple[str, str]:
    """Split the search text of a chunk with so many headings after them."""
    lines = folded.split("\n", n_lines)
    return "\n".join(lines[:n_lines]), "\n".join(lines[n_lines:])
