"""English passages of the parallel corpus with questions made from their statements."""

from __future__ import annotations

import json
import multiprocessing
import re
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import Any

from rag.training.synthesis.english_lexicon import (
    NAME,
    Lexicon,
    learn_lexicon,
    without_possessive,
)
from rag.training.synthesis.english_passages import Window, cut_windows, read_rows, tidy
from rag.training.synthesis.english_patterns import pattern_questions
from rag.training.synthesis.english_phrasing import Draft
from rag.training.synthesis.english_questions import clause_questions
from rag.training.synthesis.english_rough import rough_questions
from rag.training.synthesis.english_syntax import parse
from rag.training.synthesis.english_unanswerable import ask_missing, name_pool, swap_name
from rag.training.synthesis.english_words import DANGLING

# Where a statement begins inside a sentence.
_STATEMENT = re.compile(
    r"; |, (?:and|but|while|whereas|so) "
    r"|\b(?:said|says|announced|reported|found|showed|noted|added|believes?|stated) that "
    r"|\b(?:said|says) (?=the |[A-Z])|\bbecause (?!of)"
)
_EDGES = " ,.;:!?\"'-"
_POINTERS = frozenset({"it", "he", "she", "they", "this", "that", "one"})
_QUESTION_WORDS = (3, 26)
_MAX_ANSWER_CHARS = 180
_ROUGH_TO_CLEAN = 0.4
# The rarer kinds, and those that people ask for, first; every other kind weighs 1.
_WEIGHTS = {
    **dict.fromkeys(("object", "subject", "said"), 0.8),
    **dict.fromkeys(("person", "action"), 1.3),
    **dict.fromkeys(("definition", "condition", "role", "agent", "title"), 1.5),
    **dict.fromkeys(("date", "place", "number", "money", "percent", "age", "abbreviation"), 2.0),
    **dict.fromkeys(("why", "how", "duration"), 3.0),
}
_BATCH = 500  # passages
_shared: dict[str, Any] = {}  # what the worker processes inherit


def generate(data_dir: Path, out_path: Path, *, seed: int, workers: int, limit: int | None) -> None:
    """Write English passages with questions.

    :param data_dir: Holds ``corpora/parallel.jsonl.xz``.
    :param out_path: The JSON lines to write.
    :param seed: Equal seeds give equal files.
    :param workers: How many processes.
    :param limit: How many lines of the corpus to read; None for all.
    """
    rows = list(read_rows(data_dir, limit))
    lexicon = learn_lexicon(dict.fromkeys(row.english for row in rows))
    windows = list(cut_windows(rows, Random(seed)))
    pool = name_pool((window.passage for window in windows[::5]), lexicon)
    _shared.update(lexicon=lexicon, pool=pool)
    jobs = [(seed + at, windows[at : at + _BATCH]) for at in range(0, len(windows), _BATCH)]
    report(f"{len(windows)} passages")
    with multiprocessing.get_context("fork").Pool(workers) as processes:
        write_lines(out_path, processes.imap(_make_batch, jobs))


def sentence_questions(
    text: str, antecedent: str | None, lexicon: Lexicon, random: Random, rough: int
) -> list[Draft]:
    """Make the questions that one English sentence answers.

    :param text: The sentence.
    :param antecedent: The person named before it, whom "he" or "she" may mean.
    :param rough: How many rough questions to make at most.
    :return: Finished questions whose answers are exact slices of the sentence.
    """
    drafts = list(pattern_questions(text, lexicon, random))
    for start in (0, *(match.end() for match in _STATEMENT.finditer(text))):
        if len(text) - start < 20 or text[start] in "\"'":
            continue
        clause = parse(text[start:], lexicon)
        if clause:
            drafts += [
                draft._replace(start=draft.start + start, end=draft.end + start)
                for draft in clause_questions(clause, antecedent, lexicon, random)
            ]
    drafts += rough_questions(text, lexicon, random, rough)
    finished = (_finish(draft, text, random) for draft in drafts)
    return [draft for draft in finished if draft]


def _finish(draft: Draft, text: str, random: Random) -> Draft | None:
    """Trim a draft and dress it as a question; None when it cannot teach."""
    start, end = draft.start, draft.end
    while start < end and text[start] in _EDGES:
        start += 1
    while end > start and text[end - 1] in _EDGES:
        end -= 1
    answer, question = text[start:end], tidy(draft.question).strip(" ,;:.-")
    rough = is_rough(draft)
    dangling = not rough and question.rsplit(" ", 1)[-1].lower() in DANGLING
    if dangling or not (_is_whole(answer) and _is_whole(question) and _can_teach(question, answer)):
        return None
    draw = random.random()
    casual = rough or draw < 0.1
    opening = question[0].lower() if casual and draw < 0.6 else question[0].upper()
    mark = "" if casual and draw <= 0.25 else "?"
    return Draft(opening + question[1:] + mark, start, end, draft.kind)


def _is_whole(text: str) -> bool:
    pairs = text.count("(") == text.count(")") and text.count("[") == text.count("]")
    return pairs and text.count('"') % 2 == 0


def _can_teach(question: str, answer: str) -> bool:
    """Tell whether a question is of fair length and does not give its answer away."""
    low, high = _QUESTION_WORDS
    if not answer or len(answer) > _MAX_ANSWER_CHARS or answer.lower() in _POINTERS:
        return False
    given = re.search(rf"(?<!\w){re.escape(answer.lower())}(?!\w)", question.lower())
    return low <= question.count(" ") + 1 <= high and not given


def is_rough(draft: Draft) -> bool:
    """Tell whether a draft is one of the rough ones."""
    return draft.kind.startswith("rough")


def last_person(text: str, lexicon: Lexicon) -> str | None:
    """Return the last full name of a person in a text."""
    names = [without_possessive(match.group()) for match in NAME.finditer(text)]
    persons = (
        name for name in reversed(names) if 1 <= name.count(" ") <= 2 and lexicon.is_person(name)
    )
    return next(persons, None)


def draw_questions(
    drafts: Iterable[tuple[int, Draft]], most: int, random: Random
) -> list[tuple[int, Draft]]:
    """Draw questions whose answers do not overlap, the rarer kinds first, few rough ones.

    :param drafts: Pairs of a sentence's number and a question about it.
    """
    keyed = [
        (is_rough(draft), -(random.random() ** (1 / _WEIGHTS.get(draft.kind, 1.0))), number, draft)
        for number, draft in drafts
    ]
    chosen: list[tuple[int, Draft]] = []
    n_clean = n_rough = 0
    for rough, _, number, draft in sorted(keyed):
        if len(chosen) == most or (
            rough and n_rough >= _ROUGH_TO_CLEAN * n_clean + random.random()
        ):
            break
        if not any(
            number == other and draft.start < drawn.end and drawn.start < draft.end
            for other, drawn in chosen
        ):
            chosen.append((number, draft))
            n_clean, n_rough = n_clean + (not rough), n_rough + rough
    return chosen


def _make_batch(job: tuple[int, list[Window]]) -> list[str]:
    seed, batch = job
    random = Random(seed)
    made = [_ask(window, random) for window in batch]
    lines = []
    for at, (window, (questions, drafts)) in enumerate(zip(batch, made, strict=True)):
        if not questions:
            continue
        neighbour = at + 1 if at + 1 < len(batch) else at - 1
        unanswerable = _unanswerable(window.passage, questions, drafts, random)
        for asked in made[neighbour][0][:1] if neighbour >= 0 and random.random() < 0.5 else ():
            answer = batch[neighbour].passage[asked["start"] : asked["end"]]
            if answer.lower() not in window.passage.lower():
                unanswerable.append(asked["question"])
        record = {
            "source": window.source,
            "language": "en",
            "document": window.document,
            "passage": window.passage,
            "questions": questions,
            "unanswerable": unanswerable,
        }
        lines.append(json.dumps(record, ensure_ascii=False))
    return lines


def _ask(window: Window, random: Random) -> tuple[list[dict[str, Any]], list[Draft]]:
    """Return the questions drawn for a passage, and all that could be asked."""
    lexicon, sentences = _shared["lexicon"], window.sentences
    drafts: list[tuple[int, Draft]] = []
    for n, sentence in enumerate(sentences):
        antecedent = last_person(" ".join(sentences[max(0, n - 2) : n]), lexicon)
        made = sentence_questions(sentence, antecedent, lexicon, random, rough=1)
        drafts += [(n, draft) for draft in made]
    starts = window.starts
    questions = [
        {
            "question": draft.question,
            "start": starts[n] + draft.start,
            "end": starts[n] + draft.end,
            "kind": draft.kind,
            "language": "en",
        }
        for n, draft in draw_questions(drafts, len(sentences) + 1, random)
    ]
    return questions, [draft for _, draft in drafts]


def _unanswerable(
    passage: str, questions: list[dict[str, Any]], drafts: list[Draft], random: Random
) -> list[str]:
    clean = [asked["question"] for asked in questions if not asked["kind"].startswith("rough")]
    lost = []
    for question in clean[:3]:
        other = swap_name(question, passage, _shared["pool"], _shared["lexicon"], random)
        if other and random.random() < 0.6:
            lost.append(other)
    missing = ask_missing(passage, drafts, random)
    if missing and random.random() < 0.5:
        lost.append(missing)
    return lost


def write_lines(out_path: Path, batches: Iterable[list[str]]) -> None:
    """Write lines under a temporary name, rename it when complete, report the kinds' counts."""
    partial = out_path.with_name(out_path.name + ".partial")
    counts: Counter[str] = Counter()
    with partial.open("w", encoding="utf-8", newline="\n") as file:
        for lines in batches:
            for line in lines:
                record = json.loads(line)
                counts.update(question["kind"] for question in record["questions"])
                counts["passages"] += 1
                counts["unanswerable"] += len(record["unanswerable"])
                file.write(line + "\n")
    partial.replace(out_path)
    report(", ".join(f"{kind} {count}" for kind, count in counts.most_common()))


def report(message: str) -> None:
    """Tell the person who waits."""
    sys.stderr.write(message + "\n")
