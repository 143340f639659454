"""BM25 as a library gives it: bm25s over jieba's words, nothing of ours but the folding."""

from collections.abc import Sequence

import bm25s
import numpy as np
import rjieba
from numpy.typing import NDArray

from index.normalization import fold_text

NAME = "bm25s, jieba words"


def rank_texts(texts: Sequence[str], questions: Sequence[str], top_k: int) -> NDArray[np.int64]:
    """Rank texts by BM25 with k1 0.9, b 0.4.

    :return: (len(questions), at most top_k) positions in ``texts``, best first.
    """
    index = bm25s.BM25(k1=0.9, b=0.4)
    index.index([cut_words(text) for text in texts], show_progress=False)
    asked = [cut_words(question) for question in questions]
    n_ranked = min(top_k, len(texts))
    return index.retrieve(asked, k=n_ranked, show_progress=False, return_as="documents")


def cut_words(text: str) -> list[str]:
    """Cut folded text into jieba's words for search, never into none."""
    words = rjieba.cut_for_search(fold_text(text))
    return [word for word in words if any(char.isalnum() for char in word)] or ["\0"]
