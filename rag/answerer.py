"""Answerer: one folder's documents, loaded for many questions."""

import shlex
import threading
from dataclasses import replace
from pathlib import Path
from typing import Self

from index.build import build_index, is_stale
from index.datatypes import BuildReport, Document
from index.encoder import Encoder, load_encoder
from index.errors import IndexFormatError
from index.generations import IndexDir
from index.knowledge_base import KnowledgeBase
from index.manifest import Manifest, read_manifest
from index.pretrained import absolute_name
from index.progress import ProgressCallback
from index.settings import IndexSettings
from rag.answer_cache import AnswerCache
from rag.conversation import History
from rag.datatypes import Answer
from rag.joined import JoinedBase, Knowledge, SingleBase
from rag.reading import Reading
from rag.registry import Collection
from rag.settings import N_READ
from rag.within import Within


class Answerer:
    """Answers questions from one folder's documents; safe to use from several threads.

    A question is answered from the generation that was live when it began; a refresh beside it
    switches the next questions to the new one.
    """

    def __init__(  # noqa: PLR0913 - what load and open put together
        self,
        knowledge_base: SingleBase,
        reading: Reading,
        *,
        documents_dir: Path,
        index_dir: Path,
        stamp: tuple[int, int] | None = None,
        collection: str = "",
    ) -> None:
        """Hold the loaded parts; use :meth:`load` or :meth:`open`.

        :param knowledge_base: The live generation.
        :param reading: The models.
        :param documents_dir: The documents' folder.
        :param index_dir: The index's folder.
        :param stamp: The index's before the knowledge base was loaded.
        :param collection: What citations are said to be from; "" when the folder has no name.
        """
        self._knowledge_base = knowledge_base
        self.reading = reading
        self.documents_dir = documents_dir
        self.index_dir = index_dir
        self.collection = collection
        self.answers = AnswerCache()
        self._stamp = stamp
        self._refreshing = threading.Lock()

    @classmethod
    def load(  # noqa: PLR0913 - each has its own default
        cls,
        index_dir: str | Path,
        *,
        documents_dir: str | Path | None = None,
        encoder: str = "",
        reader: str = "",
        generation: str = "",
        collection: str = "",
    ) -> Self:
        """Load an index as it is.

        :param index_dir: The index's folder.
        :param documents_dir: Its documents' folder; by default the one that the index lies in.
        :param encoder: The one the index must have been made with; by default any.
        :param reader: A transformers question-answering model's name or folder; by default the one
            in ``YIJU_READER``, else the bundled one.
        :param generation: One that is kept; by default the live one.
        :param collection: What citations are said to be from; "" when the folder has no name.
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
        reading = Reading.beside(knowledge_base.encoder, reader)
        return cls(
            knowledge_base,
            reading,
            documents_dir=documents_dir,
            index_dir=index_dir,
            stamp=stamp,
            collection=collection,
        )

    @classmethod
    def open(  # noqa: PLR0913 - each has its own default
        cls,
        documents_dir: str | Path,
        index_dir: str | Path | None = None,
        *,
        encoder: str = "",
        reader: str = "",
        collection: str = "",
        progress: ProgressCallback | None = None,
    ) -> Self:
        """Load the index of a folder, made or brought up to date first unless it was rolled back.

        :param documents_dir: The documents' folder.
        :param index_dir: The index's folder; by default ``.yiju`` in the documents' one.
        :param encoder: A sentence-transformers model's name or folder; by default the one in
            ``YIJU_ENCODER``, else the bundled one. An index made with another is made anew.
        :param reader: A transformers question-answering model's name or folder; by default the one
            in ``YIJU_READER``, else the bundled one.
        :param collection: What citations are said to be from; "" when the folder has no name.
        :param progress: Told of a build's steps.
        :return: The answerer.
        :raises IndexingError: When there is nothing to index, the index cannot be used or the
            encoder cannot be loaded.
        :raises ReaderError: When the reader cannot be loaded.
        """
        return cls.open_collection(
            Collection(collection, Path(documents_dir), Path(index_dir) if index_dir else None),
            Reading.load(encoder, reader),  # before a build that may take long
            settings=IndexSettings.from_env(encoder=encoder),
            progress=progress,
        )

    @classmethod
    def open_collection(
        cls,
        collection: Collection,
        reading: Reading,
        *,
        settings: IndexSettings | None,
        progress: ProgressCallback | None = None,
    ) -> Self:
        """Load the index of a collection, made or brought up to date first when settings are given.

        :param collection: The collection.
        :param reading: The models, which all collections share.
        :param settings: What the index is built with; None leaves it as it is.
        :param progress: Told of a build's steps.
        :return: The answerer, whose citations name the collection.
        :raises IndexFormatError: When the index is left as it is and was made with another encoder.
        :raises IndexingError: When there is nothing to index or the index cannot be used.
        """
        documents_dir, index_dir = collection.folder, collection.index_dir
        if settings:
            build_index(
                documents_dir,
                index_dir,
                reading.encoder,
                settings=settings,
                automatic=True,
                progress=progress,
            )
        stamp = IndexDir(index_dir).stamp()
        return cls(
            KnowledgeBase.load(index_dir, encoder=reading.encoder, documents_dir=documents_dir),
            reading,
            documents_dir=documents_dir,
            index_dir=index_dir,
            stamp=stamp,
            collection=collection.name,
        )

    @property
    def manifest(self) -> Manifest:
        """What the live generation holds."""
        return self._knowledge_base.manifest

    @property
    def knowledge_base(self) -> SingleBase:
        """The live generation; a refresh puts another in its place."""
        return self._knowledge_base

    @property
    def asked(self) -> Knowledge:
        """What a question is asked of; it stays as it is whatever is refreshed meanwhile."""
        base = self._knowledge_base
        return JoinedBase({self.collection: base}) if self.collection else base

    @property
    def answerers(self) -> tuple[Self, ...]:
        """Itself, as the only one: so one folder and several are gone through alike."""
        return (self,)

    def answer(
        self,
        question: str,
        *,
        top_k: int = N_READ,
        history: History = (),
        within: Within = (),
    ) -> Answer:
        """Answer a question with the documents' exact words.

        :param question: Any string.
        :param top_k: Number of chunks read, from 1.
        :param history: The conversation before it, oldest first: the answers given, or the
            questions alone; a follow-up is understood by it.
        :param within: Paths of files or folders, or patterns such as ``*.pdf``: of which documents
            (:mod:`index.selection`); of all when empty.
        :return: The answer; status ``not_found`` when the documents do not hold one.
        :raises ValueError: When top_k is not positive.
        :raises SelectionError: When no document is one of those.
        """
        return self.reading.answer(
            self.asked, question, top_k=top_k, history=history, within=within, cache=self.answers
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

        :param source: As in a citation; a copy's gives the document of the same bytes.
        :return: The document with its text.
        :raises KeyError: When the live generation has none of that name.
        """
        knowledge_base = self.knowledge_base
        return knowledge_base.document(knowledge_base.files.doc_id_of(source))


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
