"""Transformers reader: a Query and its hits → spans, by any extractive question-answering model.

An ``AutoModelForQuestionAnswering`` of transformers, trained on SQuAD, CMRC and the like, reads the
raw text; ``span_decoding`` makes spans of its logits. The tokenizer is used below transformers' own
calls, which change its state and so cannot be made by several threads at once.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Self

import numpy as np
from tokenizers import Encoding, Tokenizer

from index.datatypes import Hit, Span
from index.errors import ModelError
from index.pretrained import check_weights, find_model, loading
from index.sentences import split_sentences, strip_span
from rag.datatypes import AnswerSpan, Query
from rag.errors import ReaderError
from rag.reader import sentence_around, snap_to_words, trim_span
from rag.span_decoding import Reading, Window, decode_windows

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

_N_SPANS = 20  # a chunk; several may share a start, so more than of the bundled reader
_MAX_TOKENS = 384  # of question and passage together, as in most models' training
_MAX_QUESTION_TOKENS = 64
_STRIDE = 128  # tokens that two windows of a passage share
_BATCH = 8  # windows
_FOLDER_MARK = "config.json"


class TransformersReader:
    """Any other reader; its state does not change, so threads may share it."""

    def __init__(self, model: "PreTrainedModel", windows: "PassageWindows") -> None:
        """Hold the loaded parts; use :meth:`load`.

        :param model: Gives a start and an end logit for each token.
        :param windows: Cuts questions and passages into its inputs.
        """
        self._model = model
        self._windows = windows

    @classmethod
    def load(cls, name: str) -> Self:
        """Load a model that lies on this machine.

        :param name: A folder, or a name in the local model cache; nothing is downloaded.
        :return: The reader.
        :raises ReaderError: When it is not there, cannot be read or does not answer questions.
        """
        try:
            folder = find_model(name, kind="transformers model", marker=_FOLDER_MARK)
            with loading():
                check_weights([folder])
                reader = cls(*_load_parts(str(folder)))
                reader._probe()
                return reader
        except ModelError as exc:
            raise ReaderError(
                f"The reader {name!r} cannot be used: {exc} Leave --reader and YIJU_READER away to "
                "use the bundled reader."
            ) from exc

    def _probe(self) -> None:
        """Read a sentence, to learn now rather than later whether the model can."""
        sample = "The meeting is on 5 February. 会议于2月5日召开。"
        (windows,) = self._read_windows("When is the meeting?", [sample])
        logits = np.concatenate([(window.starts, window.ends) for window in windows], axis=1)
        if not logits.size or not np.isfinite(logits).all():
            raise ModelError("what it says of a simple question is not a number.")

    def read(self, query: Query, hits: Sequence[Hit]) -> list[AnswerSpan]:
        """Read hits.

        :param query: The question; the model gets its text, not the folded copy.
        :param hits: Where the answer may stand.
        :return: At most twenty spans a hit, in the order of hits, best first within each.
        """
        texts = [hit.chunk.text for hit in hits]
        found: list[AnswerSpan] = []
        for hit, windows in zip(hits, self._read_windows(query.text, texts), strict=True):
            sentences = split_sentences(hit.chunk.text)
            found += _to_answer_spans(hit, decode_windows(windows, sentences, _N_SPANS))
        return found

    def _read_windows(self, question: str, texts: Sequence[str]) -> list[list[Window]]:
        """Give the windows of each text."""
        cut = self._windows.cut(question, texts)
        encodings = [encoding for of_text in cut for encoding in of_text]
        read = iter(
            [
                window
                for first in range(0, len(encodings), _BATCH)
                for window in self._read_batch(encodings[first : first + _BATCH])
            ]
        )
        return [[next(read) for _ in of_text] for of_text in cut]

    def _read_batch(self, encodings: Sequence[Encoding]) -> Iterator[Window]:
        import torch

        inputs = self._windows.pad(encodings)
        with torch.inference_mode():
            output = self._model(**{key: torch.from_numpy(rows) for key, rows in inputs.items()})
        starts = output.start_logits.double().numpy()  # (n_windows, n_tokens)
        ends = output.end_logits.double().numpy()
        for encoding, start, end in zip(encodings, starts, ends, strict=True):
            yield self._windows.passage_of(encoding, start, end)


class PassageWindows:
    """The tokenizer with what the model's inputs look like."""

    def __init__(self, tokenizer: "PreTrainedTokenizerBase", max_positions: int) -> None:
        """Take the tokenizer's fast part.

        :param tokenizer: A fast one; not to be used after this.
        :param max_positions: Tokens that the model has positions for.
        :raises ModelError: When the tokenizer has no fast part, which alone knows the characters.
        """
        if not tokenizer.is_fast:
            raise ModelError("it has no fast tokenizer (tokenizer.json).")
        self._cls_id = tokenizer.cls_token_id
        self._pad_id = tokenizer.pad_token_id or 0
        self._has_types = "token_type_ids" in tokenizer.model_input_names
        self._plain: Tokenizer = tokenizer.backend_tokenizer
        self._plain.no_padding()
        self._plain.no_truncation()
        self._pairs = Tokenizer.from_str(self._plain.to_str())
        n_tokens = min(_MAX_TOKENS, tokenizer.model_max_length, max_positions)
        n_room = n_tokens - self._pairs.num_special_tokens_to_add(is_pair=True)
        self._max_question = min(_MAX_QUESTION_TOKENS, n_room // 3)
        if self._max_question < 1:
            raise ModelError(f"it reads no more than {n_tokens} tokens at once.")
        stride = min(_STRIDE, (n_room - self._max_question) // 2)
        self._pairs.enable_truncation(n_tokens, stride=stride, strategy="only_second")

    def cut(self, question: str, texts: Sequence[str]) -> list[list[Encoding]]:
        """Cut texts into windows that the model can read with the question.

        :param question: Any string.
        :param texts: Without lone surrogates.
        :return: The windows of each text; none when the question has no tokens.
        """
        asked = self._cut_question(question.encode("utf-8", "replace").decode("utf-8"))
        if not asked:
            return [[] for _ in texts]
        # Not post_process: it gives the windows after the first wrong token types.
        firsts = [self._pairs.encode(asked, text) for text in texts]
        return [[first, *first.overflowing] for first in firsts]

    def _cut_question(self, question: str) -> str:
        """Cut a question to what leaves room for a passage; "" when it has no tokens."""
        encoding = self._plain.encode(question, add_special_tokens=False)
        while len(encoding) > self._max_question:
            end = encoding.offsets[self._max_question - 1][1]
            question = question[: min(end, len(question) - 1)]
            encoding = self._plain.encode(question, add_special_tokens=False)
        return question if len(encoding) else ""

    def pad(self, encodings: Sequence[Encoding]) -> dict[str, np.ndarray[tuple[int, int]]]:
        """Lay windows side by side as the model's inputs.

        :param encodings: At least one.
        :return: Arrays of (n_windows, longest window's tokens) int64 by the model's own names.
        """
        shape = (len(encodings), max(len(encoding) for encoding in encodings))
        inputs = {
            "input_ids": np.full(shape, self._pad_id, np.int64),
            "attention_mask": np.zeros(shape, np.int64),
        }
        if self._has_types:
            inputs["token_type_ids"] = np.zeros(shape, np.int64)
        for row, encoding in enumerate(encodings):
            inputs["input_ids"][row, : len(encoding)] = encoding.ids
            inputs["attention_mask"][row, : len(encoding)] = 1
            if self._has_types:
                inputs["token_type_ids"][row, : len(encoding)] = encoding.type_ids
        return inputs

    def passage_of(self, encoding: Encoding, starts: np.ndarray, ends: np.ndarray) -> Window:
        """Take out what the logits say of the passage and of there being no answer.

        :param encoding: A window.
        :param starts: (at least its tokens,) logits.
        :param ends: (at least its tokens,) logits.
        :return: The window without the question and the special tokens.
        """
        rows = [at for at, number in enumerate(encoding.sequence_ids) if number == 1]
        null = None
        if self._cls_id in encoding.ids:
            at = encoding.ids.index(self._cls_id)
            null = float(starts[at] + ends[at])
        offsets = np.array(encoding.offsets, np.int64).reshape(-1, 2)[rows]
        return Window(starts[rows], ends[rows], offsets, null)


def _load_parts(folder: str) -> "tuple[PreTrainedModel, PassageWindows]":
    from transformers import AutoModelForQuestionAnswering, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(
        folder, local_files_only=True, trust_remote_code=False, use_fast=True
    )
    model, report = AutoModelForQuestionAnswering.from_pretrained(
        folder,
        local_files_only=True,
        trust_remote_code=False,
        use_safetensors=True,
        output_loading_info=True,
    )
    if report["missing_keys"]:
        # transformers would only warn, and answer with random weights.
        raise ModelError(
            "it is not trained to answer questions: its file has no weights for "
            f"{', '.join(sorted(report['missing_keys']))}."
        )
    if max(tokenizer.get_vocab().values()) >= len(model.get_input_embeddings().weight):
        raise ModelError("its tokenizer has more tokens than it has vectors.")
    n_positions = getattr(model.config, "max_position_embeddings", None) or 0
    # RoBERTa and its like count positions from 2; models without a limit say nothing, 0 or -1.
    max_positions = n_positions - 2 if n_positions > 0 else _MAX_TOKENS
    return model.float().eval(), PassageWindows(tokenizer, max_positions)


def _to_answer_spans(hit: Hit, reading: Reading) -> list[AnswerSpan]:
    """Turn a chunk's spans into the document's; those that trimming makes equal become one."""
    text, base = hit.chunk.text, hit.chunk.span.start
    scores: dict[Span, float] = {}
    for scored in reading.spans:
        words = Span(*snap_to_words(text, scored.span.start, scored.span.end))
        # White space of every kind first and last: it may hide marks, or stand behind them.
        span = strip_span(text, trim_span(text, strip_span(text, words)))
        if any(map(str.isalnum, span.of(text))):
            known = scores.get(span, -np.inf)
            scores[span] = min(0.0, float(np.logaddexp(known, scored.score)))
    spans = []
    for span, score in sorted(scores.items(), key=lambda entry: (-entry[1], entry[0].start)):
        sentence = sentence_around(text, span)
        spans.append(
            AnswerSpan(
                hit,
                Span(base + span.start, base + span.end),
                Span(base + sentence.start, base + sentence.end),
                score,
                reading.relevance,
            )
        )
    return spans
