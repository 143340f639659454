"""Chinese: a follow-up with the turns before it → the question it stands for.

Three ways to lean on what came before: by a word that points (他, 该公司, 那里), by an
interrogative alone (什么时候？), and by leaving out all but what changes (那2022年呢？, 地点呢？).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.conversation import chinese_words as zh
from rag.conversation.chinese_ellipsis import replace_part, swap_interrogative
from rag.conversation.chinese_entities import (
    asked_for,
    find_by_head,
    find_moment,
    find_pair,
    find_person,
    find_place,
    find_thing,
    is_nominal,
    is_sort,
    names_in,
    noun_runs,
    topic_of,
)
from rag.conversation.chinese_words import Asked
from rag.conversation.phrases import Edit, Phrase, Word, parse
from rag.conversation.turns import Similarity, Understood
from rag.conversation.values import kind_of

_CLOSING = re.compile(r"(?:又|的话)?(?:呢|咧|嘛|吧)$")
_MAX_ELLIPSIS = 16  # characters; who says more says all
_MAX_CLAUSE = 14
_MAX_VERB_CHARS = 4
_SPACE = " ，,、　"
# Words of their own; any other word that begins with 那 is that particle glued to an unknown word.
_THAT = re.compile(
    r"那(?:么|里|儿|边|时|天|年|月|日|些|样|种|个|次|家|位|座|份|项|届|条|场|本|一|曲|不|坡|达|拉|英|怕)"
)


@dataclass(frozen=True, slots=True)
class _Core:
    """What a question says after its opening words and before its particles."""

    start: int
    end: int
    has_opener: bool
    is_continued: bool  # by 还有 in front
    has_particle: bool


def rewrite_chinese(
    question: str, turns: Sequence[Understood], similarity: Similarity | None
) -> str | None:
    """Complete a Chinese follow-up.

    :param question: As asked.
    :param turns: Oldest first, at least one.
    :param similarity: Compares words by meaning, where an encoder is at hand.
    :return: The completed question; None when it leans on nothing or on what is not known.
    """
    phrase = parse(question)
    core = _find_core(phrase)
    edits = list(_resolve(phrase, core, turns))
    if edits:
        opener = Edit(0, core.start, "")
        return phrase.edited(*([opener] if core.has_opener else []), *edits) + "？"
    if core.start >= core.end:
        return None
    return _complete(phrase, core, turns, similarity)


def _find_core(phrase: Phrase) -> _Core:
    start, opener = 0, ""
    for word in phrase.words:
        if word.start > start and phrase.folded[start : word.start].strip(_SPACE):
            break
        if word.text not in zh.OPENERS | zh.POLITE:
            break
        opener = word.text if word.text in zh.OPENERS else opener
        start = word.end
    is_glued = phrase.folded.startswith("那") and not _THAT.match(phrase.folded)
    is_of_attribute = any(phrase.folded.startswith(known, 1) for known in zh.ATTRIBUTES)
    if not start and is_glued and (is_of_attribute or _CLOSING.search(phrase.folded)):
        start, opener = 1, "那"
    start += len(phrase.folded[start:]) - len(phrase.folded[start:].lstrip(_SPACE))
    closing = _CLOSING.search(phrase.folded, start)
    end = closing.start() if closing else len(phrase.folded)
    return _Core(start, end, bool(opener), opener in {"还有", "另外"}, bool(closing))


# Words that point.


def _resolve(phrase: Phrase, core: _Core, turns: Sequence[Understood]) -> Iterator[Edit]:
    for at, word in enumerate(phrase.words):
        if word.start < core.start:
            continue
        is_first = word.start == core.start
        if _is_answered_inside(phrase, core, at):
            continue
        found = _referent(phrase, at, turns, is_first=is_first)
        if found:
            yield found


def _is_answered_inside(phrase: Phrase, core: _Core, at: int) -> bool:
    """Tell whether a noun stands before a word that points, which then means that noun."""
    word = phrase.words[at]
    before = [other for other in phrase.words[:at] if other.start >= core.start]
    if word.text in zh.THERE | zh.THEN:
        return False
    if phrase.folded[word.start : word.end + 1] in zh.OTHERS:
        return True
    people = (zh.Asked.PERSON,) if word.text in zh.HE else ()
    return any(
        is_nominal(other)
        and other.tag not in {"t", "s", "f"}
        and zh.ATTRIBUTES.get(other.text) in (None, *people)
        for other in before
    )


def _referent(
    phrase: Phrase, at: int, turns: Sequence[Understood], *, is_first: bool
) -> Edit | None:
    word = phrase.words[at]
    if word.text in zh.IT:
        return _refer_to_thing(phrase, at, turns)
    if word.text in zh.HE | zh.THERE | zh.THEN:
        is_bound = word.text in zh.AT_START_ONLY and not is_first
        return None if is_bound else _edit(word, _refer(word.text, turns))
    if word.text in {"前者", "后者"}:
        pair = find_pair(turns)
        return _edit(word, pair[word.text == "后者"]) if pair else None
    return _refer_by_head(phrase, at, turns)


def _refer(word: str, turns: Sequence[Understood]) -> str:
    if word in zh.HE:
        return find_person(turns, several=word in zh.PLURAL)
    return find_place(turns) if word in zh.THERE else find_moment(turns)


def _edit(word: Word, words: str) -> Edit | None:
    return Edit(word.start, word.end, words) if words else None


def _refer_to_thing(phrase: Phrase, at: int, turns: Sequence[Understood]) -> Edit | None:
    word = phrase.words[at]
    following = phrase.words[at + 1] if at + 1 < len(phrase.words) else None
    if word.text != "其":
        return _edit(word, find_thing(turns))
    if not following or not is_nominal(following):
        return None
    is_persons = any(phrase.folded.startswith(noun, word.end) for noun in zh.OF_PERSONS)
    owner = (find_person(turns) if is_persons else "") or find_thing(turns)
    return _edit(word, owner + "的" if owner else "")


def _refer_by_head(phrase: Phrase, at: int, turns: Sequence[Understood]) -> Edit | None:
    """Resolve 该公司, 这次会议: only to what was named with such a head, else to nothing."""
    word = phrase.words[at]
    pointing = zh.POINTING.match(phrase.folded, word.start)
    if not pointing or not word.tag.startswith("r"):
        return None
    if word.end > pointing.end():  # 该馆 as one word
        named = find_by_head(phrase.folded[pointing.end() : word.end], turns)
        return _edit(word, named)
    at_noun = [other for other in phrase.words[at:] if other.start >= pointing.end()]
    if not at_noun or at_noun[0].start != pointing.end() or not is_nominal(at_noun[0]):
        return None
    head = at_noun[0]
    named = find_by_head(head.text, turns)
    if not named and pointing.group() == "该" and is_sort(head.text):
        named = find_thing(turns)
    return Edit(word.start, head.end, named) if named else None


# What leaves out all but what changes.


def _complete(
    phrase: Phrase, core: _Core, turns: Sequence[Understood], similarity: Similarity | None
) -> str | None:
    base = turns[-1]
    said = phrase.folded[core.start : core.end]
    asked = zh.AROUND.match(said)
    found = zh.ASKING.match(said, asked.end() if asked else 0)
    rest = zh.AFTER.match(said, found.end()) if found else None
    if found and rest and rest.end() == len(said):
        is_adverbial = found.lastgroup in zh.ADVERBIAL
        happening = _last_event(turns) if is_adverbial else base
        return swap_interrogative(happening, phrase, core.start, core.end)
    if asked and found and _repeats(phrase, base, core, found.end()):
        question = parse(base.question)
        old, start, end = asked_for(question)
        asking = phrase.part(core.start + asked.end(), core.start + found.end())
        return question.edited(Edit(start, end, asking)) + "？" if old else None
    if zh.ASKING.search(said) or zh.YES_NO.search(said):
        return _give_topic(phrase, core, turns)
    if len(said) <= _MAX_ELLIPSIS and _is_fragment(phrase, core):
        if zh.ATTRIBUTES.get(said) in {Asked.TIME, Asked.PLACE}:
            base = _last_event(turns)
        return replace_part(base, phrase, core.start, core.end, similarity)
    return None


def _repeats(phrase: Phrase, base: Understood, core: _Core, asked_end: int) -> bool:
    """Tell whether what follows an interrogative was said before: 谁签的 after 合同是哪天签的."""
    said = phrase.folded[core.start + asked_end : core.end].rstrip("的了")
    return 0 < len(said) <= _MAX_VERB_CHARS and said in parse(base.question).folded


def _last_event(turns: Sequence[Understood]) -> Understood:
    """Return the last turn about something that happens; when and where ask of no mere 是."""
    happening = (
        turn for turn in reversed(turns) if not zh.STATE.search(parse(turn.question).folded)
    )
    return next(happening, turns[-1])


def _is_fragment(phrase: Phrase, core: _Core) -> bool:
    said = phrase.folded[core.start : core.end]
    if core.has_particle:
        return True
    if kind_of(said) or said in zh.ATTRIBUTES:
        return True
    words = [word for word in phrase.words if core.start <= word.start and word.end <= core.end]
    return core.has_opener and all(is_nominal(word) or word.tag in {"m", "q"} for word in words)


def _give_topic(phrase: Phrase, core: _Core, turns: Sequence[Understood]) -> str | None:
    """Put in front what a clause is about, if it is about nothing by itself: 由谁主持."""
    if core.end - core.start > _MAX_CLAUSE:
        return None
    said = phrase.part(core.start, core.end)
    words = [word for word in phrase.words if core.start <= word.start and word.end <= core.end]
    runs = [(start, end) for start, end in noun_runs(phrase) if start >= core.start]
    said_of = [phrase.folded[start:end] for start, end in runs]
    nouns = [noun for noun in said_of if noun not in zh.BLANK_NOUNS]
    topic = _last_topic(turns)
    if not topic or any(word.start < core.end and word.text == "我" for word in words):
        return None
    first = words[0].text if words else ""
    if first == "其中":
        return f"{topic}，{said}？"
    verbs = {word.text for word in words if word.tag.startswith("v")} - zh.LIGHT_VERBS
    if not nouns and (core.has_opener or _needs_topic(phrase, core, verbs)):
        return f"{topic}{'还有' if core.is_continued else ''}{said}？"
    asked_at = asked_for(phrase)[1]
    is_before = all(end <= asked_at for _, end in runs)
    is_then = not core.is_continued and core.start <= len("那么")
    if core.has_opener and is_then and nouns and is_before and set(nouns) <= set(zh.ATTRIBUTES):
        return f"{topic}的{said}？"
    return None


def _last_topic(turns: Sequence[Understood]) -> str:
    """Name what was last spoken of that is nobody; what happens is asked of no person."""
    for turn in reversed(turns):
        phrase = parse(turn.question)
        people = names_in(turn.question)
        topic = topic_of(phrase)
        if topic and topic not in people:
            return topic
        things = [phrase.part(*run) for run in noun_runs(phrase)]
        others = [thing for thing in things if thing not in people and len(thing) > 2]
        if others:
            return others[0]
    return ""


def _needs_topic(phrase: Phrase, core: _Core, verbs: set[str]) -> bool:
    asked, start, _ = asked_for(phrase)
    is_bound = asked is not None and start - core.start <= 2
    return (
        is_bound and bool(verbs) and verbs <= zh.NEEDS_TOPIC and not _names_anything(phrase, core)
    )


def _names_anything(phrase: Phrase, core: _Core) -> bool:
    return any(
        core.start <= start and phrase.folded[start:end] not in zh.BLANK_NOUNS
        for start, end in noun_runs(phrase)
    )
