"""The errors of the question side; not finding an answer is a value, not an error.

RagError
├── ReaderError
├── RerankerError
├── ReceiptError      (rag.receipt_records)
└── QuestionFileError (rag.evaluation_file)
"""


class RagError(Exception):
    """Base of everything that can go wrong between a question and its answer."""


class ReaderError(RagError):
    """Raised when the reader cannot be loaded or does not belong to the encoder."""


class RerankerError(RagError):
    """Raised when the reranker's weights cannot be loaded."""
