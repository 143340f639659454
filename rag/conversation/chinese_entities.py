"""Chinese entities: earlier turns → the person, thing, place and time that they were about."""

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from rag.conversation.chinese_words import (
    ASKING,
    ATTRIBUTES,
    FULL_NAME,
    NAME,
    Asked,
)
from rag.conversation.phrases import Phrase, Word, parse, word_set
from rag.conversation.turns import Understood
from rag.conversation.values import ValueKind, find_time, find_value, kind_of

_MAX_PERSON = 20  # characters of an answer that may stand for a person
_MAX_THING = 24
_NOMINAL = re.compile(r"n|j|l|i|b|x|eng|an|vn|ng|s$")
_NOT_NOMINAL = re.compile(r"[是有在由为被把]|多少.*|几.+")
_INNER = re.compile(r"[mqvfagtzd]|k|h|o")  # may stand inside a name: 第十四次协调会
_LIST = re.compile(r"[、，,;；]|和|与|及|\band\b")
_LATIN_NAME = re.compile(r"[A-Z][\w.'’-]*(?:\s+(?:de |van |von |da |al-)?[A-Z][\w.'’-]*){1,3}")
_QUOTED = re.compile(r"[《「『“\"][^》」』”\"]{2,40}[》」』”\"]")
# Heads that name one sort of thing by several words.
_KIN = (
    word_set("公司 集团 企业 厂 公司名"),
    word_set("大会 会议 会 协调会 年会 例会 峰会 论坛 研讨会 座谈会 活动"),
    word_set("馆 博物馆 图书馆 纪念馆 展览馆"),
    word_set("项目 工程 计划 课题"),
    word_set("办法 规定 条例 制度 规则 通知 公告 文件 细则"),
    word_set("设备 机器 葫芦 机 仪器 产品 系统 装置"),
    word_set("学校 大学 学院 中学 小学"),
    word_set("协会 学会 基金会 自治会 机构 组织 单位 研究所 局 委员会"),
    word_set("报告 调查 研究 纪要"),
    word_set("市场 夜市 商场"),
    word_set("河 溪 江 河流 流域"),
    word_set("桥 大桥"),
)
_BY_LENGTH = sorted(ATTRIBUTES, key=len, reverse=True)
_KIN_OF_PLACES = (
    word_set(
        "博物馆 图书馆 馆 公司 学校 医院 酒店 民宿 山庄 灯塔 机房 实验室 市场 夜市 码头 公园 景区"
    ),
    word_set("村 镇 乡 县 市 区 省 国 岛 山 湖 溪 河 江 路 街 桥 站 港"),
)


def is_nominal(word: Word) -> bool:
    """Tell whether a word may be (part of) a name or noun phrase by itself."""
    return bool(_NOMINAL.match(word.tag)) and not _NOT_NOMINAL.fullmatch(word.text)


def asked_for(phrase: Phrase) -> tuple[Asked | None, int, int]:
    """Find the interrogative of a question: what it asks for and where it stands."""
    found = ASKING.search(phrase.folded)
    if not found or not found.lastgroup:
        return None, 0, 0
    return Asked(found.lastgroup), found.start(), found.end()


def noun_runs(phrase: Phrase) -> list[tuple[int, int]]:
    """List the noun phrases of a question, each as long as it goes without 的.

    :param phrase: The question.
    :return: Ranges of its folded text, in order.
    """
    _, asked_start, asked_end = asked_for(phrase)
    runs: list[tuple[int, int]] = []
    words = phrase.words
    at = 0
    while at < len(words):
        end = at
        while end < len(words) and _continues(words, at, end, (asked_start, asked_end)):
            end += 1
        while end > at and not _ends_well(words, at, end):
            end -= 1
        if end > at:
            start, stop = words[at].start, words[end - 1].end
            while start < stop and phrase.folded[start] in "了过的得之":  # glued to an unknown name
                start += 1
            if stop > start:
                runs.append((start, stop))
        at = max(end, at + 1)
    return runs


def _continues(words: Sequence[Word], first: int, at: int, asked: tuple[int, int]) -> bool:
    word = words[at]
    if word.start < asked[1] and asked[0] < word.end:
        return False
    if at > first and word.start != words[at - 1].end:  # a space ends a Chinese name, no Latin one
        return False
    if is_nominal(word):
        return True
    if _NOT_NOMINAL.fullmatch(word.text) or kind_of(word.text) is ValueKind.YEAR:
        return False
    following = words[at + 1] if at + 1 < len(words) else None
    if at == first and following and len(word.text) > 1 and is_nominal(following):
        is_compound = word.tag.startswith("v") and len(following.text) == 1
        return word.tag == "f" or is_compound or word.text.startswith("第")  # 外来 | 种, 借阅 | 证
    return bool(_INNER.match(word.tag)) and (at > first or word.text.startswith("第"))


def _ends_well(words: Sequence[Word], first: int, end: int) -> bool:
    last = words[end - 1]
    if is_nominal(last):
        return True
    if last.tag == "q" and end - 1 > first and not words[end - 2].tag.startswith("m"):
        return True  # 自来水管 | 道
    # 营业收入是: a verb between a noun and 是 is a noun here.
    following = words[end].text if end < len(words) else ""
    is_noun_here = following in {"是", "的", "为", "有", "约"} and end - 1 > first
    return last.tag.startswith("v") and len(last.text) > 1 and is_noun_here


def topic_of(phrase: Phrase) -> str:
    """Name what a question is about: its first noun phrase that is no mere attribute.

    :param phrase: The question.
    :return: Its words as written; "" when it has none.
    """
    quoted = _QUOTED.search(phrase.raw)
    if quoted:
        return quoted.group()
    runs = noun_runs(phrase)
    for start, end in runs:
        words = phrase.folded[start:end]
        if words not in ATTRIBUTES and kind_of(words) is None and end - start > 1:
            return phrase.part(start, end - _attribute_length(words))
    return phrase.part(*runs[0]) if runs else ""


def _attribute_length(words: str) -> int:
    ending = next((known for known in _BY_LENGTH if words.endswith(known)), "")
    if not ending or len(words) <= len(ending) + 1:
        return 0
    modifier = re.search(r"(?:估计|预计|总|平均|最高|最低|累计)$", words[: -len(ending)])
    return len(ending) + (len(modifier.group()) if modifier else 0)


def names_in(text: str) -> list[str]:
    """List the personal names in a text by surname, word class and capital letters.

    :param text: A question or an answer, unfolded.
    :return: The names as written, in order.
    """
    phrase = parse(text)
    found = dict(_surname_matches(phrase))
    for start, end in _tagged_names(phrase):
        if not any(start < other_end and other < end for other, other_end in found.items()):
            found[start] = end
    names = [phrase.part(start, end) for start, end in sorted(found.items())]
    return names or _LATIN_NAME.findall(text)


def _surname_matches(phrase: Phrase) -> Iterator[tuple[int, int]]:
    starts = {word.start: word for word in phrase.words}
    for match in NAME.finditer(phrase.folded):
        word = starts.get(match.start())
        # 高度 and 方案 begin with surnames, but are words of the dictionary.
        if word and (word.tag.startswith("nr") or len(word.text) == 1):
            yield match.span()
        elif word and word.tag in {"ns", "n", "nz", "j"} and word.end < match.end():
            is_name = FULL_NAME.fullmatch(match.group())
            if is_name and _has_single(phrase, word.end, match.end()):
                yield match.span()


def _has_single(phrase: Phrase, start: int, end: int) -> bool:
    return (
        any(word.start == start and word.end <= end for word in phrase.words) and end - start == 1
    )


def _tagged_names(phrase: Phrase) -> Iterator[tuple[int, int]]:
    for word, following in zip_longest(phrase.words, phrase.words[1:]):
        if following and is_nominal(following) and following.text not in ATTRIBUTES:
            continue  # 苍屏 | 窑址: a place
        is_tagged = word.tag.startswith("nr") and 2 <= len(word.text) <= 4
        if is_tagged and (FULL_NAME.fullmatch(word.text) or word.tag == "nrt"):
            yield word.start, word.end


def person_in(answer: str) -> str:
    """Name the person in the words that answered "who"; "" when they name none for sure."""
    first = _LIST.split(answer.strip())[0].strip()
    names = names_in(first)
    if names:
        return names[-1]
    return first if 0 < len(first) <= _MAX_PERSON else ""


def find_person(turns: Sequence[Understood], *, several: bool = False) -> str:
    """Find the person that was last spoken of.

    :param turns: Oldest first.
    :param several: More than one is meant.
    :return: Words for them; "" when nobody was spoken of.
    """
    for turn in reversed(turns):
        phrase = parse(turn.question)
        asked, _, _ = asked_for(phrase)
        answer = turn.answer.strip()
        if several:  # only a list of names is more than one for sure
            is_list = asked is Asked.PERSON and len(answer) <= 2 * _MAX_PERSON
            return answer if is_list and _LIST.search(answer) else ""
        if asked is Asked.PERSON and answer:
            return person_in(answer)
        names = names_in(turn.question) or (names_in(answer) if len(answer) <= _MAX_PERSON else [])
        if names:
            return names[-1]
        if asked is Asked.PERSON:
            return describe_asked(phrase)
    return ""


def describe_asked(phrase: Phrase) -> str:
    """Describe whom a question asks for by what it says of them: 谁是总经理 → 总经理.

    :param phrase: A question that asks for a person.
    :return: The description; "" when the question gives none.
    """
    _, start, end = asked_for(phrase)
    before = re.sub(r"(?:现任|现在)?[是由为]?$", "", phrase.folded[:start])
    after = re.match(r"是?", phrase.folded[end:])
    rest = phrase.part(end + (after.end() if after else 0))
    if not before and rest:
        return rest if phrase.folded[end : end + 1] == "是" else f"{rest}的人"
    return phrase.part(0, len(before)) if not rest else ""


def find_thing(turns: Sequence[Understood]) -> str:
    """Find the thing that was last spoken of.

    :param turns: Oldest first.
    :return: Words for it; "" when there is none.
    """
    for turn in reversed(turns):
        phrase = parse(turn.question)
        asked, start, _ = asked_for(phrase)
        answer = turn.answer.strip()
        is_named = asked is Asked.THING and 1 < len(answer) <= _MAX_THING and start <= 2
        topic = topic_of(phrase)
        if is_named and not find_time(parse(answer).folded):
            return answer
        if topic:
            return topic
    return ""


def find_place(turns: Sequence[Understood]) -> str:
    """Find the place that was last spoken of; "" when there is none."""
    for turn in reversed(turns):
        phrase = parse(turn.question)
        if asked_for(phrase)[0] is Asked.PLACE and 1 < len(turn.answer) <= _MAX_THING:
            return turn.answer.strip()
        for words in _KIN_OF_PLACES:
            place = _ends_with_kin(phrase, words)
            if place:
                return place
    return find_thing(turns)


def find_moment(turns: Sequence[Understood]) -> str:
    """Find the time that was last spoken of; "" when there is none."""
    for turn in reversed(turns):
        answer, question = parse(turn.answer), parse(turn.question)
        if asked_for(question)[0] is Asked.TIME and 1 < len(answer.raw) <= _MAX_THING:
            return answer.raw
        time = find_time(question.folded)
        if time:
            at = question.folded.find(time)
            return question.part(at, at + len(time))
    return ""


def find_pair(turns: Sequence[Understood]) -> tuple[str, str] | None:
    """Find the two that were last spoken of together, for 前者 and 后者."""
    for turn in reversed(turns):
        for text in (turn.answer, turn.question):
            found = re.search(
                r"([^\s，。,、和与跟的]{2,16})(?:和|与|與|跟|、|还是|還是)([^\s，。,、是哪谁的]{2,16})",
                text,
            )
            if found:
                return found.group(1), found.group(2)
    return None


def find_by_head(head: str, turns: Sequence[Understood]) -> str:
    """Find the last named thing of a sort: of 公司 the last company with a name.

    :param head: A folded noun.
    :param turns: Oldest first.
    :return: Words for it; "" when no thing of that sort was named.
    """
    kin = next((words for words in _KIN if head in words), frozenset({head}))
    for turn in reversed(turns):
        for text in (turn.answer[:200], turn.question):
            phrase = parse(text)
            found = _ends_with_kin(phrase, kin)
            if found:
                return found
    return ""


def owner_in(phrase: Phrase, start: int, end: int) -> str:
    """Find the named thing that a noun phrase begins with: 岚谷县 of 岚谷县茶园面积.

    :param phrase: A question.
    :param start: Where its noun phrase begins.
    :param end: Where it ends.
    :return: The words as written; "" when it begins with none.
    """
    inside = [word for word in phrase.words if start < word.end < end]
    for word in reversed(inside):
        is_kin = any(word.text.endswith(head) for kin in (*_KIN, *_KIN_OF_PLACES) for head in kin)
        if word.tag in {"ns", "nt", "nz", "nr", "nrt", "x", "eng"} or (
            is_kin and word.start > start
        ):
            return phrase.part(start, word.end)
    return ""


def is_sort(head: str) -> bool:
    """Tell whether a folded noun names a sort of thing that one may point at: 公司, 办法."""
    return any(head in words for words in _KIN)


def _ends_with_kin(phrase: Phrase, kin: frozenset[str]) -> str:
    others = frozenset().union(*(words for words in _KIN if words != kin))  # 夜市 is no 市
    for start, end in noun_runs(phrase):
        inside = [word for word in phrase.words if start < word.end <= end]
        for word in reversed(inside):
            is_kin = any(
                word.text.endswith(head) and (len(head) > 1 or word.text not in others)
                for head in kin
            )
            if is_kin and (word.start > start or word.text not in kin):
                return phrase.part(start, word.end)
    return ""


def has_year(text: str) -> bool:
    """Tell whether a folded text names a year."""
    return find_value(ValueKind.YEAR, text) is not None
