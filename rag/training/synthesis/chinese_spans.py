"""Spans of a sentence that a question could ask for: dates, numbers, names, phrases, clauses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from random import Random
from typing import NamedTuple

from rag.training.synthesis.chinese_text import (
    COUNTRIES,
    NOMINAL,
    Analysis,
    Sentence,
    Word,
    name_end,
)

_DAY_PART = "(?:上午|下午|晚上|凌晨|中午|傍晚|清晨|早上|晚|晨)"
_CLOCK = r"(?:\d{1,2}(?::\d\d|[时点](?:\d{1,2}分|半|整|许)?))"
_ERA = "公元前?|民国|明治|昭和|平成|大正|令和|[一-龥]{2}(?=[元一二三四五六七八九十]+年)"
DATE = re.compile(
    rf"(?:{_ERA})?(?:约|大约)?(?:\d{{1,4}}|[元一二三四五六七八九十〇零]{{1,4}})(?:年代?|世纪)(?:初|末|中期|初期|末期|底|中叶|以来)?"
    rf"(?:\d{{1,2}}月(?:\d{{1,2}}[日号]|初|底|中旬|上旬|下旬)?)?{_DAY_PART}?{_CLOCK}?"
    rf"|\d{{1,2}}月(?:\d{{1,2}}[日号]|初|底|中旬|上旬|下旬|份)?{_DAY_PART}?{_CLOCK}?"
    rf"|(?<!\d)\d{{1,2}}[日号](?!线|楼|院|机|车|门|元){_DAY_PART}?{_CLOCK}?"
    rf"|{_DAY_PART}?{_CLOCK}|(?:春|夏|秋|冬)季|清晨|傍晚|(?:去|今|明|前|后)年(?:\d{{1,2}}月(?:\d{{1,2}}[日号])?|初|底)?"
)
_UNIT = (
    "平方公里|立方米|平方米|平方千米|公里|千米|海里|英里|厘米|毫米|英尺|公尺|公分|米|个百分点|%|公斤|千克|毫升|克|吨"
    "|美元|欧元|日元|英镑|人民币|港元|元|块|人次|人|名|位|个(?:月|小时|国家|省份|城市|项目)?|岁|周岁|年间|年|天|周|小时|分钟|秒"
    "|集|首|部|座|条|家|所|次|场|种|间|层|艘|架|辆|本|册|支|枚|票|分|户|公顷|亩|度|°C|℃|倍|项|件|张|匹|只|棵|颗|千瓦|兆瓦|赫兹|升"
    "|字节|卷|章|页|步|台|套|笔|起|例|门|节|站|号线|对|组|队|代|口|吋|英寸|语言|国家"
)
NUMBER = re.compile(
    rf"(?:约|近|超过|大约|至少|多达|超)?(?:百分之[一二三四五六七八九十百]+|(?:\d[\d,.]*(?:-\d[\d.]*)?(?:[多余])?(?:万|亿|千|百|兆)*(?:多|余)?|[一二三四五六七八九十百千万两]{{1,5}}[多余]?)(?:{_UNIT}))"
)
ORDINAL = re.compile(
    r"第[\d一二三四五六七八九十百]+(?:大|届|次|个|名|位|任|章|条|季|集|代|期|批|号|世|站|回|轮|军|师)"
)
_PART_OF_NUMBER = re.compile(r"[第\d][,.]?$")
_ONE = re.compile(
    r"一(?:个|种|次|名|位|座|条|所|部|些|起|场|家|件|组|对|步|项|首|张|套|层|支|棵|间|代|度|时|天|员|岁|号|站|口|章|段|声|页|门|节)"
)
_OUTSIDE_LISTS = frozenset(["v", "p", "c", "d", "u", "uj", "ul", "r", "y", "vd"])
_QUOTED = re.compile(
    r"《[^《》]{1,30}》(?:(?:、|和|及|与)《[^《》]{1,25}》)?|「[^「」]{1,20}」|“[^“”]{1,30}”|\"[^\"]{1,20}\""
)
_ITEM = r"[^,。、;:!?()\n]{1,12}"
LIST = re.compile(
    rf"[^,。、;:!?()《》的\n]{{1,10}}(?:、{_ITEM}){{1,8}}(?:(?:和|与|及|以及|跟|或){_ITEM})?等?"
)
_ORGANIZATION = re.compile(
    r"(?:大学|公司|学院|集团|银行|委员会|协会|党|俱乐部|电视台|组织|医院|队|中心|基金会|研究所|研究院|出版社|部|局|厅|法院)$"
)
_PLACE_END = "市省县区镇村州国岛街路湾港"
_BEFORE_PLACES = frozenset(("位于", "在", "于", "首都", "首府", "前往", "抵达", "飞往", "自"))
_NOT_AFTER_PERSON = tuple("省州县市区镇村人族语队杯奖式路街山河寺桥县湖岛线站港")
_WHY = re.compile(r"(?:是|主要)?(?:因为|由于|因|为了|原因是|旨在|目的是|以便)(.{3,40})$")
_HOW = re.compile(
    r"(?:通过|利用|采用|使用|按照|根据|凭借|借助|依靠|运用)([^,。的]{2,18})(?=来|而|进行|的|$)"
)
_DEFINITION = re.compile(
    r"([^,。是]{1,16}?)(?:\([^)]*\))?,?(?:就是|是指|即是|是|指)((?:一|中|由|位|指|日|美|英|法|德|第|在)?[^,。]{3,40})$"
)


class Candidate(NamedTuple):
    """A span that could be an answer, in the sentence that holds it."""

    kind: str
    start: int
    end: int
    sentence: Sentence


def find_candidates(analysis: Analysis, random: Random) -> list[Candidate]:
    """Return the candidates of all sentences of a passage."""
    found: list[Candidate] = []
    for sentence in analysis.sentences:
        spans = [
            *_find_values(analysis.text, sentence, random),
            *_find_phrases(analysis.text, sentence, random),
            *_find_clauses(analysis.text, sentence),
        ]
        found += [Candidate(kind, start, end, sentence) for kind, start, end in spans]
    return found


Found = Iterator[tuple[str, int, int]]


def _find_values(text: str, sentence: Sentence, random: Random) -> Found:
    inside, base = text[sentence.start : sentence.end], sentence.start
    for kind, start, end in [*_find_numbers(inside), *_find_titles(inside, random)]:
        yield kind, base + start, base + end
    for match in LIST.finditer(inside):
        start, end = _align_list(sentence, base + match.start(), base + match.end())
        if 4 <= end - start <= 56 and "、" in text[start:end]:
            yield "list", start, end


def _find_numbers(text: str) -> Found:
    dates = [match for match in DATE.finditer(text) if len(match.group()) > 1]
    for match in dates:
        yield "date", *match.span()
        for kind, start, end in _date_parts(match.group()):
            yield kind, match.start() + start, match.start() + end
    ordinals = list(ORDINAL.finditer(text))
    for match in ordinals:
        if not text.startswith("世界大战", match.end()):
            yield "ordinal", *match.span()
    taken = [match.span() for match in [*dates, *ordinals]]
    for match in NUMBER.finditer(text):
        is_taken = any(match.start() < end and match.end() > start for start, end in taken)
        is_part = _PART_OF_NUMBER.search(text, 0, match.start())
        if not (is_taken or is_part or _ONE.match(match.group())):
            yield "number", *match.span()


def _find_titles(text: str, random: Random) -> Found:
    for match in _QUOTED.finditer(text):
        start, end = match.span()
        if text[start] != "《" and random.random() < 0.6:
            start, end = start + 1, end - 1
        yield "title", start, end


def _align_list(sentence: Sentence, start: int, end: int) -> tuple[int, int]:
    """Begin a list after its verb, and end it before the next one."""
    words = [word for word in sentence.words if word.end > start and word.start < end]
    commas = [index for index, word in enumerate(words) if word.text == "、"]
    if not commas:
        return start, end
    for word in words[: commas[0]]:
        if (word.tag in _OUTSIDE_LISTS and word.end > start) or word.start < start:
            start = word.end
    for word in words[commas[-1] + 2 :]:
        if word.tag in _OUTSIDE_LISTS and word.text not in ("和", "与", "及", "以及", "跟", "或"):
            end = word.start
            break
        if word.end > end:
            end = word.start
            break
    while _ends_with_particle(words, end):
        end -= 1
    return start, end


def _ends_with_particle(words: list[Word], end: int) -> bool:
    return any(word.end == end and word.text in ("和", "与", "及", "等") for word in words)


def _date_parts(date: str) -> Found:
    year = re.match(r"\D{0,4}\d{1,4}年", date)
    day = re.search(r"\d{1,2}月\d{1,2}[日号]", date)
    if year and day:
        yield "year", 0, year.end()
        yield "day", day.start(), day.end()
    month = re.match(r"(?:\D{0,4}\d{1,4}年)?(\d{1,2}月)", date)
    if month and day:
        yield "month", month.start(1), month.end(1)
    clock = re.search(rf"{_DAY_PART}?{_CLOCK}$", date)
    if clock and clock.start():
        yield "clock", clock.start(), clock.end()


def _find_phrases(text: str, sentence: Sentence, random: Random) -> Found:
    words, index = sentence.words, 0
    while index < len(words):
        word = words[index]
        end = name_end(words, index)
        if end:
            if text[words[end - 1].end : words[end - 1].end + 1] not in _NOT_AFTER_PERSON:
                is_place = index > 0 and words[index - 1].text in _BEFORE_PLACES
                yield "place" if is_place else "person", word.start, words[end - 1].end
            index = end
        elif word.tag in NOMINAL and word.tag not in "mqtf":
            last = _phrase_end(words, index)
            start, end = word.start, words[last].end
            is_counted = (index and words[index - 1].tag in ("m", "q")) or text[
                end : end + 1
            ].isdigit()
            if end - start >= 2 and not is_counted:
                kind = _phrase_kind(text[start:end], word, words[last])
                yield kind, start, end
                if (
                    kind == "phrase"
                    and last + 2 < len(words)
                    and words[last + 1].text == "的"
                    and words[last + 2].tag in ("n", "vn", "nz")
                    and random.random() < 0.4
                ):
                    yield "phrase", start, words[last + 2].end
            index = last + 1
        else:
            index += 1


def _phrase_end(words: tuple[Word, ...], index: int) -> int:
    last = index
    while (
        last + 1 < len(words)
        and last - index < 6
        and words[last + 1].tag in NOMINAL
        and words[last + 1].tag not in "mqtf"
        and not name_end(words, last + 1)
        and words[last + 1].text not in ',。、;:()《》「」""!?·'
    ):
        last += 1
    while last > index and words[last].tag in ("a", "b"):
        last -= 1
    return last


def _phrase_kind(phrase: str, first: Word, last: Word) -> str:
    if phrase in COUNTRIES or (
        first.tag == "ns" and (last.tag == "ns" or phrase[-1] in _PLACE_END)
    ):
        return "place"
    if last.tag == "nt" or _ORGANIZATION.search(phrase):
        return "organization"
    return "phrase"


def _find_clauses(text: str, sentence: Sentence) -> Found:
    clauses = sentence.clauses
    for start, end in clauses:
        clause = text[start:end]
        reason = _WHY.match(clause)
        if reason and len(clauses) > 1:
            yield "reason", start + reason.start(1), end
        means = _HOW.search(clause)
        if means:
            yield "means", start + means.start(1), start + means.end(1)
        definition = _DEFINITION.match(clause)
        if definition and any(word.start == start + definition.start(2) for word in sentence.words):
            yield "definition", start + definition.start(2), end
        if len(clauses) > 1 and 5 <= end - start <= 40:
            yield "clause", start, end
        yield from _find_objects(sentence, start, end)


def _find_objects(sentence: Sentence, start: int, end: int) -> Found:
    words = [word for word in sentence.words if word.start >= start and word.end <= end]
    for verb, after in pairwise(words[1:]):
        if verb.tag == "v" and _can_open(after) and 3 <= end - after.start <= 28:
            begin = after.start + (after.text == "了")
            if end - begin >= 2:
                yield "object", begin, end


def _can_open(word: Word) -> bool:
    return word.tag in NOMINAL or word.text == "了"
