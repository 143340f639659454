"""Value parsing: an answer's words, with those around them → the value that they say."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from index.normalization import fold_text
from index.segmentation import cut_words
from rag.answer_type import AnswerType, expected_type
from rag.moments import FoundMoment, Moment, find_moments
from rag.quantities import FoundQuantity, Quantity, find_quantities
from rag.values import Name, Time, Value, Verdict, Version

_T = TypeVar("_T")


class Asked(StrEnum):
    """What kind of value a question asks for."""

    WHEN = "when"
    AMOUNT = "amount"
    NAME = "name"
    WHETHER = "whether"
    VERSION = "version"
    OTHER = "other"  # the words themselves tell


_WINDOW = 60  # characters around the words that may belong to their value
_ASKS_VERSION = re.compile(r"版本|固件|\b(?:version|release|firmware)\b")
_ASKS_WHETHER = re.compile(
    r"吗[?？]?$|是否|能否|可否|有没有|是不是|能不能|可不可以|要不要|会不会"
    r"|^(?:is|are|was|were|do|does|did|can|could|may|must|should|will|has|have|am)\b"
)
_ASKS_NAME = re.compile(
    r"谁|哪[一]?[位家所]|何人|什么名字|叫什么|哪个(?:公司|单位|部门|机构|学校|大学|企业)"
    r"|\bwho(?:m|se)?\b|\bwhich (?:company|person|department|university|school|firm)\b"
)
_STRETCH = frozenset(["time", "months", "workdays", "age"])
_VERSION = re.compile(r"(?<![a-z0-9.])v?(\d+(?:\.\d+)+|\d+)(?![\d.]*\d)")
_OPENING = re.compile(r"^(?:于|在|从|自|约|为|共|由|from|at|on|in|by|about|since|the|is|are)+\s*")
_COVERED = 0.4  # of the words, that a value must be when the question does not tell its kind
_CLAUSE = re.compile(r"[,，。;；:：!！?？\n]|\.(?:\s|$)")
_NO_NAME = re.compile(r"[,，。;；:：?？!！由是为在将被]|\b(?:is|are|was|were|by|has|have|the)\b")
_MOST_NAME_CHARS = 40
_NO_WORDS = """
    不 没 没有 无 未 非 勿 否 禁止 严禁 谢绝 拒绝 无需 无须 无法 无权 并非 not no never cannot
    prohibited forbidden banned without neither nor
"""
_NO_STARTS = ("不", "没", "未", "勿")
_NO_EXCEPTIONS = re.compile(
    r"不(?:少|多|低|高|大|小|晚|早|迟)于|不(?:超过|仅|但|论|管|断|同|久|锈钢|动产|过)|未来|没收|未成年"
    r"|\b(?:no|not) (?:later|more|less|fewer|earlier|only)\b|\bn't only\b"
)
_ENGLISH_WORD = re.compile(r"[a-z]+'t|[a-z]+")
_HAN_RUN = re.compile(r"[\u4e00-\u9fd5]+")


def asked_kind(question: str) -> Asked:
    """Tell what kind of value a question asks for.

    :param question: Folded.
    :return: The kind; OTHER when no pattern tells.
    """
    if _ASKS_VERSION.search(question):
        return Asked.VERSION
    expected = expected_type(question)
    if expected is not AnswerType.OTHER:
        return Asked.WHEN if expected is AnswerType.TIME else Asked.AMOUNT
    if _ASKS_WHETHER.search(question.strip()):
        return Asked.WHETHER
    return Asked.NAME if _ASKS_NAME.search(question) else Asked.OTHER


def parse_value(words: str, asked: Asked, *, before: str = "", after: str = "") -> Value | None:
    """Read what an answer's words say.

    A reader may take only "9:00" of "9:00 to 17:30" or "20" of "20 days", so the value is read
    with what stands around the words.

    :param words: The answer's, as they stand.
    :param asked: What the question asks for.
    :param before: The rest of the sentence before them.
    :param after: The rest after them.
    :return: The value; None when they say none of the kind, or several.
    """
    left, middle = fold_text(before[-_WINDOW:]), fold_text(words[: 2 * _WINDOW])
    line = _Line(left + middle + fold_text(after[:_WINDOW]), len(left), len(left) + len(middle))
    readers: dict[Asked, Callable[[], Value | None]] = {
        Asked.WHEN: lambda: _only(line.moments) or _stretch(_only(line.quantities)),
        Asked.AMOUNT: lambda: _only(line.amounts),
        Asked.NAME: lambda: _read_name(middle),
        Asked.WHETHER: lambda: _read_verdict(line),
        Asked.VERSION: lambda: _read_version(middle),
        Asked.OTHER: lambda: _read_covering(line),
    }
    return readers[asked]()


@dataclass(frozen=True, slots=True)
class _Line:
    """The words in what stands around them, all folded."""

    text: str
    start: int
    end: int

    @property
    def moments(self) -> list[Time]:
        return [
            Time(found.moment, found.until)
            for found in find_moments(self.text)
            if self._touches(found)
        ]

    @property
    def quantities(self) -> list[Quantity]:
        return [found.quantity for found in find_quantities(self.text) if self._touches(found)]

    @property
    def amounts(self) -> list[Quantity]:
        """The quantities that are no part of a date or an hour."""
        dates = [found for found in find_moments(self.text) if _is_definite(found.moment)]
        return [
            found.quantity
            for found in find_quantities(self.text)
            if self._touches(found)
            and not any(date.start < found.end and found.start < date.end for date in dates)
        ]

    @property
    def clause(self) -> str:
        """The clause that the words stand in, or the clauses."""
        before = _CLAUSE.split(self.text[: self.start])[-1]
        after = _CLAUSE.split(self.text[self.end :])[0]
        return before + self.text[self.start : self.end] + after

    def covers(self, found: FoundMoment | FoundQuantity) -> bool:
        """Tell whether a value is most of the words."""
        words = _OPENING.sub("", self.text[self.start : self.end])
        inside = min(found.end, self.end) - max(found.start, self.start)
        return inside >= _COVERED * len(words)

    def _touches(self, found: FoundMoment | FoundQuantity) -> bool:
        return found.start < self.end and self.start < found.end


def _is_definite(moment: Moment) -> bool:
    """Tell a date or hour from what may be a number of days, too: 30日, 三点."""
    known = moment.known
    return bool(known.keys() & {"year", "month"}) or (
        moment.minute is not None and moment.minute.low == moment.minute.high
    )


def _only(values: list[_T]) -> _T | None:
    return values[0] if len(values) == 1 else None


def _stretch(quantity: Quantity | None) -> Quantity | None:
    return quantity if quantity and quantity.dimension in _STRETCH else None


def _read_covering(line: _Line) -> Value | None:
    for found in find_moments(line.text):
        if line.covers(found) and _is_definite(found.moment):
            return Time(found.moment, found.until)
    amounts = line.amounts
    for amount in find_quantities(line.text):
        if amount.quantity in amounts and line.covers(amount):
            return amount.quantity
    return None


def _read_version(words: str) -> Version | None:
    versions = {match[1] for match in _VERSION.finditer(words)}
    return Version(tuple(versions.pop().split("."))) if len(versions) == 1 else None


def _read_name(words: str) -> Name | None:
    if _NO_NAME.search(words) or len(words) > _MOST_NAME_CHARS:
        return None
    kept = " ".join(re.findall(r"[^\W_]+", words))
    return Name(kept) if kept and not kept.isdecimal() else None


def _count_negations(word: str) -> int:
    if word.startswith(_NO_STARTS):
        return max(1, word.count("不"))  # 不得不 is a yes
    return int(word in _NO_WORDS.split() or word.endswith("n't"))


def _read_verdict(line: _Line) -> Verdict | None:
    if line.text[line.end :].lstrip()[:1] in ("?", "？") or "吗" in line.clause:
        return None  # itself a question
    clause = _NO_EXCEPTIONS.sub(" ", line.clause)
    words = [word for run in _HAN_RUN.findall(clause) for word in cut_words(run)]
    words += _ENGLISH_WORD.findall(clause)
    negations = sum(map(_count_negations, words))
    return Verdict(negations % 2 == 0)
