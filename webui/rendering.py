"""Rendering: texts of any origin → safe HTML, and the parts of the page that only need that.

Every string that comes from a document, a file name or a question passes through :func:`escape`, so
the text content of a rendered quote equals the quote.
"""

import html
import re
from collections.abc import Sequence

from index.datatypes import Span
from webui.languages import CATALOGUE, Texts
from webui.languages.accounts import account_texts

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


def render_marked(text: str, origin: int, highlight: Span | None) -> str:
    """Render a quote with its answering words marked.

    :param text: The quote.
    :param origin: Where it begins in its document, as highlight counts from there.
    :param highlight: The words in the document's text; None marks nothing.
    :return: HTML with the same text content.
    """
    if highlight is None:
        return escape(text)
    start, end = highlight.start - origin, highlight.end - origin
    return f"{escape(text[:start])}<mark>{escape(text[start:end])}</mark>{escape(text[end:])}"


def render_header(texts: Texts, user: str = "") -> str:
    """Render the name, the language switch, and who is logged in with the way out.

    :param texts: The language.
    :param user: Who is logged in; "" where nobody needs to be.
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
        f'<nav aria-label="{escape(texts.language)}">{buttons}</nav>'
        f"{_render_account(user, texts) if user else ''}</header>"
    )


def _render_account(user: str, texts: Texts) -> str:
    words = account_texts(texts.code)
    return (
        f'<form class="account" method="post" action="logout"><bdi>{escape(user)}</bdi> '
        f"<button>{escape(words.log_out)}</button></form>"
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
