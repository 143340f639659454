"""Questions in one language over passages of another, from the parallel corpus."""

from __future__ import annotations

import json
import multiprocessing
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from index.encoder import StaticEncoder
from rag.training.synthesis.english import last_person, report, sentence_questions, write_lines
from rag.training.synthesis.english_lexicon import learn_lexicon
from rag.training.synthesis.english_passages import (
    MAX_PASSAGE_CHARS,
    Row,
    are_neighbours,
    cut_sentences,
    is_english,
    is_repeated,
    read_rows,
)
from rag.training.synthesis.english_phrasing import Draft
from rag.training.synthesis.english_unanswerable import name_pool, swap_name
from rag.training.synthesis.parallel_alignment import (
    Alignment,
    cut,
    latin_span,
    learn_aligner,
    phrase_span,
    reason_span,
    trim,
)
from rag.training.synthesis.parallel_questions import (
    chinese_question,
    foreign_question,
    plain_kind,
)
from rag.training.synthesis.parallel_values import Span, date_span, number_span

_OTHERS = ("ja", "de", "fr", "es", "ru", "ko")
_OTHER_BLOCKS = 900  # of each: together a fifth of what Chinese gives
_BLOCK_ROWS = (2, 6)
_SAME_SENTENCES = 7  # the same English stands beside up to six languages
_ROUGH = 5  # rough questions a sentence, of which few have an answer that can be aligned
_PER_ROW = 2.6
_UNSPACED = ("zh", "ja")
_MIN_SIDE_CHARS = 60
_LENGTH_RATIOS = {"zh": (0.15, 0.7)}  # of a translation to its English, in characters
_OTHER_RATIOS = (0.15, 2.0)
_MAX_ANSWER_CHARS = {"zh": 40, "ja": 40}
_OTHER_MAX_ANSWER_CHARS = 90
_STOPS = re.compile(r"[。!?;,:]")
_SENTENCE_STOP = re.compile(r"[。!?;]")
_BATCH = 300  # blocks
_shared: dict[str, Any] = {}  # what the worker processes inherit


class Block(NamedTuple):
    """Neighbouring rows of one pair of languages."""

    language: str
    rows: tuple[Row, ...]

    def passage(self, language: str) -> str:
        """Join one side."""
        glue = "" if language in _UNSPACED else " "
        return glue.join(_side(row, language) for row in self.rows)

    def starts(self, language: str) -> list[int]:
        """Return where each row starts in the passage of one side."""
        starts, at = [], 0
        for row in self.rows:
            starts.append(at)
            at += len(_side(row, language)) + (language not in _UNSPACED)
        return starts


class Finding(NamedTuple):
    """A question about a row of a block, with its answer in both sides of the row."""

    row: int
    draft: Draft
    english: Span
    other: Span


class Asked(NamedTuple):
    """One side of a block with its questions."""

    block: Block
    language: str
    passage: str
    questions: list[dict[str, Any]]


def _side(row: Row, language: str) -> str:
    return row.english if language == "en" else row.other


def generate(data_dir: Path, out_path: Path, *, seed: int, workers: int, limit: int | None) -> None:
    """Write passages with questions in another language.

    :param data_dir: Holds ``corpora/parallel.jsonl.xz``.
    :param out_path: The JSON lines to write.
    :param seed: Equal seeds give equal files.
    :param workers: How many processes.
    :param limit: How many lines of the corpus to read; None for all.
    """
    rows = list(read_rows(data_dir, limit))
    lexicon = learn_lexicon(dict.fromkeys(row.english for row in rows))
    blocks = _choose_blocks(rows, seed)
    kept = [row for block in blocks for row in block.rows]
    pairs = ((cut(row.english, "en"), cut(row.other, row.language)) for row in kept)
    aligner = learn_aligner(pairs, StaticEncoder.load().encode)
    pool = name_pool((row.english for row in kept[::5]), lexicon)
    _shared.update(lexicon=lexicon, pool=pool, aligner=aligner)
    jobs = [(seed + at, blocks[at : at + _BATCH]) for at in range(0, len(blocks), _BATCH)]
    report(f"{len(blocks)} blocks of rows")
    with multiprocessing.get_context("fork").Pool(workers) as processes:
        write_lines(out_path, processes.imap(_make_batch, jobs))


def _choose_blocks(rows: Iterable[Row], seed: int) -> list[Block]:
    found = list(_cut_blocks(rows, Random(seed)))
    chosen = [block for block in found if block.language == "zh"]
    for language in _OTHERS:
        others = [block for block in found if block.language == language]
        Random(f"{seed}{language}").shuffle(others)
        chosen += others[:_OTHER_BLOCKS]
    return chosen


def _cut_blocks(rows: Iterable[Row], random: Random) -> Iterator[Block]:
    """Cut the rows into blocks of 2 to 6 neighbouring ones."""
    seen: Counter[str] = Counter()
    part: list[Row] = []
    size, previous = random.randint(*_BLOCK_ROWS), None
    for row in rows:
        fits = _fits(row) and not is_repeated(row.english, seen, _SAME_SENTENCES)
        long = sum(len(each.english) + 1 for each in part) + len(row.english) > MAX_PASSAGE_CHARS
        if part and (not fits or long or len(part) == size or not are_neighbours(previous, row)):
            yield from _block(part)
            part, size = [], random.randint(*_BLOCK_ROWS)
        previous = row
        if fits:
            part.append(row)
    yield from _block(part)


def _block(part: list[Row]) -> Iterator[Block]:
    if part:
        block = Block(part[0].language, tuple(part))
        lengths = [len(block.passage(language)) for language in ("en", block.language)]
        if min(lengths) >= _MIN_SIDE_CHARS and max(lengths) <= MAX_PASSAGE_CHARS:
            yield block


def _fits(row: Row) -> bool:
    low, high = _LENGTH_RATIOS.get(row.language, _OTHER_RATIOS)
    ratio = len(row.other) / max(1, len(row.english))
    return len(row.english) > 15 and low < ratio < high and is_english(row.english)


def find_answers(block: Block, random: Random) -> list[Finding]:
    """Make English questions of a block's rows and find their answers in both sides."""
    lexicon, aligner = _shared["lexicon"], _shared["aligner"]
    found: dict[tuple[int, int, int, bool], Finding] = {}
    before = ""
    for n, row in enumerate(block.rows):
        alignment = aligner.align(cut(row.english, "en"), cut(row.other, row.language))
        for start, end in cut_sentences(row.english):
            sentence = row.english[start:end]
            antecedent = last_person(before, lexicon)
            drafts = sentence_questions(sentence, antecedent, lexicon, random, _ROUGH)
            random.shuffle(drafts)
            for made in drafts:
                draft = made._replace(start=made.start + start, end=made.end + start)
                span = translate_answer(draft, row, alignment)
                if span:
                    key = (n, draft.start, draft.end, draft.kind.startswith("rough"))
                    found.setdefault(key, Finding(n, draft, (draft.start, draft.end), span))
            before = sentence
    return list(found.values())


def translate_answer(draft: Draft, row: Row, alignment: Alignment) -> Span | None:
    """Find the answer of an English draft in the other side of its row.

    :param draft: A question about ``row.english``.
    :param alignment: The words of both sides of the row.
    :return: Code points of ``row.other``; None when not certain.
    """
    phrase, kind = row.english[draft.start : draft.end], plain_kind(draft.kind)
    if kind in ("date", "number"):
        span = _value_span(phrase, kind, row)
    elif draft.kind in ("why", "said", "condition"):
        span = _clause_span(draft, row, alignment)
    else:
        span = latin_span(phrase, row.other)
        # Korean words carry their particles, so their ends are not the phrase's.
        if span is None and row.language != "ko":
            span = phrase_span(alignment, draft.start, draft.end)
    if span is None:
        return None
    start, end = trim(row.other, span)
    answer = row.other[start:end]
    repeated = row.other.count(answer) > 1 and kind not in ("date", "number")
    return None if repeated or not _is_tidy(answer, row.language) else (start, end)


def _value_span(phrase: str, kind: str, row: Row) -> Span | None:
    if row.language == "zh":
        return date_span(phrase, row.other) if kind == "date" else number_span(phrase, row.other)
    digits = re.sub(r"\D", "", phrase)
    if len(digits) < 2 or not re.fullmatch(r"\d[\d,.]*", phrase):
        return None
    same = [
        match.span()
        for match in re.finditer(r"\d[\d.,]*(?<![.,])", row.other)
        if re.sub(r"\D", "", match.group()) == digits
    ]
    return same[0] if len(same) == 1 else None


def _clause_span(draft: Draft, row: Row, alignment: Alignment) -> Span | None:
    """Find a reason after "because" in Chinese; the ends of other clauses cannot be told."""
    if draft.kind != "why" or row.language != "zh":
        return None
    span = phrase_span(alignment, draft.start, draft.end)
    return reason_span(row.other, span) if span else None


def _is_tidy(answer: str, language: str) -> bool:
    most = _MAX_ANSWER_CHARS.get(language, _OTHER_MAX_ANSWER_CHARS)
    if not (2 if language == "ja" else 1) <= len(answer) <= most:
        return False
    if _STOPS.search(re.sub(r"\d[,.]\d", "", answer)) or answer.count('"') % 2:
        return False
    return all(answer.count(left) == answer.count(right) for left, right in ("()", "“”"))


def _draw(found: list[Finding], most: int, random: Random, rough_share: float) -> list[Finding]:
    """Draw findings whose answers do not overlap, the clean ones first."""
    chosen: list[Finding] = []
    n_rough = 0
    for item in sorted(found, key=lambda f: (f.draft.kind.startswith("rough"), random.random())):
        rough = item.draft.kind.startswith("rough")
        if len(chosen) == most or (rough and n_rough >= rough_share * most + 0.5):
            break
        if not any(
            item.row == other.row
            and item.english[0] < other.english[1]
            and other.english[0] < item.english[1]
            for other in chosen
        ):
            chosen.append(item)
            n_rough += rough
    return chosen


def ask_in_english(block: Block, found: list[Finding], random: Random) -> Asked:
    """Ask in English over the other side's passage."""
    passage, starts = block.passage(block.language), block.starts(block.language)
    questions = []
    for item in _draw(found, round(len(block.rows) * _PER_ROW), random, 0.3):
        start, end = (starts[item.row] + at for at in item.other)
        question = item.draft.question
        if passage[start:end].lower() not in question.lower():
            questions.append(_question(question, (start, end), item.draft.kind, "en"))
    return Asked(block, block.language, passage, questions)


def ask_in_other(block: Block, found: list[Finding], random: Random) -> Asked:
    """Ask in the other language over the English passage."""
    passage, starts = block.passage("en"), block.starts("en")
    questions = []
    for item in _draw(found, round(len(block.rows) * _PER_ROW), random, 0.6):
        text, kind = block.rows[item.row].other, plain_kind(item.draft.kind)
        if block.language == "zh":
            low, high = _sentence_around(text, item.other)
            span = (item.other[0] - low, item.other[1] - low)
            question = chinese_question(text[low:high], span, kind, random)
        else:
            question = foreign_question(text, item.other, kind, block.language, random)
        start, end = (starts[item.row] + at for at in item.english)
        if question and passage[start:end].lower() not in question.lower():
            questions.append(_question(question, (start, end), item.draft.kind, block.language))
    return Asked(block, "en", passage, questions)


def _sentence_around(text: str, span: Span) -> Span:
    low = max((match.end() for match in _SENTENCE_STOP.finditer(text, 0, span[0])), default=0)
    stop = _SENTENCE_STOP.search(text, span[1])
    return low, stop.start() if stop else len(text)


def _question(question: str, span: Span, kind: str, language: str) -> dict[str, Any]:
    start, end = span
    return {"question": question, "start": start, "end": end, "kind": kind, "language": language}


def _make_batch(job: tuple[int, list[Block]]) -> list[str]:
    seed, batch = job
    random = Random(seed)
    made: list[Asked] = []
    for block in batch:
        found = find_answers(block, random)
        both = (ask_in_english(block, found, random), ask_in_other(block, found, random))
        made += (asked for asked in both if asked.questions)
    lines = []
    for at, asked in enumerate(made):
        record = {
            "source": asked.block.rows[0].source,
            "language": asked.language,
            "document": asked.block.rows[0].document,
            "passage": asked.passage,
            "questions": asked.questions,
            "unanswerable": _unanswerable(asked, made[at + 1 : at + 5], random),
        }
        lines.append(json.dumps(record, ensure_ascii=False))
    return lines


def _unanswerable(asked: Asked, following: list[Asked], random: Random) -> list[str]:
    """Take a question of a passage nearby, and one with another name or date in it."""
    block = asked.block
    both = block.passage("en") + block.passage(block.language)
    lost = []
    same = (
        other
        for other in following
        if other.block is not block
        and (other.language, other.block.language) == (asked.language, block.language)
    )
    for other in list(same)[:1]:
        taken = random.choice(other.questions)
        if other.passage[taken["start"] : taken["end"]].lower() not in both.lower():
            lost.append(taken["question"])
    for own in asked.questions[:4]:
        if own["language"] == "en" and not own["kind"].startswith("rough"):
            pool, lexicon = _shared["pool"], _shared["lexicon"]
            question = swap_name(own["question"], both, pool, lexicon, random)
            if question:
                return [*lost, question]
    return lost
