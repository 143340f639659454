"""Expected answer type: what a question asks for, and whether words can be that.

Only types that a pattern can check in both Chinese and English: a number and a time. Whether words
are a person or a place is the reader's to tell. (Expected answer types: Li and Roth 2002, "Learning
question classifiers".)
"""

import re
from enum import StrEnum


class AnswerType(StrEnum):
    """What a question asks for."""

    NUMBER = "number"
    TIME = "time"
    OTHER = "other"


_ASKS_TIME = re.compile(
    r"什么时候|何时|什么时间|哪一?年|哪一?天|哪一?日|哪个月|几月|几号|几日|何年|何日|几点|哪个世纪|星期几|周几"
    r"|\bwhen\b|\b(?:what|which) (?:year|date|day|month|century|time)\b|いつ|何年"
)
_ASKS_NUMBER = re.compile(
    r"多少|几[个位名种次人家所座条项部本年岁天届只头章层]|多大|多高|多长|多远|多重|多久"
    r"|\bhow (?:many|much|long|old|tall|high|far|large|big)\b|\bwhat (?:percentage|number)\b"
    r"|いくつ|何人"
)
_TIME = re.compile(
    r"\d|[〇零一二三四五六七八九十百元][年月日号时点周]|世纪|年代|朝|时期|今[年天日]|[去明前后][年天日]|[春夏秋冬]|[早晚午夜]"
    r"|\b(?:january|february|march|april|may|june|july|august|september|october|november|december"
    r"|monday|tuesday|wednesday|thursday|friday|saturday|sunday|today|yesterday|tomorrow|morning"
    r"|evening|night|noon|century|spring|summer|autumn|winter|after|before|during|since|until)\b"
)
_NUMBER = re.compile(
    r"\d|[〇零一二两三四五六七八九十百千万亿半]|数"
    r"|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty"
    r"|hundred|thousand|million|billion|half|third|quarter|dozen|no|none|several|few)\b"
)
# A list may be asked for by word ("哪些") or, in English, by a plural after "which" or "what".
_ASKS_SEVERAL = re.compile(
    r"哪些|哪几|哪[两二三四五六七八九十]|有谁|都有(?:什么|啥|哪)|列出|列举"
    r"|\b(?:what|which|who) (?:are|were)\b|\b(?:list|name) (?:all|the|every|some|\w+ of)\b"
    r"|\b(?:which|what) (?:\w+ ){0,2}?\w+(?<![su])s (?:are|were|have|do|did|took|gave|attended"
    r"|spoke|can|will|must|should)\b"
)


def asks_several(question: str) -> bool:
    """Tell whether a question asks for a list of things.

    :param question: Folded.
    """
    return bool(_ASKS_SEVERAL.search(question))


def expected_type(question: str) -> AnswerType:
    """Tell what a question asks for.

    :param question: Folded.
    :return: The type; OTHER when no pattern tells.
    """
    if _ASKS_TIME.search(question):
        return AnswerType.TIME
    if _ASKS_NUMBER.search(question):
        return AnswerType.NUMBER
    return AnswerType.OTHER


def type_fit(expected: AnswerType, words: str) -> float:
    """Tell whether words can be an answer of a type.

    :param expected: The type.
    :param words: Folded.
    :return: 1.0 they can, -1.0 they cannot, 0.0 for OTHER.
    """
    if expected is AnswerType.OTHER:
        return 0.0
    pattern = _TIME if expected is AnswerType.TIME else _NUMBER
    return 1.0 if pattern.search(words) else -1.0
