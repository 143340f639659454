"""Source page: a page of a PDF → its HTML, the picture with boxes laid over it."""

from webui.languages.source import SourceTexts
from webui.rendering import escape, language_of
from webui.source_view import BoxKind, MarkedBox, Sheet, SourceView, Target


def render_page(view: SourceView, sheet: Sheet, words: SourceTexts) -> str:
    """Render a page.

    :param view: What is open.
    :param sheet: The page.
    :param words: The language.
    :return: HTML; for those who do not see the picture it has the boxed words.
    """
    label = words.picture.format(number=sheet.number)
    first = _target(view, sheet)
    boxes = "".join(
        _render_box(box, name=' id="source-box"' if box is first else "") for box in sheet.boxes
    )
    return (
        f'<div class="source-page" role="region" tabindex="0" aria-label="{escape(label)}">'
        f'<figure style="aspect-ratio: {sheet.width:.2f} / {sheet.height:.2f}" '
        f'data-failed="{escape(words.no_picture)}">'
        f'<img src="{escape(sheet.address)}" alt="{escape(label)}" decoding="async" '
        f'draggable="false">{boxes}</figure>{_render_words(view, sheet, words)}</div>'
    )


def find_target(view: SourceView, sheet: Sheet) -> str:
    """Name what the page is to be scrolled to, as a CSS selector."""
    return "#source-box" if _target(view, sheet) else ""


def _target(view: SourceView, sheet: Sheet) -> MarkedBox | None:
    wanted = {
        Target.PLACE: (BoxKind.WORDS, BoxKind.QUOTE),
        Target.FOUND: (BoxKind.CURRENT,),
    }.get(view.target, ())
    boxes = (box for kind in wanted for box in sheet.boxes if box.kind is kind)
    return next(boxes, None)


def _render_box(marked: MarkedBox, name: str) -> str:
    box = marked.box
    left, top = 100 * box.left, 100 * box.top
    width, height = 100 * (box.right - box.left), 100 * (box.bottom - box.top)
    return (
        f'<span class="box {marked.kind.value}"{name} style="left:{left:.3f}%;top:{top:.3f}%;'
        f'width:{width:.3f}%;height:{height:.3f}%"></span>'
    )


def _render_words(view: SourceView, sheet: Sheet, words: SourceTexts) -> str:
    citation = view.citation
    if citation is None or not sheet.boxes:
        return ""
    quote = citation.quote
    said = escape(words.boxed.format(words=quote))
    return f'<p class="unseen" lang="{language_of(quote)}">{said}</p>'
