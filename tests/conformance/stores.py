"""The stores that the suite runs over, each behind the same few operations."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from index.build import build_index, default_index_dir
from index.datatypes import BuildReport
from index.encoder import Encoder
from index.knowledge_base import KnowledgeBase
from index.milvus.address import StoreAddress
from index.milvus.build import build_store
from index.milvus.knowledge_base import MilvusKnowledgeBase
from index.settings import IndexSettings
from rag.joined import SingleBase


class Store(Protocol):
    """An index of one folder, wherever it lies."""

    def build(
        self, encoder: Encoder, *, full: bool = False, folder: Path | None = None
    ) -> BuildReport:
        """Bring it up to date with the folder, or with another one."""

    def load(self, encoder: Encoder) -> SingleBase:
        """Load the live generation."""


@dataclass(frozen=True, slots=True)
class LocalStore:
    """The usual one: FAISS, tantivy and SQLite in the folder."""

    folder: Path

    def build(self, encoder, *, full=False, folder=None):
        index_dir = default_index_dir(self.folder)
        return build_index(
            folder or self.folder, index_dir, encoder, settings=IndexSettings(), full=full
        )

    def load(self, encoder):
        return KnowledgeBase.load(default_index_dir(self.folder), encoder=encoder)


@dataclass(frozen=True, slots=True)
class MilvusStore:
    """Milvus Lite beside the folder."""

    folder: Path

    @property
    def address(self) -> StoreAddress:
        return StoreAddress.parse(f"milvus:{self.folder.parent / 'store.db'}")

    def build(self, encoder, *, full=False, folder=None):
        return build_store(
            folder or self.folder, self.address, encoder, settings=IndexSettings(), full=full
        )

    def load(self, encoder):
        return MilvusKnowledgeBase.load(self.address, encoder=encoder)


STORES = {"local": LocalStore, "milvus": MilvusStore}
