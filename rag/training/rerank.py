"""Fit the reranker: ``python -m rag.training.rerank --help``.

Questions are asked of one pool, cut and indexed as at run time: the paragraphs of the question
sets, passages of synthetic questions, and Wikipedia articles as distractors. Only questions of the
held-out tenth are used: the encoder was trained on the others, and their cosines are too good to
learn from (fitted on those, recall@1 of the held-out ones falls from 87 to 83). Across languages
there are only synthetic ones. What is reported comes from folds that the fit has not seen.

DIR holds ``qa/train`` and ``corpora``. Ten minutes on two cores.
"""

import argparse
import json
import lzma
import random
import sys
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.build import build_index
from index.datatypes import Chunk
from index.encoder import StaticEncoder
from index.knowledge_base import KnowledgeBase
from index.loading import hash_source
from index.settings import IndexSettings
from index.training.held_out import TRAINING_SETS, Paragraph, read_paragraphs
from rag.fusion import fuse_hits
from rag.query import analyze_question
from rag.reranking import BUNDLED_PATH, FEATURES, extract_features, gather_evidence
from rag.settings import RagSettings
from rag.training.examples import read_synthetic
from rag.training.listwise import Candidates, fit_listwise, join, rank_unseen

SETS = ("cmrc2018_train", "drcd_dev", "jsquad_valid", "covidqa")
N_DISTRACTORS = 15_000  # articles
N_PASSAGES = 1500  # of a file of synthetic questions
# Of each group: there are fewest that people wrote where most would be synthetic.
N_QUESTIONS = {"zh": 2000, "ja": 200, "en": 150, "en-en": 200, "en-zh": 150}
_MIN_PARAGRAPH_CHARS = 100
_N_FOLDS = 4


@dataclass(frozen=True, slots=True)
class Example:
    """A question with the places of its answers."""

    group: str
    question: str
    doc_id: str
    starts: tuple[int, ...]


def write_pool(options: argparse.Namespace, folder: Path) -> list[Example]:
    """Write every document of the pool; return the questions to learn from.

    :param options: The command's.
    :param folder: To write to.
    """
    examples: list[Example] = []
    for name in SETS:
        (folder / name).mkdir(parents=True)
        for held_out in (False, True):
            for number, paragraph in enumerate(
                read_paragraphs(options.data, name, held_out=held_out)
            ):
                source = f"{name}/{held_out:d}{number:05d}.txt"
                (folder / source).write_text(paragraph.context, "utf-8", newline="")
                if held_out:
                    examples += _examples(paragraph, TRAINING_SETS[name], source)
    for path, group in ((options.english, "en-en"), (options.parallel, "en-zh")):
        examples += _write_synthetic(path, group, folder / path.stem)
    _write_distractors(options.data, folder / "distractors")
    return examples


def _examples(paragraph: Paragraph, group: str, source: str) -> Iterator[Example]:
    for question in paragraph.questions:
        answers = question["answers"]
        assert isinstance(answers, list)
        starts = tuple(int(a["answer_start"]) for a in answers if str(a["text"]).strip())
        if starts:
            yield Example(group, str(question["question"]), hash_source(source), starts)


def _write_synthetic(path: Path, group: str, folder: Path) -> Iterator[Example]:
    folder.mkdir(parents=True)
    passages = [
        passage
        for passage in read_synthetic(path)
        if any(question.group == group for question in passage.questions)
    ]
    random.Random(0).shuffle(passages)
    for number, passage in enumerate(passages[:N_PASSAGES]):
        source = f"{number:05d}.txt"
        (folder / source).write_text(passage.text, "utf-8", newline="")
        question = next(q for q in passage.questions if q.group == group)
        yield Example(
            group, question.text, hash_source(f"{folder.name}/{source}"), (question.start,)
        )


def _write_distractors(data_dir: Path, folder: Path) -> None:
    folder.mkdir(parents=True)
    path = data_dir / "corpora" / "zh_documents.jsonl.xz"
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for number, line in zip(range(N_DISTRACTORS), lines, strict=False):
            article = json.loads(line)
            paragraphs = [
                p for _, ps in article["secs"] for p in ps if len(p) > _MIN_PARAGRAPH_CHARS
            ]
            text = "\n\n".join([article["title"], *paragraphs])
            (folder / f"{number:06d}.txt").write_text(text, "utf-8", newline="")


def ask(knowledge_base: KnowledgeBase, example: Example) -> Candidates:
    """Collect the candidates of one question.

    :param knowledge_base: The pool.
    :param example: The question.
    :return: Its candidates; gold are the chunks that hold the start of an answer.
    """
    query = analyze_question(example.question)
    vector = knowledge_base.encoder.encode([query.text])[0]
    chunks = fuse_hits(knowledge_base, query, vector, RagSettings())
    evidence = gather_evidence(knowledge_base, query, vector, chunks)
    return Candidates(
        extract_features(query, evidence),
        np.array([_is_gold(chunk, example) for chunk in chunks], np.bool_),
        np.zeros(len(chunks), np.int64),
    )


def _is_gold(chunk: Chunk, example: Example) -> bool:
    return chunk.doc_id == example.doc_id and any(
        chunk.span.start <= start < chunk.span.end for start in example.starts
    )


def _choose(examples: Sequence[Example]) -> list[Example]:
    chosen: list[Example] = []
    for group, most in N_QUESTIONS.items():
        of_group = [example for example in examples if example.group == group]
        random.Random(0).shuffle(of_group)
        chosen += of_group[:most]
    return chosen


def _measure(
    examples: Sequence[Example], is_found: Sequence[bool], ranks: NDArray[np.float64]
) -> dict[str, dict[str, float]]:
    """Compute recall by group; questions whose gold chunk is no candidate are missed."""
    all_ranks = np.full(len(examples), np.inf)
    all_ranks[np.array(is_found)] = ranks
    groups = np.array([example.group for example in examples])
    return {
        group: {
            "questions": int((groups == group).sum()),
            **{
                f"recall@{k}": round(100 * float((all_ranks[groups == group] <= k).mean()), 1)
                for k in (1, 5, 10)
            },
            "among the candidates": round(
                100 * float(np.isfinite(all_ranks[groups == group]).mean()), 1
            ),
        }
        for group in N_QUESTIONS
    }


def main() -> None:
    """Fit and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--english", type=Path, required=True, help="synthetic English questions")
    parser.add_argument("--parallel", type=Path, required=True, help="synthetic cross-lingual ones")
    parser.add_argument("--out", type=Path, default=BUNDLED_PATH)
    options = parser.parse_args()
    encoder = StaticEncoder.load()
    with tempfile.TemporaryDirectory() as work:
        examples = _choose(write_pool(options, Path(work, "documents")))
        build_index(Path(work, "documents"), Path(work, "index"), encoder, settings=IndexSettings())
        knowledge_base = KnowledgeBase.load(Path(work, "index"), encoder=encoder)
        asked = [ask(knowledge_base, example) for example in examples]
    is_found = [bool(candidates.is_gold.any()) for candidates in asked]
    learnt = join([candidates for candidates in asked if candidates.is_gold.any()])
    folds = np.array(
        [
            zlib.crc32(example.doc_id.encode()) % _N_FOLDS
            for example, found in zip(examples, is_found, strict=True)
            if found
        ]
    )
    measured = _measure(examples, is_found, rank_unseen(learnt, folds))
    print(json.dumps(measured, indent=1), file=sys.stderr)  # noqa: T201
    weights = fit_listwise(learnt).weights.round(3).tolist()
    body = {"weights": dict(zip(FEATURES, weights, strict=True)), "measured": measured}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(body, indent=1) + "\n", "utf-8", newline="\n")


if __name__ == "__main__":
    main()
