"""Chinese training questions from documents: ``python -m rag.training.synthesis chinese``."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from multiprocessing import Pool
from pathlib import Path
from random import Random
from typing import NamedTuple

from rag.training.synthesis.chinese_attributes import ask_attributes
from rag.training.synthesis.chinese_cloze import KIND_WEIGHTS, make_question
from rag.training.synthesis.chinese_enumerations import EACH, compose, load_schemes
from rag.training.synthesis.chinese_names import Names, gather_names
from rag.training.synthesis.chinese_roles import ask_facts, find_facts
from rag.training.synthesis.chinese_spans import Candidate, find_candidates
from rag.training.synthesis.chinese_statements import ask_statements
from rag.training.synthesis.chinese_text import Analysis, analyze
from rag.training.synthesis.chinese_unanswerable import ask_in_vain
from rag.training.synthesis.passages import Document, cut_passages, parse_document, read_lines
from rag.training.synthesis.writing import (
    MAX_PASSAGE_CHARS,
    MAX_QUESTION_CHARS,
    MIN_PASSAGE_CHARS,
    MIN_QUESTION_CHARS,
    Question,
    TrainingPassage,
    is_clean,
    write_passages,
)

_CORPUS = Path("corpora/zh_documents.jsonl.xz")
_BATCH = 400  # documents that lend their names to one another's questions
_MOST_QUESTIONS = 5
_COMPOSED_SHARE = 0.17
_VAIN_SHARE, _BESIDE_SHARE = 0.6, 0.12  # together about one question in vain for two passages
_MOST_CARRIED_CHARS = 130
# The corpus has thousands of short articles about towns that tell these and nothing else.
_KEPT_SHARE = {
    "area": 0.4,
    "population": 0.25,
    "height": 0.4,
    "located": 0.6,
    "length": 0.6,
    "founded": 0.7,
    "saying": 0.6,
}
# Pages of one mould in a batch: so many are kept, of the others this share.
_MOST_ALIKE, _ALIKE_SHARE = 4, 0.3


class _Batch(NamedTuple):
    seed: int
    lines: tuple[tuple[int, str], ...]


def generate(data_dir: Path, out_path: Path, *, seed: int, workers: int, limit: int | None) -> None:
    """Write Chinese training passages as JSON lines; the same seed gives the same file.

    :param data_dir: The folder that holds ``corpora/zh_documents.jsonl.xz``.
    :param seed: The number of workers does not change what it gives.
    :param workers: Processes that work at once.
    :param limit: The number of documents, the first of the corpus; all when None.
    """
    batches = _read_batches(data_dir / _CORPUS, seed, limit)
    if workers == 1:
        write_passages(out_path, _counted(map(_work, batches)))
        return
    with Pool(workers) as pool:
        write_passages(out_path, _counted(pool.imap(_work, batches)))


def _counted(made: Iterator[list[TrainingPassage]]) -> Iterator[TrainingPassage]:
    n_passages, kinds = 0, Counter[str]()
    for number, passages in enumerate(made):
        for passage in passages:
            n_passages += 1
            kinds.update(question.kind for question in passage.questions)
            kinds["unanswerable"] += len(passage.unanswerable)
            yield passage
        if number % 20 == 0:
            print(f"{n_passages} passages, {kinds.total()} questions", file=sys.stderr)  # noqa: T201
    print(f"{n_passages} passages: {dict(kinds.most_common())}", file=sys.stderr)  # noqa: T201


def _read_batches(path: Path, seed: int, limit: int | None) -> Iterator[_Batch]:
    lines: list[tuple[int, str]] = []
    for line in read_lines(path, limit):
        lines.append(line)
        if len(lines) == _BATCH:
            yield _Batch(seed, tuple(lines))
            lines = []
    yield _Batch(seed, tuple(lines))


class _Draft(NamedTuple):
    """A passage on its way, with what was found in it."""

    document: Document
    analysis: Analysis
    candidates: list[Candidate]
    questions: tuple[Question, ...]


def _work(batch: _Batch) -> list[TrainingPassage]:
    drafts: list[_Draft] = []
    n_alike = Counter[str]()
    for number, line in batch.lines:
        document = parse_document(number, line)
        random = Random(f"{batch.seed}:{number}")
        for text in cut_passages(document, random):
            analysis = analyze(text)
            frame = _frame_of(analysis)
            n_alike[frame] += 1
            if n_alike[frame] > _MOST_ALIKE and random.random() > _ALIKE_SHARE:
                continue
            draft = _ask(document, analysis, random)
            if draft.questions:
                drafts.append(draft)
    if not drafts:
        return []
    random = Random(f"{batch.seed}:{batch.lines[0][0]}:more")
    names = gather_names((draft.analysis, draft.candidates) for draft in drafts)
    made = [_finish(drafts, index, names, random) for index in range(len(drafts))]
    made += _compose(drafts, names, random)
    return made


def _frame_of(analysis: Analysis) -> str:
    """Return the verbs and prepositions that a passage begins with: alike in pages of one mould."""
    words = [word for sentence in analysis.sentences[:2] for word in sentence.words]
    return " ".join([word.text for word in words if word.tag in ("v", "p")][:5])


def _ask(document: Document, analysis: Analysis, random: Random) -> _Draft:
    text = analysis.text
    most = min(_MOST_QUESTIONS, max(2, len(text) // 80))
    subject = document.subject if document.source == "zhwiki" else ""
    candidates = find_candidates(analysis, random)
    asked = ask_facts(analysis, find_facts(analysis), random)
    natural = ask_attributes(analysis, subject, random) + ask_statements(analysis, random)
    chosen = _draw(asked, 2 if len(asked) < 8 else 4, text, random)
    chosen += _draw(natural, 3, text, random)
    chosen += _cloze(analysis, candidates, most - len(chosen), subject, random)
    return _Draft(document, analysis, candidates, _distinct(chosen))


def _distinct(questions: list[Question]) -> tuple[Question, ...]:
    """Keep one question for an answer, and one answer for a question that has but one."""
    each = [question for question in questions if question.kind.startswith(EACH)]
    by_answer = {
        (question.start, question.end): question for question in questions if question not in each
    }
    return (*{question.question: question for question in by_answer.values()}.values(), *each)


def _draw(questions: list[Question], most: int, text: str, random: Random) -> list[Question]:
    clean = [
        question
        for question in questions
        if is_clean(question, text) and random.random() < _KEPT_SHARE.get(question.kind, 1.0)
    ]
    return random.sample(clean, min(most, len(clean)))


def _finish(drafts: list[_Draft], index: int, names: Names, random: Random) -> TrainingPassage:
    """Add to a passage the questions that it does not answer."""
    document, analysis, candidates, questions = drafts[index]
    vain: list[str] = []
    if random.random() < _VAIN_SHARE:
        asked = ask_in_vain(analysis, candidates, questions, names, random)
        if asked:
            vain.append(asked)
    beside = index + random.choice((-1, 1))
    if random.random() < _BESIDE_SHARE and 0 <= beside < len(drafts):
        other = drafts[beside]
        if other.document.number == document.number:
            question = random.choice(other.questions)
            answer = other.analysis.text[question.start : question.end]
            if answer not in analysis.text:
                vain.append(question.question)
    vain = [asked for asked in vain if MIN_QUESTION_CHARS <= len(asked) <= MAX_QUESTION_CHARS]
    return TrainingPassage(
        document.source, str(document.number), analysis.text, questions, tuple(vain)
    )


def _compose(drafts: list[_Draft], names: Names, random: Random) -> list[TrainingPassage]:
    made = []
    schemes = load_schemes()
    weights = [scheme.weight for scheme in schemes]
    for draft in drafts:
        if random.random() > _COMPOSED_SHARE:
            continue
        sentences = draft.analysis.sentences
        carried = [draft.analysis.text[s.start : s.end].strip() for s in sentences]
        before, after = _carry(carried, random)
        scheme = random.choices(schemes, weights)[0]
        room = MAX_PASSAGE_CHARS - len(before) - len(after)
        composed = compose(scheme, names, room, random)
        if composed is None:
            continue
        text = before + composed.text + after
        shifted = (
            q._replace(start=q.start + len(before), end=q.end + len(before))
            for q in composed.questions
        )
        clean = _distinct([question for question in shifted if is_clean(question, text)])
        if clean and len(text) >= MIN_PASSAGE_CHARS:
            number = str(draft.document.number)
            vain = composed.unanswerable[: random.choice((0, 1, 1, 2))]
            made.append(TrainingPassage("enumeration", number, text, clean, vain))
    return made


def _carry(sentences: list[str], random: Random) -> tuple[str, str]:
    """Return real sentences to stand before and after an enumeration."""
    before = after = ""
    cut = random.randint(0, len(sentences))
    for sentence in reversed(sentences[:cut]):
        if len(before) + len(sentence) > _MOST_CARRIED_CHARS or random.random() < 0.25:
            break
        before = sentence + before
    for sentence in sentences[cut:]:
        if len(after) + len(sentence) > _MOST_CARRIED_CHARS or random.random() < 0.25:
            break
        after += sentence
    return before, after


def _cloze(
    analysis: Analysis, candidates: list[Candidate], most: int, subject: str, random: Random
) -> list[Question]:
    if not candidates or most < 1:
        return []
    counts = Counter(candidate.kind for candidate in candidates)
    weights = [KIND_WEIGHTS[c.kind] / counts[c.kind] ** 0.5 for c in candidates]
    made: dict[tuple[int, int], Question] = {}
    for candidate in random.choices(candidates, weights, k=3 * most + 4):
        span = candidate.start, candidate.end
        if len(made) >= most or span in made:
            continue
        written = make_question(candidate, analysis, subject, random)
        if written is None:
            continue
        question = Question(written, *span, candidate.kind)
        if is_clean(question, analysis.text):
            made[span] = question
    return list(made.values())
