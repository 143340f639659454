"""Rendering: the turns of a conversation → its HTML; the only place that quotes documents in it.

Every string that comes from a document, a file name or a question passes through :func:`escape`, so
the text content of a rendered quote equals the quote.
"""

import html
import re
from collections.abc import Sequence

from index.datatypes import Span
from rag.datatypes import Answer, Citation, Status
from webui.datatypes import Shelf, Turn
from webui.languages import CATALOGUE, Texts
from webui.wording import (
    describe_confidence,
    describe_number,
    describe_percent,
    describe_place,
    describe_role,
    repeats_quote,
)

_LONG_WORDS = 40  # characters; longer answers are set smaller
_UNSHOWABLE = re.compile(r"[\x00\ud800-\udfff]")  # no HTML page can hold these
_KANA = re.compile(r"[\u3041-\u30ff]")
_HANGUL = re.compile(r"[\uac00-\ud7a3]")
_HAN = re.compile(r"[\u3400-\u9fff]")


def escape(text: str) -> str:
    """Make any text safe in HTML content and in quoted attributes, keeping it as it is.

    :param text: Any string.
    :return: HTML whose text content equals the text. Carriage returns become references, because
        a parser would drop them; what HTML cannot hold becomes U+FFFD.
    """
    return html.escape(_UNSHOWABLE.sub("\ufffd", text)).replace("\r", "&#13;")


def isolate(name: str) -> str:
    """Render what a document calls itself so that it cannot reorder the words around it.

    :param name: Any string.
    :return: HTML with the same text content.
    """
    return f"<bdi>{escape(name)}</bdi>"


def language_of(text: str) -> str:
    """Guess the ``lang`` of a quote from its script; "" (unknown) for the others."""
    sample = text[:1000]
    for pattern, language in ((_KANA, "ja"), (_HANGUL, "ko"), (_HAN, "zh")):
        if pattern.search(sample):
            return language
    return ""


def render_marked(text: str, origin: int, highlight: Span | None, *, mark_id: str = "") -> str:
    """Render a quote with its answering words marked.

    :param text: The quote.
    :param origin: Where it begins in its document, as highlight counts from there.
    :param highlight: The words in the document's text; None marks nothing.
    :param mark_id: The mark's id, if it needs one.
    :return: HTML with the same text content.
    """
    if highlight is None:
        return escape(text)
    start, end = highlight.start - origin, highlight.end - origin
    opening = f'<mark id="{mark_id}">' if mark_id else "<mark>"
    return f"{escape(text[:start])}{opening}{escape(text[start:end])}</mark>{escape(text[end:])}"


def render_header(texts: Texts) -> str:
    """Render the name and the language switch.

    :param texts: The language.
    :return: HTML.
    """
    buttons = "".join(
        f'<button type="button" data-event="language" data-code="{other.code}" '
        f'lang="{other.code}" aria-pressed="{str(other is texts).lower()}">{other.name}</button>'
        for other in CATALOGUE
    )
    return (
        f'<header class="masthead" data-settle="{texts.code}" data-lang="{texts.code}" '
        f'data-title="{escape(texts.title)}"><h1>{escape(texts.title)}</h1>'
        f"<p>{escape(texts.tagline)}</p>"
        f'<nav aria-label="{escape(texts.language)}">{buttons}</nav></header>'
    )


def render_conversation(turns: Sequence[Turn], texts: Texts) -> str:
    """Render all turns; new ones are announced politely to screen readers.

    :param turns: Oldest first.
    :param texts: The language.
    :return: HTML.
    """
    body = "".join(_render_turn(index, turn, texts) for index, turn in enumerate(turns))
    if not turns:
        body = (
            f'<div class="welcome"><h2>{escape(texts.welcome)}</h2>'
            f"<p>{escape(texts.welcome_more)}</p></div>"
        )
    is_pending = bool(turns) and turns[-1].answer is None and not turns[-1].has_failed
    return (
        f'<div class="conversation" role="log" aria-live="polite" tabindex="0" '
        f'aria-label="{escape(texts.conversation)}" data-settle="{len(turns)}{is_pending:d}">'
        f"{body}</div>"
    )


def render_suggestions(questions: Sequence[str] | None, texts: Texts) -> str:
    """Render the questions one may click, and the way to a new conversation.

    The page itself spreads them out while nothing was asked, and folds them away afterwards.

    :param questions: The questions; None while they are being made.
    :param texts: The language.
    :return: HTML.
    """
    if questions is None:
        body = f'<p class="pending">{escape(texts.suggestions_pending)}</p>'
    elif questions:
        body = f"<ul>{''.join(map(_render_chip, questions))}</ul>"
    else:
        body = f"<p>{escape(texts.suggestions_none)}</p>"
    return (
        f'<div class="tools"><details class="suggestions">'
        f"<summary>{escape(texts.suggestions)}</summary>{body}</details>"
        f'<button type="button" class="clear" data-event="clear">{escape(texts.clear)}</button>'
        "</div>"
    )


def _render_chip(question: str) -> str:
    return (
        f'<li><button type="button" class="chip" data-event="ask" '
        f'data-question="{escape(question)}" dir="auto" lang="{language_of(question)}">'
        f"{escape(question)}</button></li>"
    )


def _render_turn(index: int, turn: Turn, texts: Texts) -> str:
    if turn.answer:
        body = _render_answer(index, turn.answer, texts)
    elif turn.has_failed:
        body = f'<p class="plain">{escape(texts.failed)}</p>'
    else:
        body = f'<p class="pending">{escape(texts.searching)}</p>'
    status = turn.answer.status.value if turn.answer else "none"
    return (
        f'<section class="turn" data-status="{status}">'
        f'<h2 class="question"><span class="asked">{escape(texts.asked)}</span>'
        f'<span dir="auto" lang="{language_of(turn.question)}">{escape(turn.question)}</span></h2>'
        f"{body}</section>"
    )


def _render_answer(index: int, answer: Answer, texts: Texts) -> str:
    interpreted = ""
    if answer.interpreted.strip() != answer.question.strip():
        understood = texts.interpreted.format(question=answer.interpreted)
        interpreted = f'<p class="interpreted" dir="auto">{escape(understood)}</p>'
    if answer.status is Status.NOT_FOUND:
        parts = [
            f'<p class="plain">{escape(texts.not_found)}</p>',
            f'<p class="hint">{escape(texts.not_found_more)}</p>' if answer.nearest else "",
        ]
    else:
        parts = [
            _render_words(answer),
            _render_verdict(answer, texts),
            _render_references(index, Shelf.CITATIONS, answer.citations, texts),
        ]
    return interpreted + "".join(parts) + _render_nearest(index, answer, texts)


def _render_words(answer: Answer) -> str:
    if len(answer.items) > 1:
        items = "".join(
            f'<li dir="auto" lang="{language_of(words)}">{escape(words)}</li>'
            for words in answer.items
        )
        return f'<ul class="words long">{items}</ul>'
    size = "words long" if len(answer.text) > _LONG_WORDS else "words"
    return (
        f'<p class="{size}" dir="auto" lang="{language_of(answer.text)}">{escape(answer.text)}</p>'
    )


def _render_verdict(answer: Answer, texts: Texts) -> str:
    percent = escape(texts.confidence.format(percent=describe_percent(answer)))
    words = describe_confidence(answer, texts)
    level = {texts.sure: "sure", texts.fairly_sure: "fair"}.get(words, "unsure")
    check = texts.check_original if answer.status is Status.UNCERTAIN else ""
    return (
        f'<p class="verdict"><span class="confidence" data-level="{level}" '
        f'title="{percent}">'
        f"{escape(words)}"
        f'<span class="unseen"> ({percent})</span></span>'
        f"<span>{escape(check)}</span></p>"
    )


def _render_nearest(index: int, answer: Answer, texts: Texts) -> str:
    if answer.status is Status.ANSWERED:
        return ""
    if not answer.nearest:
        note = texts.nothing_near if answer.status is Status.NOT_FOUND else ""
        return f'<p class="hint">{escape(note)}</p>' if note else ""
    heading = texts.nearest if answer.status is Status.NOT_FOUND else texts.nearest_also
    return (
        f'<h3 class="near">{escape(heading)}</h3>'
        f"{_render_references(index, Shelf.NEAREST, answer.nearest, texts)}"
    )


def _render_references(
    index: int, shelf: Shelf, citations: Sequence[Citation], texts: Texts
) -> str:
    items = "".join(
        _render_reference(
            citation,
            f'data-turn="{index}" data-shelf="{shelf}" data-index="{at}"',
            texts,
            is_repeated=repeats_quote(citations, at),
        )
        for at, citation in enumerate(citations)
    )
    return f'<ol class="references {shelf}">{items}</ol>'


def _render_reference(
    citation: Citation, target: str, texts: Texts, *, is_repeated: bool = False
) -> str:
    """Render a citation; of a quote that was just shown only the words at hand."""
    role = "" if is_repeated else describe_role(citation, texts)
    quote = citation.quote
    shown = f"<mark>{escape(citation.words)}</mark>"
    if not is_repeated:
        shown = render_marked(quote, citation.span.start, citation.highlight)
    number = describe_number(citation, texts)
    place = describe_place(citation, texts, isolate=isolate)
    return (
        f'<li data-role="{citation.role.value}">'
        + (f'<p class="role">{escape(role)}</p>' if role else "")
        + f'<blockquote dir="auto" lang="{language_of(quote)}">{shown}</blockquote>'
        f'<button type="button" class="cite" data-event="open" {target} '
        f'title="{escape(texts.open_source)}"><span class="number">{escape(number)}</span> '
        f'<span class="place">{place}</span></button></li>'
    )
