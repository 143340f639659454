"""Corpora as arrays of tokens: tokens in sentences, sentences in passages, passages in groups.

A group is a document, or a stretch of neighbouring lines of a parallel corpus: the passages of one
group are about the same things, which makes them each other's hardest wrong answers.
"""

import json
import lzma
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

_SENTENCE = re.compile(r"[^。!?;！？；]+[。!?;！？；]*")
_MAX_PASSAGE = 300  # characters, as an indexed chunk has
_MIN_PASSAGE = 40
_LINES = (2, 5)  # neighbouring lines of a parallel corpus that make a passage
_MAX_LINE_PASSAGE = 700  # characters
_GROUP = 4  # neighbouring passages of a parallel corpus that make a group
_AS_SENTENCES = ("cedict", "tatoeba")  # their lines have no neighbours in meaning
_TOKENIZED_AT_ONCE = 20_000


@dataclass(frozen=True, slots=True)
class Passages:
    """Passages of one language; n_passages of them in n_groups."""

    tokens: NDArray[np.uint16]  # (n_tokens,)
    sentences: NDArray[np.int64]  # (n_sentences + 1,) offsets into tokens
    passages: NDArray[np.int64]  # (n_passages + 1,) offsets into sentences
    groups: NDArray[np.int64]  # (n_groups + 1,) offsets into passages
    titles: NDArray[np.int64]  # (n_passages, 2) range of tokens: title and heading, or empty


@dataclass(frozen=True, slots=True)
class Parallel:
    """Passages in two languages, alike in sentences, passages and groups."""

    languages: tuple[str, str]
    sides: tuple[Passages, Passages]


@dataclass(frozen=True, slots=True)
class Translations:
    """Lines with their translations."""

    name: str
    left: tuple[NDArray[np.uint16], NDArray[np.int64]]  # tokens, (n + 1,) offsets
    right: tuple[NDArray[np.uint16], NDArray[np.int64]]


@dataclass(frozen=True, slots=True)
class _Text:
    """A passage's sentences under their heading."""

    title: str
    sentences: list[str]


def read_lines(path: Path) -> Iterator[list[object] | dict[str, object]]:
    """Yield the values of a compressed JSONL file.

    :param path: ``*.jsonl.xz``.
    """
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def tokenize(
    tokenizer: Tokenizer, texts: Iterable[str]
) -> tuple[NDArray[np.uint16], NDArray[np.int64]]:
    """Tokenize texts into one array.

    :param tokenizer: Of fewer than 65,536 tokens.
    :param texts: Folded texts.
    :return: (n_tokens,) ids and (n_texts + 1,) offsets.
    """
    pieces: list[NDArray[np.uint16]] = []
    lengths: list[int] = []
    iterator = iter(texts)
    while batch := list(islice(iterator, _TOKENIZED_AT_ONCE)):
        for encoding in tokenizer.encode_batch_fast(batch, add_special_tokens=False):
            pieces.append(np.array(encoding.ids, np.uint16))
            lengths.append(len(encoding.ids))
    return np.concatenate([np.empty(0, np.uint16), *pieces]), _offsets(lengths)


def read_documents(path: Path, tokenizer: Tokenizer) -> Passages:
    """Read documents; their paragraphs are packed to the size of an indexed chunk.

    :param path: Lines ``{title, secs: [[heading, [paragraph, …]], …]}``.
    :param tokenizer: The encoder's.
    :return: The passages of all documents that have any.
    """
    groups = []
    for document in read_lines(path):
        assert isinstance(document, dict)
        if texts := list(_document_texts(document)):
            groups.append(texts)
    return _to_passages(groups, tokenizer)


def read_parallel(
    path: Path, tokenizer: Tokenizer, seed: int = 0
) -> tuple[list[Parallel], list[Translations]]:
    """Read parallel lines, as passages where neighbours belong together and each for itself.

    :param path: Lines ``[source, language, text, language, text]``.
    :param tokenizer: The encoder's.
    :param seed: Of how many lines make a passage.
    :return: Passages by language pair, and the lines by source.
    """
    random = np.random.default_rng(seed)
    rows: list[list[str]] = []
    for line in read_lines(path):
        assert isinstance(line, list)
        rows.append([str(value) for value in line])
    parallel = []
    by_pair: dict[tuple[str, str], list[list[list[str]]]] = {}
    for (source, first, second), run in groupby(rows, key=lambda row: (row[0], row[1], row[3])):
        if source not in _AS_SENTENCES:
            by_pair.setdefault((first, second), []).extend(_blocks(list(run), random))
    for languages, blocks in sorted(by_pair.items()):
        sides = [
            _to_passages(
                [
                    [
                        _Text("", [row[column] for row in block])
                        for block in blocks[at : at + _GROUP]
                    ]
                    for at in range(0, len(blocks), _GROUP)
                ],
                tokenizer,
            )
            for column in (2, 4)
        ]
        parallel.append(Parallel(languages, (sides[0], sides[1])))
    translations = [
        Translations(
            source,
            tokenize(tokenizer, (row[2] for row in rows if row[0] == source)),
            tokenize(tokenizer, (row[4] for row in rows if row[0] == source)),
        )
        for source in sorted({row[0] for row in rows})
    ]
    return parallel, translations


def _document_texts(document: dict[str, object]) -> Iterator[_Text]:
    sections = document["secs"]
    assert isinstance(sections, list)
    for heading, paragraphs in sections:
        title = f"{document['title']} {heading}".strip()
        for text in _pack(paragraphs):
            if len(text) >= _MIN_PASSAGE:
                yield _Text(title, _SENTENCE.findall(text) or [text])


def _pack(paragraphs: Sequence[str]) -> Iterator[str]:
    """Join short paragraphs and cut long ones between sentences."""
    packed = ""
    for paragraph in paragraphs:
        for sentence in _SENTENCE.findall(paragraph) or [paragraph]:
            if packed and len(packed) + len(sentence) > _MAX_PASSAGE:
                yield packed
                packed = ""
            packed += sentence[: 2 * _MAX_PASSAGE]
    if packed:
        yield packed


def _blocks(rows: list[list[str]], random: np.random.Generator) -> Iterator[list[list[str]]]:
    block: list[list[str]] = []
    wanted = random.integers(_LINES[0], _LINES[1] + 1)
    for row in rows:
        n_chars = sum(len(other[2]) for other in block) + len(row[2])
        if block and (len(block) >= wanted or n_chars > _MAX_LINE_PASSAGE):
            yield block
            block, wanted = [], random.integers(_LINES[0], _LINES[1] + 1)
        block.append(row)
    if block:
        yield block


def _to_passages(groups: Sequence[Sequence[_Text]], tokenizer: Tokenizer) -> Passages:
    texts = [text for group in groups for text in group]
    body, sentences = tokenize(tokenizer, (s for text in texts for s in text.sentences))
    titles, title_offsets = tokenize(tokenizer, (text.title for text in texts))
    return Passages(
        np.concatenate([body, titles]),
        sentences,
        _offsets([len(text.sentences) for text in texts]),
        _offsets([len(group) for group in groups]),
        np.stack([title_offsets[:-1], title_offsets[1:]], 1) + len(body),
    )


def _offsets(lengths: Sequence[int]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(np.array(lengths, np.int64))]).astype(np.int64)
