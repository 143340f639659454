"""The pooled protocol's documents: paragraphs of three reading sets among 40,000 distractor chunks.

The pool holds the paragraphs of CMRC 2018 (trial), DRCD (dev) and XQuAD (zh) and Chinese Wikipedia
articles, all indexed as files through the ordinary build. A hit counts when its chunk comes from
the question's paragraph and holds the start of a gold answer.
"""

import json
import lzma
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from index.build import build_index
from index.chunking import chunk_document
from index.datatypes import Document
from index.encoder import Encoder
from index.settings import IndexSettings
from tests.benchmarks.sets import ReadingSet, load_set

POOLED = ("cmrc2018_trial", "drcd_dev", "xquad_zh")
ASKED = ("cmrc2018_trial", "xquad_zh")  # DRCD dev chose the weights: only its paragraphs count
_N_DISTRACTORS = 40_000
_MIN_PARAGRAPH_CHARS = 100


@dataclass(frozen=True, slots=True)
class IndexedSets:
    """Sets whose paragraphs were indexed together."""

    sets: tuple[ReadingSet, ...]
    documents_dir: Path
    index_dir: Path

    def of(self, name: str) -> ReadingSet:
        """Return a set by its name."""
        return next(entry for entry in self.sets if entry.name == name)


def build_pool(data_dir: Path, work_dir: Path, encoder: Encoder) -> IndexedSets:
    """Write and index the pool; what an earlier run left in the folder is used again."""
    sets = tuple(load_set(data_dir, name) for name in POOLED)
    folder, is_written = work_dir / "pool", work_dir / "pool.written"
    if not is_written.is_file():
        write_documents(sets, folder)
        _write_distractors(data_dir, folder / "distractors")
        is_written.touch()
    return _index(sets, folder, encoder)


def build_set(reading_set: ReadingSet, work_dir: Path, encoder: Encoder) -> IndexedSets:
    """Write and index the paragraphs of one set alone."""
    folder = work_dir / reading_set.name
    write_documents([reading_set], folder)
    return _index((reading_set,), folder, encoder)


def write_documents(sets: Iterable[ReadingSet], folder: Path) -> None:
    """Write every paragraph as the file that its questions name as their source."""
    for reading_set in sets:
        for paragraph in reading_set.paragraphs:
            path = folder / paragraph.source
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(paragraph.context, "utf-8", newline="")


def _index(sets: tuple[ReadingSet, ...], folder: Path, encoder: Encoder) -> IndexedSets:
    index_dir = folder.with_name(f"{folder.name}.index")
    build_index(folder, index_dir, encoder, settings=IndexSettings())
    return IndexedSets(sets, folder, index_dir)


def _write_distractors(data_dir: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
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
