"""Reader: a Query and its hits → the spans of words that may answer it.

The bundled reader is a small convolutional network over tokens (``span_network``). It shares the
bundled encoder's embeddings and was trained with them, so it is bound to them by fingerprint.
"""

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, Self

from index.datatypes import Hit, Span
from index.encoder import StaticEncoder
from index.normalization import FoldedText, fold
from index.sentences import split_sentences, strip_span
from rag.datatypes import AnswerSpan, Query
from rag.errors import ReaderError
from rag.span_network.model import ReaderModel, TokenSpan
from rag.span_network.tokens import TokenizedText, tokenize_text

BUNDLED_DIR = Path(__file__).parent / "models" / "reader"
_N_SPANS = 10  # a chunk: enough to see where the reader's probability lies (``selection``)
# Not part of an answer at its edges: Markdown's marks and the punctuation between clauses.
_EDGES = " \t\r\n*_`~#，,、；;：:。.!！?？—-"
_IN_NUMBER = re.compile(r"\d[:.,]\d")  # 9:10, 1,152, 3.14
_SIGNED = re.compile(r"[-−]\d")  # a minus sign is no dash
_TRAILING_STOP = re.compile(r"\b(?:[A-Za-z]\.)+$|\b(?:Inc|Ltd|Co|Jr|Sr|etc)\.$")
_BRACKETS = (("《", "》"), ("「", "」"), ("(", ")"), ("（", "）"), ("“", "”"), ("『", "』"))


class Reader(Protocol):
    """Picks the spans of the hits that may answer a question."""

    def read(self, query: Query, hits: Sequence[Hit]) -> list[AnswerSpan]:
        """Read hits.

        :param query: The question.
        :param hits: Where the answer may stand.
        :return: Spans, never across sentences that the reader tells apart; in the order of hits,
            best first within each; none for a hit without tokens.
        """
        ...


class SpanReader:
    """The bundled reader."""

    def __init__(self, model: ReaderModel, encoder: StaticEncoder) -> None:
        """Hold the loaded parts; use :meth:`load`.

        :param model: The network.
        :param encoder: Whose tokenizer cuts the texts.
        """
        self._model = model
        self._tokenizer = encoder.tokenizer

    @classmethod
    def load(cls, encoder: StaticEncoder, model_dir: Path = BUNDLED_DIR) -> Self:
        """Load the reader that belongs to an encoder.

        :param encoder: The bundled encoder.
        :param model_dir: Holds ``model.safetensors``.
        :return: The reader.
        :raises ReaderError: When it is missing, damaged or was trained with other embeddings.
        """
        try:
            model = ReaderModel.load(model_dir, encoder.embeddings)
        except (OSError, ValueError, KeyError) as exc:
            raise ReaderError(
                f"The reader in {model_dir} cannot be loaded: {exc}. Install yiju again."
            ) from exc
        if model.encoder_fingerprint != encoder.embeddings_digest:
            raise ReaderError(
                f"The reader in {model_dir} was trained with other embeddings than the bundled "
                "encoder has. Install yiju again."
            )
        return cls(model, encoder)

    def read(self, query: Query, hits: Sequence[Hit]) -> list[AnswerSpan]:
        """Read hits.

        :param query: The question.
        :param hits: Where the answer may stand.
        :return: At most ten spans a hit, in the order of hits, best first within each.
        """
        folded = [fold(hit.chunk.text) for hit in hits]
        passages = [tokenize_text(self._tokenizer, text.text) for text in folded]
        question = tokenize_text(self._tokenizer, query.normalized)
        predictions = self._model.predict(question, passages, n_spans=_N_SPANS)
        found: list[AnswerSpan] = []
        for hit, text, tokens, spans in zip(hits, folded, passages, predictions, strict=True):
            found += [
                span
                for prediction in spans
                if (span := _to_answer_span(hit, text, tokens, prediction)) is not None
            ]
        return found


def _to_answer_span(
    hit: Hit, folded: FoldedText, tokens: TokenizedText, prediction: TokenSpan
) -> AnswerSpan | None:
    start, end = snap_to_words(
        folded.text,
        int(tokens.offsets[prediction.start, 0]),
        int(tokens.offsets[prediction.end - 1, 1]),
    )
    text = hit.chunk.text
    span = trim_span(text, folded.to_original(start, end))
    if not len(span):
        return None
    sentence = sentence_around(text, span)
    base = hit.chunk.span.start
    return AnswerSpan(
        hit,
        Span(base + span.start, base + span.end),
        Span(base + sentence.start, base + sentence.end),
        prediction.score,
        prediction.relevance,
    )


def snap_to_words(text: str, start: int, end: int) -> tuple[int, int]:
    """Widen a range to whole words of alphabets: a tokenizer's pieces may split one.

    :param text: The text of the range, folded or not.
    :param start: Its first character.
    :param end: One past its last.
    :return: The range's new start and end.
    """
    while start > 0 and _belongs(text, start):
        start -= 1
    while end < len(text) and _belongs(text, end):
        end += 1
    return start, end


def _belongs(text: str, at: int) -> bool:
    """Tell whether the character goes with the one before it: a word's letters, a mark's letter."""
    if unicodedata.combining(text[at]):
        return True
    if any(_IN_NUMBER.match(text, at - back) for back in (1, 2) if at >= back):
        return True
    return _is_word(text[at - 1]) and _is_word(text[at])


def _is_word(char: str) -> bool:
    return char.isalnum() and char < "\u0530"


def trim_span(text: str, span: Span) -> Span:
    """Drop marks and punctuation at a span's edges and take in a bracket's other half.

    :param text: The text of the span.
    :param span: A range of it.
    :return: The range of the answer proper; empty when nothing is left.
    """
    words = span.of(text)
    start = span.start + len(words) - len(words.lstrip(_EDGES))
    if start > span.start and _SIGNED.match(text, start - 1):
        start -= 1
    end = span.start + len(words if _TRAILING_STOP.search(words) else words.rstrip(_EDGES))
    for opening, closing in _BRACKETS:
        inside = text[start:end]
        surplus = inside.count(opening) - inside.count(closing)
        if surplus > 0 and text[end : end + 1] == closing:
            end += 1
        elif surplus < 0 and start > 0 and text[start - 1] == opening:
            start -= 1
    return Span(start, max(start, end))


def sentence_around(text: str, span: Span) -> Span:
    """Return the sentence that a span lies in, or the sentences when it touches several.

    :param text: The text of the span.
    :param span: A range of it that is not all white space.
    :return: The sentences' range, which holds the span.
    """
    touching = [
        sentence
        for sentence in split_sentences(text)
        if sentence.start < span.end and span.start < sentence.end
    ]
    return strip_span(
        text, Span(min(touching[0].start, span.start), max(touching[-1].end, span.end))
    )
