"""Document rows: the part of a generation's list that a page shows → an HTML table with tools."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath

from index.datatypes import DocumentInfo
from webui.languages import Texts
from webui.languages.documents import LIBRARY_TEXTS, LibraryTexts
from webui.rendering import escape, language_of
from webui.wording import describe_format, describe_pages, describe_share, describe_size

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Rows:
    """What of a collection's documents is listed."""

    documents: tuple[DocumentInfo, ...] = ()
    n_matching: int = 0  # of all pages
    page: int = 1
    wanted: str = ""
    reachable: Mapping[str, float] = field(default_factory=dict)  # by doc_id; see `index.ledger`


def render_rows(rows: Rows, collection: str, number: int, texts: Texts) -> str:
    """Render the table of a collection's documents and what turns its pages.

    :param rows: What is listed.
    :param collection: Its name; "" where it has none.
    :param number: Tells the lists of a page apart.
    :param texts: The language.
    :return: HTML.
    """
    words = LIBRARY_TEXTS[texts.code]
    if not rows.documents and rows.wanted:
        return f'<p class="hint">{escape(words.none_found.format(wanted=rows.wanted))}</p>'
    columns = _columns(texts)
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
    body = "".join(
        _render_row(document, rows, collection, f"{number}-{at}", texts)
        for at, document in enumerate(rows.documents)
    )
    return (
        f"<table><thead><tr>{head}<td></td></tr></thead><tbody>{body}</tbody></table>"
        f"{_render_pager(rows, collection, words)}"
    )


def render_search(wanted: str, texts: Texts) -> str:
    """Render the search among names.

    :param wanted: What is looked for.
    :param texts: The language.
    :return: HTML.
    """
    words = LIBRARY_TEXTS[texts.code]
    hint = escape(words.search_hint)
    return (
        f'<form class="search" role="search" aria-label="{hint}" data-event="library" '
        'data-action="search">'
        f'<input type="search" name="wanted" maxlength="100" autocomplete="off" dir="auto" '
        f'aria-label="{hint}" placeholder="{hint}" value="{escape(wanted)}" data-focus="wanted">'
        f'<button data-focus="search">{escape(words.search)}</button></form>'
    )


def delete_button(source: str, seen: str, collection: str, texts: Texts) -> str:
    """Render the button that deletes a file.

    :param source: The file.
    :param seen: Its size and time, "" when they are not known.
    :param collection: Its collection's name.
    :param texts: The language.
    :return: HTML.
    """
    words = LIBRARY_TEXTS[texts.code]
    return (
        '<button type="button" data-event="library" data-action="delete" '
        f'data-collection="{escape(collection)}" data-source="{escape(source)}" '
        f'data-seen="{seen}" aria-label="{escape(words.delete_named.format(name=source))}">'
        f"{escape(words.delete)}</button>"
    )


def _columns(texts: Texts) -> Sequence[str]:
    return (
        texts.column_name,
        texts.column_format,
        texts.column_size,
        texts.column_pages,
        texts.column_chars,
        texts.column_chunks,
    )


def _render_row(document: DocumentInfo, rows: Rows, collection: str, key: str, texts: Texts) -> str:
    words, source, columns = LIBRARY_TEXTS[texts.code], escape(document.source), _columns(texts)
    cells = (
        describe_format(document.source, document.media_type, document.encoding),
        describe_size(document.size),
        describe_pages(document.n_pages, document.n_empty_pages, texts),
        f"{document.n_chars:,}",
        f"{document.n_chunks:,}",
    )
    rest = "".join(
        f'<td data-label="{escape(label)}">{escape(cell)}</td>'
        for label, cell in zip(columns[1:], cells, strict=True)
    )
    label = escape(words.actions.format(name=document.source))
    facts = _render_facts(document, rows.reachable.get(document.doc_id), texts)
    details = _render_details(document, facts, collection, texts)
    return (
        f'<tr><th scope="row"><button type="button" class="document" data-event="open" '
        f'data-document="{escape(document.doc_id)}" data-collection="{escape(collection)}" '
        f'title="{escape(texts.open_source)}" data-focus="{source}:open" '
        f'lang="{language_of(document.source)}"><bdi>{source}</bdi></button></th>{rest}'
        f'<td class="row-tools"><button type="button" class="more" data-opens="row-{key}" '
        f'aria-expanded="false" aria-controls="row-{key}" aria-label="{label}" '
        f'data-focus="{source}:more">⋯</button></td></tr>'
        f'<tr class="details" id="row-{key}" data-row="{escape(collection)}/{source}" hidden>'
        f'<td colspan="{len(columns) + 1}">{details}</td></tr>'
    )


def _render_details(document: DocumentInfo, facts: str, collection: str, texts: Texts) -> str:
    words, source = LIBRARY_TEXTS[texts.code], escape(document.source)
    seen = f"{document.size}-{document.mtime_ns}"
    name = PurePosixPath(document.source)
    return (
        f"<dl>{facts}</dl>"
        '<div class="deeds"><form data-event="library" data-action="rename" '
        f'data-collection="{escape(collection)}" data-source="{source}" data-seen="{seen}">'
        f'<input type="text" name="stem" maxlength="255" autocomplete="off" dir="auto" '
        f'aria-label="{escape(words.new_name)}" value="{escape(name.stem)}" '
        f'data-focus="{source}:stem"><span>{escape(name.suffix)}</span>'
        f'<button data-focus="{source}:rename">{escape(words.rename)}</button></form>'
        f"{delete_button(document.source, seen, collection, texts)}</div>"
    )


def _render_facts(document: DocumentInfo, reachable: float | None, texts: Texts) -> str:
    words = LIBRARY_TEXTS[texts.code]
    modified = datetime.fromtimestamp(document.mtime_ns / 1e9).astimezone()
    facts = (
        (words.modified, (f"{modified:%Y-%m-%d %H:%M:%S}",)),
        (words.encoding, (document.encoding,)),
        (texts.column_reachable, (describe_share(reachable),)),
        (words.seconds, (f"{document.seconds:.2f}",)),
        (words.sha256, (document.sha256,)),
        (words.copies, document.copies),
        (words.remarks, document.warnings),
    )
    return "".join(
        f"<dt>{escape(term)}</dt>"
        + "".join(f"<dd><bdi>{escape(value)}</bdi></dd>" for value in values)
        for term, values in facts
        if any(values)
    )


def _render_pager(rows: Rows, collection: str, words: LibraryTexts) -> str:
    if rows.n_matching <= PER_PAGE:
        return ""
    first = (rows.page - 1) * PER_PAGE + 1
    last = first + len(rows.documents) - 1
    shown = words.shown.format(first=f"{first:,}", last=f"{last:,}", count=f"{rows.n_matching:,}")
    back = _turn_button(rows.page - 1, collection, words.previous, is_off=rows.page == 1)
    on = _turn_button(rows.page + 1, collection, words.next, is_off=last >= rows.n_matching)
    return (
        f'<nav class="pager" aria-label="{escape(words.pages)}">{back}'
        f"<span>{escape(shown)}</span>{on}</nav>"
    )


def _turn_button(page: int, collection: str, words: str, *, is_off: bool) -> str:
    off = ' aria-disabled="true"' if is_off else ""
    return (
        f'<button type="button" data-event="library" data-action="page" data-page="{page}" '
        f'data-collection="{escape(collection)}" data-focus="{escape(words)}"{off}>'
        f"{escape(words)}</button>"
    )
