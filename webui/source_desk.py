"""Desk: clicks and addresses → what the source panel shows next; holds nothing of any visitor."""

import itertools
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from index.datatypes import Document, Span
from index.errors import IndexingError
from index.store import ChunkStore
from rag import Answerer
from rag.federation import Library
from webui.datatypes import Turn
from webui.page_image import PageImages
from webui.source_find import find_words
from webui.source_link import HASH_DIGITS, Link, read_link
from webui.source_opening import Place, find_linked_place, find_place, find_shelf, read_reference
from webui.source_sheet import lay_sheet, page_at
from webui.source_view import Note, SourceView, Target
from webui.source_window import show_after, show_around, show_before

logger = logging.getLogger(__name__)


class SourceDesk:
    """Opens documents of a library at their places."""

    def __init__(self, library: Library, images: PageImages) -> None:
        """Join what is opened from.

        :param library: The documents.
        :param images: Their pages as pictures.
        """
        self._library = library
        self._images = images
        self._openings = itertools.count(1)
        self._actions: Mapping[str, Callable[[SourceView, Document, str], SourceView]] = {
            "step": self._step,
            "page": self._turn_to,
            "text": self._read_text,
            "find": self._find,
            "match": self._go_to_match,
            "jump": self._jump,
            "earlier": self._go_up,
            "later": self._go_down,
        }

    def open(self, turns: Sequence[Turn], data: object) -> SourceView:
        """Open what a click names: a citation of the conversation, or a document of the list.

        :param turns: The visitor's conversation.
        :param data: What the browser sent; anything.
        :return: The view, with a note when there is nothing to show.
        """
        reference = read_reference(data)
        if reference and (shelf := find_shelf(turns, reference)):
            return self._open_citation(SourceView(0, shelf=shelf), reference.index)
        fields = data if isinstance(data, dict) else {}
        doc_id, collection = fields.get("document"), fields.get("collection", "")
        if not isinstance(doc_id, str) or not isinstance(collection, str):
            return SourceView(next(self._openings), note=Note.STALE_LINK)
        return self._open_link(Link(doc_id, collection=collection))

    def follow(self, parts: object) -> SourceView:
        """Open what an address names.

        :param parts: Of its query; anything.
        :return: The view, with a note when there is nothing to show.
        """
        link = read_link(parts)
        if link is None:
            return SourceView(next(self._openings), note=Note.STALE_LINK)
        return self._open_link(link)

    def act(self, view: SourceView | None, data: object) -> SourceView | None:
        """Do what a control of the panel asks for.

        :param view: What is open.
        :param data: What the browser sent: the action and its value; anything.
        :return: The next view; None when that makes no sense, so nothing is to change.
        """
        if view is None or view.document is None or not isinstance(data, dict):
            return None
        action, value = data.get("action"), data.get("value")
        if not isinstance(action, str) or not isinstance(value, str) or action not in self._actions:
            return None
        try:
            changed = self._actions[action](view, view.document, value)
        except (ValueError, OverflowError):  # the value is no number of this document
            return None
        return replace(changed, opened=next(self._openings))

    # What is opened.

    def _open_citation(self, before: SourceView, at: int) -> SourceView:
        citation = before.shelf[at]
        opened = SourceView(
            next(self._openings),
            collection=citation.collection,
            shelf=before.shelf,
            at=at,
            wants_page=before.wants_page,
        )
        held = self._find_named(Link(citation.source, collection=citation.collection))
        if held is None:
            return replace(opened, note=Note.GONE)
        return self._show_found(opened, held, find_place(citation, held.document))

    def _open_link(self, link: Link) -> SourceView:
        opened = SourceView(next(self._openings))
        named = self._find_named(link)
        held = named or self._find_same(link)
        if held is None:
            return replace(opened, note=Note.GONE)
        place = find_linked_place(link, held.document, is_renamed=named is None)
        return self._show_found(opened, held, place)

    def _find_named(self, link: Link) -> "_Held | None":
        """Find the document of a link's name; there may be one in each collection."""
        for answerer in self._answerers(link.collection):
            for find in (lambda _: link.doc, lambda files: files.doc_id_of(link.doc)):
                if held := _hold(answerer, find):
                    return held
        return None

    def _find_same(self, link: Link) -> "_Held | None":
        """Find a document of the very bytes that a link names, under whatever name."""
        if len(link.sha256) < HASH_DIGITS:
            return None
        for answerer in self._answerers(link.collection):
            if held := _hold(answerer, lambda files: files.doc_id_with_hash(link.sha256)):
                return held
        return None

    def _answerers(self, collection: str) -> list[Answerer]:
        answerers = self._library.answerers
        return [one for one in answerers if collection in ("", one.collection)]

    # What is shown of it.

    def _show_found(self, opened: SourceView, held: "_Held", place: Place) -> SourceView:
        view = replace(
            opened,
            document=held.document,
            collection=held.answerer.collection,
            citation=place.citation,
            note=place.note,
        )
        return self._show_place(view, held.document)

    def _show_place(self, view: SourceView, document: Document) -> SourceView:
        citation = view.citation
        at = (citation.highlight or citation.span) if citation else Span(0, 0)
        return self._show(view, document, at, Target.PLACE)

    def _show(self, view: SourceView, document: Document, at: Span, target: Target) -> SourceView:
        """Show the page or the part of the text that a place is on."""
        shown = show_around(document.text, at)
        placed = replace(view, shown=shown, target=target, sheet=None, page_note=None)
        number = page_at(document, at.start) if view.wants_page else 0
        return self._show_page(placed, document, number) if number else placed

    def _show_page(self, view: SourceView, document: Document, number: int) -> SourceView:
        answerers = self._answerers(view.collection)
        if not answerers:  # the collection cannot be searched any more
            return view
        return lay_sheet(view, document, number, answerer=answerers[0], images=self._images)

    # What a control does.

    def _step(self, view: SourceView, _: Document, value: str) -> SourceView:
        at = view.at + int(value)
        if not 0 <= at < len(view.shelf):
            raise ValueError("no such citation")
        return self._open_citation(view, at)

    def _turn_to(self, view: SourceView, document: Document, value: str) -> SourceView:
        wanted = replace(view, wants_page=True, page_note=None)
        if value:
            return self._show_page(replace(wanted, target=Target.START), document, int(value))
        return self._show_place(wanted, document)

    def _read_text(self, view: SourceView, document: Document, _: str) -> SourceView:
        wanted = replace(view, wants_page=False)
        if view.sheet is None:
            return self._show_place(wanted, document)
        page = document.places[view.sheet.number - 1].span
        citation = view.citation
        if citation and page.start <= citation.span.start < page.end:
            return self._show_place(wanted, document)
        return self._show(replace(wanted, jump=page.start), document, page, Target.JUMP)

    def _find(self, view: SourceView, document: Document, value: str) -> SourceView:
        if not value.strip():
            return replace(view, found=None)
        found = find_words(document.text, value)
        start = view.citation.span.start if view.citation else 0
        first = next((at for at, span in enumerate(found.spans) if span.start >= start), 0)
        looking = replace(view, found=replace(found, current=first))
        if not found.spans:
            return looking
        return self._show(looking, document, found.spans[first], Target.FOUND)

    def _go_to_match(self, view: SourceView, document: Document, value: str) -> SourceView:
        found = view.found
        if found is None or not found.spans:
            raise ValueError("nothing was found")
        current = (found.current + int(value)) % len(found.spans)
        looking = replace(view, found=replace(found, current=current))
        return self._show(looking, document, found.spans[current], Target.FOUND)

    def _jump(self, view: SourceView, document: Document, value: str) -> SourceView:
        at = int(value)
        if not 0 <= at <= len(document.text):
            raise ValueError("no such place")
        return self._show(replace(view, jump=at), document, Span(at, at), Target.JUMP)

    def _go_up(self, view: SourceView, document: Document, _: str) -> SourceView:
        shown = show_before(document.text, view.shown)
        return replace(view, shown=shown, target=Target.END)

    def _go_down(self, view: SourceView, document: Document, _: str) -> SourceView:
        shown = show_after(document.text, view.shown)
        return replace(view, shown=shown, target=Target.START)


@dataclass(frozen=True, slots=True)
class _Held:
    """A document with what holds it."""

    answerer: Answerer
    document: Document


def _hold(answerer: Answerer, find: Callable[[ChunkStore], str]) -> _Held | None:
    knowledge_base = answerer.knowledge_base
    try:
        return _Held(answerer, knowledge_base.document(find(knowledge_base.files)))
    except KeyError:
        return None
    except IndexingError as exc:
        logger.warning("A document cannot be opened: %s", exc)
        return None
