"""Fit the confidence: ``python -m rag.training.calibrate --data DIR``.

Every question is asked twice of one index: with the document that answers it and without
("leave the gold document out": the closest other documents are the hardest wrong ones). A logistic
model a kind of question then tells right candidates from wrong ones. English questions over Chinese
documents are Chinese ones glossed word by word with CC-CEDICT, since no set of real ones may be
trained on.

DIR holds ``qa/train/*.json`` (SQuAD format) and ``corpora/parallel.jsonl.xz``. About ten minutes on
two cores.
"""

import argparse
import json
import lzma
import random
import re
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
from index.segmentation import cut_words
from index.settings import IndexSettings
from rag.calibration import FEATURES, GROUPS, extract_features
from rag.datatypes import AnswerSpan
from rag.query import analyze_question
from rag.reader import BUNDLED_DIR, SpanReader
from rag.retriever import Retrieved, retrieve
from rag.selection import select_spans
from rag.settings import RagSettings

_SETS = {
    "zh": ("cmrc2018_train", "drcd_dev"),
    "en": ("policyqa_dev", "covidqa"),
    "other": ("jsquad_valid",),
}
_N_QUESTIONS = {"zh": 1500, "en": 1000, "other": 700, "cross": 900}
_MAX_ANSWER_CHARS = 120
_REFUSED_RIGHT = 0.08  # share of rightly answered questions that may be refused
_PRECISION = 0.85  # of answers shown as sure, half of the questions having none
_RUN = re.compile("[\u4e00-\u9fd5]+|[^\u4e00-\u9fd5]+")


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


def write_documents(data_dir: Path, folder: Path) -> dict[str, list[Example]]:
    """Write every paragraph of the sets as a file; return the questions of each group."""
    examples: dict[str, list[Example]] = {}
    for group, names in _SETS.items():
        for name in names:
            (folder / name).mkdir(parents=True)
            data = json.loads((data_dir / "qa" / "train" / f"{name}.json").read_text("utf-8"))
            paragraphs = [p for article in data["data"] for p in article["paragraphs"]]
            for number, paragraph in enumerate(paragraphs):
                source = f"{name}/{number:05d}.txt"
                (folder / source).write_text(paragraph["context"], "utf-8", newline="")
                examples.setdefault(group, []).extend(_examples(paragraph["qas"], source))
    return examples


def _examples(qas: Sequence[dict[str, object]], source: str) -> Iterator[Example]:
    for qa in qas:
        entries = qa["answers"]
        assert isinstance(entries, list)
        answers = tuple(text for a in entries if (text := fold_text(str(a["text"])).strip()))
        if answers:
            yield Example(str(qa["question"]), answers, hash_source(source))


def read_glossary(path: Path) -> dict[str, str]:
    """Return one English gloss for each Chinese word of CC-CEDICT."""
    glossary: dict[str, str] = {}
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            source, _, chinese, _, english = json.loads(line)
            if source == "cedict":
                gloss = re.split(r"[;/(]", english)[0].strip()
                glossary.setdefault(fold_text(chinese), gloss)
    return glossary


def gloss_question(question: str, glossary: dict[str, str]) -> str:
    """Put a Chinese question into English word by word; unknown words stay."""
    words = [w for run in _RUN.findall(fold_text(question)) for w in _words(run)]
    return " ".join(glossary.get(word, word) for word in words)


def _words(run: str) -> list[str]:
    return cut_words(run) if "\u4e00" <= run[0] <= "\u9fd5" else [run]


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

    def ask(self, example: Example, *, is_answerable: bool) -> list[tuple[str, Judgement]]:
        """Ask with or without the gold document.

        :param example: The question.
        :param is_answerable: False leaves the gold document out.
        :return: Each candidate's group and features with whether it is right.
        """
        query = analyze_question(example.question)
        retrieved = retrieve(self._knowledge_base, query, self._settings, 20)
        doc_id = None if is_answerable else example.doc_id
        retrieved = _without(retrieved, doc_id, self._settings.n_read)
        spans = select_spans(self._reader.read(query, retrieved.hits))
        rows = extract_features(query, retrieved, spans)
        return [
            (row.group, Judgement(row.values, _is_right(span, example), is_answerable))
            for row, span in zip(rows, spans, strict=True)
        ]


def _without(retrieved: Retrieved, doc_id: str | None, top_k: int) -> Retrieved:
    kept = [at for at, hit in enumerate(retrieved.hits) if hit.chunk.doc_id != doc_id][:top_k]
    return Retrieved(
        tuple(replace(retrieved.hits[at], rank=rank) for rank, at in enumerate(kept, 1)),
        tuple(retrieved.dense[at] for at in kept),
        tuple(retrieved.coverage[at] for at in kept),
    )


def _is_right(span: AnswerSpan, example: Example) -> bool:
    if span.hit.chunk.doc_id != example.doc_id or len(span.span) > _MAX_ANSWER_CHARS:
        return False
    base = span.hit.chunk.span.start
    words = fold_text(span.hit.chunk.text[span.span.start - base : span.span.end - base])
    return any(answer in words or _mostly(words, answer) for answer in example.answers)


def _mostly(words: str, answer: str) -> bool:
    return words in answer and 2 * len(words) > len(answer)


def fit_group(asked: Sequence[Sequence[Judgement]]) -> dict[str, object]:
    """Fit one group and choose its thresholds.

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
        documents = Path(work, "documents")
        examples = write_documents(options.data, documents)
        index_dir = Path(work, "index")
        build_index(documents, index_dir, encoder, settings=IndexSettings())
        asker = Asker(KnowledgeBase.load(index_dir, encoder=encoder), SpanReader.load(encoder))
        glossary = read_glossary(options.data / "corpora" / "parallel.jsonl.xz")
        examples["cross"] = [
            replace(entry, question=gloss_question(entry.question, glossary))
            for entry in examples["zh"]
        ]
        groups = {name: fit_group(_ask_group(asker, name, examples[name])) for name in GROUPS}
    body = {"features": FEATURES, "groups": groups}
    options.out.write_text(json.dumps(body, indent=1) + "\n", "utf-8")


def _ask_group(asker: Asker, group: str, examples: list[Example]) -> list[list[Judgement]]:
    random.Random(0).shuffle(examples)
    asked = []
    for example in examples[: _N_QUESTIONS[group]]:
        for is_answerable in (True, False):
            candidates = asker.ask(example, is_answerable=is_answerable)
            asked.append([row for name, row in candidates if name == group])
    return asked


if __name__ == "__main__":
    main()
