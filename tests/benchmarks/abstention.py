"""Abstention: every question asked with its paragraph and without it.

Leaving the gold document out makes a question unanswerable among the hardest others there are. What
is answered then counts as wrong, even where another document happens to say the same. Half of the
askings are unanswerable, so the share that can be answered rightly is at most 50 %.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rag.evaluation_metrics import (
    RiskCoverage,
    expected_calibration_error,
    is_right,
    refused_unanswerable,
)
from tests.benchmarks.asking import Asker
from tests.benchmarks.models import Models
from tests.benchmarks.pool import ASKED, IndexedSets, build_pool, build_set
from tests.benchmarks.sets import ReadingSet, load_set

_ALONE = ("xquad_en", "xquad_en_zh", "xquad_zh_en")  # over their own 120 paragraphs
_PRECISION = 0.95
_FALSE_REFUSAL = 0.1
_N_BINS = 10
_COLUMNS = {
    "right": "right when answerable",
    "aurc": "AURC",
    "coverage_at_95": "coverage at 95 % precision",
    "refused": "unanswerable refused at 10 % false refusal",
    "ece": "ECE",
}


@dataclass(frozen=True, slots=True)
class Asking:
    """What came of one asking."""

    confidence: float
    is_right: bool
    is_answerable: bool


def run(
    data_dir: Path, work_dir: Path, models: Models, *, limit: int | None = None
) -> Iterator[tuple[str, dict[str, object]]]:
    """Measure zh over the pool, then en and across languages over XQuAD's paragraphs.

    :param data_dir: Holds ``qa`` and ``corpora``.
    :param work_dir: Where the documents are written and indexed.
    :param models: What answers.
    :param limit: Most questions a set.
    :return: Each row's name with its figures, as soon as they are there.
    """
    pool = build_pool(data_dir, work_dir, models.encoder)
    asker = Asker(pool, models, always=True)
    askings = [asking for name in ASKED for asking in ask_twice(asker, pool.of(name), limit)]
    yield "zh", measure(askings)
    for name in _ALONE:
        reading_set = load_set(data_dir, name)
        indexed: IndexedSets = build_set(reading_set, work_dir, models.encoder)
        asker = Asker(indexed, models, always=True)
        label = name.removeprefix("xquad_").replace("_", "→")
        yield label, measure(list(ask_twice(asker, reading_set, limit)))


def ask_twice(asker: Asker, reading_set: ReadingSet, limit: int | None) -> Iterator[Asking]:
    """Ask every question with its document and without."""
    for _, gold in reading_set.answerable(limit):
        answer = asker.ask(gold.question)
        is_hit = bool(answer.citations) and answer.citations[0].source == gold.source
        yield Asking(answer.confidence, is_hit and is_right(answer.text, gold.texts), True)
        answer = asker.ask(gold.question, without=gold.source)
        yield Asking(answer.confidence, False, False)


def measure(askings: Sequence[Asking]) -> dict[str, object]:
    """Compute the figures of askings, with the points of both of the model card's pictures."""
    confidence = np.array([asking.confidence for asking in askings])  # (n_askings,)
    right = np.array([asking.is_right for asking in askings])
    answerable = np.array([asking.is_answerable for asking in askings])
    curve = RiskCoverage.of(confidence, right)
    refused = refused_unanswerable(
        confidence[answerable], confidence[~answerable], false_refusal=_FALSE_REFUSAL
    )
    return {
        "n_askings": len(askings),
        "right": _percent(float(right[answerable].mean())),
        "aurc": _percent(curve.area),
        "coverage_at_95": _percent(curve.coverage_at_precision(_PRECISION)),
        "refused": _percent(refused),
        "ece": round(expected_calibration_error(confidence, right), 3),
        "risk_coverage": _thinned(curve),
        "reliability": _reliability(confidence, right),
    }


def _thinned(curve: RiskCoverage) -> list[list[float]]:
    """Return [coverage, risk, threshold] at every twentieth of the coverage."""
    rows = np.searchsorted(curve.coverage, np.linspace(0.05, 1, 20) - 1e-9)
    points = zip(curve.coverage[rows], curve.risk[rows], curve.threshold[rows], strict=True)
    return [[round(float(value), 4) for value in point] for point in points]


def _reliability(confidence: np.ndarray, right: np.ndarray) -> list[list[float]]:
    """Return [mean confidence, share right, askings] of each tenth of the scale that has any."""
    bins = np.minimum((confidence * _N_BINS).astype(int), _N_BINS - 1)
    return [
        [
            round(float(confidence[bins == b].mean()), 4),
            round(float(right[bins == b].mean()), 4),
            int((bins == b).sum()),
        ]
        for b in np.unique(bins)
    ]


def _percent(share: float) -> float:
    return round(100 * share, 1)


def to_markdown(result: dict) -> str:
    """Return the table of a kept result; all but the ECE in percent."""
    lines = [
        f"| question → documents | {' | '.join(_COLUMNS.values())} |",
        "|---" * (len(_COLUMNS) + 1) + "|",
    ]
    for name, figure in result["figures"].items():
        lines.append(f"| {name} | {' | '.join(str(figure[column]) for column in _COLUMNS)} |")
    return "\n".join(lines)
