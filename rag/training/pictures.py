"""Pictures of the model card: how far the confidence can be trusted."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
from matplotlib import pyplot as plt

from rag.evaluation_metrics import RiskCoverage

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from rag.training.calibrate import Outcome

_N_BINS = 10
_LEAST = 20  # askings in a bin that is drawn


def draw_calibration(outcomes: "Mapping[str, Outcome]", folder: Path) -> None:
    """Draw a reliability diagram and risk-coverage curves.

    :param outcomes: By group, on askings that its fit has not seen; half of them have no answer.
    :param folder: Gets ``reliability.png`` and ``risk_coverage.png``.
    """
    figure, axes = plt.subplots(figsize=(4.5, 4))
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    for name, outcome in outcomes.items():
        bins = np.minimum((outcome.confidence * _N_BINS).astype(int), _N_BINS - 1)
        kept = [b for b in range(_N_BINS) if (bins == b).sum() >= _LEAST]
        means = [outcome.confidence[bins == b].mean() for b in kept]
        axes.plot(means, [outcome.is_right[bins == b].mean() for b in kept], "o-", label=name)
    axes.set(xlabel="confidence", ylabel="share that is right", xlim=(0, 1), ylim=(0, 1))
    _save(figure, axes, folder / "reliability.png")

    figure, axes = plt.subplots(figsize=(4.5, 4))
    for name, outcome in outcomes.items():
        curve = RiskCoverage.of(outcome.confidence, outcome.is_right)
        axes.plot(curve.coverage, curve.risk, label=name)
    axes.set(xlabel="share of questions answered", ylabel="share of these that is wrong")
    axes.set(xlim=(0, 1), ylim=(0, 1))
    _save(figure, axes, folder / "risk_coverage.png")


def _save(figure: "Figure", axes: "Axes", path: Path) -> None:
    axes.legend()
    axes.grid(visible=True, color="0.9")
    figure.tight_layout()
    figure.savefig(path, dpi=110, metadata={"Software": None})
    plt.close(figure)
