"""A question from a sentence: its answer replaced by a question word, its clauses thinned out."""

from __future__ import annotations

import re
from random import Random
from typing import NamedTuple

from rag.training.synthesis.chinese_question_words import choose_question_word
from rag.training.synthesis.chinese_spans import Candidate
from rag.training.synthesis.chinese_text import Analysis
from rag.training.synthesis.tables import load_table, load_words

KIND_WEIGHTS = {
    "date": 1.8, "year": 1.3, "day": 1.0, "month": 0.4, "clock": 1.2, "number": 2.2,
    "ordinal": 1.2, "person": 2.2, "place": 2.0, "organization": 1.8, "phrase": 0.7, "title": 1.0,
    "list": 1.5, "reason": 3.0, "means": 2.0, "definition": 1.6, "clause": 0.5, "object": 0.6,
}  # fmt: skip
_TABLE = "chinese_words.toml"
_SYNONYM_OF = {
    word: group
    for group in (line.split() for line in load_table(_TABLE)["questions"]["synonyms"].split("\n"))
    for word in group
    if len(word) > 1
}
_DROPPABLE = frozenset(load_words(_TABLE, "questions", "droppable"))
_PRONOUNS = frozenset(load_words(_TABLE, "questions", "pronouns"))
_ENDINGS = {kind: words.split() for kind, words in load_table(_TABLE)["endings"].items()}
_REST_OF_DATE = re.compile(r"\d{1,2}月(?:\d{1,2}[日号])?|\d{1,2}[日号]")


class _Piece(NamedTuple):
    text: str
    tag: str


_ASKING = "?"  # the tag of a question word


def make_question(
    candidate: Candidate, analysis: Analysis, subject: str, random: Random
) -> str | None:
    """Return a question that the candidate answers, or None.

    :param subject: The document's title without brackets; it replaces pronouns.
    """
    sentence = candidate.sentence
    touching = [
        index
        for index, (start, end) in enumerate(sentence.clauses)
        if start < candidate.end and end > candidate.start
    ]
    if not touching:
        return None
    is_rough = random.random() < 0.4
    pieces = _order_pieces(_Context(candidate, analysis, touching, subject, random, is_rough))
    if pieces is None:
        return None
    pieces = _name_subject(pieces, subject, analysis.text[candidate.start : candidate.end], random)
    pieces = _thin_out(pieces, random) if is_rough else _smooth(pieces, random)
    return _join(pieces, random)


class _Context(NamedTuple):
    candidate: Candidate
    analysis: Analysis
    touching: list[int]
    subject: str
    random: Random
    is_rough: bool

    @property
    def answer(self) -> str:
        return self.analysis.text[self.candidate.start : self.candidate.end]

    def words(self, start: int, end: int) -> list[_Piece]:
        return [
            _Piece(word.text, word.tag)
            for word in self.candidate.sentence.words
            if word.start >= start and word.end <= end
        ]


def _order_pieces(context: _Context) -> list[_Piece] | None:
    candidate, sentence = context.candidate, context.candidate.sentence
    random, kind = context.random, context.candidate.kind
    first, last = context.touching[0], context.touching[-1]
    start, end = sentence.clauses[first][0], sentence.clauses[last][1]
    resume = candidate.end
    if kind in ("year", "month") and random.random() < 0.75:
        rest = _REST_OF_DATE.match(context.analysis.text, resume, end)
        resume = rest.end() if rest else resume
    left, right = context.words(start, candidate.start), context.words(resume, end)
    left, right = _trim_marks(left, right)
    share = 0.75 if kind in ("reason", "clause") else 0.3
    before = [
        context.words(*clause)
        for index, clause in enumerate(sentence.clauses[:first])
        if random.random() < share * (1 if index == first - 1 else 0.5)
    ]
    after = [
        context.words(*clause)
        for clause in sentence.clauses[last + 1 :]
        if random.random() < share * (0.7 if len(right) else 0.5)
    ]
    if context.is_rough:
        left, right = _clip(left, right, random)
    heads = _flatten(before)
    tails = _flatten(after)
    if kind == "reason":
        return _ask_why(heads + _without_cause(left) + right + tails, random)
    if kind == "clause":
        return _ask_clause(heads, tails, random)
    if kind == "definition":
        return _ask_definition(left, context.subject, random)
    if kind == "means":
        return heads + _ask_how(left, right, random)
    middle = _ask_in_place(left, right, context)
    if heads and random.random() < 0.12:
        return middle + heads
    return heads + middle + tails


def _flatten(clauses: list[list[_Piece]]) -> list[_Piece]:
    comma = _Piece(",", "x")
    return [piece for clause in clauses for piece in [*clause, comma]]


def _trim_marks(left: list[_Piece], right: list[_Piece]) -> tuple[list[_Piece], list[_Piece]]:
    while right and right[0].text in '”」"』)':
        right = right[1:]
    while left and left[-1].text in '“「"『(':
        left = left[:-1]
    return left, right


def _clip(
    left: list[_Piece], right: list[_Piece], random: Random
) -> tuple[list[_Piece], list[_Piece]]:
    if random.random() < 0.4 and len(left) > 6:
        if random.random() < 0.7:
            left = left[-random.randint(3, 8) :]
        else:
            left = left[: random.randint(2, 5)] + left[-random.randint(1, 4) :]
    if random.random() < 0.45 and len(right) > 4:
        right = right[: random.randint(2, 7)]
    return left, right


def _without_cause(left: list[_Piece]) -> list[_Piece]:
    while left and left[-1].text in (
        "因为",
        "由于",
        "因",
        "为",
        "为了",
        "原因",
        "是",
        "旨在",
        "目的",
    ):
        left = left[:-1]
    return left


def _asked(*texts: str) -> list[_Piece]:
    return [_Piece(text, _ASKING) for text in texts]


def _ask_why(body: list[_Piece], random: Random) -> list[_Piece] | None:
    if len(body) < 3:
        return None
    if random.random() < 0.3:
        return body + _asked(
            random.choice(("的原因是什么", "是因为什么", "是什么原因", "是为什么", "的目的是什么"))
        )
    at = random.choice((0, 0, 1, 2))
    word = random.choice(
        ("为什么", "为什么", "为何", "因为什么", "由于什么", "什么原因导致", "怎么", "为什么")
    )
    return body[:at] + _asked(word) + body[at:]


def _ask_clause(heads: list[_Piece], tails: list[_Piece], random: Random) -> list[_Piece] | None:
    if len(heads) + len(tails) < 4:
        return None
    if len(heads) >= len(tails):
        word = random.choice(
            (
                "怎么样",
                "做了什么",
                "有什么",
                "结果如何",
                "如何",
                "是什么",
                "发生了什么",
                "是怎样的",
                "有什么特点",
                "什么",
                "有什么作用",
                "之后做了什么",
            )
        )
        return heads + _asked(word)
    word = random.choice(("之前做了什么", "的是什么", "是什么", "怎么样", "如何", "之前发生了什么"))
    return tails + _asked(word)


def _ask_definition(left: list[_Piece], subject: str, random: Random) -> list[_Piece]:
    about = [piece for piece in left if piece.text not in ("是", "指", "就是", "即是", "是指")]
    if not about or random.random() < 0.4:
        about = [_Piece(subject, "nz")]
    if random.random() < 0.75:
        word = random.choice(
            ("是什么", "是什么", "指的是什么", "是", "是怎样的", "属于什么", "是指什么", "是啥")
        )
        return about + _asked(word)
    return _asked("什么是") + about


def _ask_how(left: list[_Piece], right: list[_Piece], random: Random) -> list[_Piece]:
    if random.random() < 0.6:
        word = random.choice(("什么", "什么", "何种方式", "哪种方式", "什么方法"))
        return left + _asked(word) + right
    if random.random() < 0.6:
        return left[:-1] + _asked(random.choice(("如何", "怎么", "怎样", "用什么方法"))) + right
    return left[:-1] + right + _asked(random.choice(("的方式是什么", "的方法是什么", "靠什么")))


def _ask_in_place(left: list[_Piece], right: list[_Piece], context: _Context) -> list[_Piece]:
    random, kind = context.random, context.candidate.kind
    word = choose_question_word(kind, context.answer, random)
    if kind == "list":
        word, right = _ask_which(word, right, random)
    draw = random.random()
    if draw < 0.24:
        if kind in ("date", "place", "year") and left and left[-1].text in "在于自从":
            left = left[:-1]
        endings = _ENDINGS.get(kind)
        if kind == "number":
            ending = random.choice((f"是{word}", f"有{word}", f"为{word}", word))
        elif endings:
            ending = random.choice(endings)
        else:
            ending = random.choice(("是什么", f"是{word}", "的是什么", "叫什么"))
        return left + right + _asked(ending)
    if draw < 0.34 and right:
        return _asked(word) + (right if random.random() < 0.6 else left + right)
    if draw < 0.40 and context.is_rough:
        return right + left + _asked(word)
    return left + _asked(word) + right


def _ask_which(word: str, right: list[_Piece], random: Random) -> tuple[str, list[_Piece]]:
    """Turn "甲、乙等三家企业" into "哪些企业"."""
    rest = right
    while rest and (rest[0].text in "等" or rest[0].tag in ("m", "q")):
        rest = rest[1:]
    if len(rest) < len(right) and rest and rest[0].tag in ("n", "nz") and random.random() < 0.8:
        return f"哪些{rest[0].text}", rest[1:]
    return word, right


def _name_subject(pieces: list[_Piece], subject: str, answer: str, random: Random) -> list[_Piece]:
    if not subject or len(subject) > 16 or subject in answer:
        return pieces
    has_pronoun = False
    for index, piece in enumerate(pieces):
        if piece.text in _PRONOUNS and random.random() < 0.75:
            pieces[index] = _Piece(subject, "nz")
            has_pronoun = True
    written = "".join(piece.text for piece in pieces)
    if not has_pronoun and subject not in written and random.random() < 0.4:
        link = [_Piece("的", "uj")] if random.random() < 0.3 else []
        pieces = [_Piece(subject, "nz"), *link, *pieces]
    return pieces


def _thin_out(pieces: list[_Piece], random: Random) -> list[_Piece]:
    if random.random() < 0.75:
        function_rate = random.choice((0.15, 0.4, 0.6))
        content_rate = random.choice((0.0, 0.06, 0.15, 0.25))
        n_pieces = len(pieces)
        kept = []
        for piece in pieces:
            draw = random.random()
            if piece.tag != _ASKING:
                if piece.text in _DROPPABLE or piece.tag in ("d", "u", "uj", "ul", "c", "p"):
                    if draw < function_rate:
                        continue
                elif piece.tag != "x" and n_pieces >= 5 and draw < content_rate:
                    continue
            kept.append(piece)
        pieces = kept
    if random.random() < 0.12 and len(pieces) > 5:
        at = random.randrange(len(pieces) - 1)
        pieces[at], pieces[at + 1] = pieces[at + 1], pieces[at]
    return _vary(pieces, 0.2, random)


def _smooth(pieces: list[_Piece], random: Random) -> list[_Piece]:
    while pieces and (pieces[0].text in _DROPPABLE or pieces[0].tag in ("c", "x")):
        pieces = pieces[1:]
    pieces = [
        piece
        for piece in pieces
        if not (piece.tag == "d" and piece.text in _DROPPABLE and random.random() < 0.5)
    ]
    return _vary(pieces, 0.3, random)


def _vary(pieces: list[_Piece], rate: float, random: Random) -> list[_Piece]:
    return [
        _Piece(random.choice(_SYNONYM_OF[piece.text]), piece.tag)
        if piece.text in _SYNONYM_OF and random.random() < rate
        else piece
        for piece in pieces
    ]


def _join(pieces: list[_Piece], random: Random) -> str | None:
    content = sum(len(p.text) for p in pieces if p.tag not in (_ASKING, "x"))
    if content < 3 or not any(piece.tag == _ASKING for piece in pieces):
        return None
    text = "".join(piece.text for piece in pieces)
    text = re.sub(r"\([^()]*\)", "", text)
    text = re.sub(r"^[,、。:;\s)]+|[,、。:;\s(]+$", "", text)
    text = re.sub(r"[,、]{2,}", ",", text).replace("\n", "")
    if text.count("(") != text.count(")"):
        text = text.replace("(", "").replace(")", "")
    if random.random() < 0.04:
        text = random.choice(("请问", "请问", "想知道", "告诉我")) + text
    return text + random.choice(("?", "?", "?", "", "呢?"))
