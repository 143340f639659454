"""Cases: answers that somebody judged → questions with what they ought to be answered with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from index.normalization import fold_text
from rag import Answer, Status
from rag.evaluation import meets
from rag.evaluation_file import EvaluationQuestion
from webui.conversations import read_answer
from webui.history_records import Fault, Judgement, KeptTurn, Verdict


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a case was answered with."""

    text: str  # "" when nothing was found
    is_right: bool


@dataclass(frozen=True, slots=True)
class Case:
    """A judged question; replaced as a whole, never changed."""

    turn: int  # row of the turn in the database
    judged: float  # when, seconds since the epoch
    user: str  # whose; "" where nobody logs in
    gold: EvaluationQuestion
    collection: str  # that was asked; "" for all
    folders: tuple[str, ...]  # of the documents that were asked, absolute
    before: Outcome  # from the generation before that of ``now``
    now: Outcome
    stamp: str = ""  # of the generation that gave ``now``; "" as long as that is what was judged

    @property
    def is_broken(self) -> bool:
        """Whether it was right before and is not now."""
        return self.before.is_right and not self.now.is_right

    @property
    def is_mended(self) -> bool:
        """Whether it is right now and was not before."""
        return self.now.is_right and not self.before.is_right


def make_gold(question: str, answer: Answer, judgement: Judgement) -> EvaluationQuestion:
    """Say what a judged question ought to be answered with.

    What was praised ought to stay. What was blamed ought not to come again; the right words are
    expected where they were given.

    :param question: As understood.
    :param answer: That was judged.
    :param judgement: Good or bad.
    :return: The question; its line is 0.
    """
    first = answer.citations[0] if answer.citations else None
    if judgement.verdict is Verdict.GOOD:
        source = first.source if first else None
        return EvaluationQuestion(question, tuple(dict.fromkeys(answer.items)), source, 0)
    if judgement.fault is Fault.UNWARRANTED:
        return EvaluationQuestion(question, (), None, 0)
    expected = judgement.expected.strip()
    is_same = bool(expected) and fold_text(expected).strip() == fold_text(answer.text).strip()
    answers = (expected,) if expected else ()
    return EvaluationQuestion(question, answers, None, 0, () if is_same else (answer.text,))


def make_case(row: Sequence[Any], kept: KeptTurn, recheck: dict[str, Any] | None) -> Case | None:
    """Make a case of a judged turn.

    :param row: Its number, when it was judged, whose it is, and the folders that were asked.
    :param kept: The turn.
    :param recheck: The ``recheck`` of the case when it was last asked again.
    :return: The case; None when its answer cannot be read any more.
    """
    answer = read_answer(kept)
    if answer is None:
        return None
    turn, judged, user, folders = row
    gold = make_gold(kept.interpreted, answer, kept.judgement)
    first = judge_answer(gold, answer)
    before, now, stamp = first, first, ""
    if recheck:
        before, now = (Outcome(**recheck[name]) for name in ("before", "now"))
        stamp = recheck["stamp"]
    return Case(turn, judged, user, gold, kept.collection, tuple(folders), before, now, stamp)


def judge_answer(gold: EvaluationQuestion, answer: Answer) -> Outcome:
    """Compare an answer with what is expected.

    :param gold: The question.
    :param answer: Its answer.
    """
    text = "" if answer.status is Status.NOT_FOUND else answer.text
    return Outcome(text, meets(gold, text, answer.status))


def write_case(case: Case) -> dict[str, object]:
    """Write a case as a line of a question file has it.

    :param case: The case.
    :return: JSON-ready values that ``rag.evaluation_file`` reads back as the same question.
    """
    gold = case.gold
    body: dict[str, object] = {"question": gold.question}
    if not gold.is_open:
        body["answer"] = list(gold.answers) if len(gold.answers) > 1 else "".join(gold.answers)
    if gold.excluded:
        body["not_answer"] = gold.excluded[0]
    if gold.source:
        body["source"] = gold.source
    if case.collection:
        body["collection"] = case.collection
    return body
