"""The systems that are compared, each as its documentation says.

A system is made of a task (its models are loaded and used once), built, and then asked; it answers
with the files that its best chunks come from. Yiju and LlamaIndex cut the texts themselves; txtai
and Haystack have no cutter that knows Chinese and bm25s has none at all, so they get the chunks
that Yiju cut, and neither reading nor cutting counts against them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

_FIRST = "第一次使用。"


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be indexed, with what, and what is then asked."""

    folder: str  # the texts, for those that read them
    model: str  # folder of a sentence-transformers model
    batch: int | None  # texts encoded at once; None: the system's own number
    passages: Sequence[tuple[str, str]]  # file and words of each chunk, for those that do not
    questions: Sequence[dict[str, str]]  # question, and source: the file that answers it


class System(Protocol):
    """A retrieval system."""

    package: str  # whose version is told; none where the result's commit tells it

    def build(self) -> int:
        """Index everything and return the number of chunks."""
        ...

    def save(self, folder: Path) -> None:
        """Write the index to disk."""
        ...

    def search(self, question: str, top_k: int) -> list[str]:
        """Return the files of the best chunks, best first."""
        ...


class Yiju:
    """This project: both channels and the reranker."""

    package = ""

    def __init__(self, task: Task) -> None:
        from index.encoder import StaticEncoder
        from index.loading import hash_source
        from index.normalization import fold_text
        from index.segmentation import extract_terms
        from rag.settings import RagSettings

        self._folder, self._settings = Path(task.folder), RagSettings()
        self._sources = {hash_source(source): source for source in _sources(self._folder)}
        self._encoder = StaticEncoder.load()
        self._encoder.encode([_FIRST])
        extract_terms(fold_text(_FIRST))

    def build(self) -> int:
        from index.build import build_index, default_index_dir
        from index.knowledge_base import KnowledgeBase
        from index.settings import IndexSettings

        index_dir = default_index_dir(self._folder)
        build_index(self._folder, index_dir, self._encoder, settings=IndexSettings(), full=True)
        self._knowledge_base = KnowledgeBase.load(index_dir, encoder=self._encoder)
        return self._knowledge_base.n_chunks

    def save(self, folder: Path) -> None:
        pass  # a build is on disk when it ends

    def search(self, question: str, top_k: int) -> list[str]:
        from rag.query import analyze_question
        from rag.retriever import retrieve

        query = analyze_question(question)
        hits = retrieve(self._knowledge_base, query, self._settings, top_k)
        return [self._sources[hit.chunk.doc_id] for hit in hits]


class Bm25s:
    """bm25s over jieba's words: lexical only."""

    package = "bm25s"

    def __init__(self, task: Task) -> None:
        from tests.benchmarks.lexical_baseline import cut_words

        self._passages, self._cut = task.passages, cut_words
        cut_words(_FIRST)

    def build(self) -> int:
        import bm25s

        self._index = bm25s.BM25(k1=0.9, b=0.4)
        words = [self._cut(text) for _, text in self._passages]
        self._index.index(words, show_progress=False)
        return len(words)

    def save(self, folder: Path) -> None:
        self._index.save(folder, corpus=[text for _, text in self._passages])

    def search(self, question: str, top_k: int) -> list[str]:
        k = min(top_k, len(self._passages))
        words = [self._cut(question)]
        rows = self._index.retrieve(words, k=k, show_progress=False, return_as="documents")[0]
        return [self._passages[row][0] for row in rows]


class Txtai:
    """txtai's Embeddings with content: FAISS and SQLite."""

    package, is_hybrid = "txtai", False

    def __init__(self, task: Task) -> None:
        from txtai import Embeddings

        self._passages = task.passages
        settings = {"path": task.model, "content": True, "hybrid": self.is_hybrid}
        if not _is_of_transformers(task.model):
            settings["method"] = "sentence-transformers"
        if task.batch:
            settings["encodebatch"] = task.batch
        self._embeddings = Embeddings(settings)
        self._embeddings.transform(_FIRST)

    def build(self) -> int:
        self._embeddings.index(text for _, text in self._passages)
        return int(self._embeddings.count())

    def save(self, folder: Path) -> None:
        self._embeddings.save(str(folder))

    def search(self, question: str, top_k: int) -> list[str]:
        found = self._embeddings.search(question, top_k)
        return [self._passages[int(one["id"])][0] for one in found]


class TxtaiHybrid(Txtai):
    """The same with txtai's BM25 beside it."""

    is_hybrid = True


class Haystack:
    """Haystack's documents in memory, BM25 and embeddings, joined by reciprocal ranks."""

    package = "haystack-ai"

    def __init__(self, task: Task) -> None:
        from haystack.document_stores.in_memory import InMemoryDocumentStore
        from haystack_integrations.components.embedders.sentence_transformers import (
            SentenceTransformersDocumentEmbedder,
            SentenceTransformersTextEmbedder,
        )

        own = {"batch_size": task.batch} if task.batch else {}
        self._passages = task.passages
        self._store = InMemoryDocumentStore()
        self._of_documents = SentenceTransformersDocumentEmbedder(
            model=task.model, progress_bar=False, **own
        )
        self._of_questions = SentenceTransformersTextEmbedder(model=task.model, progress_bar=False)
        self._of_documents.warm_up()
        self._of_questions.warm_up()
        self._of_questions.run(_FIRST)

    def build(self) -> int:
        from haystack import Document, Pipeline
        from haystack.components.joiners import DocumentJoiner
        from haystack.components.retrievers.in_memory import (
            InMemoryBM25Retriever,
            InMemoryEmbeddingRetriever,
        )
        from haystack.components.writers import DocumentWriter

        indexing = Pipeline()
        indexing.add_component("embedder", self._of_documents)
        indexing.add_component("writer", DocumentWriter(self._store))
        indexing.connect("embedder", "writer")
        documents = [
            Document(id=f"{row}", content=text, meta={"source": source})
            for row, (source, text) in enumerate(self._passages)
        ]
        indexing.run({"embedder": {"documents": documents}})
        asking = Pipeline()
        asking.add_component("embedder", self._of_questions)
        asking.add_component("dense", InMemoryEmbeddingRetriever(self._store))
        asking.add_component("bm25", InMemoryBM25Retriever(self._store))
        asking.add_component("joiner", DocumentJoiner(join_mode="reciprocal_rank_fusion"))
        asking.connect("embedder", "dense")
        asking.connect("dense", "joiner")
        asking.connect("bm25", "joiner")
        self._asking = asking
        return self._store.count_documents()

    def save(self, folder: Path) -> None:
        self._store.save_to_disk(str(folder / "documents.json"))

    def search(self, question: str, top_k: int) -> list[str]:
        asked = {
            "embedder": {"text": question},
            "bm25": {"query": question, "top_k": top_k},
            "dense": {"top_k": top_k},
            "joiner": {"top_k": top_k},
        }
        found = self._asking.run(asked)["joiner"]["documents"]
        return [document.meta["source"] for document in found]


class LlamaIndex:
    """LlamaIndex's VectorStoreIndex on FAISS, its default splitter on whole files."""

    package = "llama-index-core"

    def __init__(self, task: Task) -> None:
        from llama_index.core import Document, Settings
        from llama_index.core.node_parser import SentenceSplitter

        model = _llama_model(task)
        Settings.embed_model, Settings.llm = model, None
        root, names = Path(task.folder), ["source"]
        self._documents = [
            Document(
                text=(root / source).read_text("utf-8"),
                metadata={"source": source},
                excluded_embed_metadata_keys=names,  # as its own reader of folders does
                excluded_llm_metadata_keys=names,
            )
            for source in _sources(root)
        ]
        self._dim = len(model.get_text_embedding(_FIRST))
        SentenceSplitter().split_text(_FIRST)

    def build(self) -> int:
        import faiss
        from llama_index.core import StorageContext, VectorStoreIndex
        from llama_index.vector_stores.faiss import FaissVectorStore

        store = FaissVectorStore(faiss_index=faiss.IndexFlatL2(self._dim))
        context = StorageContext.from_defaults(vector_store=store)
        index = VectorStoreIndex.from_documents(self._documents, storage_context=context)
        self._index = index
        return len(index.docstore.docs)

    def save(self, folder: Path) -> None:
        self._index.storage_context.persist(folder)

    def search(self, question: str, top_k: int) -> list[str]:
        retriever = self._index.as_retriever(similarity_top_k=top_k)
        return [found.node.metadata["source"] for found in retriever.retrieve(question)]


def _llama_model(task: Task) -> Any:
    """Load a model; one that takes texts of any length through LlamaIndex's custom embeddings.

    HuggingFaceEmbedding refuses those: it demands a longest text, and they let none be set.
    """
    from llama_index.core.embeddings import BaseEmbedding
    from llama_index.embeddings.huggingface import HuggingFaceEmbedding
    from sentence_transformers import SentenceTransformer

    own = {"embed_batch_size": task.batch} if task.batch else {}
    if _is_of_transformers(task.model):
        return HuggingFaceEmbedding(model_name=task.model, **own)
    model = SentenceTransformer(task.model)

    class AnyLength(BaseEmbedding):
        def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
            return model.encode(texts, batch_size=self.embed_batch_size).tolist()

        def _get_text_embedding(self, text: str) -> list[float]:
            return self._get_text_embeddings([text])[0]

        def _get_query_embedding(self, query: str) -> list[float]:
            return self._get_text_embeddings([query])[0]

        async def _aget_query_embedding(self, query: str) -> list[float]:
            return self._get_query_embedding(query)

    return AnyLength(**own)


def _is_of_transformers(model: str) -> bool:
    return (Path(model) / "config.json").is_file()


def _sources(folder: Path) -> list[str]:
    paths = (path for kind in ("*.md", "*.txt") for path in folder.rglob(kind))
    return sorted(path.relative_to(folder).as_posix() for path in paths)


SYSTEMS: dict[str, Callable[[Task], System]] = {
    "Yiju": Yiju,
    "bm25s, jieba words": Bm25s,
    "txtai": Txtai,
    "txtai, hybrid": TxtaiHybrid,
    "Haystack, BM25 + dense": Haystack,
    "LlamaIndex, FAISS": LlamaIndex,
}
