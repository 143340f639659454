"""What a part of the suite finds out: counts of what happened, and every promise that broke."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.reliability.children import Children, Crew
from tests.reliability.scene import Scene


@dataclass
class Report:
    """The outcome of one part."""

    part: str
    seed: int
    counts: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON-ready values."""
        return {
            "part": self.part,
            "seed": self.seed,
            "counts": dict(sorted(self.counts.items())),
            "failures": self.failures,
            "skipped": self.skipped,
            "seconds": round(self.seconds, 1),
        }


@dataclass
class Trial:
    """What a part works with.

    Every random number comes from ``random``, so one seed repeats one run.
    """

    scene: Scene
    crew: Crew
    folder: Path  # the part's own, empty
    count: int
    random: random.Random
    report: Report

    @property
    def temporary(self) -> Path:
        """What the children take for the system's temporary folder."""
        return self.folder.parent / "temporary"

    @property
    def children(self) -> Children:
        """The server of a part that needs one child at a time."""
        return self.take_children(1)[0]

    def take_children(self, number: int) -> list[Children]:
        """Return servers for so many children at once."""
        return self.crew.take(number, self.temporary)

    def note(self, what: str, number: int = 1) -> None:
        """Count something that happened."""
        self.report.counts[what] += number

    def skip(self, reason: str) -> None:
        """Say what could not be tried here."""
        self.report.skipped.append(reason)

    def workplace(self) -> Path:
        """Return a new folder for one case."""
        self.note("cases")
        path = self.folder / str(self.report.counts["cases"])
        path.mkdir()
        return path

    @contextmanager
    def expect(self, case: str) -> Iterator[None]:
        """Turn a broken promise into a failure of this case and go on with the next."""
        try:
            yield
        except Exception as exc:  # noqa: BLE001 - whatever it is, the other cases go on
            self.note("failures")
            kind = "" if isinstance(exc, AssertionError) else f"{type(exc).__name__}: "
            self.report.failures.append(f"{case}: {kind}{exc}")


Part = Callable[[Trial], None]


def run_part(part: Part, report: Report, count: int, folder: Path, crew: Crew) -> Report:
    """Run one part.

    :param part: The part.
    :param report: Empty but for the part's name and the seed of all that is random in it.
    :param count: How many cases.
    :param folder: Where it may work.
    :param crew: Runs its children.
    :return: What it found out.
    """
    place, temporary = folder / report.part, folder / "temporary"
    for path in (place, temporary, folder / "scene"):
        path.mkdir(exist_ok=True)
    started = time.monotonic()
    random_ = random.Random(f"{report.part} {report.seed}")
    part(Trial(Scene(folder / "scene"), crew, place, count, random_, report))
    if left := sorted(path.name for path in temporary.iterdir()):
        report.failures.append(f"left in the system's temporary folder: {', '.join(left)}")
    report.seconds = time.monotonic() - started
    return report
