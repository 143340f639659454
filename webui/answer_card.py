"""Answer card: an answer → its words, how sure they are, every place, what else is said, copies."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

from rag.datatypes import Answer, Citation, Role, Status
from webui.cite_style import CiteStyle
from webui.citing import cite_answer, write_receipt
from webui.datatypes import Shelf
from webui.languages import Texts
from webui.languages.answers import ANSWER_TEXTS
from webui.rendering import escape, isolate, language_of, render_marked
from webui.source_chip import render_link
from webui.wording import (
    describe_confidence,
    describe_copies,
    describe_date,
    describe_number,
    describe_percent,
    describe_place,
    describe_role,
    newest_side,
    repeats_quote,
)

_LONG_WORDS = 40  # characters; longer answers are set smaller


def render_card(turn: int, answer: Answer, receipt: dict[str, Any] | None, texts: Texts) -> str:
    """Render an answer that was found.

    :param turn: Number of its turn in the conversation.
    :param answer: Answered or uncertain.
    :param receipt: As its file has it; None without one.
    :param texts: The language.
    :return: HTML.
    """
    if answer.conflicting:
        body = _render_dispute(turn, answer, texts)
    else:
        body = (
            _render_words(answer.items)
            + _render_verdict(answer, texts)
            + render_references(turn, Shelf.CITATIONS, answer.citations, texts)
        )
    return f'<div class="card">{body}{_render_copying(answer, receipt, texts)}</div>'


def render_references(turn: int, shelf: Shelf, citations: Sequence[Citation], texts: Texts) -> str:
    """Render citations, each with its quote and the chip that opens its place.

    :param turn: Number of the turn in the conversation.
    :param shelf: Which of the answer's two lists they are.
    :param citations: All of that list, or those of one side of it.
    :param texts: The language.
    :return: HTML.
    """
    items = "".join(
        _render_reference(turn, shelf, citation, texts, repeats_quote(citations, at))
        for at, citation in enumerate(citations)
    )
    return f'<ol class="references {shelf}">{items}</ol>'


def _render_words(items: Sequence[str]) -> str:
    if len(items) > 1:
        listed = "".join(
            f'<li dir="auto" lang="{language_of(words)}">{escape(words)}</li>' for words in items
        )
        return f'<ul class="words long">{listed}</ul>'
    size = "words long" if len(items[0]) > _LONG_WORDS else "words"
    return f'<p class="{size}" dir="auto" lang="{language_of(items[0])}">{escape(items[0])}</p>'


def _render_verdict(answer: Answer, texts: Texts) -> str:
    words = describe_confidence(answer, texts)
    level = {texts.sure: "sure", texts.fairly_sure: "fair"}.get(words, "unsure")
    check = texts.check_original if answer.status is Status.UNCERTAIN else ""
    return (
        f'<p class="verdict">{_render_confidence(words, level, answer, texts)}'
        f"{_render_agreeing(answer.agreeing, texts)}"
        + (f"<span>{escape(check)}</span>" if check else "")
        + "</p>"
    )


def _render_confidence(words: str, level: str, answer: Answer, texts: Texts) -> str:
    percent = escape(texts.confidence.format(percent=describe_percent(answer)))
    return (
        f'<span class="confidence" data-level="{level}" title="{percent}">{escape(words)}'
        f'<span class="unseen"> ({percent})</span></span>'
    )


def _render_agreeing(n_places: int, texts: Texts) -> str:
    if n_places < 2:
        return ""
    said = ANSWER_TEXTS[texts.code].agreeing.format(count=n_places)
    return f'<span class="agreeing">{escape(said)}</span>'


def _render_dispute(turn: int, answer: Answer, texts: Texts) -> str:
    """Render what each document says side by side; none is chosen for the reader."""
    words = ANSWER_TEXTS[texts.code]
    sides, newest = answer.sides, newest_side(answer)
    items = "".join(
        _render_side(turn, side, texts, answer.items if at == 0 else (side[0].words,), at == newest)
        for at, side in enumerate(sides)
    )
    return (
        f'<p class="verdict dispute">'
        f"{_render_confidence(words.disputed, 'unsure', answer, texts)}"
        f"<span>{escape(words.disputed_more)}</span></p>"
        f'<ol class="sides" aria-label="{escape(words.disputed)}">{items}</ol>'
    )


def _render_side(
    turn: int, side: Sequence[Citation], texts: Texts, items: Sequence[str], is_newest: bool
) -> str:
    words = ANSWER_TEXTS[texts.code]
    newer = f' <span class="newer">{escape(words.newer)}</span>' if is_newest else ""
    return (
        f'<li class="side">{_render_words(items)}'
        f'<p class="dated">{_render_date(side[0], texts)}{newer}'
        f"{_render_agreeing(len(side), texts)}</p>"
        f"{render_references(turn, Shelf.CITATIONS, side, texts)}</li>"
    )


def _render_date(citation: Citation, texts: Texts) -> str:
    words = ANSWER_TEXTS[texts.code]
    if not citation.date:
        return f"<span>{escape(words.undated)}</span>"
    return (
        f'<time datetime="{escape(citation.date)}">{escape(describe_date(citation.date, texts))}'
        f'</time> <span class="origin">{escape(words.origins[citation.date_origin])}</span>'
    )


def _render_reference(
    turn: int, shelf: Shelf, citation: Citation, texts: Texts, is_repeated: bool
) -> str:
    """Render a citation; of a quote that was just shown only the words at hand."""
    is_told = is_repeated or citation.role is Role.CONFLICT  # by the card it stands on
    role = "" if is_told else describe_role(citation, texts)
    quote = citation.quote
    shown = f"<mark>{escape(citation.words)}</mark>"
    if not is_repeated:
        shown = render_marked(quote, citation.span.start, citation.highlight)
    number = describe_number(citation, texts)
    # A file that is called what it is titled need not say so twice.
    is_named_so = PurePosixPath(citation.source).stem == citation.title
    place = describe_place(citation, texts, has_title=is_named_so, isolate=isolate)
    copies = "" if is_repeated else describe_copies(citation, texts, isolate=isolate)
    return (
        f'<li data-role="{citation.role.value}">'
        + (f'<p class="role">{escape(role)}</p>' if role else "")
        + f'<blockquote dir="auto" lang="{language_of(quote)}">{shown}</blockquote>'
        '<div class="citing">'
        f'<button type="button" class="cite" data-event="open" data-turn="{turn}" '
        f'data-shelf="{shelf}" data-index="{citation.number - 1}" '
        f'title="{escape(texts.open_source)}"><span class="number">{escape(number)}</span> '
        f'<span class="place">{place}</span></button>{render_link(citation, texts)}</div>'
        + (f'<p class="also-at">{copies}</p>' if copies else "")
        + "</li>"
    )


def _render_copying(answer: Answer, receipt: dict[str, Any] | None, texts: Texts) -> str:
    words = ANSWER_TEXTS[texts.code]
    today = datetime.now(UTC).astimezone().date()
    kinds = [
        (words.as_text, cite_answer(answer, CiteStyle.TEXT, texts, today=today)),
        (words.as_markdown, cite_answer(answer, CiteStyle.MARKDOWN, texts, today=today)),
        (words.as_gbt, cite_answer(answer, CiteStyle.GBT7714, texts, today=today)),
        (words.as_receipt, write_receipt(receipt) if receipt else ""),
    ]
    buttons = "".join(
        f'<button type="button" class="copy" data-copy="{escape(copied)}" '
        f'data-copied="{escape(texts.copied)}">{escape(name)}</button>'
        for name, copied in kinds
        if copied
    )
    return (
        f'<div class="copying" role="group" aria-label="{escape(words.copy)}">'
        f'<span aria-hidden="true">{escape(words.copy)}</span>{buttons}</div>'
    )
