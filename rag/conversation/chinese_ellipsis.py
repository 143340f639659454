"""Chinese ellipsis: the last question with one part exchanged for what a follow-up says."""

import re

from rag.conversation import chinese_words as zh
from rag.conversation.chinese_entities import (
    asked_for,
    is_nominal,
    names_in,
    noun_runs,
    owner_in,
    topic_of,
)
from rag.conversation.chinese_words import ADVERBIAL, Asked
from rag.conversation.phrases import Edit, Phrase, parse
from rag.conversation.turns import Similarity, Understood
from rag.conversation.values import ValueKind, find_value, kind_of

_MAX_ANSWER = 20  # characters of an answer that may stand in a question
_PEOPLE = "人生童者员客民工师"  # what nouns for people end with
_LOCATIVE = re.compile(r"[位落处来住驻]于?$")  # 位于哪里: the verb wants a place and nothing else
_TIMES = frozenset(
    {ValueKind.DATE, ValueKind.YEAR, ValueKind.QUARTER, ValueKind.MONTH, ValueKind.WEEKDAY}
)
_BY_LENGTH = sorted(zh.ATTRIBUTES, key=len, reverse=True)


def swap_interrogative(base: Understood, phrase: Phrase, start: int, end: int) -> str | None:
    """Ask the last question for something else: 大会在哪里召开 + 什么时候 → 大会什么时候召开.

    :param base: The last turn.
    :param phrase: The follow-up.
    :param start: Where its interrogative begins.
    :param end: Where it ends.
    :return: The question; None when the last one asked for nothing.
    """
    asking = phrase.part(start, end)
    found = zh.ASKING.search(phrase.folded, start)
    new = Asked(found.lastgroup) if found and found.lastgroup else None
    question = parse(base.question)
    old, old_start, old_end = asked_for(question)
    if new is None or not question.words:
        return None
    if old is None:
        return f"{question.raw}，{asking}？"
    if new == old and base.question:
        return (
            None if asking == question.part(old_start, old_end) else f"{question.raw}，{asking}？"
        )
    edit = _swap(question, (old, old_start, old_end), new, asking)
    if edit:
        return question.edited(edit) + "？"
    return _state(question, (old, old_start, old_end), base.answer.strip(), new, asking)


def _swap(question: Phrase, asked: tuple[Asked, int, int], new: Asked, asking: str) -> Edit | None:
    old, start, end = asked
    before = question.folded[:start]
    bare = re.sub(r"^是", "", asking) if before.endswith("是") else asking
    if old in ADVERBIAL and new in ADVERBIAL and not _LOCATIVE.search(before):
        place = new is Asked.PLACE and bare[0] not in "在于於从從到"
        return Edit(start, end, f"在{bare}" if place else bare)
    if old in ADVERBIAL and new is Asked.PERSON and not _LOCATIVE.search(before):
        is_led = before.endswith(("是", "由")) or bare[0] in "由被" or not before
        return Edit(start, end, bare if is_led else f"由{bare}")
    if old is Asked.PERSON and new is Asked.NUMBER and asking.endswith("人"):
        return Edit(start, end, asking)
    return None


def _state(
    question: Phrase, asked: tuple[Asked, int, int], answer: str, new: Asked, asking: str
) -> str:
    """Say what is known by now, then ask."""
    old, start, end = asked
    if not 0 < len(answer) <= _MAX_ANSWER or "\n" in answer:
        return f"{question.raw}，{asking}？"
    if old is Asked.PERSON and start == 0 and new in ADVERBIAL:
        return f"{answer}{asking}{question.part(end)}？"
    unit = re.match(r"[钱元人个年天名]", question.folded[end:])
    end += unit.end() if unit and old is Asked.NUMBER else 0
    return question.edited(Edit(start, end, answer)) + f"，{asking}？"


def replace_part(
    base: Understood, phrase: Phrase, start: int, end: int, similarity: Similarity | None
) -> str | None:
    """Ask the last question of something else.

    :param base: The last turn.
    :param phrase: The follow-up.
    :param start: Where that begins in its folded text.
    :param end: Where it ends.
    :param similarity: Compares words by meaning.
    :return: The question; None when the last one has no part of the kind.
    """
    question = parse(base.question)
    said, words = phrase.folded[start:end], phrase.part(start, end)
    if not noun_runs(question) and not asked_for(question)[0]:
        return None  # 你好
    kind = kind_of(said)
    if kind:
        return _replace_value(question, kind, words)
    attribute = next((known for known in _BY_LENGTH if said.endswith(known)), "")
    if attribute:
        return _replace_attribute(question, base.answer.strip(), attribute, words)
    return _replace_inner_value(question, phrase, start, end) or _replace_noun(
        question, phrase, (start, end), similarity
    )


def _replace_value(question: Phrase, kind: ValueKind, words: str) -> str | None:
    found = find_value(kind, question.folded)
    if found:
        tail = "年" if kind is ValueKind.YEAR and found.group().endswith("年") else ""
        words = words if words.endswith(("年", "度")) else words + tail
        return question.edited(Edit(found.start(), found.end(), words)) + "？"
    if kind in _TIMES:
        return f"{words}{question.raw}？"
    runs = noun_runs(question)
    return question.edited(Edit(*runs[0], words)) + "？" if runs else None


def _replace_inner_value(question: Phrase, phrase: Phrase, start: int, end: int) -> str | None:
    """Exchange a value that stands in what is said, and nothing else, if all else is the same."""
    said = phrase.folded[start:end]
    for kind in (ValueKind.DATE, ValueKind.YEAR, ValueKind.ORDINAL, ValueKind.CODE):
        new, old = find_value(kind, said), find_value(kind, question.folded)
        if new and old:
            rest = said[new.end() :].strip("的")
            if rest and rest not in question.folded:
                continue
            new_words = phrase.part(start + new.start(), start + new.end())
            return question.edited(Edit(old.start(), old.end(), new_words)) + "？"
    return None


def _replace_attribute(question: Phrase, answer: str, attribute: str, words: str) -> str:
    """Ask for another attribute of the same thing, or for that of another one."""
    new = zh.ATTRIBUTES[attribute]
    asking = zh.ASKING_FOR[new][_is_traditional(question)]
    return (
        _replace_same(question, attribute, words)
        or _ask_when_or_where(question, answer, new, asking)
        or _replace_role(question, new, words)
        or _replace_figure(question, new, words, asking)
        or _ask_of_owner(question, attribute, words, asking)
    )


def _ask_when_or_where(question: Phrase, answer: str, new: Asked, asking: str) -> str:
    """Ask when, where or why the same happened."""
    old, start, end = asked_for(question)
    if old is None or old == new or new not in ADVERBIAL:
        return ""
    if old is Asked.PERSON and start == 0 and 0 < len(answer) <= _MAX_ANSWER:
        return f"{answer}{asking}{question.part(end)}？"  # where they did it
    edit = _swap(question, (old, start, end), new, asking) if old in ADVERBIAL else None
    return question.edited(edit) + "？" if edit else ""


def _replace_role(question: Phrase, new: Asked, words: str) -> str:
    """Exchange 主持人 for 记录人: another role of the same thing."""
    start = asked_for(question)[1]
    known = next((known for known in _BY_LENGTH if question.folded.endswith(known, 0, start)), "")
    known = known or next((one for one in _BY_LENGTH if f"{one}是" in question.folded[:start]), "")
    if not known or new is not Asked.PERSON or zh.ATTRIBUTES[known] is not new:
        return ""
    at = question.folded.find(known)
    return question.edited(Edit(at, at + len(known), words)) + "？"


def _ask_of_owner(question: Phrase, attribute: str, words: str, asking: str) -> str:
    names = names_in(question.raw)
    owner = names[-1] if attribute in zh.OF_PERSONS and names else topic_of(question)
    if not owner:
        return f"{question.raw}，{words}？"
    return f"{owner}的{words}{'' if asking.startswith('在') else '是'}{asking}？"


def _replace_same(question: Phrase, attribute: str, words: str) -> str:
    """Exchange 集群负责人 for 备份负责人: the same attribute of something else."""
    head, _, _ = words.rpartition("的")
    for start, end in noun_runs(question):
        at = question.folded.find(attribute, start, end)
        if at >= 0 and words != attribute and at + len(attribute) == end:
            owner = "" if head else owner_in(question, start, end)
            before = owner if owner and len(owner) < at - start + 1 else ""
            first = 0 if head and start > 0 and question.folded[start - 1] == "的" else start
            return question.edited(Edit(first, end, before + words)) + "？"
    if head and attribute in zh.ATTRIBUTES:
        verb = "" if zh.ATTRIBUTES[attribute] is Asked.PLACE else "是"
        asked = zh.ASKING_FOR[zh.ATTRIBUTES[attribute]][_is_traditional(question)]
        return f"{words}{verb}{asked}？"
    return ""


def _replace_figure(question: Phrase, new: Asked, words: str, asking: str) -> str:
    """Exchange a figure for another one of the same owner and time: 营业收入 for 净利润."""
    asked_at = asked_for(question)[1]
    for start, end in noun_runs(question) if new is Asked.NUMBER else ():
        known = next((one for one in _BY_LENGTH if question.folded.endswith(one, start, end)), "")
        if end <= asked_at and known and zh.ATTRIBUTES[known] is Asked.NUMBER:
            owner = owner_in(question, start, end)
            return f"{question.part(0, start)}{owner}{'的' if owner else ''}{words}是{asking}？"
    return ""


def _is_traditional(question: Phrase) -> bool:
    return any(
        raw != folded and "\u3400" <= raw <= "\u9fff"
        for raw, folded in zip(question.raw, question.folded, strict=False)
    )


def _replace_noun(
    question: Phrase, phrase: Phrase, said: tuple[int, int], similarity: Similarity | None
) -> str | None:
    """Exchange the noun that is nearest to what is said."""
    words = phrase.part(*said).rstrip("的")
    names, old_names = names_in(phrase.part(*said)), names_in(question.raw)
    if names and names[0] == words and old_names:
        return question.raw.replace(old_names[-1], words) + "？"
    candidates = _candidates(question)
    if not candidates:
        return f"{words}，{question.raw}？"
    new = phrase.folded[said[0] : said[1]]
    runs = noun_runs(question)
    texts = [question.folded[start:end] for start, end in candidates]
    near = list(similarity(new, texts)) if similarity else [0.0] * len(texts)
    scores = [
        _likeness(new, text) + float(score) + (0.1 if candidate in runs else 0.0)
        for text, score, candidate in zip(texts, near, candidates, strict=True)
    ]
    best = scores.index(max(scores))
    start, end = candidates[best]
    return question.edited(Edit(start, end, words)) + "？"


def _likeness(new: str, old: str) -> float:
    """Compare two nouns by their characters: those of a sort often end alike."""
    same_end = 0.3 if new[-1] == old[-1] else 0.0
    same_start = 0.1 if new[0] == old[0] else 0.0
    short = 0.3 if len(old) == 1 else 0.0
    people = 0.2 if new[-1] in _PEOPLE and old[-1] in _PEOPLE else 0.0
    # 上海分公司 takes the place of 北京分公司, not of 分公司 in it.
    inside = 0.6 if new != old and new.endswith(old) else 0.0
    return same_end + same_start + people - inside - short - 0.02 * abs(len(new) - len(old))


def _candidates(question: Phrase) -> list[tuple[int, int]]:
    """List the nouns of a question: each noun phrase and each word and run of words in it."""
    ranges: list[tuple[int, int]] = []
    for start, end in noun_runs(question):
        inside = [word for word in question.words if start <= word.start and word.end <= end]
        for first in range(len(inside)):
            ranges.extend(
                (inside[first].start, inside[last].end)
                for last in range(first, min(first + 4, len(inside)))
                if is_nominal(inside[last]) or last == len(inside) - 1
            )
        ranges.append((start, end))
    return list(dict.fromkeys(ranges))[:40]
