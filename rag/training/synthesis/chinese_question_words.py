"""The question words of Chinese, by what the answer is."""

from __future__ import annotations

import re
from random import Random

from rag.training.synthesis.tables import load_table

_TABLE = load_table("chinese_words.toml")
_MEASURE_OF: dict[str, str] = {
    noun: measure for measure, nouns in _TABLE["measures"].items() for noun in nouns.split()
}
_WORDS: dict[str, list[str]] = {kind: words.split() for kind, words in _TABLE["words"].items()}
_WORDS_OF_UNIT: dict[str, list[str]] = {
    unit: units["words"].split() for units in _TABLE["units"] for unit in units["of"].split()
}
_UNIT = re.compile(r"[^\d,.\-万亿千百兆多余一二三四五六七八九十两约近超过大至少达第]+$")
_NOUNS_OF_PLACES = {"市": "城市", "国": "国家"} | {area: area for area in "省县区镇村州岛"}


def choose_question_word(kind: str, answer: str, random: Random) -> str:
    """Return a question word that could stand for the answer.

    :param kind: The kind of the candidate (see ``chinese_spans``).
    """
    if kind == "number":
        return _number_word(answer, random)
    if kind == "ordinal":
        return f"第几{answer[-1]}"
    if kind in ("place", "organization", "phrase"):
        return _noun_word(kind, answer, random)
    if kind == "date":
        kind = _date_class(answer)
    elif kind == "title" and answer[0] == "《":
        kind = "book"
    return random.choice(_WORDS.get(kind, ["什么"]))


def _date_class(date: str) -> str:
    if re.search(r"\d[时点:]", date):
        return "clock" if "月" not in date and "年" not in date else "other_date"
    if date.endswith("世纪"):
        return "century"
    if re.fullmatch(r"[^\d]*\d{2,4}年", date):
        return "only_year"
    if "日" in date or "号" in date:
        return "whole_day" if "年" in date else "month_day"
    return "other_date"


def _number_word(answer: str, random: Random) -> str:
    match = _UNIT.search(answer)
    unit = "%" if "百分之" in answer else match.group() if match else ""
    words = _WORDS_OF_UNIT.get(unit, _WORDS_OF_UNIT["other"])
    return random.choice(words).replace("{u}", unit)


def _noun_word(kind: str, answer: str, random: Random) -> str:
    head = next(
        (answer[-n:] for n in (4, 3, 2, 1) if len(answer) > n and answer[-n:] in _MEASURE_OF), ""
    )
    words = list(_WORDS.get(kind, _WORDS["phrase"]))
    if kind == "place":
        if head in _NOUNS_OF_PLACES:
            words += [f"哪个{_NOUNS_OF_PLACES[head]}"] * 6
        elif len(answer) <= 4:
            words += ["哪个国家", "哪国", "哪个城市"]
    elif head:
        measure = _MEASURE_OF[head]
        words += [f"哪{measure}{head}", f"哪一{measure}{head}", f"哪个{head}", f"什么{head}"] * 2
    return random.choice(words)
