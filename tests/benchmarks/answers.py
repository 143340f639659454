"""Open-domain answering: question over the whole pool → ``Answer``.

Of the questions answered: the overlap of ``text`` with the gold answers, whether the first
citation's quote holds one, and whether it comes from the question's paragraph.
"""

from collections.abc import Sequence

from rag.datatypes import Answer, Status
from rag.evaluation_metrics import holds_gold, metric_for
from tests.benchmarks.asking import Asker
from tests.benchmarks.models import Models
from tests.benchmarks.pool import ASKED, IndexedSets
from tests.benchmarks.sets import GoldQuestion

_COLUMNS = {
    "share": "share of questions",
    "f1": "F1",
    "em": "EM",
    "quote": "first quote holds a gold answer",
    "paragraph": "right paragraph",
}
_GROUPS = {
    "answered": (Status.ANSWERED,),
    "answered or uncertain": (Status.ANSWERED, Status.UNCERTAIN),
}


def run(
    pool: IndexedSets, models: Models, *, limit: int | None = None
) -> dict[str, dict[str, dict[str, float]]]:
    """Measure the answers to every set, those given as sure and all that are given."""
    asker = Asker(pool, models)
    figures: dict[str, dict[str, dict[str, float]]] = {}
    for name in ASKED:
        reading_set = pool.of(name)
        answers = [(asker.ask(gold.question), gold) for _, gold in reading_set.answerable(limit)]
        figures[name] = {
            group: _measure(
                [(answer, gold) for answer, gold in answers if answer.status in statuses],
                len(answers),
                reading_set.passage_language,
            )
            for group, statuses in _GROUPS.items()
        }
    return figures


def _measure(
    given: Sequence[tuple[Answer, GoldQuestion]], n_asked: int, language: str
) -> dict[str, float]:
    overlaps = [metric_for(language)(answer.text, gold.texts) for answer, gold in given]
    firsts = [(answer.citations[0], gold) for answer, gold in given]
    quoted = [holds_gold(first.quote, gold.texts) for first, gold in firsts]
    placed = [first.source == gold.source for first, gold in firsts]
    return {
        "share": _percent(len(given), n_asked),
        "f1": _percent(sum(overlap.f1 for overlap in overlaps), len(given)),
        "em": _percent(sum(overlap.exact for overlap in overlaps), len(given)),
        "quote": _percent(sum(quoted), len(given)),
        "paragraph": _percent(sum(placed), len(given)),
    }


def _percent(part: float, whole: int) -> float:
    return round(100 * part / whole, 1) if whole else 0.0


def to_markdown(result: dict) -> str:
    """Return the table of a kept result, in percent."""
    lines = [
        f"| set | given as | {' | '.join(_COLUMNS.values())} |",
        "|---" * (len(_COLUMNS) + 2) + "|",
    ]
    for name, groups in result["figures"].items():
        for group, figure in groups.items():
            cells = [str(figure[column]) for column in _COLUMNS]
            lines.append(f"| {name} | {group} | {' | '.join(cells)} |")
    return "\n".join(lines)
