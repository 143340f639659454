"""Asking: the one-call form of it all, ``answer``; what it opens is kept for the next call."""

import logging
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from index.build import default_index_dir
from index.generations import IndexDir
from index.pretrained import absolute_name
from index.settings import IndexSettings
from rag.answerer import Answerer
from rag.conversation import History
from rag.datatypes import Answer
from rag.federation import Federation, Library
from rag.reading import Reading
from rag.registry import Collection, Registry
from rag.settings import N_READ
from rag.within import Within

logger = logging.getLogger(__name__)

_SEEDS = "seeds"
_Stamp = tuple[int, int] | None  # of an index


def answer(  # noqa: PLR0913 - the public contract
    question: str,
    *,
    documents: str | Path = _SEEDS,
    index_dir: str | Path | None = None,
    collection: str = "",
    top_k: int = N_READ,
    history: History = (),
    within: Within = (),
    refresh: bool = True,
    encoder: str = "",
    reader: str = "",
) -> Answer:
    """Answer a question with the exact words of a folder's documents.

    The index is built when there is none and brought up to date when documents changed.

    :param question: Any string.
    :param documents: The documents' folder.
    :param index_dir: The index's folder; by default ``.yiju`` in the documents' one.
    :param collection: Instead of a folder, a registered collection, or ``"all"`` of them. Of all,
        those that cannot be searched are left out and named in the answer's ``unsearched``.
    :param top_k: Number of chunks read, from 1.
    :param history: The conversation before it, oldest first: the answers given, or the questions
        alone; a follow-up is understood by it.
    :param within: Paths of files or folders, or patterns such as ``*.pdf``: only those documents
        are asked, or all when it is empty.
    :param refresh: Look for changed documents first; False answers from the index as it is.
    :param encoder: A sentence-transformers model's name or folder; by default ``YIJU_ENCODER``'s,
        else the bundled one. An index made with another is made anew, or refused without refresh.
    :param reader: A transformers question-answering model's name or folder; by default
        ``YIJU_READER``'s, else the bundled one.
    :return: The answer; ``status`` is ``not_found`` when the documents do not hold one.
    :raises ValueError: When both a collection and a folder are named.
    :raises CollectionError: When there is no such collection.
    :raises SelectionError: When no document is one of those to be asked.
    :raises IndexMissingError: When the folder is missing or empty, or, without refresh, the index.
    :raises IndexFormatError: When, without refresh, the index was made with another encoder.
    :raises IndexingError: When the index cannot be built or read, or the encoder not loaded.
    :raises ReaderError: When the reader cannot be loaded.
    """
    if not collection:
        folder = Path(documents).resolve()
        index = Path(index_dir).resolve() if index_dir else default_index_dir(folder)
        asked: tuple[Collection, ...] = (Collection("", folder, index),)
    elif index_dir or documents != _SEEDS:
        raise ValueError("Name a collection, or documents with their index_dir, but not both.")
    else:
        asked = Registry().select(collection)
    # Without refresh another process's newer generation is still "the index as it is".
    stamps = () if refresh else tuple(IndexDir(one.index_dir).stamp() for one in asked)
    wanted = _Wanted(asked, absolute_name(encoder), absolute_name(reader))
    opened = _opened(wanted, refresh, stamps)
    if isinstance(opened, Federation):
        if refresh:
            opened.refresh_stale()
    elif refresh and opened.is_stale():
        opened.refresh(automatic=True)
    return opened.answer(question, top_k=top_k, history=history, within=within)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is opened."""

    collections: tuple[Collection, ...]
    encoder: str
    reader: str


@lru_cache(maxsize=4)
def _opened(wanted: _Wanted, refresh: bool, stamps: tuple[_Stamp, ...]) -> Library:
    del stamps  # part of the cache's key only
    if len(wanted.collections) > 1:
        reading = Reading.load(wanted.encoder, wanted.reader)
        settings = IndexSettings.from_env(encoder=wanted.encoder) if refresh else None
        federation = Federation.open(
            wanted.collections,
            lambda one, progress: Answerer.open_collection(
                one, reading, settings=settings, progress=progress
            ),
        )
        for member in federation.members:
            if not member.answerer:
                logger.warning("Collection %r is left out: %s", member.name, member.reason)
        return federation
    (one,) = wanted.collections
    if refresh:
        return Answerer.open(
            one.folder,
            one.index_dir,
            encoder=wanted.encoder,
            reader=wanted.reader,
            collection=one.name,
        )
    return Answerer.load(
        one.index_dir,
        documents_dir=one.folder,
        encoder=wanted.encoder,
        reader=wanted.reader,
        collection=one.name,
    )
