"""Source panel: what is open → its HTML, the document at the place and the controls around it."""

from collections.abc import Sequence

from index.datatypes import Document, PlaceKind
from webui.languages import Texts
from webui.languages.source import SOURCE_TEXTS, SourceTexts
from webui.rendering import escape, isolate, language_of
from webui.source_find import MAX_WORDS_CHARS
from webui.source_link import link_citation, link_document, write_link
from webui.source_outline import find_current, name_part, outline_document
from webui.source_page import find_target as find_box
from webui.source_page import render_page
from webui.source_sheet import has_pages
from webui.source_text import describe_extent, render_text
from webui.source_text import find_target as find_mark
from webui.source_view import Note, SourceView, Target
from webui.wording import describe_place, describe_places

_FOUND_AGAIN = (None, Note.MOVED, Note.RENAMED)  # what an address may be made of


def render_source(view: SourceView | None, texts: Texts) -> str:
    """Render the source panel.

    :param view: What is open; None for nothing.
    :param texts: The language.
    :return: HTML, "" when nothing is open.
    """
    if view is None:
        return ""
    words = SOURCE_TEXTS[texts.code]
    document = view.document
    title = document.title if document else texts.source
    link = _link(view)
    address = f' data-link="{escape(link)}"' if link else ""
    return (
        f'<article class="source" aria-labelledby="source-title" data-settle="{view.opened}" '
        f'data-scroll="{_find_target(view)}"{address}>'
        f"{_render_bar(view, link, texts, words)}"
        f'<h2 id="source-title" tabindex="-1" dir="auto" lang="{language_of(title)}">'
        f"{escape(title)}</h2>{_render_place(view, texts)}{_render_notes(view, words)}"
        f"{_render_document(view, document, texts, words) if document else ''}</article>"
    )


def _link(view: SourceView) -> str:
    """Write the address of what is open; "" where there is nothing that it could name."""
    document, citation = view.document, view.citation
    if document is None or view.note not in _FOUND_AGAIN:
        return ""
    if citation is None:
        return write_link(link_document(document, view.collection))
    return write_link(link_citation(citation, document))


def _find_target(view: SourceView) -> str:
    if view.target is Target.END:
        return "end"
    return find_box(view, view.sheet) if view.sheet else find_mark(view)


def _render_document(view: SourceView, document: Document, texts: Texts, words: SourceTexts) -> str:
    extent = "" if view.sheet else describe_extent(document, view.shown, texts, words)
    tools = (
        _render_switch(view, document, words),
        f'<p class="about">{extent}</p>' if extent else "",
        _render_outline(view, document, texts, words),
        _render_find(view, words),
    )
    body = (
        render_page(view, view.sheet, words)
        if view.sheet
        else render_text(view, document, texts, words)
    )
    return f'<div class="reading">{"".join(tools)}</div>{body}'


# Above the document.


def _render_bar(view: SourceView, link: str, texts: Texts, words: SourceTexts) -> str:
    return (
        f'<div class="bar"><button type="button" class="back" data-event="back" '
        f'aria-keyshortcuts="Escape">← {escape(texts.back)}</button>'
        f"{_render_step(view, words)}"
        f'<span class="copies">{_render_copies(view, link, texts, words)}</span></div>'
    )


def _render_step(view: SourceView, words: SourceTexts) -> str:
    if len(view.shelf) < 2:
        return ""
    count = words.nth_citation.format(number=view.at + 1, count=len(view.shelf))
    return (
        f'<span class="stepper" role="group" aria-label="{escape(words.citations)}">'
        + _control("step", "-1", "‹", words.previous_citation, is_off=view.at == 0, key="p")
        + f"<span>{escape(count)}</span>"
        + _control(
            "step", "1", "›", words.next_citation, is_off=view.at + 1 == len(view.shelf), key="n"
        )
        + "</span>"
    )


def _render_copies(view: SourceView, link: str, texts: Texts, words: SourceTexts) -> str:
    copies = ""
    if view.citation:
        quote = f"“{view.citation.quote}” — {describe_place(view.citation, texts)}"
        copies += (
            f'<button type="button" class="copy" data-copy="{escape(quote)}" '
            f'data-copied="{escape(texts.copied)}">{escape(texts.copy_quote)}</button>'
        )
    if link:
        copies += (
            f'<button type="button" class="copy" data-copy-link="{escape(link)}" '
            f'data-copied="{escape(texts.copied)}">{escape(words.copy_link)}</button>'
        )
    return copies


def _render_place(view: SourceView, texts: Texts) -> str:
    if view.citation:
        place = describe_place(view.citation, texts, has_title=True, isolate=isolate)
    else:
        place = isolate(view.document.source) if view.document else ""
    return f'<p class="place">{place}</p>' if place else ""


def _render_notes(view: SourceView, words: SourceTexts) -> str:
    notes = [words.notes[view.note]] if view.note else []
    if view.page_note:
        notes.append(words.page_notes[view.page_note])
    return "".join(f'<p class="note" role="status">{escape(note)}</p>' for note in notes)


# The controls of reading.


def _control(  # noqa: PLR0913 - what a button says and does
    action: str, value: str, sign: str, label: str, *, is_off: bool = False, key: str = ""
) -> str:
    """Render a button of one sign; one that leads nowhere stays where the keyboard is."""
    shortcut = f' aria-keyshortcuts="{key}" data-key="{key}"' if key else ""
    off = ' aria-disabled="true"' if is_off else ""
    return (
        f'<button type="button" data-event="act" data-action="{action}" data-value="{value}"'
        f'{shortcut}{off} title="{escape(label)}" aria-label="{escape(label)}">{sign}</button>'
    )


def _render_switch(view: SourceView, document: Document, words: SourceTexts) -> str:
    if not has_pages(document):
        return ""
    modes = (("text", words.as_text, not view.sheet), ("page", words.as_page, bool(view.sheet)))
    buttons = "".join(
        f'<button type="button" data-event="act" data-action="{action}" data-value="" '
        f'aria-pressed="{str(is_on).lower()}">{escape(name)}</button>'
        for action, name, is_on in modes
    )
    switch = (
        f'<span class="switch" role="group" aria-label="{escape(words.view_as)}">{buttons}</span>'
    )
    return switch + _render_pages(view, words)


def _render_pages(view: SourceView, words: SourceTexts) -> str:
    sheet = view.sheet
    if sheet is None:
        return ""
    number, n_pages = sheet.number, sheet.n_pages
    count = words.nth_page.format(number=number, count=n_pages)
    before = _control(
        "page", str(number - 1), "‹", words.previous_page, is_off=number == 1, key="ArrowLeft"
    )
    after = _control(
        "page", str(number + 1), "›", words.next_page, is_off=number == n_pages, key="ArrowRight"
    )
    return (
        f'<span class="stepper">{before}<span>{escape(count)}</span>{after}</span>'
        f'<button type="button" class="enlarge" data-event="enlarge" aria-pressed="false">'
        f"{escape(words.enlarge)}</button>"
    )


def _render_outline(view: SourceView, document: Document, texts: Texts, words: SourceTexts) -> str:
    outline = outline_document(document)
    at = _looked_at(view, document)
    headings = [
        (heading.span.start, "jump", str(heading.span.start), escape(heading.title), heading.level)
        for heading in outline.headings
    ]
    parts = [
        (
            part.span.start,
            *_leads_to(view, part.kind, part.number, part.span.start),
            describe_places([name_part(part)], texts, isolate=isolate),
            1,
        )
        for part in outline.parts
    ]
    lists = _render_list(words.headings, headings, at) + _render_list(words.parts, parts, at)
    if not lists:
        return ""
    return (
        f'<details class="outline"><summary>{escape(words.outline)}</summary>'
        f'<div class="entries">{lists}</div></details>'
    )


def _leads_to(view: SourceView, kind: PlaceKind, number: int, start: int) -> tuple[str, str]:
    """Return the action and the value that lead to a part."""
    if view.sheet and kind is PlaceKind.PAGE:
        return "page", str(number)
    return "jump", str(start)


def _looked_at(view: SourceView, document: Document) -> int:
    """Return where in the text the reader is."""
    if view.sheet:
        return document.places[view.sheet.number - 1].span.start
    if view.target is Target.JUMP:
        return view.jump
    if view.target is Target.FOUND and view.found and view.found.spans:
        return view.found.spans[view.found.current].start
    if view.target is Target.PLACE and view.citation:
        return view.citation.span.start
    return view.shown.start


def _render_list(label: str, entries: Sequence[tuple[int, str, str, str, int]], at: int) -> str:
    """Render a list of what to jump to, each with its place, action, value, name and level."""
    if len(entries) < 2:
        return ""
    current = find_current([entry[0] for entry in entries], at)
    items = "".join(
        f'<li style="--level:{level - 1}"><button type="button" data-event="act" '
        f'data-action="{action}" data-value="{value}" dir="auto"'
        f"{' aria-current=true' if number == current else ''}>{name}</button></li>"
        for number, (_, action, value, name, level) in enumerate(entries)
    )
    return f"<h3>{escape(label)}</h3><ol>{items}</ol>"


def _render_find(view: SourceView, words: SourceTexts) -> str:
    found = view.found
    typed = found.words if found else ""
    buttons = ""
    if found and found.spans:
        buttons = _control("match", "-1", "↑", words.previous_found) + _control(
            "match", "1", "↓", words.next_found
        )
    return (
        f'<form class="find" role="search" aria-label="{escape(words.find)}" data-event="find">'
        f'<input type="search" name="find" value="{escape(typed)}" autocomplete="off" '
        f'spellcheck="false" maxlength="{MAX_WORDS_CHARS}" placeholder="{escape(words.find)}" '
        f'title="{escape(words.find_hint)}" aria-label="{escape(words.find)}" '
        f'aria-keyshortcuts="/" enterkeyhint="search">'
        f'<output role="status">{_describe_found(view, words)}</output>{buttons}</form>'
    )


def _describe_found(view: SourceView, words: SourceTexts) -> str:
    found = view.found
    if found is None:
        return ""
    if not found.spans:
        return escape(words.found_nothing)
    count = f"{len(found.spans):,}"
    if not found.is_complete:
        count = words.at_least.format(count=count)
    return escape(words.nth_found.format(number=f"{found.current + 1:,}", count=count))
