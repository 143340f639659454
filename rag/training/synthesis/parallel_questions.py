"""Questions in other languages: the answer's words in a sentence replaced by a question word."""

from __future__ import annotations

import re
from random import Random

from rag.training.synthesis.parallel_alignment import cut
from rag.training.synthesis.parallel_values import Span

_CLAUSE = re.compile(r"[^,，;；:：。!?！？]+")
_FOREIGN_CLAUSE = re.compile(r"[^,;:、。()]+")
_OPENERS = (
    "但是",
    "但",
    "而且",
    "而",
    "此外",
    "然而",
    "不过",
    "因此",
    "所以",
    "并且",
    "并",
    "同时",
    "另外",
)
_DROPPED_WORDS = (
    "的 了 也 还 并 则 就 都 已 已经 曾 便 又 亦 而 但 其 将 于 着 地 被 一个 当时 随后 后来"
)
_DROPPED = frozenset(_DROPPED_WORDS.split())
_COUNT = re.compile(r"^[\d.,\s万亿千百十一二三四五六七八九两多余]+")
_HEADS = {
    **dict.fromkeys(("公司", "银行", "医院"), "哪家"),
    **dict.fromkeys(("大学", "学院", "学校"), "哪所"),
    **dict.fromkeys(("城市", "博物馆", "岛"), "哪座"),
    **dict.fromkeys(("党", "省", "州", "委员会", "协会", "法院", "机场"), "哪个"),
    "队": "哪支",
    "河": "哪条",
    "语": "什么",
}
_AMOUNTS = {
    "岁": ("多少岁", "多大"),
    **{f"{unit}元": (f"多少{unit}元", "多少钱", "多少") for unit in ("", "美", "欧", "日", "港")},
    **{
        unit: ("多久", "多长时间", f"多少{unit}", f"几{unit}")
        for unit in ("年", "天", "小时", "分钟", "个月", "周")
    },
}
_CHINESE_WORDS = {
    "person": ("谁", "谁", "谁", "哪位", "什么人", "哪个人"),
    "place": ("哪里", "哪儿", "什么地方", "何处", "哪个地方"),
    "": ("什么",),
}
_FOREIGN_WORDS = {
    "de": {
        "date": ("wann", "an welchem Tag"),
        "number": ("wie viele", "wie viel"),
        "person": ("wer", "welche Person"),
        "place": ("wo", "in welchem Ort"),
        "": ("was", "welche", "welches"),
    },
    "fr": {
        "date": ("quand", "à quelle date"),
        "number": ("combien",),
        "person": ("qui",),
        "place": ("où", "dans quel lieu"),
        "": ("que", "quoi", "quel"),
    },
    "es": {
        "date": ("cuándo", "en qué fecha"),
        "number": ("cuántos", "cuánto"),
        "person": ("quién",),
        "place": ("dónde", "en qué lugar"),
        "": ("qué", "cuál"),
    },
    "ru": {
        "date": ("когда", "какого числа"),
        "number": ("сколько",),
        "person": ("кто",),
        "place": ("где", "в каком месте"),
        "": ("что", "какой"),
    },
    "ja": {
        "date": ("いつ", "何日"),
        "number": ("いくつ", "どのくらい"),
        "person": ("誰", "だれ"),
        "place": ("どこ",),
        "": ("何", "どれ"),
    },
    "ko": {
        "date": ("언제",),
        "number": ("몇", "얼마나"),
        "person": ("누구",),
        "place": ("어디",),
        "": ("무엇", "어떤 것"),
    },
}
_AMOUNT_KINDS = frozenset({"number", "money", "percent", "duration", "age"})


def plain_kind(kind: str) -> str:
    """Name the type of answer that a kind of question asks for: date, number, person, place, ""."""
    kind = kind.removeprefix("rough-")
    if kind in _AMOUNT_KINDS:
        return "number"
    return kind if kind in ("date", "person", "place") else ""


def chinese_question(text: str, span: Span, kind: str, random: Random) -> str | None:
    """Ask for a span of a Chinese sentence: its clause with the question word in the span's place.

    :param kind: As :func:`plain_kind` gives it.
    :return: The question; None when too little would be left to ask with.
    """
    low, high = _clauses_around(text, span, random)
    left, right = text[low : span[0]], text[span[1] : high]
    for opener in _OPENERS:
        left = left.removeprefix(opener)
    if random.random() < 0.5:
        left, right = _shortened(left, random), _shortened(right, random)
    if not 5 <= len(left) + len(right) <= 70:
        return None
    answer = text[slice(*span)]
    word = "几" + _COUNT.sub("", answer) if left.endswith("第") else _word(kind, answer, random)
    parts = (left, word, right)
    if kind in ("date", "place") and random.random() < 0.15:
        parts = (word, left.rstrip("在于"), right)
    question = re.sub(r"\s+", " ", "".join(parts)).strip(' ,;、:"')
    if question.count("“") != question.count("”") or question.count('"') % 2:
        question = re.sub('[“”"]', "", question)
    return question + random.choice(("?", "?", "?", "呢?", ""))


def _clauses_around(text: str, span: Span, random: Random) -> Span:
    """Return the clauses that a span lies in, now and then with a neighbour."""
    clauses = [match.span() for match in _CLAUSE.finditer(text)]
    own = [n for n, (low, high) in enumerate(clauses) if low < span[1] and high > span[0]]
    if not own:
        return span
    first, last = own[0], own[-1]
    short = clauses[last][1] - clauses[first][0] - (span[1] - span[0]) < 8
    if first > 0 and (short or random.random() < 0.3):
        first -= 1
    elif last + 1 < len(clauses) and (short or random.random() < 0.15):
        last += 1
    return clauses[first][0], clauses[last][1]


def _shortened(text: str, random: Random) -> str:
    rate = random.choice((0.0, 0.3, 0.6))
    words = [word.text for word in cut(text, "zh")]
    return "".join(word for word in words if word not in _DROPPED or random.random() >= rate)


def _word(kind: str, answer: str, random: Random) -> str:
    if kind == "date":
        return random.choice(_date_words(answer))
    if kind == "number":
        return random.choice(_amount_words(answer))
    head = next((answer[-n:] for n in (3, 2, 1) if answer[-n:] in _HEADS), "")
    if kind != "person" and head and len(answer) > len(head) and random.random() < 0.6:
        return _HEADS[head] + head
    choices = _CHINESE_WORDS[kind]
    if kind == "place":
        choices += ("哪个国家",) if len(answer) <= 4 else ("哪个地区",)
    elif kind == "" and len(answer) > 3:
        choices += ("什么", "什么" + cut(answer, "zh")[-1].text)
    return random.choice(choices)


def _date_words(date: str) -> tuple[str, ...]:
    if re.fullmatch(r"\d{4}\s?年", date):
        return ("哪一年", "哪年", "什么时候", "何时", "几几年")
    if re.match(r"[上下本这]?个?(?:周|星期|礼拜).", date):
        return ("什么时候", "哪天", "星期几", "何时")
    return ("什么时候", "何时", "什么时间", "哪天" if re.search("[日号]", date) else "什么时候")


def _amount_words(amount: str) -> tuple[str, ...]:
    if "%" in amount or amount.startswith("百分之"):
        return ("百分之多少", "多大比例", "百分之几")
    unit = _COUNT.sub("", amount).strip()
    return _AMOUNTS.get(unit) or (f"多少{unit}", f"多少{unit}", f"几{unit}" if unit else "多少")


def foreign_question(text: str, span: Span, kind: str, language: str, random: Random) -> str | None:
    """Ask for a span of a German, French, Spanish, Russian, Japanese or Korean sentence.

    The question word stands in the span's place or first; the clause is otherwise as it was.

    :param kind: As :func:`plain_kind` gives it.
    :return: The question; None when too little would be left to ask with.
    """
    start, end = span
    clauses = [match.span() for match in _FOREIGN_CLAUSE.finditer(text)]
    own = [(low, high) for low, high in clauses if low < end and high > start]
    low, high = (own[0][0], own[-1][1]) if own else (0, len(text))
    if high - low - (end - start) < 25:
        low, high = 0, len(text)
    left, right = text[low:start].strip(), text[end:high].strip(" .!?。")
    spaced = language != "ja"
    if spaced:
        left, right = " ".join(left.split()[-10:]), " ".join(right.split()[:10])
    if not (15 if spaced else 8) <= len(left) + len(right) <= 160:
        return None
    words = _FOREIGN_WORDS[language]
    word = random.choice(words.get(kind, words[""]))
    first = spaced and random.random() < 0.6
    parts = (word, left, right) if first else (left, word, right)
    question = (" " if spaced else "").join(part for part in parts if part)
    return question + random.choice(("?", "?", ""))
