"""Reading without a reader: the best sentence, and in it the words of the question's type."""

import re
from collections import Counter
from collections.abc import Iterable

import numpy as np
import rjieba

from index.datatypes import Span
from index.encoder import Encoder
from index.normalization import fold
from index.segmentation import extract_terms
from index.sentences import strip_span
from rag.evaluation_metrics import sentence_spans
from tests.benchmarks.sets import GoldQuestion, Paragraph, ReadingSet

_K1, _B = 0.9, 0.4
_TYPES = {
    "date": r"什么时候|何时|哪一?年|几年|哪一?天|时间|几月|年份|世纪|日期|\bwhen\b|\bwhat year\b",
    "number": r"多少|几|多长|多高|多远|多大|多久|\bhow (?:many|much|long|old|far|high)\b",
    "person": r"谁|哪位|何人|哪个人|什么人|\bwho\b|\bwhose\b",
    "place": r"哪里|哪儿|何处|什么地方|哪个(?:国家|城市|省|地区|县|区)|哪国|\bwhere\b",
    "clause": r"为什么|为何|原因|怎么|如何|\bwhy\b|\bhow\b",
}
_QUESTION_TYPES = {name: re.compile(pattern) for name, pattern in _TYPES.items()}
_HAN = re.compile(r"[\u4e00-\u9fff]")
_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
_DATE = re.compile(
    r"(?:公元前?)?\d+年(?:\d+月)?(?:\d+[日号])?|\d+月(?:\d+[日号])?|\d+世纪(?:\d+年代)?"
    rf"|(?:{_MONTHS}) (?:\d{{1,2}}, )?\d{{4}}|\b1\d{{3}}\b|\b20\d\d\b|\d+(?:th|st|nd|rd) century"
)
_NUMBER = re.compile(
    r"[$€£]?\d[\d,.]*\d*(?:%| percent| million| billion| thousand|[万亿]?[^\W\d_a-z]?)"
    r"|[一二三四五六七八九十百千万亿两]+[个名位人座次年种部条只场]"
    r"|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|twelve)\b"
)
_CLAUSE = re.compile(r"[^,。;:!?]+")
_REASON = re.compile(r"因|由于|为了|because|due to|in order")
_CAPITALS = re.compile(r"[A-Z][\w'’-]+(?: (?:of |the |de |von )?[A-Z][\w'’-]+)*")
_QUOTED = re.compile(r"《[^《》]+》|「[^「」]+」|“[^“”]+”")
_NOUN = re.compile(r"n|l$|i$|j$|vn$|eng$")
_TAGS = {"person": ("nr",), "place": ("ns", "nt")}
_NEAR = 3.0  # characters added to every distance, so that a touching word does not decide alone


class SentenceBaseline:
    """Finds the best sentence of a paragraph, and the likeliest words of it by simple rules."""

    def __init__(self, reading_set: ReadingSet, encoder: Encoder) -> None:
        """Count the terms of a set's sentences.

        :param reading_set: Its paragraphs give the idf.
        :param encoder: Compares sentences with questions of another language.
        """
        self._encoder = encoder if reading_set.is_cross_lingual else None
        sentences = [
            terms
            for paragraph in reading_set.paragraphs
            for span in sentence_spans(paragraph.context)
            if (terms := _terms(span.of(paragraph.context)))
        ]
        self._n_with = Counter(term for terms in sentences for term in set(terms))
        self._n_sentences = len(sentences)
        self._mean_terms = sum(map(len, sentences)) / max(1, len(sentences))

    def best_sentence(self, paragraph: Paragraph, gold: GoldQuestion) -> Span:
        """Return the sentence with the best BM25; across languages, with the best cosine."""
        text = paragraph.context
        sentences = [s for s in (strip_span(text, s) for s in sentence_spans(text)) if len(s)]
        words = [sentence.of(text) for sentence in sentences]
        if self._encoder:
            scores = self._encoder.encode(words) @ self._encoder.encode([gold.question])[0]
            return sentences[int(np.argmax(scores))]
        asked = set(_terms(gold.question))
        scores = [self._bm25(asked, Counter(_terms(sentence))) for sentence in words]
        return sentences[int(np.argmax(scores))]

    def likely_words(self, paragraph: Paragraph, gold: GoldQuestion) -> Span:
        """Return the words of the best sentence that fit the question's type, nearest to its terms.

        The whole sentence where none fit.
        """
        sentence = self.best_sentence(paragraph, gold)
        words = sentence.of(paragraph.context)
        question = fold(gold.question).text
        matches = self._matches(words.lower(), set(_terms(gold.question)))
        best, best_score = Span(0, len(words)), -1.0
        for span in candidates(words, question_type(question)):
            if span.of(words).lower() in question or not span.of(words).strip():
                continue
            middle = (span.start + span.end) / 2
            score = sum(weight / (_NEAR + abs(at - middle)) for at, weight in matches)
            if score > best_score:
                best, best_score = span, score
        return Span(sentence.start + best.start, sentence.start + best.end)

    def _idf(self, term: str) -> float:
        n_with = self._n_with[term]
        return float(np.log(1 + (self._n_sentences - n_with + 0.5) / (n_with + 0.5)))

    def _bm25(self, asked: Iterable[str], counts: Counter[str]) -> float:
        length = _K1 * (1 - _B + _B * counts.total() / self._mean_terms)
        return sum(
            self._idf(term) * counts[term] * (_K1 + 1) / (counts[term] + length)
            for term in asked
            if counts[term]
        )

    def _matches(self, words: str, asked: set[str]) -> list[tuple[float, float]]:
        """Return the middle and the weight of each term of the question in a sentence."""
        plain = sorted(term for term in asked if term[0] not in "#=")
        return [
            (match.start() + len(term) / 2, self._idf(term))
            for term in plain
            for match in re.finditer(re.escape(term), words)
        ]


def question_type(folded: str) -> str:
    """Name what a folded question asks for: date, number, person, place, clause or thing."""
    for name, pattern in _QUESTION_TYPES.items():
        if pattern.search(folded):
            return name
    return "thing"


def candidates(sentence: str, kind: str) -> list[Span]:
    """List the words of a sentence that could answer a question of a type."""
    found: list[Span] = []
    if kind == "clause":
        clauses = _spans(_CLAUSE, sentence)
        return [span for span in clauses if _REASON.search(span.of(sentence))] or clauses
    if kind in {"date", "number"}:
        found = _spans(_DATE if kind == "date" else _NUMBER, sentence.lower())
    if not _HAN.search(sentence):
        return found or _spans(_CAPITALS, sentence)
    tagged = _tag(sentence)
    if kind in _TAGS:
        found = [span for span, tag in tagged if tag.startswith(_TAGS[kind])]
    return found or [*_noun_phrases(tagged), *_spans(_QUOTED, sentence)]


def _noun_phrases(tagged: list[tuple[Span, str]]) -> list[Span]:
    phrases: list[Span] = []
    for span, tag in tagged:
        if not _NOUN.match(tag):
            continue
        if phrases and phrases[-1].end == span.start:
            phrases[-1] = Span(phrases[-1].start, span.end)
        else:
            phrases.append(span)
    return phrases


def _tag(text: str) -> list[tuple[Span, str]]:
    tagged: list[tuple[Span, str]] = []
    start = 0
    for word, tag in rjieba.tag(text):
        tagged.append((Span(start, start + len(word)), tag))
        start += len(word)
    return tagged


def _spans(pattern: re.Pattern[str], text: str) -> list[Span]:
    return [Span(*match.span()) for match in pattern.finditer(text)]


def _terms(text: str) -> list[str]:
    return extract_terms(fold(text).text)
