"""Reading: question and gold paragraph, read as one passage → span.

Reported are F1, EM and sentence accuracy of the reader's best span, of the span that users see
(``rag.selection``) and of two baselines without a reader (``baselines``). Chinese paragraphs are
scored as CMRC 2018 does, Japanese and Korean by characters, others as SQuAD does.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from index.datatypes import Channel, Chunk, Hit, Span
from rag.answer_type import asks_several
from rag.datatypes import AnswerSpan
from rag.evaluation_metrics import is_in_gold_sentence, metric_for, metric_name
from rag.query import analyze_question
from rag.reader import Reader
from rag.selection import select_spans
from tests.benchmarks.baselines import SentenceBaseline
from tests.benchmarks.models import Models
from tests.benchmarks.sets import GoldQuestion, Paragraph, ReadingSet, load_file, load_set

SETS = (
    "cmrc2018_trial",
    "xquad_zh",
    "xquad_en",
    "xquad_en_zh",
    "xquad_zh_en",
    "bipar_zh",
    "bipar_en",
    "bipar_qen_pzh",
    "bipar_qzh_pen",
)
_METHODS = {
    "best_span": "reader, best span",
    "selected": "reader, as shown",
    "sentence": "best sentence",
    "heuristic": "heuristic",
}


def run(
    data_dir: Path,
    models: Models,
    *,
    names: Sequence[str] = SETS,
    held_out: Sequence[Path] = (),
    limit: int | None = None,
    baselines: bool = True,
) -> Iterator[tuple[str, dict[str, object]]]:
    """Measure set by set.

    :param data_dir: Holds ``qa``.
    :param models: What is measured; needs a reader.
    :param names: Sets of the data folder.
    :param held_out: Further files in SQuAD's format.
    :param limit: Most questions a set.
    :param baselines: Measure those too.
    :return: Each set's name with its figures, as soon as they are there.
    """
    reader = models.require_reader()
    files = [*((name, None) for name in names), *((path.stem, path) for path in held_out)]
    for name, path in files:
        reading_set = load_file(path) if path else load_set(data_dir, name)
        baseline = SentenceBaseline(reading_set, models.encoder) if baselines else None
        found: dict[str, list[dict[str, float]]] = {}
        asked = reading_set.answerable(limit)
        for paragraph, gold in asked:
            spans = dict(_read(reader, paragraph, gold))
            if baseline:
                spans["sentence"] = baseline.best_sentence(paragraph, gold)
                spans["heuristic"] = baseline.likely_words(paragraph, gold)
            for method, span in spans.items():
                scores = _score(reading_set, paragraph, gold, span)
                found.setdefault(method, []).append(scores)
        yield (
            name,
            {
                "n_questions": len(asked),
                "metric": metric_name(reading_set.passage_language),
                "methods": {method: _percent(scores) for method, scores in found.items()},
            },
        )


def whole_passage(paragraph: Paragraph) -> Hit:
    """Make a hit of a whole paragraph, however long."""
    text = paragraph.context
    chunk = Chunk(paragraph.source, paragraph.source, Span(0, len(text)), (), text)
    return Hit(chunk, 1.0, 1, Channel.FUSED)


def _read(reader: Reader, paragraph: Paragraph, gold: GoldQuestion) -> Iterator[tuple[str, Span]]:
    query = analyze_question(gold.question)
    found = reader.read(query, [whole_passage(paragraph)])
    yield "best_span", _first(found)
    yield "selected", _first(select_spans(found, several=asks_several(query.normalized)))


def _first(spans: Sequence[AnswerSpan]) -> Span:
    return spans[0].span if spans else Span(0, 0)


def _score(
    reading_set: ReadingSet, paragraph: Paragraph, gold: GoldQuestion, span: Span
) -> dict[str, float]:
    overlap = metric_for(reading_set.passage_language)(span.of(paragraph.context), gold.texts)
    in_sentence = is_in_gold_sentence(paragraph.context, span, gold.spans)
    return {"f1": overlap.f1, "em": overlap.exact, "sentence": float(in_sentence)}


def _percent(scores: Sequence[dict[str, float]]) -> dict[str, float]:
    return {
        name: round(100 * sum(score[name] for score in scores) / len(scores), 1)
        for name in scores[0]
    }


def to_markdown(result: dict) -> str:
    """Return the table of a kept result: F1 / EM / sentence accuracy in percent."""
    figures = result["figures"]
    methods = [name for name in _METHODS if any(name in f["methods"] for f in figures.values())]
    lines = [
        "| F1 / EM / sentence accuracy | metric | "
        + " | ".join(_METHODS[name] for name in methods)
        + " |",
        "|---" * (len(methods) + 2) + "|",
    ]
    for name, figure in figures.items():
        cells = [" / ".join(map(str, figure["methods"][m].values())) for m in methods]
        lines.append(
            f"| {name} ({figure['n_questions']}) | {figure['metric']} | {' | '.join(cells)} |"
        )
    return "\n".join(lines)
