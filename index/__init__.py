"""Documents → index: loading, normalization, segmentation, chunking, both channels, generations."""

from index.build import build_index, default_index_dir
from index.datatypes import BuildReport, Document, Span
from index.encoder import load_encoder
from index.errors import IndexingError
from index.knowledge_base import KnowledgeBase
from index.settings import IndexSettings

__all__ = [
    "BuildReport",
    "Document",
    "IndexSettings",
    "IndexingError",
    "KnowledgeBase",
    "Span",
    "build_index",
    "default_index_dir",
    "load_encoder",
]
