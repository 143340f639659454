"""Documents that contradict or confirm one another, the questions over them, and what is found.

``design`` was looked at while the rules were made, ``held_out`` only measured with. Print both with
``python -m tests.conflicts.disagreement``.
"""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.answerer import Answerer
from rag.datatypes import Answer, Citation, Role, Status

SETS_DIR = Path(__file__).parent
SETS = ("design", "held_out")


@dataclass(frozen=True, slots=True)
class Question:
    """A question with what documents say: two sides, the same in two spellings, or one thing."""

    question: str
    expect: str  # conflict | same | none
    sides: tuple[str, ...]  # words of each; () for none


@dataclass(frozen=True, slots=True)
class Found:
    """What an answer showed."""

    question: Question
    answer: Answer

    @property
    def is_right(self) -> bool:
        """Tell whether the answer's sentence has one of the sides."""
        return bool(self.answer.citations) and bool(self._sides(self.answer.citations[0]))

    @property
    def is_disputed(self) -> bool:
        """Tell whether other documents are shown to say something else."""
        return bool(self.answer.conflicting)

    @property
    def is_confirmed(self) -> bool:
        """Tell whether other places are shown to say the same."""
        return self.answer.agreeing > 1

    @property
    def is_true_conflict(self) -> bool:
        """Tell whether what is shown are the two sides that the documents have."""
        if self.question.expect != "conflict" or not (self.is_right and self.is_disputed):
            return False
        own = self._sides(self.answer.citations[0])
        others = [self._sides(citation) for citation in self.answer.conflicting]
        return all(sides and sides != own for sides in others)

    def _sides(self, citation: Citation) -> set[str]:
        held = {side for side in self.question.sides if side in citation.quote}
        # 不支持 holds 支持, too.
        return {side for side in held if not any(side != one and side in one for one in held)}


@dataclass(frozen=True, slots=True)
class Figures:
    """How often disagreement was shown and was there."""

    n_conflicts: int  # questions over contradicting documents
    n_answered: int  # of those, with an answer that is one of the sides
    n_found: int  # of those, with the other side shown
    n_shown: int  # questions of any kind with a conflict shown
    n_same: int
    n_confirmed: int  # of those, with another place shown to say the same
    n_none: int
    n_alarms: int  # of those, with a conflict shown

    @property
    def precision(self) -> float:
        """Share of the conflicts shown that are there."""
        return self.n_found / self.n_shown if self.n_shown else 1.0

    @property
    def recall(self) -> float:
        """Share of the conflicts that are there that are shown."""
        return self.n_found / self.n_conflicts

    @property
    def recall_of_answered(self) -> float:
        """The same, of the questions that were answered at all."""
        return self.n_found / self.n_answered

    @property
    def false_alarms(self) -> float:
        """Share of the questions without a conflict for which one is shown."""
        return self.n_alarms / self.n_none


def read_questions(name: str) -> list[Question]:
    """Read the questions of a set."""
    rows = map(json.loads, (SETS_DIR / name / "questions.jsonl").read_text("utf-8").splitlines())
    return [Question(row["question"], row["expect"], tuple(row["sides"])) for row in rows]


def ask_set(name: str, index_dir: Path) -> list[Found]:
    """Index the documents of a set and ask its questions."""
    answerer = Answerer.open(SETS_DIR / name / "documents", index_dir)
    return [Found(entry, answerer.answer(entry.question)) for entry in read_questions(name)]


def measure(found: Sequence[Found]) -> Figures:
    """Count what was found."""
    conflicts = [entry for entry in found if entry.question.expect == "conflict"]
    same = [entry for entry in found if entry.question.expect == "same"]
    none = [entry for entry in found if entry.question.expect == "none"]
    return Figures(
        n_conflicts=len(conflicts),
        n_answered=sum(entry.is_right for entry in conflicts),
        n_found=sum(entry.is_true_conflict for entry in conflicts),
        n_shown=sum(entry.is_disputed for entry in found),
        n_same=len(same),
        n_confirmed=sum(entry.is_confirmed and not entry.is_disputed for entry in same),
        n_none=len(none),
        n_alarms=sum(entry.is_disputed for entry in none),
    )


def main() -> None:
    """Print the figures of both sets, and every question of which something else was expected."""
    for name in SETS:
        with tempfile.TemporaryDirectory() as folder:
            found = ask_set(name, Path(folder))
        print(f"{name}: {measure(found)}")
        for entry in found:
            was = "conflict" if entry.is_disputed else "same" if entry.is_confirmed else "none"
            if was != entry.question.expect:
                answer = entry.answer
                others = [one.words for one in answer.citations if one.role is not Role.ANSWER]
                is_found = answer.status is not Status.NOT_FOUND
                told = f"{answer.text!r} beside {others}" if is_found else "not found"
                print(f"  {entry.question.expect}, shown {was}: {entry.question.question} {told}")


if __name__ == "__main__":
    main()
