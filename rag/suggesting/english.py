"""Suggestion rules for English: a sentence → questions, only where a pattern makes it safe."""

import re
from collections.abc import Callable, Iterator

from rag.suggesting.draft import Draft, Kind, is_balanced

_MAX_CHARS = 90
_MAX_WORDS = 14
_NAME = r"[A-Z][a-z]+(?:[ -][A-Z][a-z]+){1,2}"
_ROLE = (
    r"(?:investigator|manager|director|chair|chairman|chairwoman|chairperson|editor|author"
    r"|secretary|treasurer|president|coordinator|officer|engineer|architect|keeper|principal"
    r"|curator|maintainer|founder|owner|head|mayor|clerk|minister|governor|spokesperson|supervisor"
    r"|contact|librarian|captain)"
)
_MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December)"
)
_DATE = rf"(?:\d{{1,2}} {_MONTH}(?: \d{{4}})?|{_MONTH} \d{{1,2}}(?:, \d{{4}})?|{_MONTH} \d{{4}})"
_PAST = (
    r"(?:design|found|creat|discover|invent|develop|direct|produc|publish|establish|commission"
    r"|review|approv)ed"
)
_DONE = {
    "opened": "open", "reopened": "reopen", "closed": "close", "started": "start", "ended": "end",
    "launched": "launch", "expired": "expire", "arrived": "arrive", "retired": "retire",
    "resigned": "resign", "began": "begin", "failed": "fail", "derailed": "derail",
}  # fmt: skip
_DOES = {
    "opens": "open", "closes": "close", "starts": "start", "begins": "begin", "ends": "end",
    "expires": "expire", "launches": "launch",
}  # fmt: skip
_QUANTITY = (
    r"(?:cost|price|number|length|height|width|depth|weight|size|limit|fee|rate|budget|speed"
    r"|temperature|capacity|area|population|amount|maximum|minimum|duration|distance|salary"
    r"|turnover|revenue|timeout)"
)
_AMOUNT = r"[£$€¥]?\d+(?:,\d{3})*(?:\.\d+)?(?: (?:thousand|million|billion|per cent|percent))?%?"
_PROPER = r"(?:The )?[A-Z][A-Za-z-]+(?: (?:of |and |the )?[A-Z0-9][A-Za-z0-9-]*){0,4}"
_NOUNS = (
    r"(?:The|An?|Each|Every) [A-Za-z'’-]+(?: [A-Za-z'’-]+){0,4}|[A-Z][a-z-]+(?: [a-z-]+){0,3}"
    rf"|{_PROPER}"
)
_LEANS = re.compile(
    r"\b(?:he|she|it|they|this|that|these|those|we|you|i|there|which|who|another|one|also|its"
    r"|their|his|her|when|since|while|although|because|if|but|however)\b",
    re.IGNORECASE,
)

_APPOSITION = re.compile(
    rf"\b[Tt]he (?P<role>(?:[a-z]+ ){{0,3}}{_ROLE}(?: of [A-Z]?[a-z]+)?), (?P<name>{_NAME})\b"
)
_TITLED = re.compile(
    rf"\b(?P<role>(?:[A-Z][a-z]+ ){{0,2}}(?=[A-Z])(?i:{_ROLE})) (?P<name>{_NAME})\b"
)
_LABELLED = re.compile(rf"^(?P<role>(?:[A-Za-z]+ ){{0,2}}(?i:{_ROLE})): (?P<name>{_NAME})\.?$")
_MADE_BY = re.compile(
    rf"^(?P<what>{_NOUNS}) (?:was|were) (?P<verb>{_PAST}) by (?:the [a-z ]+? )?"
    rf"(?P<name>{_NAME})\b"
)
_HAPPENED = re.compile(
    rf"^(?P<what>{_NOUNS}) (?P<verb>{'|'.join((*_DONE, *_DOES))}) (?:on|in) "
    rf"(?P<date>{_DATE}|\d{{4}}\b)"
)
_AMOUNTS_TO = re.compile(
    rf"^(?P<what>The (?:[a-z]+ ){{0,3}}{_QUANTITY}(?: of (?:the )?[a-z]+(?: [a-z]+)?)?) "
    rf"(?P<be>is|was) (?:about |only |up to )?(?P<number>{_AMOUNT})"
)
_COST = re.compile(rf"^(?P<what>{_NOUNS}) (?P<verb>costs?) (?P<number>{_AMOUNT})")
_COUNT = re.compile(
    rf"^(?P<what>{_NOUNS}) (?P<verb>has|have|receives?|gets?|contains?|employs?|needs?) "
    rf"(?P<number>\d+(?:,\d{{3}})*) (?P<unit>[a-z]+s(?: of [a-z]+(?: [a-z]+)?)?)\b"
)
_IS = re.compile(
    rf"^(?P<what>{_PROPER}) (?P<be>is|was) "
    r"(?P<that>(?:an?|the) [^,;:.()]{8,80})(?=[,;:(]|\.?$)"
)
_DONE_TO = (
    r"built|opened|completed|launched|introduced|signed|adopted|formed|released|played|born|elected"
    r"|written|held|located|situated|based"
)
_WAS_DONE = re.compile(
    rf"^(?P<what>{_NOUNS}) (?P<be>was|were|is|are) (?P<done>{_PAST}|{_DONE_TO}) (?:in|on|at|near) "
    rf"(?P<that>(?P<date>(?:early |late )?{_DATE}|\d{{4}}\b)|[^,;:.()]{{4,40}}(?=[,;:(]|\.?$))"
)


def draft_english(sentence: str) -> Iterator[Draft]:
    """Make the questions that a sentence answers.

    :param sentence: Cleaned of marks and numbering.
    :return: Drafts that read well.
    """
    for rule in _RULES:
        yield from filter(_reads_well, rule(sentence))


def _reads_well(draft: Draft) -> bool:
    return (
        len(draft.question) <= _MAX_CHARS
        and draft.question.count(" ") < _MAX_WORDS
        and is_balanced(draft.question)
        and draft.words not in draft.question
        and not _LEANS.search(draft.question.partition(" ")[2])
    )


def _draft_person(sentence: str) -> Iterator[Draft]:
    """Turn "the volunteer coordinator, Isolde Farrant" into "Who is the volunteer coordinator?"."""
    for pattern in (_APPOSITION, _TITLED, _LABELLED):
        for match in pattern.finditer(sentence):
            role = match["role"]
            if pattern is not _TITLED:
                role = role[:1].lower() + role[1:]
            if " " not in role:  # "the engineer" does not say which
                continue
            be = "was" if re.match(r"(?:last|first|former|then)\b", role) else "is"
            yield Draft(Kind.PERSON, f"Who {be} the {role}?", match["name"])


def _draft_maker(sentence: str) -> Iterator[Draft]:
    """Turn "The tower was designed by Abel Thornquist" into "Who designed the tower?"."""
    if match := _MADE_BY.match(sentence):
        yield Draft(Kind.AGENT, f"Who {match['verb']} {_inside(match['what'])}?", match["name"])


def _draft_date(sentence: str) -> Iterator[Draft]:
    """Turn "The balcony reopened on 7 May 2023" into "When did the balcony reopen?"."""
    if match := _HAPPENED.match(sentence):
        verb = match["verb"]
        do, base = ("did", _DONE[verb]) if verb in _DONE else ("does", _DOES[verb])
        yield Draft(Kind.DATE, f"When {do} {_inside(match['what'])} {base}?", match["date"])


def _draft_done(sentence: str) -> Iterator[Draft]:
    """Turn "The bridge was built in 1902" into "When was the bridge built?"."""
    match = _WAS_DONE.match(sentence)
    if match and (match["date"] or match["done"] in ("held", "located", "situated", "based")):
        kind, word = (Kind.DATE, "When") if match["date"] else (Kind.PLACE, "Where")
        question = f"{word} {match['be']} {_inside(match['what'])} {match['done']}?"
        yield Draft(kind, question, match["that"])


def _draft_amount(sentence: str) -> Iterator[Draft]:
    """Turn "The cost of repairs was $3.4 million" into "What was the cost of repairs?"."""
    if match := _AMOUNTS_TO.match(sentence):
        question = f"What {match['be']} {_inside(match['what'])}?"
        yield Draft(Kind.NUMBER, question, match["number"])
    if match := _COST.match(sentence):
        do = "does" if match["verb"] == "costs" else "did"
        yield Draft(Kind.NUMBER, f"How much {do} {_inside(match['what'])} cost?", match["number"])


def _draft_count(sentence: str) -> Iterator[Draft]:
    """Turn "The tower has 196 steps" into "How many steps does the tower have?"."""
    if match := _COUNT.match(sentence):
        verb = match["verb"]
        do = "does" if verb == "has" or verb.endswith("s") else "do"
        base = "have" if verb in ("has", "have") else verb.rstrip("s")
        question = f"How many {match['unit']} {do} {_inside(match['what'])} {base}?"
        yield Draft(Kind.NUMBER, question, match["number"])


def _draft_definition(sentence: str) -> Iterator[Draft]:
    """Turn "Yiju is a small program" into "What is Yiju?"."""
    if match := _IS.match(sentence):
        yield Draft(Kind.MATTER, f"What {match['be']} {_inside(match['what'])}?", match["that"])


def _inside(words: str) -> str:
    """Write a sentence's first words as they stand inside one; names keep their capital."""
    first, *rest = words.split(" ")
    is_plural = first.endswith("s") and not rest
    is_common = is_plural or any(word.islower() for word in rest)
    if first in ("The", "A", "An", "Each", "Every") or (is_common and "of" not in rest):
        return words[:1].lower() + words[1:]
    return words


_RULES: tuple[Callable[[str], Iterator[Draft]], ...] = (
    _draft_person,
    _draft_maker,
    _draft_date,
    _draft_done,
    _draft_amount,
    _draft_count,
    _draft_definition,
)
