"""Knowledge base: one generation, loaded: chunks, both channels and the manifest."""

import threading
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from index.chunking import search_text
from index.datatypes import Channel, Chunk, Document, Hit
from index.dense import DenseIndex, Ranking
from index.encoder import Encoder, load_encoder
from index.errors import IndexCorruptError, IndexFormatError
from index.generations import IndexDir
from index.lexical import LexicalIndex, rank
from index.loading import hash_bytes
from index.manifest import GenerationPaths, Manifest, check_folder, read_manifest
from index.normalization import fold_text
from index.segmentation import extract_terms
from index.store import ChunkStore

_CACHED_DOCUMENTS = 16  # with their texts
_CACHED_CHUNKS = 4096  # term counts kept for exact scoring, about 10 KB each


class KnowledgeBase:
    """What a question is asked of; immutable, safe to use from several threads."""

    def __init__(self, manifest: Manifest, encoder: Encoder, paths: GenerationPaths) -> None:
        """Open a generation's files; use :meth:`load`.

        :param manifest: The generation's.
        :param encoder: The one it was built with.
        :param paths: Its files.
        :raises IndexCorruptError: When they do not fit one another.
        """
        self.manifest = manifest
        self.encoder = encoder
        self._store = ChunkStore.load(paths.store)
        self._dense = DenseIndex.load(paths.dense)
        self._lexical = LexicalIndex.load(paths.lexical, manifest.mean_terms)
        if not manifest.n_chunks == self._dense.n_rows == self._lexical.n_rows:
            raise IndexCorruptError(
                f"The files in {paths.root} do not belong together. Run: yiju index --full"
            )
        self._rows: dict[str, int] = {}  # of every chunk handed out
        self._rows_lock = threading.Lock()
        # Not methods: a cache that holds this object would keep a replaced generation open.
        self._counts = lru_cache(_CACHED_CHUNKS)(partial(_count_terms, self._store))
        text_hashes = {d.doc_id: d.text_sha256 for d in manifest.documents}
        self._document = lru_cache(_CACHED_DOCUMENTS)(
            partial(_read_document, self._store, text_hashes)
        )

    @classmethod
    def load(
        cls, index_dir: Path, *, encoder: Encoder | None = None, documents_dir: Path | None = None
    ) -> Self:
        """Load the live generation.

        :param index_dir: The index's folder.
        :param encoder: An already loaded encoder; by default the one the manifest names.
        :param documents_dir: When given, the index must have been made for it.
        :return: The knowledge base, pinned to that generation.
        :raises IndexMissingError: When there is no index.
        :raises IndexFormatError: When it was made by another encoder, format or for another folder.
        :raises IndexCorruptError: When a file is missing or damaged.
        """
        home = IndexDir(index_dir)
        generation = home.require_current()
        try:
            return cls._load(home, generation, encoder, documents_dir)
        except IndexCorruptError:
            newer = home.require_current()
            if newer == generation:
                raise
            # Other builds have published and dropped the one that was being read.
            return cls._load(home, newer, encoder, documents_dir)

    @classmethod
    def _load(
        cls,
        home: IndexDir,
        generation: str,
        encoder: Encoder | None,
        documents_dir: Path | None,
    ) -> Self:
        index_dir, paths = home.path, home.paths(generation)
        manifest = read_manifest(paths)
        if documents_dir is not None:
            check_folder(manifest, documents_dir, index_dir)
        encoder = encoder or load_encoder(manifest.encoder)
        if encoder.fingerprint != manifest.encoder_fingerprint:
            raise IndexFormatError(
                f"The index at {index_dir} was made with another encoder "
                f"({manifest.encoder or 'an older bundled one'}). Run: yiju index"
            )
        return cls(manifest, encoder, paths)

    @property
    def n_chunks(self) -> int:
        """Number of chunks."""
        return self.manifest.n_chunks

    def document(self, doc_id: str) -> Document:
        """Return a document with its text.

        :param doc_id: Its id.
        :return: The document.
        :raises KeyError: When the knowledge base has none of that id.
        :raises IndexCorruptError: When its stored text is not the one that was indexed.
        """
        return self._document(doc_id)

    def chunks(self, rows: Sequence[int]) -> list[Chunk]:
        """Return chunks by row number.

        :param rows: Rows in [0, n_chunks).
        :return: The chunks in the order of rows.
        """
        stored = self._store.chunks(rows)
        with self._rows_lock:
            self._rows.update((entry.chunk.chunk_id, entry.row) for entry in stored)
        return [entry.chunk for entry in stored]

    def search_dense(self, vector: NDArray[np.float32], top_k: int) -> list[Hit]:
        """Rank chunks by cosine.

        :param vector: (dim,) float32, the encoded question.
        :param top_k: Number of hits wanted.
        :return: Hits, best first.
        """
        return self._hits(self._dense.search(vector, top_k), Channel.DENSE)

    def search_lexical(self, terms: Sequence[str], top_k: int) -> list[Hit]:
        """Rank chunks by BM25.

        :param terms: The question's terms.
        :param top_k: Number of hits wanted.
        :return: Hits, best first; none when no chunk has any of the terms.
        """
        rows = self._lexical.search(terms, top_k).tolist()
        return self._hits(rank(rows, self._score_lexical(terms, rows), top_k), Channel.LEXICAL)

    def score_dense(
        self, vector: NDArray[np.float32], chunks: Sequence[Chunk]
    ) -> NDArray[np.float32]:
        """Compute the cosine of given chunks.

        :param vector: (dim,) float32, the encoded question.
        :param chunks: Chunks of this knowledge base.
        :return: (len(chunks),) float32.
        """
        return self._dense.score(vector, self._rows_of(chunks))

    def score_lexical(self, terms: Sequence[str], chunks: Sequence[Chunk]) -> NDArray[np.float32]:
        """Compute the BM25 of given chunks.

        :param terms: The question's terms.
        :param chunks: Chunks of this knowledge base.
        :return: (len(chunks),) float32, >= 0.
        """
        return self._score_lexical(terms, self._rows_of(chunks))

    def idf(self, term: str) -> float:
        """Return a term's weight (:meth:`index.lexical.LexicalIndex.idf`)."""
        return self._lexical.idf(term)

    def term_counts(self, chunk: Chunk) -> Counter[str]:
        """Return how often each term stands in a chunk and its headings; not to be changed."""
        return self._counts(self._rows_of([chunk])[0])

    def _rows_of(self, chunks: Sequence[Chunk]) -> list[int]:
        with self._rows_lock:
            return [self._rows[chunk.chunk_id] for chunk in chunks]

    def _score_lexical(self, terms: Sequence[str], rows: Sequence[int]) -> NDArray[np.float32]:
        return self._lexical.score(terms, [self._counts(row) for row in rows])

    def _hits(self, ranking: Ranking, channel: Channel) -> list[Hit]:
        chunks = self.chunks(ranking.rows.tolist())
        pairs = zip(ranking.scores.tolist(), chunks, strict=True)
        ordered = sorted(pairs, key=lambda pair: (-pair[0], pair[1].chunk_id))  # L5
        return [
            Hit(chunk, score, number, channel) for number, (score, chunk) in enumerate(ordered, 1)
        ]


def _read_document(store: ChunkStore, text_hashes: dict[str, str], doc_id: str) -> Document:
    expected = text_hashes[doc_id]
    document = store.document(doc_id)
    if hash_bytes(document.text.encode("utf-8")) != expected:
        raise IndexCorruptError(
            f"The stored text of {document.source} was altered. Run: yiju index --full"
        )
    return document


def _count_terms(store: ChunkStore, row: int) -> Counter[str]:
    return Counter(extract_terms(fold_text(search_text(store.chunks([row])[0].chunk))))
