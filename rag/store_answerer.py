"""Store answerer: an index that lies in an engine, loaded for many questions.

The documents' folder may be on another machine; what needs it, a build above all, is done there.
"""

from pathlib import Path
from typing import Self

from index.datatypes import BuildReport
from index.encoder import load_encoder
from index.errors import StoreError
from index.milvus.address import StoreAddress
from index.milvus.knowledge_base import MilvusKnowledgeBase
from index.pretrained import absolute_name
from index.progress import ProgressCallback
from rag.answerer import Answerer
from rag.joined import SingleBase
from rag.reading import Reading


class StoreAnswerer(Answerer):
    """Answers questions from a store; safe to use from several threads.

    A question is answered from the generation that is live when it is asked, whoever built it.
    """

    def __init__(
        self, address: StoreAddress, knowledge_base: MilvusKnowledgeBase, reading: Reading
    ) -> None:
        """Hold the loaded parts; use :meth:`load_store`.

        :param address: The store's.
        :param knowledge_base: The live generation.
        :param reading: The models.
        """
        documents_dir = Path(knowledge_base.manifest.documents_dir)
        super().__init__(
            knowledge_base, reading, documents_dir=documents_dir, index_dir=documents_dir / ".yiju"
        )
        self._address = address
        self._in_store = knowledge_base

    @classmethod
    def load_store(cls, store: str, *, encoder: str = "", reader: str = "") -> Self:
        """Load what a store answers from.

        :param store: Its address, such as ``milvus:./docs.db`` or ``milvus://host:19530/docs``.
        :param encoder: The one the index must have been made with; by default any.
        :param reader: A transformers question-answering model's name or folder; by default the one
            in ``YIJU_READER``, else the bundled one.
        :return: The answerer.
        :raises SettingsError: When the address is none, or pymilvus is not installed.
        :raises IndexFormatError: When the index was made with another encoder.
        :raises IndexingError: When there is no usable index, or the engine cannot be reached.
        :raises ReaderError: When the reader cannot be loaded.
        """
        address = StoreAddress.parse(store)
        model = load_encoder(absolute_name(encoder)) if encoder else None
        knowledge_base = MilvusKnowledgeBase.load(address, encoder=model)
        return cls(address, knowledge_base, Reading.beside(knowledge_base.encoder, reader))

    @property
    def knowledge_base(self) -> SingleBase:
        """The live generation, looked up with one short message."""
        if self.is_stale():
            with self._refreshing:
                if self.is_stale():  # not by another thread meanwhile
                    encoder = self._in_store.encoder
                    self._in_store = MilvusKnowledgeBase.load(self._address, encoder=encoder)
                    self._knowledge_base = self._in_store
        return self._in_store

    @property
    def asked(self) -> SingleBase:
        """What a question is asked of; it stays as it is whatever is built meanwhile."""
        return self.knowledge_base

    def is_stale(self) -> bool:
        """Tell whether the store answers from another generation by now."""
        return not self._in_store.is_live()

    def refresh(
        self,
        *,
        full: bool = False,
        automatic: bool = False,
        progress: ProgressCallback | None = None,
    ) -> BuildReport:
        """Refuse: a store is built by ``yiju index --store``, where the documents are.

        :raises StoreError: Always.
        """
        del full, automatic, progress
        raise StoreError(
            f"The index in {self._address} is built where its documents are. Run there: "
            f"yiju index --store {self._address}"
        )
