"""Questions for what somebody said, and for Z where a clause says that "X的Y是Z"."""

from __future__ import annotations

import re
from itertools import pairwise
from random import Random

from rag.training.synthesis.chinese_clauses import Clause, is_loose, is_tidy
from rag.training.synthesis.chinese_phrasing import polish
from rag.training.synthesis.chinese_spans import DATE, NUMBER
from rag.training.synthesis.chinese_text import Analysis, Sentence
from rag.training.synthesis.tables import load_table
from rag.training.synthesis.writing import MAX_ANSWER_CHARS, Question

_SAYING = load_table("chinese_rules.toml")["saying"]
_SAID = re.compile(_SAYING["pattern"])
_SAID_ASKS = {verb: asks.split() for verb, asks in _SAYING["asks"].items()}
_MIN_SAID_CHARS = 8
_NOT_A_SPEAKER = "更也还都又的则最所据话"
_OF = re.compile(
    r"^(?P<what>[^,。:;是为在]{2,14}的(?P<y>[^,。:;是为的在]{2,10}))"
    r"(?P<is>是|为|叫|有)(?P<a>[^,。;:是]{2,40})(?=[,。;]|$)"
)


def ask_statements(analysis: Analysis, random: Random) -> list[Question]:
    """Return questions for the statements of a passage."""
    found = []
    for sentence in analysis.sentences:
        for start, end in sentence.clauses:
            asked = _ask_of(Clause(analysis.text, sentence, start, end), random)
            if asked:
                found.append(asked)
        found += _ask_saying(analysis.text, sentence, random)
    return found


def _ask_of(clause: Clause, random: Random) -> Question | None:
    match = _OF.match(clause.text)
    if not match or is_loose(match["what"]) or not is_tidy(match["a"]):
        return None
    start, end = (clause.start + offset for offset in match.span("a"))
    middle = (clause.start + offset for offset in match.span("y"))
    if not clause.begins_word(start) or clause.has_verb(*middle):
        return None
    what, word = match["what"], _word_for(match["a"], clause.is_person(start, end), random)
    link = match["is"] if match["is"] == "有" else "是"
    forms = [f"{what}{link}{word}"] * 2
    if link == "是" and word in "谁什么":
        forms.append(f"{word}是{what}")
    return Question(polish(random.choice(forms), random), start, end, "of")


def _word_for(answer: str, is_person: bool, random: Random) -> str:
    if NUMBER.fullmatch(answer):
        return "多少"
    if DATE.fullmatch(answer):
        return random.choice(("什么时候", "何时", "哪一天" if "日" in answer else "哪一年"))
    if is_person:
        return "谁"
    return random.choice(("什么", "什么", "哪些")) if "、" in answer else "什么"


def _ask_saying(text: str, sentence: Sentence, random: Random) -> list[Question]:
    clauses, found = sentence.clauses, []
    for (start, end), following in pairwise(clauses):
        match = _SAID.match(text[start:end])
        if not match or is_loose(match["who"]) or match["who"][-1] in _NOT_A_SPEAKER:
            continue
        begin, stop = following
        if clauses[-1][1] - begin < MAX_ANSWER_CHARS:
            stop = clauses[-1][1]
        said = text[begin:stop]
        begin += len(said) - len(said.lstrip('“"「 :'))
        said = said.strip('”"」“「 :')
        if len(said) < _MIN_SAID_CHARS or said.count("“") != said.count("”"):
            continue
        ask = random.choice(_SAID_ASKS.get(match["verb"], _SAID_ASKS["other"]))
        asked = ask.replace("{w}", match["who"]).replace("{v}", match["verb"])
        found.append(Question(polish(asked, random), begin, begin + len(said), "saying"))
    return found
