"""Golden answers: the questions over our own test documents and what was answered to each."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from rag.answerer import Answerer
from rag.datatypes import Answer

GOLDEN_DIR = Path(__file__).parent
CORPUS_DIR = GOLDEN_DIR.parent / "corpus"
ANSWERS_PATH = GOLDEN_DIR / "answers.jsonl"


@dataclass(frozen=True, slots=True)
class GoldQuestion:
    """A question with the words that answer it, () when the documents do not hold the answer."""

    id: str
    question: str
    source: str | None
    answers: tuple[str, ...]

    @property
    def is_answerable(self) -> bool:
        """Tell whether the documents hold the answer."""
        return bool(self.answers)


def copy_corpus(corpus_dir: Path, target: Path) -> Path:
    """Copy the test documents without ``encodings``: no question is about those."""
    ignored = shutil.ignore_patterns("encodings", ".*")
    return Path(shutil.copytree(corpus_dir, target, ignore=ignored))


def read_questions() -> list[GoldQuestion]:
    """Read the questions in their order."""
    lines = (GOLDEN_DIR / "questions.jsonl").read_text("utf-8").splitlines()
    return [
        GoldQuestion(row["id"], row["question"], row["source"], tuple(row["answers"]))
        for row in map(json.loads, lines)
    ]


def ask_all(answerer: Answerer) -> dict[str, Answer]:
    """Ask every question; the answers by its id."""
    return {gold.id: answerer.answer(gold.question) for gold in read_questions()}


def summarize(answer: Answer) -> dict[str, str | None]:
    """Give what is stored of an answer."""
    source = answer.citations[0].source if answer.citations else None
    return {"status": answer.status.value, "text": answer.text, "source": source}


def read_stored() -> dict[str, dict[str, str | None]]:
    """Read the reviewed answers by question id."""
    rows = map(json.loads, ANSWERS_PATH.read_text("utf-8").splitlines())
    return {row.pop("id"): row for row in rows}


def write_stored(answers: dict[str, Answer]) -> None:
    """Store answers to be reviewed, one a line."""
    rows = ({"id": name, **summarize(answer)} for name, answer in answers.items())
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    ANSWERS_PATH.write_text(lines, "utf-8", newline="\n")
