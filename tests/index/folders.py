"""Small documents' folders for the tests: write them, index them, search them."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from index.build import build_index, default_index_dir
from index.datatypes import BuildReport, Chunk, Document, DocumentInfo, Hit
from index.dense import Matrix, VectorFile
from index.encoder import Encoder
from index.generations import IndexDir
from index.inventory import Inventory
from index.knowledge_base import KnowledgeBase
from index.lexical import LexicalIndex
from index.lexical_writer import Cut, LexicalWriter, write_segment
from index.loading import LoadedDocument, format_of
from index.manifest import read_manifest
from index.matching import ChunkTerms, CutChunk
from index.normalization import fold_text
from index.progress import ProgressCallback
from index.scripts import N_SCRIPTS
from index.segmentation import extract_terms
from index.settings import IndexSettings
from index.store import ChunkStore
from index.store_writer import StoreWriter

TEXTS = {
    "会议.txt": "会议纪要\n\n大会于2月5日下午在三楼礼堂召开。会期半天，由刘建国主持。",
    "规章/图书馆.md": "# 图书馆规章\n\n每人最多借书十册。\n\n## 罚款\n\n逾期每天罚款一角。",
    "hoist.md": "# Hoist manual\n\nThe rope is inspected every 30 days. See GB/T 5972-2023.",
    "灯塔.txt": "燈塔\n\n燈塔建於光緒年間，塔高十二公尺。每天日落時點燈。",
}


def write_documents(folder: Path, texts: Mapping[str, str | bytes]) -> Path:
    """Write files by relative path and return the folder."""
    for source, text in texts.items():
        path = folder / source
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return folder


def edit(path: Path, text: str) -> None:
    """Change a file so that its size or its time tells: the clock may not have ticked."""
    before = path.stat().st_mtime_ns
    path.write_text(text, "utf-8", newline="")
    os.utime(path, ns=(before + 1_000_000, before + 1_000_000))


def touch(path: Path) -> None:
    """Change a file's time and nothing else."""
    later = path.stat().st_mtime_ns + 1_000_000
    os.utime(path, ns=(later, later))


def build(
    folder: Path,
    encoder: Encoder,
    *,
    index_dir: Path | None = None,
    full: bool = False,
    progress: ProgressCallback | None = None,
    settings: IndexSettings | None = None,
) -> BuildReport:
    """Index a folder, by default at its usual place."""
    return build_index(
        folder,
        index_dir or default_index_dir(folder),
        encoder,
        settings=settings or IndexSettings(),
        full=full,
        progress=progress,
    )


def load(folder: Path, encoder: Encoder) -> KnowledgeBase:
    """Load the index at a folder's usual place."""
    return KnowledgeBase.load(default_index_dir(folder), encoder=encoder, documents_dir=folder)


@dataclass(frozen=True, slots=True)
class Found:
    """What both channels say to a question."""

    dense: tuple[Hit, ...]
    lexical: tuple[Hit, ...]


def search(knowledge_base: KnowledgeBase, question: str, top_k: int = 10) -> Found:
    """Ask both channels a question as the retriever does."""
    vector = knowledge_base.encoder.encode([question])[0]
    terms = extract_terms(fold_text(question))
    return Found(
        tuple(knowledge_base.search_dense(vector, top_k)),
        tuple(knowledge_base.search_lexical(terms, top_k)),
    )


def sources_of(folder: Path) -> list[str]:
    """List the documents of the index at a folder's usual place."""
    return [info.source for info in load_infos(folder)]


def load_infos(folder: Path) -> list[DocumentInfo]:
    """List what is known of the documents of the index at a folder's usual place."""
    with IndexDir(default_index_dir(folder)).pin_current() as pin:
        return list(ChunkStore.load(pin.paths.store).document_infos())


def read_vectors(folder: Path) -> Matrix:
    """Read all vectors of the index at a folder's usual place: (n_chunks, dim) float32."""
    with IndexDir(default_index_dir(folder)).pin_current() as pin:
        manifest = read_manifest(pin.paths)
        with VectorFile.open(pin.paths.dense, manifest.dim, manifest.n_chunks) as vectors:
            return vectors.read(0, manifest.n_chunks)


def save_vectors(path: Path, vectors: Matrix) -> None:
    """Write vectors as a build does."""
    with VectorFile.create(path, vectors.shape[1], len(vectors)) as file:
        file.write(0, vectors)


def as_chunk(terms: Sequence[str]) -> ChunkTerms:
    """Return the terms of a chunk of one sentence without headings."""
    (chunk,) = ChunkTerms.of([CutChunk(((), terms), (0,) * N_SCRIPTS)])
    return chunk


def write_lexical(path: Path, rows: Sequence[Sequence[str]]) -> LexicalIndex:
    """Write a lexical index of given terms as a build does, and open it."""
    writer = LexicalWriter(path, None)
    if rows:
        folder = writer.folder()
        writer.take(Cut("", len(rows)), folder, write_segment(folder, map(as_chunk, rows)))
    return LexicalIndex.load(path, writer.finish())


def write_store(path: Path, documents: Mapping[Document, Sequence[Chunk]]) -> ChunkStore:
    """Write a store of given documents and chunks as a build does, and open it.

    A chunk's vector key is the beginning of its text.
    """
    chunks = {document.doc_id: own for document, own in documents.items()}
    with Inventory.take(path.parent, 0) as inventory:
        inventory.connection.execute("DELETE FROM passed_over")
        inventory.connection.executemany(
            "INSERT INTO found VALUES (?, ?, 1, ?)",
            [(one.source, len(one.text), format_of(one.source)) for one in documents],
        )
        with StoreWriter.create(path, inventory, None) as store:
            by_source = {document.source: document for document in documents}
            for file in store.unread():
                document = by_source[file.source]
                own_title = "" if document.title == Path(file.source).stem else document.title
                store.add_document(LoadedDocument(document, "gb18030", (), own_title), file, 0.5)
                store.settle(file, document.sha256)
            store.place_documents()
            for document in store.fresh():
                own = chunks[document.doc_id]
                store.add_chunks(document, own, [chunk.text.encode()[:16] for chunk in own])
            store.place_chunks()
    return ChunkStore.load(path)


def all_chunks(knowledge_base: KnowledgeBase) -> list:
    """List every chunk in row order."""
    return knowledge_base.chunks(range(knowledge_base.n_chunks))


def leftovers(index_dir: Path) -> list[str]:
    """List what a build that died would leave behind."""
    return sorted(
        path.name
        for path in [*index_dir.iterdir(), *(index_dir / "generations").glob("*")]
        if path.name.startswith((".building-", ".dropped-")) or path.name.endswith(".tmp")
    )
