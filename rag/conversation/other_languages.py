"""Other languages: bare interrogatives, years and the commonest pronouns, by table.

Japanese, Korean, Spanish, French, German and Russian ask "and when?" as a follow-up, too. Without
grammar of theirs only the surest forms are completed; everything else stays as it was asked.
"""

import re
from collections.abc import Sequence

from rag.conversation.turns import Similarity, Understood
from rag.conversation.values import ValueKind, find_value, kind_of

_END = " \t\n\r?.!？。¿¡"
_OPENER = re.compile(
    r"(?:それでは|では|じゃあ|それで|それから|そして|で、|그럼|그러면|그리고|(?:und|et|y|e|а|и)\b)[、,\s]*",
    re.IGNORECASE,
)
_PARTICLE = re.compile(r"(?:は|には|では|の場合は|はどう(?:ですか)?|은|는|에는)$")
_ASKING = re.compile(
    r"いつ(?:ですか)?|どこ(?:ですか|で(?:すか)?)?|誰(?:ですか|が)?|だれ(?:ですか)?|なぜ(?:ですか)?|どうして|いくら(?:ですか)?|何時(?:ですか)?"
    r"|언제(?:입니까|예요|인가요)?|어디(?:서|에서|입니까|예요|인가요)?|누구(?:입니까|예요|인가요)?|왜(?:요)?|얼마(?:입니까|예요|인가요)?"
    r"|cuándo|cuando|dónde|donde|quién|quien|por qué|cuánto|quand|où|qui|pourquoi|combien"
    r"|wann|wo|wer|warum|wieviel|когда|где|кто|почему|сколько",
    re.IGNORECASE,
)
_POINTING = re.compile(
    r"^(?:彼女|彼|それ|その(?:人|会社|時|会議)|そこ)(?=[はがのをもにで])"
    r"|^(?:그녀|그것|그|그 회사|거기|그곳)(?=[는은이가의에])"
)
_MAX_ANSWER = 30
_TOPIC = re.compile(r"^(.{2,30}?)(?:は|が|の|には|で)(?=.)|^(\S{2,20}?)(?:은|는|이|가|의)\s")


def rewrite_other(
    question: str, turns: Sequence[Understood], similarity: Similarity | None
) -> str | None:
    """Complete a follow-up in a language without rules of its own.

    :param question: As asked.
    :param turns: Oldest first, at least one.
    :param similarity: Not used: without grammar no part could be told from another.
    :return: The completed question; None when it leans on nothing or on what is not known.
    """
    del similarity
    text = question.strip(_END)
    base = turns[-1].question.strip(_END)
    pointing = _POINTING.match(text)
    if pointing:
        named = _spoken_of(turns[-1])
        return f"{named}{text[pointing.end() :]}？" if named else None
    opener = _OPENER.match(text)
    core = text[opener.end() :] if opener else text
    if _ASKING.fullmatch(core):
        return _ASKING.sub(lambda _: core, base, count=1) + "?" if _ASKING.search(base) else None
    return _exchange_value(_PARTICLE.sub("", core), base)


def _spoken_of(turn: Understood) -> str:
    answer = turn.answer.strip()
    if re.search(r"誰|だれ|どこ|どの|何という|누구|어디|어느", turn.question) and answer:
        return answer if len(answer) <= _MAX_ANSWER else ""
    topic = _TOPIC.match(turn.question)
    return (topic.group(1) or topic.group(2)) if topic else ""


def _exchange_value(said: str, base: str) -> str | None:
    bare = re.sub(r"^(?:en|in|im|au|в)\s+|(?:に|の|年には)$", "", said.strip(), flags=re.IGNORECASE)
    kind = kind_of(bare.lower())
    found = find_value(kind, base.lower()) if kind else None
    if not found or kind is ValueKind.CODE:
        return None
    year = bare + ("年" if found.group().endswith("年") and not bare.endswith("年") else "")
    return f"{base[: found.start()]}{year}{base[found.end() :]}?"
