"""Matching: a question's terms ↔ the sentences of the chunks that hold them."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Self

import numpy as np
from numpy.typing import NDArray

from index.chunking import search_text
from index.datatypes import Chunk
from index.normalization import fold_text
from index.scripts import N_SCRIPTS, count_scripts
from index.segmentation import extract_terms

END = " "  # no term has white space in it
_LOW = np.uint32(0xFFFF)
_BLOCK = 32  # chunks whose terms are numbered at once: in the cache it takes less than half as long
# Rougher than ``split_sentences``, and a semicolon ends one: items of a list are told apart.
_SENTENCE = re.compile(r"[^。！？!?；;\n.]+(?:\.(?!\s)[^。！？!?；;\n.]*)*[。！？!?；;\n.]*")


def number_terms(joined: str) -> NDArray[np.uint32]:
    """Compute the numbers that terms are compared by.

    The upper half of a multilinear hash (Lemire and Kaser 2014, "Strongly universal string hashing
    is fast"): of a question's thirty terms and the 20,000 of its candidates, two different ones
    have the same number once in 7,000 questions, and then a chunk seems to hold one more word.

    :param joined: Terms, after each of them :data:`END`.
    :return: (n_terms,) the same everywhere and always.
    """
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), "<u4")
    ends = np.flatnonzero(codes == ord(END))
    if not len(ends):
        return np.empty(0, np.uint32)
    starts = np.concatenate([[0], ends[:-1] + 1])
    places = np.arange(len(codes)) - np.repeat(starts, ends - starts + 1)
    products = _FACTORS[places & (len(_FACTORS) - 1)] * codes  # modulo 2 ** 64
    return np.asarray(np.add.reduceat(products, starts) >> np.uint64(32), np.uint32)


def make_tokens(numbers: NDArray[np.uint32]) -> str:
    """Write numbers of terms as the lexical index has them.

    :param numbers: (n_terms,)
    :return: Eight hexadecimal digits of each, a space between two.
    """
    return numbers.astype(">u4").tobytes().hex(" ", 4)


def _make_factors(n_factors: int) -> NDArray[np.uint64]:
    """Make pseudo-random numbers (SplitMix64: Steele, Lea and Flood 2014)."""
    factors = []
    for number in range(1, n_factors + 1):
        mixed = number * 0x9E3779B97F4A7C15 % 2**64
        mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 % 2**64
        mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB % 2**64
        factors.append(mixed ^ mixed >> 31)
    return np.array(factors, np.uint64)


_FACTORS = _make_factors(128)  # a term has at most 65 characters


@dataclass(frozen=True, slots=True)
class CutChunk:
    """The terms of a chunk: of its headings, then of each sentence."""

    sentences: tuple[Sequence[str], ...]
    scripts: Sequence[int]  # units of each script, headings too

    @property
    def joined(self) -> str:
        """All terms, after each of them :data:`END`."""
        joined = END.join(chain.from_iterable(self.sentences))
        return joined + END if any(self.sentences) else ""


def cut_chunk(chunk: Chunk) -> CutChunk:
    """Cut a chunk and its headings into terms.

    :param chunk: The chunk.
    :return: The terms that the whole text has, as often.
    """
    folded = fold_text(search_text(chunk))
    heading, text = _split_heading(folded, len(chunk.heading))
    sentences = (extract_terms(match.group()) for match in _SENTENCE.finditer(text))
    return CutChunk((extract_terms(heading), *filter(None, sentences)), count_scripts(folded))


@dataclass(frozen=True, slots=True)
class ChunkTerms:
    """The terms of a chunk in order, by their numbers; those of its headings first."""

    numbers: NDArray[np.uint32]  # (n_terms,)
    lengths: NDArray[np.uint32]  # terms of the headings, then of each sentence
    scripts: NDArray[np.uint32]  # (N_SCRIPTS,) units of each script, headings too

    @classmethod
    def read(cls, chunk: Chunk) -> Self:
        """Cut a chunk and its headings into terms.

        :param chunk: The chunk.
        """
        (terms,) = cls.of([cut_chunk(chunk)])
        return terms

    @classmethod
    def of(cls, chunks: Iterable[CutChunk]) -> Iterator[Self]:
        """Compute the numbers of terms.

        :param chunks: The terms of each chunk; read some chunks ahead.
        """
        left = iter(chunks)
        while block := list(islice(left, _BLOCK)):
            numbers = number_terms("".join(chunk.joined for chunk in block))
            at = 0
            for chunk in block:
                lengths = [len(terms) for terms in chunk.sentences]
                own = numbers[at : at + sum(lengths)]
                at += len(own)
                yield cls(own, np.array(lengths, np.uint32), np.array(chunk.scripts, np.uint32))


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
    n_terms = np.array([len(chunk.numbers) for chunk in chunks], np.int64)  # (n,)
    n_sentences = np.array([len(chunk.lengths) for chunk in chunks], np.int64)  # (n,)
    counts = np.zeros((len(chunks), len(wanted)), np.int64)
    in_sentence = np.zeros((int(n_sentences.sum()), len(wanted)), np.bool_)
    if wanted and chunks:
        places, found = _find(wanted, np.concatenate([chunk.numbers for chunk in chunks]))
        chunk_at = np.repeat(np.arange(len(chunks)), n_terms)
        np.add.at(counts, (chunk_at[places], found), 1)
        lengths = np.concatenate([chunk.lengths for chunk in chunks])
        sentence_at = np.repeat(np.arange(len(lengths)), lengths)
        in_sentence[sentence_at[places], found] = True
    first_sentence = np.cumsum(n_sentences) - n_sentences
    scripts = np.array([chunk.scripts for chunk in chunks], np.int64).reshape(-1, N_SCRIPTS)
    return TermMatches(wanted, counts, n_terms, in_sentence, first_sentence, scripts)


def _find(
    wanted: Sequence[str], held: NDArray[np.uint32]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the places that hold a wanted term, and which one."""
    numbers = number_terms("".join(term + END for term in wanted))  # (m,)
    # Most are told apart by half of their bits, which takes a tenth of the time.
    is_low = np.zeros(1 << 16, np.bool_)
    is_low[numbers & _LOW] = True
    places = np.flatnonzero(is_low[held & _LOW])
    left = held[places]
    order = np.argsort(numbers)
    nearest = order[np.minimum(np.searchsorted(numbers, left, sorter=order), len(numbers) - 1)]
    is_wanted = numbers[nearest] == left
    return places[is_wanted], nearest[is_wanted]


def _split_heading(folded: str, n_lines: int) -> tuple[str, str]:
    """Split the search text of a chunk with so many headings after them."""
    lines = folded.split("\n", n_lines)
    return "\n".join(lines[:n_lines]), "\n".join(lines[n_lines:])
