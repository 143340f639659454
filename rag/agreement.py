"""Agreement: the reader's spans → their confidences, and which of them say what the best one says.

The calibration takes every other span for a rival that makes a span less probable. Two documents
that both answer the question, alike or as an older and a newer version of one rule, are no such
rivals: each is judged as if the others were not there, and compared with the best by value.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from index.datatypes import Document, Span
from index.errors import IndexCorruptError
from index.normalization import fold_text
from index.segmentation import tag_words
from index.sentences import split_sentences
from rag.calibration import Judged
from rag.datatypes import AnswerSpan, Query, Status
from rag.joined import Knowledge
from rag.value_parsing import Asked, asked_kind, parse_value
from rag.values import Agreement, Value, agree

_LEAST_HELD = 0.5  # of the question's words that either has
# Words that say yes or no themselves: the documents differ in them.
_PERMITTING = """
    允许 准许 可以 可 能 能够 能否 需要 需 必须 禁止 不得 不能 支持 allowed allow permitted permit
    may can must need required
"""
_VERB = re.compile(r"^[vadpcu]")  # tags of words that another document may choose otherwise


class Judge(Protocol):
    """Gives spans their confidence."""

    def judge(self, query: Query, spans: Sequence[AnswerSpan]) -> list[Judged]:
        """Judge spans, each against all others; most probable first."""
        ...


@dataclass(frozen=True, slots=True)
class _Claim:
    """What a span says, and of what."""

    span: AnswerSpan
    words: str  # folded
    value: Value | None
    near: frozenset[str]  # the question's words that its sentence or the one before has
    held: frozenset[str]  # those that its document's names and headings have, too
    names: str  # of the document and its headings, folded


def judge_together(
    knowledge_base: Knowledge, query: Query, spans: Sequence[AnswerSpan], judge: Judge
) -> list[Judged]:
    """Give every span its confidence and compare it with the best one.

    :param knowledge_base: Holds the documents.
    :param query: The question.
    :param spans: One a hit.
    :param judge: The calibration.
    :return: The spans, most probable first. What another document contradicts is uncertain at most.
    """
    judged = judge.judge(query, spans)
    if len(judged) < 2 or judged[0].span.following:
        return judged
    asked = asked_kind(query.normalized)
    claims = [_read_claim(knowledge_base, query, entry.span, asked) for entry in judged]
    found = [_compare(query, claims[0], claim) for claim in claims]
    family = [at for at, agreement in enumerate(found) if agreement is not Agreement.INCOMPARABLE]
    alone = _judge_alone(judge, query, judged, family)
    # One that is no answer even by itself says nothing against another, nor for it.
    family = [at for at in family if alone[at].status is not Status.NOT_FOUND]
    if len(family) < 2 or 0 not in family:
        return judged
    alone = _judge_alone(judge, query, judged, family)
    is_disputed = any(found[at] is Agreement.DIFFERENT for at in family)
    together = [
        replace(
            alone.get(at, entry),
            agreement=found[at] if at in family else Agreement.INCOMPARABLE,
            status=_cap(alone[at].status, is_disputed) if at in family else entry.status,
        )
        for at, entry in enumerate(judged)
    ]
    return [together[0], *sorted(together[1:], key=lambda one: -one.confidence)]


def _cap(status: Status, is_disputed: bool) -> Status:
    return Status.UNCERTAIN if is_disputed and status is Status.ANSWERED else status


def _judge_alone(
    judge: Judge, query: Query, judged: Sequence[Judged], family: Sequence[int]
) -> dict[int, Judged]:
    """Judge each of a family as if its others were not there."""
    strangers = [entry.span for at, entry in enumerate(judged) if at not in family]
    return {
        at: next(
            entry
            for entry in judge.judge(query, [*strangers, judged[at].span])
            if entry.span is judged[at].span
        )
        for at in family
    }


def _read_claim(knowledge_base: Knowledge, query: Query, span: AnswerSpan, asked: Asked) -> _Claim:
    chunk = span.hit.chunk
    try:
        document = knowledge_base.document(chunk.doc_id)
    except (KeyError, IndexCorruptError):  # the composer drops and logs it
        return _Claim(span, "", None, frozenset(), frozenset(), "")
    text, words, sentence = document.text, span.span, span.sentence
    value = parse_value(
        words.of(text),
        asked,
        before=text[sentence.start : words.start],
        after=text[words.end : sentence.end],
    )
    names = _fold_names(document, chunk.heading)
    around = fold_text(Span(_start_before(chunk.span, text, sentence), sentence.end).of(text))
    content = [term for term in query.content if not _is_permitting(term, asked)]
    wanted = [_with_name(term, query) for term in content]
    near = frozenset(term for term in wanted if _holds(around, term))
    held = near | {term for term in wanted if _holds(names, term)}
    return _Claim(span, fold_text(words.of(text)), value, near, held, names)


def _fold_names(document: Document, heading: Sequence[str]) -> str:
    stem = document.source.rpartition("/")[2].rpartition(".")[0]
    return fold_text("\n".join((stem, document.title, *heading)))


def _start_before(chunk: Span, text: str, sentence: Span) -> int:
    """Return where the sentence before begins: its subject may be meant by this one's "it"."""
    before = split_sentences(text[chunk.start : sentence.start])
    return chunk.start + before[-1].start if before else sentence.start


def _is_permitting(term: str, asked: Asked) -> bool:
    return asked is Asked.WHETHER and term in _PERMITTING.split()


def _with_name(term: str, query: Query) -> str:
    """Return a number with the name it follows: of Editor 5, every 5 minutes tells nothing."""
    named = re.search(rf"[a-z]+ {re.escape(term)}(?![\w.])", query.normalized)
    return named.group() if term.isdecimal() and named else term


def _holds(folded: str, term: str) -> bool:
    word = term.lstrip("=")
    if not word.isascii():
        return re.search(f"(?<!副){re.escape(word)}", folded) is not None  # 副院长 is no 院长
    return re.search(rf"(?<![a-z0-9]){re.escape(word)}(?![a-z0-9])", folded) is not None


def _compare(query: Query, best: _Claim, other: _Claim) -> Agreement:
    """Compare two claims; INCOMPARABLE when they need not be about the same."""
    found = agree(best.value, other.value)
    if found is Agreement.INCOMPARABLE or best is other:
        return found
    missing = best.held - other.held
    if len(other.held) < _LEAST_HELD * len(best.held | other.held) or not best.near & other.near:
        return Agreement.INCOMPARABLE
    if found is not Agreement.DIFFERENT:
        return Agreement.INCOMPARABLE if missing & _naming(query) else found
    if missing or _names_another(query, best, other) or _are_names(best, other):
        return Agreement.INCOMPARABLE
    is_elsewhere = best.span.hit.chunk.doc_id != other.span.hit.chunk.doc_id
    return found if is_elsewhere else Agreement.INCOMPARABLE


def _naming(query: Query) -> set[str]:
    """Return the question's words that name something; what happens may be said in other words."""
    return {word for word, tag in tag_words(query.normalized) if not _VERB.match(tag)}


def _are_names(best: _Claim, other: _Claim) -> bool:
    """Tell whether the words only tell the documents apart: the years of two editions."""
    return best.words in best.names and other.words in other.names


def _names_another(query: Query, best: _Claim, other: _Claim) -> bool:
    """Tell whether a document is named after another thing of the kind: 望北大桥, not 江湾大桥."""
    for before, kind in zip(query.content, query.content[1:], strict=False):
        if before + kind not in query.normalized or before in other.names:
            continue
        of_a_kind = re.compile(rf"[\u4e00-\u9fd5]{re.escape(kind)}")
        if of_a_kind.search(other.names) and (
            before in best.names or not of_a_kind.search(best.names)
        ):
            return True
    return False
