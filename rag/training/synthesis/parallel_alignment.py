"""Where the translation of a phrase stands in the translated sentence.

Words are aligned as in SimAlign (Jalili Sabet et al. 2020): two words are a pair when each is the
other's most similar one.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
import rjieba
from numpy.typing import NDArray

from rag.function_words import FUNCTION_WORDS
from rag.training.synthesis.english_lexicon import without_possessive
from rag.training.synthesis.english_tokens import WORD
from rag.training.synthesis.parallel_values import Span, only_match

_SIMILAR = 0.36  # cosine of two words that translate one another; others' stays below 0.25
_ALIKE = 0.5  # a word that has lost its partner to another word still pairs from here on
_MET = 0.3  # Dice coefficient of a name and its transliteration
_MET_BONUS = 0.15  # a name that is met as often is a surer pair than a cosine of that size
_HAN = re.compile(r"[\u4e00-\u9fff]")
_INSIDE_NAMES = frozenset("·-•.&'")
_FUNCTION_WORDS_ZH = """
    的 了 着 过 在 是 和 与 及 或 由 被 把 对 于 从 到 向 为 以 之 其 所 也 都 又 就 才 还 将
    会 能 可 这 那 该 此 他 她 它 他们 我 你 我们 一 个 一个 位 名 家 种 项 等 并 而 但 且 上
    下 中 里 内 后 前 时 地 得 们 有 没有 不 已 已经 则 很 更 最 每 各 某 这个 那个 这些 那些
    以及 因为 由于 如果 虽然 但是 因此 所以 通过 根据 关于 用 让 使 给 来 去 要 并且 而且 其中
    进行
"""
_FUNCTION_ZH = frozenset(_FUNCTION_WORDS_ZH.split())
_JAPANESE = re.compile(r"[ァ-ヴー・]+|[一-鿿々]+|[A-Za-z][\w.'-]*|\d[\d,.]*|\S")
_JAPANESE_CONTENT = re.compile(r"[ァ-ヴ一-鿿A-Za-z\d]")
_EDGES = " ,.，。、;:；：!?！？\"“”‘’'()（）[]-—…·"
_STOP = re.compile(r"[,。;:!?]")
_BECAUSE = re.compile(r"因为|由于|原因是|以便|为了")


class Word(NamedTuple):
    """A word of a sentence and its place; content words alone are aligned."""

    text: str
    start: int
    end: int
    content: bool


class Alignment(NamedTuple):
    """A sentence and its translation; ``partners`` are, for a target word, its source words."""

    source: tuple[Word, ...]
    target: tuple[Word, ...]
    partners: dict[int, set[int]]


def cut(text: str, language: str) -> tuple[Word, ...]:
    """Cut a sentence into words."""
    if language == "zh":
        return _cut_chinese(text)
    if language == "ja":
        return tuple(
            Word(m.group(), *m.span(), bool(_JAPANESE_CONTENT.match(m.group())))
            for m in _JAPANESE.finditer(text)
        )
    words = []
    for match in WORD.finditer(text):
        word = without_possessive(match.group())
        content = any(map(str.isalnum, word)) and word.lower() not in FUNCTION_WORDS
        words.append(Word(word, match.start(), match.start() + len(word), content))
    return tuple(words)


def _cut_chinese(text: str) -> tuple[Word, ...]:
    words, at = [], 0
    for word in rjieba.cut(text):
        content = any(map(str.isalnum, word)) and word not in _FUNCTION_ZH
        words.append(Word(word, at, at + len(word), content))
        at += len(word)
    return tuple(words)


class Aligner:
    """Pairs the words of two sentences by their vectors and by how often they meet."""

    def __init__(
        self,
        vectors: NDArray[np.float32],
        rows: dict[str, int],
        met: dict[tuple[str, str], float],
    ) -> None:
        """Hold what was counted; use :func:`learn_aligner`.

        :param vectors: (n_words, dim) unit rows.
        :param rows: Word → row.
        :param met: (name, word) → how often they meet, in [0, 1].
        """
        self._vectors, self._rows, self._met = vectors, rows, met

    def align(self, source: tuple[Word, ...], target: tuple[Word, ...]) -> Alignment:
        """Pair the content words that are each other's best."""
        left, right = self._known(source), self._known(target)
        partners: dict[int, set[int]] = defaultdict(set)
        if left and right:
            similarity = self._similarity([source[n] for n in left], [target[n] for n in right])
            best_right, best_left = similarity.argmax(1), similarity.argmax(0)
            for j, i in enumerate(best_left):
                mutual = best_right[i] == j and similarity[i, j] >= _SIMILAR
                # A name may be cut into several words, so a second one may go with the same name.
                if mutual or similarity[i, j] >= _ALIKE:
                    partners[right[j]].add(left[i])
        return Alignment(source, target, dict(partners))

    def _known(self, words: Sequence[Word]) -> list[int]:
        return [n for n, word in enumerate(words) if word.content and word.text in self._rows]

    def _similarity(self, source: Sequence[Word], target: Sequence[Word]) -> NDArray[np.float32]:
        left = self._vectors[[self._rows[word.text] for word in source]]
        right = self._vectors[[self._rows[word.text] for word in target]]
        similarity: NDArray[np.float32] = left @ right.T  # (n_source, n_target)
        names = [i for i, word in enumerate(source) if word.text[0].isupper()]
        for i, j in product(names, range(len(target))):
            score = self._met.get((source[i].text, target[j].text), 0.0)
            similarity[i, j] = max(similarity[i, j], score)
        return similarity


def learn_aligner(
    pairs: Iterable[tuple[Sequence[Word], Sequence[Word]]],
    encode: Callable[[Sequence[str]], NDArray[np.float32]],
) -> Aligner:
    """Encode the words of a corpus and count which words meet which names.

    :param pairs: Sentences cut into words, with their translations.
    :param encode: Texts → unit rows.
    :return: The aligner.
    """
    words: dict[str, None] = {}
    names: Counter[str] = Counter()
    others: Counter[str] = Counter()
    together: Counter[tuple[str, str]] = Counter()
    for source, target in pairs:
        left = dict.fromkeys(word.text for word in source if word.content)
        right = dict.fromkeys(word.text for word in target if word.content)
        capitals = [word for word in left if word[0].isupper()]
        words |= left | right
        names.update(capitals)
        others.update(right.keys())
        together.update(product(capitals, right))
    met = {}
    for (name, other), count in together.items():
        dice = 2 * count / (names[name] + others[other])
        if count >= 2 and dice >= _MET:
            met[name, other] = min(1.0, dice + _MET_BONUS)
    return Aligner(encode(list(words)), {word: n for n, word in enumerate(words)}, met)


def phrase_span(alignment: Alignment, start: int, end: int) -> Span | None:
    """Find the span of the target that translates the phrase ``[start, end)`` of the source.

    :return: Code points of the target; None unless every content word of the phrase is paired,
        every content word between the outermost partners is paired with the phrase alone, and
        the words beside them surely lie outside.
    """
    source, target, partners = alignment
    inside = {
        n for n, word in enumerate(source) if word.content and start <= word.start < word.end <= end
    }
    mine = [j for j, sources in partners.items() if sources & inside]
    covered = {n for j in mine for n in partners[j]} & inside
    if not mine or covered != inside:
        return None
    low, high = min(mine), max(mine)
    between = [j for j in range(low, high + 1) if target[j].content]
    pure = all(partners.get(j, {-1}) <= inside for j in between)
    closed = _is_closed(alignment, low - 1) and _is_closed(alignment, high + 1)
    if not pure or not closed or len(between) > 2 * len(inside) + 1:
        return None
    # A transliterated name goes on over its dots.
    while high + 2 < len(target) and target[high + 1].text in _INSIDE_NAMES:
        if partners.get(high + 2, inside) - inside:
            break
        high += 2
    while low >= 2 and target[low - 1].text in _INSIDE_NAMES:
        if partners.get(low - 2, inside) - inside:
            break
        low -= 2
    return target[low].start, target[high].end


def _is_closed(alignment: Alignment, at: int) -> bool:
    """Say whether a word beside a span surely lies outside: a mark, a function word, or paired."""
    target = alignment.target
    if not 0 <= at < len(target) or not target[at].content or at in alignment.partners:
        return True
    # Only Chinese runs its compounds together; elsewhere the phrase's end is the word's.
    return not _HAN.search(target[at].text)


def latin_span(phrase: str, target: str) -> Span | None:
    """Find a name that the translation keeps in Latin letters, exactly once."""
    if not re.search(r"[A-Za-z]", phrase):
        return None
    # A longer name or a dotted path that the phrase only begins is another thing.
    name = re.escape(phrase)
    return only_match(rf"(?<![A-Za-z0-9_./-]){name}(?![A-Za-z0-9_(]|[./-]\w| [A-Z])", target)


def reason_span(target: str, span: Span) -> Span | None:
    """Widen a span to what follows "because" in its Chinese clause; None without such a word."""
    low = max((match.end() for match in _STOP.finditer(target, 0, span[0])), default=0)
    marker = _BECAUSE.search(target, low, span[0])
    stop = re.compile(r"[,。;:!?]|而(?!且)|所以|$").search(target, span[1])
    return (marker.end(), stop.start()) if marker and stop else None


def trim(text: str, span: Span) -> Span:
    """Cut marks and spaces off both ends of a span."""
    start, end = span
    while start < end and text[start] in _EDGES:
        start += 1
    while end > start and text[end - 1] in _EDGES:
        end -= 1
    return start, end
