"""The errors of the build side; each message says what, where, and what to do.

SettingsError
IndexingError
├── DocumentError
│   └── UnreadableError
├── IndexMissingError
├── IndexFormatError
├── IndexCorruptError
├── IndexLockedError
├── ModelError
├── StoreError
├── SelectionError
└── EngineError
"""


class SettingsError(Exception):
    """Raised when a setting or an environment variable has a value that cannot be used."""


class IndexingError(Exception):
    """Base of everything that can go wrong with documents, models and indexes."""


class DocumentError(IndexingError):
    """Raised when one file cannot be read as a document; the build goes on without it."""


class UnreadableError(DocumentError):
    """Raised when the system refuses a file; it is tried again at the next build."""


class IndexMissingError(IndexingError):
    """Raised when there is no index where one is asked for, or no document to make one from."""


class IndexFormatError(IndexingError):
    """Raised when an index was written in another format version or for another folder."""


class IndexCorruptError(IndexingError):
    """Raised when a file of an index is missing, cut short or altered."""


class IndexLockedError(IndexingError):
    """Raised when another build holds the index for longer than one is willing to wait."""


class ModelError(IndexingError):
    """Raised when a model cannot be loaded or does not fit the index."""


class StoreError(IndexingError):
    """Raised when an engine that keeps an index cannot be reached or refuses."""


class EngineError(IndexingError):
    """Raised when the machines that make batches cannot be had, or fail."""


class SelectionError(IndexingError):
    """Raised when no document is one of those that a question is to be answered from."""
