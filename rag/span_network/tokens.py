"""Tokens as the reader sees them: folded text in, token ids with their places and sentences out."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

# The reader was trained with these sentences, simpler than those of `index.sentences`: an answer
# lies within one, and a passage has at most 64 (the rest of a longer one counts as the last).
_SENTENCE_ENDS = frozenset("。!?;！？；\n")
_LAST_SENTENCE = 63


@dataclass(frozen=True, slots=True)
class TokenizedText:
    """The tokens of a folded text, in order."""

    ids: NDArray[np.int64]  # (n_tokens,)
    offsets: NDArray[np.int64]  # (n_tokens, 2) half-open code points in the folded text
    is_spaced: NDArray[np.bool_]  # (n_tokens,) white space stands before the token
    sentences: NDArray[np.int64]  # (n_tokens,) sentence number, non-decreasing, at most 63

    def __len__(self) -> int:
        """Return the number of tokens."""
        return len(self.ids)

    def head(self, n_tokens: int) -> Self:
        """Return the first tokens.

        :param n_tokens: how many, at most.
        :return: the text up to there; offsets stay those of the whole text.
        """
        if len(self) <= n_tokens:
            return self
        return type(self)(
            self.ids[:n_tokens],
            self.offsets[:n_tokens],
            self.is_spaced[:n_tokens],
            self.sentences[:n_tokens],
        )


def tokenize_text(tokenizer: Tokenizer, text: str) -> TokenizedText:
    """Cut folded text into tokens.

    :param tokenizer: the encoder's tokenizer.
    :param text: folded text: a question or a passage.
    :return: its tokens; none for text without any.
    """
    encoding = tokenizer.encode(text, add_special_tokens=False)
    ids: list[int] = []
    offsets: list[tuple[int, int]] = []
    is_spaced: list[bool] = []
    sentences: list[int] = []
    previous_end = sentence = 0
    for token_id, (start, end) in zip(encoding.ids, encoding.offsets, strict=True):
        while start < end and text[start].isspace():
            start += 1  # noqa: PLW2901  the tokenizer lets a token begin with the space before it
        if start == end:
            continue
        if ids and _ends_sentence(text, previous_end, start):
            sentence = min(sentence + 1, _LAST_SENTENCE)
        ids.append(token_id)
        offsets.append((start, end))
        is_spaced.append(start > previous_end)
        sentences.append(sentence)
        previous_end = end
    return TokenizedText(
        ids=np.array(ids, dtype=np.int64),
        offsets=np.array(offsets, dtype=np.int64).reshape(-1, 2),
        is_spaced=np.array(is_spaced, dtype=np.bool_),
        sentences=np.array(sentences, dtype=np.int64),
    )


def _ends_sentence(text: str, end: int, start: int) -> bool:
    """Tell whether a sentence ends between a token that ends at `end` and the next, from `start`.

    A full stop ends one only before a space: it also stands in numbers and names.
    """
    mark = text[end - 1]
    return mark in _SENTENCE_ENDS or (mark == "." and start > end) or "\n" in text[end:start]
