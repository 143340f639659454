"""Natural questions for what documents usually tell: when, where, how large, by what name."""

from __future__ import annotations

import re
from random import Random
from typing import NamedTuple

from rag.training.synthesis.chinese_clauses import Clause, is_tidy
from rag.training.synthesis.chinese_phrasing import polish
from rag.training.synthesis.chinese_spans import DATE, NUMBER
from rag.training.synthesis.chinese_text import HEADS, SURNAMES, Analysis
from rag.training.synthesis.tables import load_table
from rag.training.synthesis.writing import Question

_TABLE = load_table("chinese_rules.toml")
_PARTS = {"DATE": DATE.pattern, "NUMBER": NUMBER.pattern} | {
    name: "|".join(words.split()) for name, words in _TABLE["patterns"].items()
}
_PARTS["TRADE"] = "|".join((*HEADS, _PARTS["TRADE"]))
_OF_PEOPLE = frozenset(
    ("birth", "death", "birthplace", "school", "origin", "style", "profession", "relative")
)
_MIN_CAUSE_CHARS = 4
_NOMINAL = frozenset(("profession", "post", "belongs", "alias", "former", "short"))
_NO_PERSON = re.compile(
    r"(?:战争|国|朝|间|道|赛|区|市|县|镇|村|公司|大学|学校|寺|桥|站|路|会|州|省|河|山|奖|党|军)$"
)
_OPENED = re.compile(r"(?:线|站|桥|路|道|机场|铁路|公路|港|馆|院|园|楼|场|厂|号)$")


class _Rule(NamedTuple):
    """A pattern whose group ``a`` is the answer, and the questions for it."""

    pattern: re.Pattern[str]
    kind: str
    asks: tuple[str, ...]


_RULES = tuple(
    _Rule(
        re.compile(re.sub(r"<([A-Z]+)>", lambda part: _PARTS[part[1]], rule["pattern"])),
        rule["kind"],
        tuple(rule["asks"].split()),
    )
    for rule in _TABLE["rule"]
)


def ask_attributes(analysis: Analysis, subject: str, random: Random) -> list[Question]:
    """Return questions for what the rules of ``chinese_rules.toml`` find.

    :param subject: The document's title without brackets, "" when it names no thing: it stands for
        pronouns and for subjects left out.
    """
    found = []
    for sentence in analysis.sentences:
        for start, end in sentence.clauses:
            clause = Clause(analysis.text, sentence, start, end)
            for rule in _RULES:
                match = rule.pattern.search(clause.text)
                asked = match and _apply(rule, match, clause, subject, random)
                if asked:
                    found.append(asked)
    return found


def _apply(
    rule: _Rule, match: re.Match[str], clause: Clause, subject: str, random: Random
) -> Question | None:
    start, end = (clause.start + offset for offset in match.span("a"))
    if not (is_tidy(match["a"]) and _may_answer(rule.kind, clause, start, end)):
        return None
    ask = random.choice(rule.asks).replace("{v}", match.groupdict().get("v") or "")
    before = clause.start + match.start()
    if "{c}" in ask:
        about = clause.passage[clause.start : before].strip(",")
        is_fit = len(about) >= _MIN_CAUSE_CHARS
    else:
        about = clause.subject(before, subject)
        is_fit = bool(about) and _suits(rule.kind, about, clause.passage)
    if not is_fit:
        return None
    if clause.passage[start] in "「“" and clause.passage[end - 1] in "」”":
        start, end = start + 1, end - 1
    asked = ask.replace("{s}", about).replace("{c}", about)
    return Question(polish(asked, random), start, end, rule.kind)


def _may_answer(kind: str, clause: Clause, start: int, end: int) -> bool:
    if not clause.begins_word(start):
        return False
    if kind in _NOMINAL and clause.has_verb(start, end):
        return False
    if kind == "relative":
        return clause.is_person(start, end)
    return kind != "origin" or clause.is_place(start)


def _suits(kind: str, about: str, passage: str) -> bool:
    """Tell whether a question of this kind can be asked about that subject."""
    if kind == "profession" and f"\n{about}" not in f"\n{passage}":
        return False
    if kind in _OF_PEOPLE:
        return not _NO_PERSON.search(about) and (about[0] in SURNAMES or len(about) > 3)
    if kind == "released":
        return about[0] == "《" or f"《{about}》" in passage or bool(_OPENED.search(about))
    return True
