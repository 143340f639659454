"""The pooled retrieval protocol: paragraphs of three reading sets among 40,000 distractor chunks.

The pool holds the paragraphs of CMRC 2018 (trial), DRCD (dev) and XQuAD (zh) and Chinese Wikipedia
articles, all indexed as files through the ordinary build. A hit counts when its chunk comes from
the question's paragraph and holds the start of a gold answer.
"""

import json
import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from index.build import build_index
from index.chunking import chunk_document
from index.datatypes import Document
from index.encoder import Encoder
from index.knowledge_base import KnowledgeBase
from index.settings import IndexSettings

SETS = {
    "cmrc2018_trial": "qa/measure/cmrc2018_trial.json",
    "drcd_dev": "qa/train/drcd_dev.json",
    "xquad_zh": "qa/measure/xquad/xquad.zh.json",
}
_N_DISTRACTORS = 40_000
_MIN_PARAGRAPH_CHARS = 100


@dataclass(frozen=True, slots=True)
class GoldQuestion:
    """A question with where its answers stand."""

    question: str
    source: str
    starts: tuple[int, ...]
    texts: tuple[str, ...]


def read_squad(path: Path) -> Iterator[tuple[str, list[dict]]]:
    """Yield each paragraph with its questions from a file in SQuAD's format."""
    data = json.loads(path.read_text("utf-8"))
    for article in data["data"] if isinstance(data, dict) else data:
        for paragraph in article["paragraphs"]:
            yield paragraph["context"], paragraph["qas"]


def write_pool(data_dir: Path, pool_dir: Path) -> dict[str, list[GoldQuestion]]:
    """Write the pool's files and return the questions of each set."""
    questions: dict[str, list[GoldQuestion]] = {}
    for name, relative in SETS.items():
        questions[name] = []
        (pool_dir / name).mkdir(parents=True)
        for number, (context, qas) in enumerate(read_squad(data_dir / relative)):
            source = f"{name}/{number:05d}.txt"
            (pool_dir / source).write_text(context, "utf-8", newline="")
            for qa in qas:
                if answers := [a for a in qa["answers"] if str(a["text"]).strip()]:
                    questions[name].append(
                        GoldQuestion(
                            qa["question"],
                            source,
                            tuple(a["answer_start"] for a in answers),
                            tuple(str(a["text"]) for a in answers),
                        )
                    )
    _write_distractors(data_dir, pool_dir / "distractors")
    return questions


def build_pool(data_dir: Path, work_dir: Path, encoder: Encoder):
    """Write and index the pool; returns the knowledge base and the questions of each set."""
    pool_dir = work_dir / "pool"
    questions = write_pool(data_dir, pool_dir)
    build_index(pool_dir, work_dir / "index", encoder, settings=IndexSettings())
    return KnowledgeBase.load(work_dir / "index", encoder=encoder), questions


def _write_distractors(data_dir: Path, folder: Path) -> None:
    folder.mkdir(parents=True)
    n_chunks = 0
    path = data_dir / "corpora" / "zh_documents.jsonl.xz"
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            article = json.loads(line)
            paragraphs = [
                p for _, ps in article["secs"] for p in ps if len(p) > _MIN_PARAGRAPH_CHARS
            ]
            text = "\n\n".join([article["title"], *paragraphs])
            document = Document("x", "x", article["title"], text, "text/plain", "")
            (folder / f"{number:06d}.txt").write_text(text, "utf-8", newline="")
            n_chunks += len(chunk_document(document, IndexSettings().max_chunk_chars))
            if n_chunks >= _N_DISTRACTORS:
                return
