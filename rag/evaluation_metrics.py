"""Metrics: predicted words against gold words, ranks of gold chunks, confidences against rightness.

Overlap follows three official scripts, which never share a column:

- Chinese: CMRC 2018, https://github.com/ymcui/cmrc2018 (longest common substring of segments);
- Japanese and Korean: KorQuAD 1.0 and JSQuAD, SQuAD's formula over characters;
- everything else: SQuAD v1.1, https://rajpurkar.github.io/SQuAD-explorer (bag of words).
"""

import re
import string
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from index.datatypes import Span
from index.normalization import fold_text

# What the CMRC script drops. Its "……" never equals a single character, so "…" is kept.
_CMRC_DROPPED = frozenset("-:_*^/\\~`+=，。：？！“”；’《》·、「」（）－～『』")
_HAN = re.compile(r"[\u4e00-\u9fa5]")
# The script hands runs of other characters to NLTK's word_tokenize, which cuts at white space and
# around these marks, and the last full stop off. (It also cuts don't into do and n't.)
_MARK = r";@#$%&?!\"()\[\]{}<>–—„"
_OTHER_WORDS = re.compile(
    rf"[.…]{{2,}}|[{_MARK}]|(?:[^\s{_MARK},.…]|,(?=\d)|\.(?![.…]|\s*$)|…(?![.…]))++|[,.]"
)
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)
_MOST_RIGHT_CHARS = 120
# Sentences as the reader was trained with them: a clause that ends in ; is one.
_SENTENCE_END = re.compile(r"[。｡!?;！？；\n]|\.(?=\s)")


@dataclass(frozen=True, slots=True)
class Overlap:
    """How well a prediction fits the best of several gold answers; both in [0, 1]."""

    f1: float
    exact: float  # 1.0 or 0.0


Metric = Callable[[str, Sequence[str]], Overlap]


def cmrc_overlap(prediction: str, golds: Sequence[str]) -> Overlap:
    """Compare Chinese answers as the CMRC 2018 script does.

    F1 = 2PR / (P + R), P = lcs / |prediction|, R = lcs / |gold|, where lcs is the length of the
    longest common *substring* of the segments: a Chinese character is one, a run of others is cut
    into words. Punctuation, case and outer spaces do not count. EM: equal without punctuation.

    :param prediction: The predicted words.
    :param golds: The gold answers; the best counts.
    :return: Zeros when there is no gold answer.
    """
    found = _cmrc_segments(prediction)
    plain = _cmrc_plain(prediction)
    return Overlap(
        max((_substring_f1(found, _cmrc_segments(gold)) for gold in golds), default=0.0),
        float(any(plain == _cmrc_plain(gold) for gold in golds)),
    )


def squad_overlap(prediction: str, golds: Sequence[str]) -> Overlap:
    """Compare answers as the SQuAD v1.1 script does: bags of words without articles.

    F1 = 2PR / (P + R) over the words both hold, with multiplicity. Lower case, ASCII punctuation
    and a, an, the dropped.

    :param prediction: The predicted words.
    :param golds: The gold answers; the best counts.
    :return: Zeros when there is no gold answer.
    """
    return _bag_overlap(prediction, golds, _squad_words)


def character_overlap(prediction: str, golds: Sequence[str]) -> Overlap:
    """Compare answers by their characters, as KorQuAD 1.0 and JSQuAD do.

    :param prediction: The predicted words.
    :param golds: The gold answers; the best counts.
    :return: Zeros when there is no gold answer.
    """
    return _bag_overlap(prediction, golds, lambda text: list("".join(_squad_words(text))))


def metric_for(language: str) -> Metric:
    """Choose the metric for answers of a language.

    :param language: As :func:`rag.query.detect_language` names it.
    :return: The metric.
    """
    if language == "zh":
        return cmrc_overlap
    return character_overlap if language in {"ja", "ko"} else squad_overlap


def metric_name(language: str) -> str:
    """Name the metric of a language, for the heads of columns.

    :param language: As for :func:`metric_for`.
    """
    metric = metric_for(language)
    if metric is cmrc_overlap:
        return "CMRC 2018"
    return "characters" if metric is character_overlap else "SQuAD 1.1"


def holds_gold(text: str, golds: Sequence[str]) -> bool:
    """Tell whether a text holds a gold answer, whatever its spelling (``index.normalization``).

    :param text: Words or a quote.
    :param golds: The gold answers.
    """
    folded = fold_text(text)
    return any(gold in folded for gold in _folded(golds))


def is_right(text: str, golds: Sequence[str]) -> bool:
    """Tell whether an answer is right: it is the gold answer, give or take a few words.

    That is, it holds one and is not longer than 120 characters, or it is more than half of one.

    :param text: The answer's words.
    :param golds: The gold answers.
    """
    if len(text) > _MOST_RIGHT_CHARS:
        return False
    words = fold_text(text).strip()
    return holds_gold(words, golds) or any(
        words in gold and 2 * len(words) > len(gold) for gold in _folded(golds)
    )


def sentence_spans(text: str) -> list[Span]:
    """Cut a text into the sentences that sentence accuracy is about.

    :param text: Any text.
    :return: Adjoining spans that cover the text; each ends with its mark.
    """
    ends = [match.end() for match in _SENTENCE_END.finditer(text)]
    bounds = sorted({0, *ends, len(text)})
    return [Span(start, end) for start, end in pairwise(bounds)]


def is_in_gold_sentence(text: str, found: Span, golds: Iterable[Span]) -> bool:
    """Tell whether a prediction lies in the sentence in which a gold answer begins.

    A gold answer that runs on into the next sentences may be followed to its end.

    :param text: The passage.
    :param found: The prediction.
    :param golds: The gold answers.
    """
    if not len(found):
        return False
    return any(
        sentence.start <= found.start < sentence.end and found.end <= max(sentence.end, gold.end)
        for gold in golds
        for sentence in sentence_spans(text)
        if sentence.start <= gold.start < sentence.end
    )


def recall_at(ranks: Sequence[int | None], k: int) -> float:
    """Compute R@k, the share of questions whose gold is among the first k.

    :param ranks: The rank of each question's first gold from 1, None where it was not found.
    :param k: Cut-off, from 1.
    :return: In [0, 1]; 0 without questions.
    """
    return _mean([rank is not None and rank <= k for rank in ranks])


def mean_reciprocal_rank(ranks: Sequence[int | None], k: int) -> float:
    """Compute MRR@k = mean of 1 / rank, 0 for a gold that is not among the first k.

    :param ranks: As for :func:`recall_at`.
    :param k: Cut-off, from 1.
    :return: In [0, 1]; 0 without questions.
    """
    return _mean([1 / rank if rank is not None and rank <= k else 0.0 for rank in ranks])


def expected_calibration_error(
    confidence: ArrayLike, is_right: ArrayLike, *, n_bins: int = 10
) -> float:
    """Compute ECE = Σ |bin| / n · |accuracy(bin) - mean confidence(bin)| (Guo et al. 2017).

    :param confidence: (n,) probabilities.
    :param is_right: (n,) whether each came true.
    :param n_bins: Number of equally wide bins.
    :return: In [0, 1]; 0 for none.
    """
    sure, right = np.asarray(confidence, np.float64), np.asarray(is_right, np.float64)
    bins = np.minimum((sure * n_bins).astype(int), n_bins - 1)
    gaps = [float(abs((right - sure)[bins == b].sum())) for b in np.unique(bins)]
    return sum(gaps) / len(sure) if len(sure) else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class RiskCoverage:
    """What happens when only the surest answers are given (El-Yaniv and Wiener 2010)."""

    coverage: NDArray[np.float64]  # (n_thresholds,) rising share of questions answered
    risk: NDArray[np.float64]  # (n_thresholds,) share of those that are wrong
    threshold: NDArray[np.float64]  # (n_thresholds,) falling confidence from which one answers

    @classmethod
    def of(cls, confidence: ArrayLike, is_right: ArrayLike) -> "RiskCoverage":
        """Walk down the confidences; equal ones are answered together.

        :param confidence: (n,) any scores, higher is surer.
        :param is_right: (n,) whether each answer is right; False for an unanswerable question.
        """
        sure, right = np.asarray(confidence, np.float64), np.asarray(is_right, np.float64)
        order = np.argsort(-sure, kind="stable")
        sure, right = sure[order], right[order]
        last = np.flatnonzero(np.diff(sure, append=-np.inf))  # of each run of equal confidences
        given = last + 1
        return cls(given / max(1, len(sure)), 1 - np.cumsum(right)[last] / given, sure[last])

    @property
    def area(self) -> float:
        """AURC: the mean risk over the coverages (Geifman et al. 2019); lower is better."""
        return float(self.risk @ np.diff(self.coverage, prepend=0.0))

    def coverage_at_precision(self, precision: float) -> float:
        """Return the largest share that can be answered with so few wrong, 0 when none can.

        :param precision: Least share of right answers among those given.
        """
        fits = self.coverage[self.risk <= 1 - precision + 1e-12]
        return float(fits[-1]) if len(fits) else 0.0


def refused_unanswerable(
    answerable: ArrayLike, unanswerable: ArrayLike, *, false_refusal: float = 0.1
) -> float:
    """Compute the share of unanswerable questions refused at a given price.

    The threshold is the highest that refuses at most so many of the answerable questions; a
    question is refused when its confidence is below it.

    :param answerable: (n,) confidences of questions that the documents answer.
    :param unanswerable: (m,) confidences of those that they do not.
    :param false_refusal: Share of the answerable ones that may be refused.
    :return: In [0, 1]; 0 when either is empty.
    """
    kept, refused = np.sort(np.asarray(answerable, np.float64)), np.asarray(unanswerable)
    if not len(kept) or not len(refused):
        return 0.0
    threshold = kept[min(int(false_refusal * len(kept) + 1e-9), len(kept) - 1)]
    return float((refused < threshold).mean())


def _folded(golds: Sequence[str]) -> list[str]:
    return [folded for gold in golds if (folded := fold_text(gold).strip())]


def _cmrc_segments(text: str) -> list[str]:
    segments: list[str] = []
    run = ""
    for char in _cmrc_plain(text):
        if _HAN.match(char):
            segments += [*_OTHER_WORDS.findall(run), char]
            run = ""
        else:
            run += char
    return segments + _OTHER_WORDS.findall(run)


def _cmrc_plain(text: str) -> str:
    return "".join(char for char in text.lower().strip() if char not in _CMRC_DROPPED)


def _substring_f1(found: Sequence[str], gold: Sequence[str]) -> float:
    common = _longest_common(found, gold)
    return 2 * common / (len(found) + len(gold)) if common else 0.0


def _longest_common(first: Sequence[str], second: Sequence[str]) -> int:
    best = 0
    before = [0] * (len(second) + 1)  # length of the common substring that ends here
    for a in first:
        here = [0] * (len(second) + 1)
        for at, b in enumerate(second, 1):
            if a == b:
                here[at] = before[at - 1] + 1
        best = max(best, *here)
        before = here
    return best


def _bag_overlap(prediction: str, golds: Sequence[str], cut: Callable[[str], list[str]]) -> Overlap:
    found, words = cut(prediction), _squad_words(prediction)
    return Overlap(
        max((_bag_f1(found, cut(gold)) for gold in golds), default=0.0),
        float(any(words == _squad_words(gold) for gold in golds)),
    )


def _bag_f1(found: Sequence[str], gold: Sequence[str]) -> float:
    common = (Counter(found) & Counter(gold)).total()
    return 2 * common / (len(found) + len(gold)) if common else 0.0


def _squad_words(text: str) -> list[str]:
    return _ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split()


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
