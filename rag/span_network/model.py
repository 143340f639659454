"""The reader's model: a question and passages in, scored token spans out.

A convolutional network of two million parameters in numpy; `rag.training.network` says what it is,
in torch, and the tests compare the two. It shares the encoder's tokenizer and embeddings.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from rag.span_network.batch import ReaderBatch
from rag.span_network.heads import TokenSpan
from rag.span_network.matching import TokenTables
from rag.span_network.network import EMBEDDING, ReaderNetwork
from rag.span_network.tokens import TokenizedText, tokenize_text
from rag.span_network.weights import WeightsFile

__all__ = ["ReaderModel", "TokenSpan", "TokenizedText", "tokenize_text"]

# Self-attention takes memory with the square of a passage's length: 1024 tokens take 17 MB. Chunks
# of 300 characters have at most some 320; what a caller sends beyond that is not read.
MAX_PASSAGE_TOKENS = 1024
MAX_QUESTION_TOKENS = 64  # training saw 48
# Passages read at once: the largest array is then 21 MB at worst.
_BATCH_SIZE = 8


@dataclass(frozen=True, slots=True, eq=False)
class ReaderModel:
    """The loaded model; it holds no state between calls and may be shared by threads."""

    encoder_fingerprint: str  # sha256 of the embeddings the weights were trained with
    tables: TokenTables
    network: ReaderNetwork

    @classmethod
    def load(cls, model_dir: Path, embeddings: NDArray[np.float16 | np.float32]) -> Self:
        """Load the weights.

        :param model_dir: the folder of `model.safetensors`.
        :param embeddings: the encoder's rows, (n_tokens, 256); a memory map will do, for rows are
            read when needed.
        :return: the model. That the embeddings are those of its fingerprint is for the caller to
            check, who knows their file.
        :raises FileNotFoundError: when the folder has no weights.
        :raises ValueError: when the file or the embeddings do not fit, saying all that is wrong.
        """
        weights = WeightsFile.open(model_dir)
        n_tokens, dim = embeddings.shape
        if dim != EMBEDDING:
            raise ValueError(f"The reader needs embeddings of {EMBEDDING} dimensions, not {dim}.")
        tables = TokenTables(
            embeddings=np.asarray(embeddings),  # sheds the memory map's slower class, not the map
            idf=weights.floats("tables.idf", n_tokens),
            characters=weights.integers("tables.characters", n_tokens, 4),
            script=weights.integers("tables.script", n_tokens),
            length=weights.integers("tables.length", n_tokens),
        )
        network = ReaderNetwork.of(weights, n_tokens)
        weights.check()
        return cls(weights.encoder_fingerprint, tables, network)

    def predict(
        self, question: TokenizedText, passages: Sequence[TokenizedText], *, n_spans: int = 5
    ) -> list[list[TokenSpan]]:
        """Find the most probable answers in each passage, whether or not it holds one.

        :param question: the question's tokens.
        :param passages: the passages' tokens.
        :param n_spans: spans to return of each passage, each with another start.
        :return: spans of each passage, best score first; none where the passage, or the question,
            has no tokens. A passage's spans do not depend on the other passages.
        :raises ValueError: when `n_spans` is not positive.
        """
        if n_spans < 1:
            raise ValueError(f"n_spans must be at least 1, not {n_spans}.")
        question = question.head(MAX_QUESTION_TOKENS)
        heads = [passage.head(MAX_PASSAGE_TOKENS) for passage in passages]
        spans: list[list[TokenSpan]] = [[] for _ in heads]
        if not len(question):
            return spans
        filled = [i for i, head in enumerate(heads) if len(head)]
        for first in range(0, len(filled), _BATCH_SIZE):
            numbers = filled[first : first + _BATCH_SIZE]
            found = self._predict_batch(question, [heads[i] for i in numbers], n_spans)
            for i, of_passage in zip(numbers, found, strict=True):
                spans[i] = of_passage
        return spans

    def _predict_batch(
        self, question: TokenizedText, passages: list[TokenizedText], n_spans: int
    ) -> list[list[TokenSpan]]:
        """Return the spans of passages, none of which is empty."""
        batch = ReaderBatch.of(question, passages)
        output = self.network.read(self.tables, batch)
        places = enumerate(batch.axis.spans)
        return [
            self.network.heads.best_spans(output, place, passage.sentences, n_spans)
            for place, passage in zip(places, passages, strict=True)
        ]
