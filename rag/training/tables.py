"""The constants of every token that the reader is trained with: counted from the corpora."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from index.training.passages import Passages
from rag.training.features import N_CHARACTERS, N_LENGTHS, PUNCTUATION, RARE, TokenTables

_MAX_IDF = 4.5
_PUNCTUATION_IDF = 0.05
_SCRIPTS = (  # number of a script, its range of characters
    (0, "\u3400", "\u9fff"),  # Han
    (4, "\u3040", "\u30ff"),  # kana
    (5, "\uac00", "\ud7af"),  # Hangul
)
_LATIN, _DIGITS, _OTHER = 1, 2, 6
_AFTER_LATIN = "\u0250"


def fill_tables(tables: TokenTables, tokenizer: Tokenizer, texts: Sequence[Passages]) -> None:
    """Count, and set the tables.

    :param tables: Of a new network.
    :param tokenizer: The encoder's.
    :param texts: Passages, for the frequencies.
    """
    n_tokens = len(tables.idf)
    tokens = [str(tokenizer.id_to_token(i)) for i in range(n_tokens)]
    script = np.array([_script(token) for token in tokens], np.uint8)
    counts = np.zeros(n_tokens)
    n_with, n_passages = np.zeros(n_tokens), 0
    for text in texts:
        n_body = int(text.sentences[-1])
        counts += np.bincount(text.tokens[:n_body], minlength=n_tokens)
        n_with += _passages_with(text, n_tokens)
        n_passages += len(text.passages) - 1
    idf = np.log((n_passages + 1) / (n_with + 0.5)).clip(0, 2 * _MAX_IDF) / 2
    idf[script == PUNCTUATION] = _PUNCTUATION_IDF
    tables.idf.copy_(torch.from_numpy(idf))
    tables.script.copy_(torch.from_numpy(script))
    lengths = np.array([min(N_LENGTHS - 1, len(token)) for token in tokens], np.uint8)
    tables.length.copy_(torch.from_numpy(lengths))
    tables.characters.copy_(torch.from_numpy(_characters(tokens, counts)))


def number_frequent(idf: torch.Tensor, n_frequent: int) -> torch.Tensor:
    """Give numbers to the tokens that the most passages hold.

    :param idf: (n_tokens,) of the tables.
    :param n_frequent: How many.
    :return: (n_tokens,) int64, from 1; 0 for all others.
    """
    numbers = torch.zeros(len(idf), dtype=torch.int64)
    numbers[idf.argsort(stable=True)[:n_frequent]] = torch.arange(1, n_frequent + 1)
    return numbers


def _passages_with(text: Passages, n_tokens: int) -> NDArray[np.int64]:
    """Count the passages that hold each token."""
    ends = text.sentences[text.passages]
    passage = np.repeat(np.arange(len(ends) - 1), np.diff(ends))
    pairs = np.unique(passage * n_tokens + text.tokens[: len(passage)])
    return np.bincount(pairs % n_tokens, minlength=n_tokens)


def _characters(tokens: Sequence[str], counts: NDArray[np.float64]) -> NDArray[np.int16]:
    """Tell the characters of each token, the first two and the last two of a long one."""
    frequency: Counter[str] = Counter()
    for token, count in zip(tokens, counts, strict=True):
        for character in token:
            frequency[character] += count + 0.01
    frequent = frequency.most_common(N_CHARACTERS - RARE - 1)
    number = {character: at for at, (character, _) in enumerate(frequent, RARE + 1)}
    table = np.zeros((len(tokens), 4), np.int16)
    for row, token in zip(table, tokens, strict=True):
        shown = token if len(token) <= 4 else token[:2] + token[-2:]
        row[: len(shown)] = [number.get(character, RARE) for character in shown]
    return table


def _script(token: str) -> int:
    """Return the script of a token's first character."""
    first = token[0]
    for number, low, high in _SCRIPTS:
        if low <= first <= high:
            return number
    if first.isdigit():
        return _DIGITS
    if not first.isalpha():
        return PUNCTUATION
    return _LATIN if first < _AFTER_LATIN else _OTHER
