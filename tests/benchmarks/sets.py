"""Reading sets: files in SQuAD's format → paragraphs with their questions.

A set is named after its file: ``cmrc2018_trial``, ``bipar_qen_pzh``, ``xquad_zh``; XQuAD is
parallel, so ``xquad_en_zh`` asks the English questions of the Chinese paragraphs.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from index.datatypes import Span
from index.normalization import fold_text
from rag.query import detect_language

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class GoldQuestion:
    """A question with where its answers stand in its paragraph; none: it has no answer there."""

    id: str
    question: str
    source: str  # of its paragraph
    starts: tuple[int, ...]
    texts: tuple[str, ...]

    @property
    def spans(self) -> tuple[Span, ...]:
        """The answers' ranges in the paragraph."""
        pairs = zip(self.starts, self.texts, strict=True)
        return tuple(Span(start, start + len(text)) for start, text in pairs)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph with the questions asked of it."""

    source: str  # its file's path when a pool is written: set/number.txt
    context: str
    questions: tuple[GoldQuestion, ...]


@dataclass(frozen=True, slots=True)
class ReadingSet:
    """A set's paragraphs with the languages of both sides."""

    name: str
    paragraphs: tuple[Paragraph, ...]
    question_language: str
    passage_language: str

    @property
    def is_cross_lingual(self) -> bool:
        """Tell whether questions and paragraphs are in different languages."""
        return self.question_language != self.passage_language

    def answerable(self, limit: int | None = None) -> list[tuple[Paragraph, GoldQuestion]]:
        """List the questions that have an answer, evenly thinned out to at most ``limit``."""
        pairs = [(p, gold) for p in self.paragraphs for gold in p.questions if gold.texts]
        return thin_out(pairs, limit)


def thin_out(items: Sequence[T], limit: int | None) -> list[T]:
    """Keep at most ``limit`` items, evenly spaced, so that every part of a set is asked."""
    if limit is None or limit >= len(items):
        return list(items)
    return [items[at * len(items) // limit] for at in range(limit)]


def load_set(data_dir: Path, name: str) -> ReadingSet:
    """Read a set of the data folder by its name.

    :raises ValueError: When there is none of that name.
    """
    kind, *languages = name.split("_")
    if kind == "xquad" and len(languages) in (1, 2):
        return _load_xquad(data_dir / "qa" / "measure" / "xquad", name, languages)
    candidates = [
        data_dir / "qa" / folder / f"{name}{suffix}.json"
        for folder in ("measure", "train")
        for suffix in ("", "_valid")
    ]
    found = [path for path in candidates if path.is_file()]
    if not found:
        raise ValueError(f"No set {name!r} in {data_dir / 'qa'}.")
    return load_file(found[0], name)


def load_file(path: Path, name: str = "") -> ReadingSet:
    """Read any file in SQuAD's format; its languages are told from its texts."""
    name = name or path.stem
    paragraphs = tuple(read_paragraphs(path, name))
    questions = (gold.question for paragraph in paragraphs for gold in paragraph.questions)
    return ReadingSet(
        name,
        paragraphs,
        _most_common_language(questions),
        _most_common_language(paragraph.context for paragraph in paragraphs),
    )


def read_paragraphs(path: Path, name: str) -> Iterator[Paragraph]:
    """Read the paragraphs of a file in SQuAD's format.

    :param path: The file.
    :param name: The folder of the paragraphs' sources.
    """
    data = json.loads(path.read_text("utf-8"))
    articles = data["data"] if isinstance(data, dict) else data
    paragraphs = [paragraph for article in articles for paragraph in article["paragraphs"]]
    for number, paragraph in enumerate(paragraphs):
        source = f"{name}/{number:05d}.txt"
        context = paragraph["context"]
        questions = tuple(_gold_question(qa, source, context) for qa in paragraph["qas"])
        yield Paragraph(source, context, questions)


def _gold_question(qa: dict, source: str, context: str) -> GoldQuestion:
    answers = [
        (_start(context, a), str(a["text"])) for a in qa["answers"] if str(a["text"]).strip()
    ]
    return GoldQuestion(
        str(qa["id"]),
        qa["question"],
        source,
        tuple(start for start, _ in answers),
        tuple(text for _, text in answers),
    )


def _start(context: str, answer: dict) -> int:
    """Return where an answer stands: some given places are wrong, then the nearest is taken."""
    start, text = int(answer["answer_start"]), str(answer["text"])
    if context.startswith(text, start):
        return start
    places = [at for at in range(len(context)) if context.startswith(text, at)]
    return min(places, key=lambda at: abs(at - start), default=max(0, start))


def _load_xquad(folder: Path, name: str, languages: Sequence[str]) -> ReadingSet:
    asked, passage = languages[0], languages[-1]
    paragraphs = tuple(read_paragraphs(folder / f"xquad.{passage}.json", f"xquad_{passage}"))
    if asked != passage:
        others = read_paragraphs(folder / f"xquad.{asked}.json", name)
        words = {gold.id: gold.question for other in others for gold in other.questions}
        paragraphs = tuple(
            replace(
                paragraph,
                questions=tuple(
                    replace(gold, question=words[gold.id]) for gold in paragraph.questions
                ),
            )
            for paragraph in paragraphs
        )
    return ReadingSet(name, paragraphs, asked, passage)


def _most_common_language(texts: Iterable[str]) -> str:
    counts = Counter(detect_language(fold_text(text)) for text in texts)
    return counts.most_common(1)[0][0] if counts else "other"
