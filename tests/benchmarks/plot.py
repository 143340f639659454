"""Plot: the kept figures of speed and peers → one picture."""

import json
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot

_OURS, _OTHERS, _LINES = "#1a7f5a", "#9aa5b1", ("#1a7f5a", "#c2571a")


def draw(results_dir: Path, path: Path) -> None:
    """Draw how fast indexes are built and questions answered.

    :param results_dir: Holds ``speed.json`` and ``peers.json``.
    :param path: A picture's file; its ending says of which kind.
    """
    figure, (builds, questions) = pyplot.subplots(1, 2, figsize=(10, 4), layout="constrained")
    _draw_builds(builds, json.loads((results_dir / "peers.json").read_text("utf-8")))
    _draw_questions(questions, json.loads((results_dir / "speed.json").read_text("utf-8")))
    # Nothing that differs from one drawing of the same figures to the next.
    figure.savefig(path, dpi=110, metadata={"Software": None})
    pyplot.close(figure)


def _draw_builds(axes, result: dict) -> None:
    rows = [row for row in result["figures"].values() if row["part"] == "a"]
    # By text, not by chunks: others cut larger ones.
    times = {row["name"]: row["seconds"] + row["save_seconds"] for row in rows}
    names = sorted(times, key=times.__getitem__, reverse=True)
    colours = [_OURS if name == "Yiju" else _OTHERS for name in names]
    bars = axes.barh(names, [times[name] for name in names], color=colours)
    axes.bar_label(bars, fmt="%.1f s", padding=3)
    axes.set_xscale("log")
    axes.margins(x=0.2)
    n_chunks = next(row["chunks"] for row in rows if row["name"] == "Yiju")
    axes.set_title(f"Building an index of {n_chunks:,} chunks, as documented")
    axes.spines[["top", "right"]].set_visible(False)


def _draw_questions(axes, result: dict) -> None:
    sizes = list(result["figures"].values())
    n_chunks = [one["chunks"] for one in sizes]
    for colour, (key, label) in zip(
        _LINES, {"retrieval": "retrieval", "answer": "answer"}.items(), strict=True
    ):
        for part, style in (("p50", "-"), ("p95", "--")):
            times = [one[key][part] for one in sizes]
            axes.plot(n_chunks, times, style, color=colour, marker="o", label=f"{label}, {part}")
    axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    axes.set_xlabel("chunks")
    axes.set_title("Milliseconds a question, two cores, no GPU")
    axes.grid(alpha=0.3)
    axes.legend()
    axes.spines[["top", "right"]].set_visible(False)
