"""Answerer: the loaded state for many questions; ``answer`` is the one-call form over it."""

import shlex
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Self

from index.build import build_index, default_index_dir, is_stale
from index.datatypes import BuildReport, Document
from index.encoder import Encoder, StaticEncoder, load_encoder
from index.errors import IndexFormatError
from index.generations import IndexDir
from index.knowledge_base import KnowledgeBase
from index.loading import hash_source
from index.manifest import Manifest, read_manifest
from index.pretrained import absolute_name
from index.progress import ProgressCallback
from index.settings import IndexSettings
from rag.answer_type import asks_several
from rag.calibration import Calibration
from rag.composer import compose_answer
from rag.datatypes import Answer
from rag.own_probability import OwnProbability
from rag.query import analyze_question
from rag.reader import Reader, SpanReader
from rag.retriever import retrieve
from rag.selection import select_spans
from rag.settings import N_READ, RagSettings
from rag.transformers_reader import TransformersReader


@dataclass(frozen=True, slots=True)
class _Reading:
    """A reader with what tells how far to trust it."""

    reader: Reader
    calibration: Calibration | OwnProbability


class Answerer:
    """Answers questions from one folder's documents; safe to use from several threads.

    A question is answered from the generation that was live when it began; a refresh beside it
    switches the next questions to the new one.
    """

    def __init__(  # noqa: PLR0913 - what load and open put together
        self,
        knowledge_base: KnowledgeBase,
        reader: Reader,
        calibration: Calibration | OwnProbability,
        *,
        documents_dir: Path,
        index_dir: Path,
        stamp: tuple[int, int] | None = None,
    ) -> None:
        """Hold the loaded parts; use :meth:`load` or :meth:`open`.

        :param knowledge_base: The live generation.
        :param reader: Reads its chunks.
        :param calibration: The reader's.
        :param documents_dir: The documents' folder.
        :param index_dir: The index's folder.
        :param stamp: The index's before the knowledge base was loaded.
        """
        self._knowledge_base = knowledge_base
        self._reader = reader
        self._calibration = calibration
        self.documents_dir = documents_dir
        self.index_dir = index_dir
        self._settings = RagSettings()
        self._stamp = stamp
        self._refreshing = threading.Lock()

    @classmethod
    def load(
        cls,
        index_dir: str | Path,
        *,
        documents_dir: str | Path | None = None,
        encoder: str = "",
        reader: str = "",
        generation: str = "",
    ) -> Self:
        """Load an index as it is.

        :param index_dir: The index's folder.
        :param documents_dir: Its documents' folder; by default the one that the index lies in.
        :param encoder: The one the index must have been made with; by default any.
        :param reader: A transformers question-answering model's name or folder; by default the one
            in ``YIJU_READER``, else the bundled one.
        :param generation: One that is kept; by default the live one.
        :return: The answerer.
        :raises IndexFormatError: When the index was made with another encoder.
        :raises IndexingError: When there is no usable index, or the encoder cannot be loaded.
        :raises ReaderError: When the reader cannot be loaded.
        """
        index_dir = Path(index_dir)
        documents_dir = Path(documents_dir) if documents_dir else index_dir.parent
        stamp = IndexDir(index_dir).stamp()
        model = _require_encoder(index_dir, absolute_name(encoder)) if encoder else None
        knowledge_base = KnowledgeBase.load(
            index_dir, encoder=model, documents_dir=documents_dir, generation=generation
        )
        reading = _load_reading(reader, knowledge_base.encoder)
        return cls(
            knowledge_base,
            reading.reader,
            reading.calibration,
            documents_dir=documents_dir,
            index_dir=index_dir,
            stamp=stamp,
        )

    @classmethod
    def open(
        cls,
        documents_dir: str | Path,
        index_dir: str | Path | None = None,
        *,
        encoder: str = "",
        reader: str = "",
        progress: ProgressCallback | None = None,
    ) -> Self:
        """Load the index of a folder, made or brought up to date first unless it was rolled back.

        :param documents_dir: The documents' folder.
        :param index_dir: The index's folder; by default ``.yiju`` in the documents' one.
        :param encoder: A sentence-transformers model's name or folder; by default the one in
            ``YIJU_ENCODER``, else the bundled one. An index made with another is made anew.
        :param reader: A transformers question-answering model's name or folder; by default the one
            in ``YIJU_READER``, else the bundled one.
        :param progress: Told of a build's steps.
        :return: The answerer.
        :raises IndexingError: When there is nothing to index, the index cannot be used or the
            encoder cannot be loaded.
        :raises ReaderError: When the reader cannot be loaded.
        """
        documents_dir = Path(documents_dir)
        index_dir = Path(index_dir) if index_dir else default_index_dir(documents_dir)
        settings = IndexSettings.from_env(encoder=encoder)
        model = load_encoder(settings.encoder)
        reading = _load_reading(reader, model)  # before a build that may take long
        build_index(
            documents_dir, index_dir, model, settings=settings, automatic=True, progress=progress
        )
        stamp = IndexDir(index_dir).stamp()
        return cls(
            KnowledgeBase.load(index_dir, encoder=model, documents_dir=documents_dir),
            reading.reader,
            reading.calibration,
            documents_dir=documents_dir,
            index_dir=index_dir,
            stamp=stamp,
        )

    @property
    def manifest(self) -> Manifest:
        """What the live generation holds."""
        return self._knowledge_base.manifest

    def answer(self, question: str, *, top_k: int = N_READ, history: Sequence[str] = ()) -> Answer:
        """Answer a question with the documents' exact words.

        :param question: Any string.
        :param top_k: Number of chunks read, from 1.
        :param history: Earlier questions of the conversation, oldest first.
        :return: The answer; status ``not_found`` when the documents do not hold one.
        :raises ValueError: When top_k is not positive.
        """
        if not isinstance(top_k, int) or top_k < 1:
            raise ValueError(f"top_k must be a whole number of at least 1, got {top_k!r}")
        knowledge_base = self._knowledge_base  # pinned: a refresh swaps the attribute
        query = analyze_question(
            question, history=history, max_chars=self._settings.max_question_chars
        )
        hits = retrieve(knowledge_base, query, self._settings, top_k)
        spans = select_spans(self._reader.read(query, hits), several=asks_several(query.normalized))
        return compose_answer(
            knowledge_base,
            query,
            judged=self._calibration.judge(query, spans),
            nearest=hits[: self._settings.n_nearest],
        )

    def is_stale(self) -> bool:
        """Tell whether the documents changed since the live generation, or another one is live.

        :raises IndexMissingError: When the documents' folder is gone.
        """
        if IndexDir(self.index_dir).stamp() != self._stamp:
            return True
        return is_stale(self.documents_dir, self.index_dir, self.manifest, IndexSettings.from_env())

    def refresh(
        self,
        *,
        full: bool = False,
        automatic: bool = False,
        progress: ProgressCallback | None = None,
    ) -> BuildReport:
        """Build what changed and answer from it from now on; questions at hand are not disturbed.

        :param full: Read and encode everything again.
        :param automatic: Nobody asked for it, so what a rollback brought back stays.
        :param progress: Told of the build's steps.
        :return: What was done.
        :raises IndexingError: When the build cannot be done; the old generation stays.
        """
        with self._refreshing:
            encoder = self._knowledge_base.encoder
            report = build_index(
                self.documents_dir,
                self.index_dir,
                encoder,
                settings=self._index_settings(),
                full=full,
                automatic=automatic,
                progress=progress,
            )
            stamp = IndexDir(self.index_dir).stamp()
            if stamp != self._stamp:
                self._knowledge_base = KnowledgeBase.load(
                    self.index_dir, encoder=encoder, documents_dir=self.documents_dir
                )
                self._stamp = stamp
            return report

    def _index_settings(self) -> IndexSettings:
        # The loaded encoder stays; another one in the environment is for the next start.
        return replace(IndexSettings.from_env(), encoder=self.manifest.encoder)

    def document(self, source: str) -> Document:
        """Return a document by its path.

        :param source: As in a citation.
        :return: The document with its text.
        :raises KeyError: When the live generation has none of that name.
        """
        return self._knowledge_base.document(hash_source(source))


def answer(  # noqa: PLR0913 - the public contract
    question: str,
    *,
    documents: str | Path = "seeds",
    index_dir: str | Path | None = None,
    top_k: int = N_READ,
    history: Sequence[str] = (),
    refresh: bool = True,
    encoder: str = "",
    reader: str = "",
) -> Answer:
    """Answer a question with the exact words of a folder's documents.

    The index is built when there is none and brought up to date when documents changed.

    :param question: Any string.
    :param documents: The documents' folder.
    :param index_dir: The index's folder; by default ``.yiju`` in the documents' one.
    :param top_k: Number of chunks read, from 1.
    :param history: Earlier questions of the conversation, oldest first.
    :param refresh: Look for changed documents first; False answers from the index as it is.
    :param encoder: A sentence-transformers model's name or folder; by default ``YIJU_ENCODER``'s,
        else the bundled one. An index made with another is made anew, or refused without refresh.
    :param reader: A transformers question-answering model's name or folder; by default
        ``YIJU_READER``'s, else the bundled one.
    :return: The answer; ``status`` is ``not_found`` when the documents do not hold one.
    :raises IndexMissingError: When the folder is missing or empty, or, without refresh, the index.
    :raises IndexFormatError: When, without refresh, the index was made with another encoder.
    :raises IndexingError: When the index cannot be built or read, or the encoder not loaded.
    :raises ReaderError: When the reader cannot be loaded.
    """
    documents_dir = Path(documents)
    index_path = Path(index_dir) if index_dir else default_index_dir(documents_dir)
    # Without refresh another process's newer generation is still "the index as it is".
    stamp = None if refresh else IndexDir(index_path).stamp()
    wanted = _Wanted(
        documents_dir.resolve(), index_path.resolve(), absolute_name(encoder), absolute_name(reader)
    )
    answerer = _opened(wanted, refresh, stamp)
    if refresh and answerer.is_stale():
        answerer.refresh(automatic=True)
    return answerer.answer(question, top_k=top_k, history=history)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What an answerer is opened for."""

    documents_dir: Path
    index_dir: Path
    encoder: str
    reader: str


@lru_cache(maxsize=4)
def _opened(wanted: _Wanted, refresh: bool, stamp: tuple[int, int] | None) -> Answerer:
    del stamp  # part of the cache's key only
    if refresh:
        return Answerer.open(
            wanted.documents_dir, wanted.index_dir, encoder=wanted.encoder, reader=wanted.reader
        )
    return Answerer.load(
        wanted.index_dir,
        documents_dir=wanted.documents_dir,
        encoder=wanted.encoder,
        reader=wanted.reader,
    )


def _load_reading(name: str, encoder: Encoder) -> _Reading:
    name = name or RagSettings.from_env().reader
    if name:
        return _Reading(TransformersReader.load(name), OwnProbability())
    return _Reading(SpanReader.load(_static_encoder(encoder)), Calibration.load())


def _require_encoder(index_dir: Path, name: str) -> Encoder:
    """Load an encoder that an index must have been made with."""
    with IndexDir(index_dir).pin_current() as pin:
        manifest = read_manifest(pin.paths)
    encoder = load_encoder(name)
    if encoder.fingerprint != manifest.encoder_fingerprint:
        made_with = repr(manifest.encoder) if manifest.encoder else "the bundled encoder"
        raise IndexFormatError(
            f"The index at {index_dir} was made with {made_with}, not with {name!r} as it is now. "
            f"Run: yiju index --encoder {shlex.quote(name)}"
        )
    return encoder


def _static_encoder(encoder: Encoder) -> StaticEncoder:
    return encoder if isinstance(encoder, StaticEncoder) else StaticEncoder.load()
