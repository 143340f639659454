"""Fit the confidence: ``python -m rag.training.calibrate --data DIR``.

Every question is asked twice of one index: with the document that answers it and without
("leave the gold document out": the closest other documents are the hardest wrong ones). A logistic
model then tells right candidates from wrong ones. The reader was trained on these questions, so
the confidence is somewhat too high elsewhere.

DIR holds ``qa/train/*.json`` in SQuAD format. About ten minutes on two cores.
"""

import argparse
import json
import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from index.build import build_index
from index.encoder import StaticEncoder
from index.knowledge_base import KnowledgeBase
from index.loading import hash_source
from index.normalization import fold_text
from index.settings import IndexSettings
from rag.calibration import FEATURES, extract_features
from rag.datatypes import AnswerSpan
from rag.query import analyze_question
from rag.reader import BUNDLED_DIR, SpanReader
from rag.retriever import retrieve
from rag.selection import select_spans
from rag.settings import N_READ, RagSettings

_SETS = ("cmrc2018_train", "drcd_dev")
_N_QUESTIONS = 1500
_N_HITS = 20  # so that five are left without the gold document
_MAX_ANSWER_CHARS = 120
_REFUSED_RIGHT = 0.01  # share of rightly answered questions that may be refused
_PRECISION = 0.8  # of answers shown as sure, half of the questions having none


@dataclass(frozen=True, slots=True)
class Example:
    """A question with its gold answers and their document."""

    question: str
    answers: tuple[str, ...]
    doc_id: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """The best candidate of one asking."""

    values: tuple[float, ...]
    is_right: bool
    is_answerable: bool


def write_documents(data_dir: Path, folder: Path) -> list[Example]:
    """Write every paragraph of the sets as a file; return the questions."""
    examples: list[Example] = []
    for name in _SETS:
        (folder / name).mkdir(parents=True)
        data = json.loads((data_dir / "qa" / "train" / f"{name}.json").read_text("utf-8"))
        paragraphs = [p for article in data["data"] for p in article["paragraphs"]]
        for number, paragraph in enumerate(paragraphs):
            source = f"{name}/{number:05d}.txt"
            (folder / source).write_text(paragraph["context"], "utf-8", newline="")
            examples.extend(_examples(paragraph["qas"], source))
    return examples


def _examples(qas: Sequence[dict[str, object]], source: str) -> Iterator[Example]:
    for qa in qas:
        entries = qa["answers"]
        assert isinstance(entries, list)
        answers = tuple(text for a in entries if (text := fold_text(str(a["text"])).strip()))
        if answers:
            yield Example(str(qa["question"]), answers, hash_source(source))


class Asker:
    """Asks examples of one index."""

    def __init__(self, knowledge_base: KnowledgeBase, reader: SpanReader) -> None:
        """Hold what is asked.

        :param knowledge_base: All documents of all sets.
        :param reader: The reader to calibrate.
        """
        self._knowledge_base = knowledge_base
        self._reader = reader
        self._settings = RagSettings()

    def ask(self, example: Example, *, is_answerable: bool) -> list[Judgement]:
        """Ask with or without the gold document.

        :param example: The question.
        :param is_answerable: False leaves the gold document out.
        :return: Each candidate's features with whether it is right.
        """
        query = analyze_question(example.question)
        hits = retrieve(self._knowledge_base, query, self._settings, _N_HITS)
        if not is_answerable:
            hits = [hit for hit in hits if hit.chunk.doc_id != example.doc_id]
        hits = [replace(hit, rank=rank) for rank, hit in enumerate(hits[:N_READ], 1)]
        spans = select_spans(self._reader.read(query, hits))
        return [
            Judgement(values, _is_right(span, example), is_answerable)
            for values, span in zip(extract_features(spans), spans, strict=True)
        ]


def _is_right(span: AnswerSpan, example: Example) -> bool:
    if span.hit.chunk.doc_id != example.doc_id or len(span.span) > _MAX_ANSWER_CHARS:
        return False
    base = span.hit.chunk.span.start
    words = fold_text(span.hit.chunk.text[span.span.start - base : span.span.end - base])
    return any(answer in words or _mostly(words, answer) for answer in example.answers)


def _mostly(words: str, answer: str) -> bool:
    return words in answer and 2 * len(words) > len(answer)


def fit_calibration(asked: Sequence[Sequence[Judgement]]) -> dict[str, object]:
    """Fit the weights and choose the thresholds.

    :param asked: The candidates of each asking.
    :return: Weights, bias and thresholds, JSON-ready.
    """
    rows = [judgement for candidates in asked for judgement in candidates]
    values = np.array([row.values for row in rows])  # (n_candidates, n_features)
    labels = np.array([row.is_right for row in rows])  # (n_candidates,)
    scale = values.std(axis=0) + 1e-6
    model = LogisticRegression(C=1.0, max_iter=1000).fit(values / scale, labels)
    weights, bias = model.coef_[0] / scale, float(model.intercept_[0])
    best = [
        max(
            ((_sigmoid(values_of(row) @ weights + bias), row) for row in candidates),
            key=lambda pair: pair[0],
        )
        for candidates in asked
        if candidates
    ]
    confidence = np.array([probability for probability, _ in best])  # (n_askings,)
    right = np.array([row.is_right for _, row in best])
    answerable = np.array([row.is_answerable for _, row in best])
    uncertain = float(np.quantile(confidence[right], _REFUSED_RIGHT))
    answered = max(uncertain, _threshold_for(confidence, right, _PRECISION))
    refused = float((confidence[~answerable] < uncertain).mean())
    print(  # noqa: T201 - a command's output
        f"askings {len(best)}, right when answerable {right[answerable].mean():.3f}, "
        f"unanswerable refused {refused:.3f}, shown as sure {(confidence >= answered).mean():.3f}, "
        f"ECE {expected_calibration_error(confidence, right):.3f}"
    )
    return {
        "weights": [round(float(weight), 4) for weight in weights],
        "bias": round(bias, 4),
        "answered": round(answered, 4),
        "uncertain": round(uncertain, 4),
    }


def values_of(row: Judgement) -> NDArray[np.float64]:
    """Return a row's features as an array."""
    return np.array(row.values)


def _sigmoid(z: float) -> float:
    return float(1 / (1 + np.exp(-z)))


def _threshold_for(
    confidence: NDArray[np.float64], right: NDArray[np.bool_], precision: float
) -> float:
    order = np.argsort(-confidence)
    precisions = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(precisions >= precision)
    return float(confidence[order[enough[-1]]]) if len(enough) else 1.0


def expected_calibration_error(
    confidence: NDArray[np.float64], right: NDArray[np.bool_], n_bins: int = 10
) -> float:
    """Compute Σ |bin| / n · |accuracy(bin) - confidence(bin)| (Guo et al. 2017).

    :param confidence: (n,) probabilities.
    :param right: (n,) whether each was right.
    :param n_bins: Number of equally wide bins.
    :return: The error in [0, 1].
    """
    bins = np.minimum((confidence * n_bins).astype(int), n_bins - 1)
    return float(
        sum(
            abs(right[bins == b].mean() - confidence[bins == b].mean()) * (bins == b).mean()
            for b in np.unique(bins)
        )
    )


def main() -> None:
    """Fit and write ``calibration.json``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=BUNDLED_DIR / "calibration.json")
    options = parser.parse_args()
    encoder = StaticEncoder.load()
    with tempfile.TemporaryDirectory() as work:
        examples = write_documents(options.data, Path(work, "documents"))
        index_dir = Path(work, "index")
        build_index(Path(work, "documents"), index_dir, encoder, settings=IndexSettings())
        asker = Asker(KnowledgeBase.load(index_dir, encoder=encoder), SpanReader.load(encoder))
        random.Random(0).shuffle(examples)
        asked = [
            asker.ask(example, is_answerable=is_answerable)
            for example in examples[:_N_QUESTIONS]
            for is_answerable in (True, False)
        ]
    body = {"features": FEATURES, **fit_calibration(asked)}
    options.out.write_text(json.dumps(body, indent=1) + "\n", "utf-8", newline="\n")


if __name__ == "__main__":
    main()
