"""Questions over passages as arrays of tokens: what the reader learns from.

Two kinds of files: question sets in SQuAD's format, written by people, and JSON lines of synthetic
questions (``rag.training.synthesis``). Texts are folded and cut into tokens as at run time.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from index.normalization import FoldedText, fold, fold_text
from index.training.held_out import TRAINING_SETS, read_paragraphs
from rag.span_network.tokens import TokenizedText, tokenize_text
from rag.training.network import MAX_ANSWER
from rag.training.synthesis.chinese_enumerations import EACH, ITEM

NO_ANSWER = -1
_MAX_QUESTION_TOKENS = 60


@dataclass(frozen=True, slots=True)
class Texts:
    """n tokenized texts, one after another."""

    ids: NDArray[np.uint16]  # (n_tokens,)
    is_spaced: NDArray[np.bool_]  # (n_tokens,)
    sentences: NDArray[np.uint8]  # (n_tokens,)
    offsets: NDArray[np.int64]  # (n + 1,)


@dataclass(frozen=True, slots=True)
class Examples:
    """n questions, each over one passage."""

    passages: Texts
    questions: Texts
    passage: NDArray[np.int64]  # (n,) number of the passage
    question: NDArray[np.int64]  # (n,) number of the question
    start: NDArray[np.int64]  # (n,) first token of the answer, NO_ANSWER: the passage has none
    last: NDArray[np.int64]  # (n,) its last token
    group: NDArray[np.int64]  # (n,) number in ``groups``
    groups: tuple[str, ...]  # kinds of examples, to be weighed
    document: NDArray[np.int64]  # (n_passages,) passages of one document have one number
    negatives: NDArray[np.int64]  # (n, k) passages that look like answers and are none; or -1


@dataclass(frozen=True, slots=True)
class RawQuestion:
    """A question as the files have it."""

    text: str
    start: int  # code point in the passage; NO_ANSWER: it has none
    end: int
    group: str


@dataclass(frozen=True, slots=True)
class RawPassage:
    """A passage with its questions as the files have them."""

    text: str
    document: str
    questions: Sequence[RawQuestion]


def read_sets(data_dir: Path) -> Iterator[RawPassage]:
    """Read the training parts of the question sets.

    :param data_dir: Holds ``qa/train``.
    """
    for name, language in TRAINING_SETS.items():
        for paragraph in read_paragraphs(data_dir, name, held_out=False):
            questions = []
            for question in paragraph.questions:
                answers = question["answers"]
                assert isinstance(answers, list)
                place = _place(paragraph.context, answers[0]) if answers else None
                if place is not None:
                    questions.append(
                        RawQuestion(str(question["question"]), *place, f"set-{language}")
                    )
            yield RawPassage(paragraph.context, paragraph.article, questions)


def read_synthetic(path: Path) -> Iterator[RawPassage]:
    """Read synthetic questions.

    :param path: JSON lines of ``rag.training.synthesis``.
    """
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            entry = json.loads(line)
            of_passage = entry.get("language", "zh")
            questions = [
                RawQuestion(q["question"], q["start"], q["end"], _group_of(q, of_passage))
                for q in entry["questions"]
            ]
            questions += [
                RawQuestion(text, NO_ANSWER, NO_ANSWER, f"none-{of_passage}")
                for text in entry["unanswerable"]
            ]
            yield RawPassage(entry["passage"], f"{path.stem}/{entry['document']}", questions)


def _group_of(question: dict[str, str], language: str) -> str:
    """Name the group of a synthetic question: its language and the passage's, or its kind."""
    kind = str(question.get("kind", ""))
    for group, beginning in (("each", EACH), ("item", ITEM)):
        if kind.startswith(beginning):
            return f"{group}-{language}"
    return f"{question.get('language', language)}-{language}"


def tokenize_examples(passages: Iterable[RawPassage], tokenizer: Tokenizer) -> Examples:
    """Fold and tokenize; leave out what has no tokens or an answer longer than the reader's.

    :param passages: From the readers above.
    :param tokenizer: The encoder's.
    :return: The examples, without negatives yet.
    """
    texts: list[TokenizedText] = []
    questions: list[TokenizedText] = []
    rows: list[tuple[int, int, int, int, int]] = []
    documents: list[int] = []
    numbers: dict[str, int] = {}
    groups: dict[str, int] = {}
    for passage in passages:
        folded = fold(passage.text)
        tokens = tokenize_text(tokenizer, folded.text)
        if not len(tokens):
            continue
        texts.append(tokens)
        documents.append(numbers.setdefault(passage.document, len(numbers)))
        for question in passage.questions:
            place = _token_place(tokens, folded, question)
            asked = tokenize_text(tokenizer, fold_text(question.text))
            if place is None or not 0 < len(asked) <= _MAX_QUESTION_TOKENS:
                continue
            group = groups.setdefault(question.group, len(groups))
            rows.append((len(texts) - 1, len(questions), *place, group))
            questions.append(asked)
    table = np.array(rows, np.int64).reshape(-1, 5)
    of_passage, of_question, first, last, of_group = table.T
    return Examples(
        passages=_join(texts),
        questions=_join(questions),
        passage=of_passage,
        question=of_question,
        start=first,
        last=last,
        group=of_group,
        groups=tuple(groups),
        document=np.array(documents, np.int64),
        negatives=np.full((len(table), 1), -1, np.int64),
    )


def save_examples(examples: Examples, path: Path) -> None:
    """Keep examples in a file of arrays.

    :param examples: To keep.
    :param path: ``*.npz``.
    """
    arrays = {name: getattr(examples, name) for name in _ARRAYS}
    for side in _SIDES:
        texts = getattr(examples, side)
        arrays |= {f"{side}.{name}": getattr(texts, name) for name in _TEXT_ARRAYS}
    np.savez(path, groups=np.array(examples.groups), **arrays)


def load_examples(path: Path) -> Examples:
    """Load what `save_examples` kept.

    :param path: ``*.npz``.
    """
    with np.load(path, allow_pickle=False) as arrays:
        sides = [Texts(*(arrays[f"{side}.{name}"] for name in _TEXT_ARRAYS)) for side in _SIDES]
        groups = tuple(str(group) for group in arrays["groups"])
        rest = {name: arrays[name] for name in _ARRAYS}
    return Examples(passages=sides[0], questions=sides[1], groups=groups, **rest)


_ARRAYS = ("passage", "question", "start", "last", "group", "document", "negatives")
_SIDES = ("passages", "questions")
_TEXT_ARRAYS = ("ids", "is_spaced", "sentences", "offsets")


def _place(context: str, answer: dict[str, object]) -> tuple[int, int] | None:
    """Return where an answer stands; some files are off by a few characters."""
    text, start = str(answer["text"]), int(str(answer["answer_start"]))
    if not text.strip():
        return None
    if context[start : start + len(text)] != text:
        places = [at for at in range(len(context)) if context.startswith(text, at)]
        if not places:
            return None
        start = min(places, key=lambda at: abs(at - start))
    return start, start + len(text)


def _token_place(
    tokens: TokenizedText, folded: FoldedText, question: RawQuestion
) -> tuple[int, int] | None:
    """Return the first and last token of an answer, None when they cannot be told or learned."""
    if question.start == NO_ANSWER:
        return NO_ANSWER, NO_ANSWER
    start, end = question.start, question.end
    if folded.starts is not None and folded.ends is not None:
        start = int(np.searchsorted(folded.ends, start, "right"))
        end = int(np.searchsorted(folded.starts, end, "left"))
    first = int(np.searchsorted(tokens.offsets[:, 1], start, "right"))
    last = int(np.searchsorted(tokens.offsets[:, 0], end, "left")) - 1
    if not first <= last < first + MAX_ANSWER or first >= len(tokens):
        return None
    return first, last


def _join(texts: Sequence[TokenizedText]) -> Texts:
    lengths = [len(text) for text in texts]
    return Texts(
        np.concatenate([np.empty(0, np.uint16), *(t.ids.astype(np.uint16) for t in texts)]),
        np.concatenate([np.empty(0, np.bool_), *(t.is_spaced for t in texts)]),
        np.concatenate([np.empty(0, np.uint8), *(t.sentences.astype(np.uint8) for t in texts)]),
        np.concatenate([[0], np.cumsum(np.array(lengths, np.int64))]).astype(np.int64),
    )
