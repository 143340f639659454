"""Documents → index: loading, normalization, segmentation, chunking, both channels, generations.

Each public name is imported when it is first used: the process that reads risky files imports
``index.formats`` only, and neither starts slowly nor has the models' libraries in its memory.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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

_MODULES = {
    "BuildReport": "index.datatypes",
    "Document": "index.datatypes",
    "IndexSettings": "index.settings",
    "IndexingError": "index.errors",
    "KnowledgeBase": "index.knowledge_base",
    "Span": "index.datatypes",
    "build_index": "index.build",
    "default_index_dir": "index.build",
    "load_encoder": "index.encoder",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
