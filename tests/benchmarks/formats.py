"""Formats: a folder of every format with planted facts → of how many each thing is found.

``tests/formats`` writes the folder; there the same is asserted.
"""

from pathlib import Path

from tests.benchmarks.models import Models
from tests.formats.measuring import measure, plant, tally

_COLUMNS = {
    "files": "files",
    "facts": "facts",
    "text_found": "text found",
    "place_right": "place right",
    "offsets_exact": "offsets exact",
    "retrieved": "in the 5 hits",
    "cited": "shown",
    "answered": "answered with the words",
}


def run(work_dir: Path, models: Models) -> dict[str, dict[str, int]]:
    """Write the folder, index it and ask every fact's question."""
    return tally(measure(plant(work_dir / "documents", models)))


def to_markdown(result: dict) -> str:
    """Return the table of a kept result, a row a format, in facts."""
    lines = [
        f"| format | {' | '.join(_COLUMNS.values())} |",
        f"|---|{'---:|' * len(_COLUMNS)}",
    ]
    for name, counts in result["figures"].items():
        lines.append(f"| {name} | {' | '.join(str(counts[column]) for column in _COLUMNS)} |")
    return "\n".join(lines)
