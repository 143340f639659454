"""Page images: ``/page-image?doc=…&page=…&hash=…`` → the picture of a page of an indexed PDF.

A route of its own rather than a ``data:`` address in the panel: a picture is a few hundred
kilobytes, which the panel would carry again with every click, and the browser keeps what has an
address. A document is named by its id in the index, never by a path, and its bytes by their hash,
so an address always gives the same picture or none.
"""

import logging
import re
import threading
from collections import OrderedDict
from collections.abc import Sequence

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from index.datatypes import Span
from index.errors import DocumentError, IndexingError
from index.formats.page_layout import PageLayout
from index.originals import ChangedError, Original, Originals
from index.settings import IndexSettings
from rag.federation import Library

logger = logging.getLogger(__name__)

PATH = "/page-image"
_CACHED_BYTES = 32 * 1024 * 1024  # of pictures
_MAX_PAGE = 100_000
_DOC = re.compile(r"[0-9a-f]{16}")
_HASH = re.compile(r"[0-9a-f]{16,64}")
_HEADERS = {
    # The address changes with the bytes; only the browser that was let in may keep it.
    "Cache-Control": "private, max-age=86400, immutable",
    "X-Content-Type-Options": "nosniff",
}


class PageImages:
    """Pictures of pages, of which the latest are kept; safe to use from several threads."""

    def __init__(self, settings: IndexSettings | None = None) -> None:
        """Start nothing yet.

        :param settings: What reading a file may take.
        """
        self._originals = Originals(settings)
        self._kept: OrderedDict[tuple[str, int], bytes] = OrderedDict()
        self._n_bytes = 0
        self._lock = threading.Lock()

    def draw(self, original: Original, number: int) -> bytes:
        """Return a page's picture (:meth:`index.originals.Originals.draw`)."""
        key = (original.sha256, number)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        picture = self._originals.draw(original, number)
        self._keep(key, picture)
        return picture

    def find_boxes(
        self, original: Original, number: int, text: str, spans: Sequence[Span]
    ) -> PageLayout:
        """Find words on a page (:meth:`index.originals.Originals.find_boxes`)."""
        return self._originals.find_boxes(original, number, text, spans)

    def close(self) -> None:
        """End the process that draws."""
        self._originals.close()

    def _keep(self, key: tuple[str, int], picture: bytes) -> None:
        with self._lock:
            self._n_bytes += len(picture) - len(self._kept.pop(key, b""))
            self._kept[key] = picture
            while self._n_bytes > _CACHED_BYTES:
                self._n_bytes -= len(self._kept.popitem(last=False)[1])


def page_image_route(library: Library, images: PageImages) -> Route:
    """Make the route.

    :param library: The documents that may be shown.
    :param images: Draws them.
    :return: To be added to the application.
    """

    async def respond(request: Request) -> Response:
        return await run_in_threadpool(_respond, library, images, request)

    return Route(PATH, respond, methods=["GET"])


def _respond(library: Library, images: PageImages, request: Request) -> Response:
    asked = _read(library, request)
    if asked is None:
        return _refuse(404, "There is no such page.")
    original, number = asked
    try:
        return Response(images.draw(original, number), headers=_HEADERS, media_type="image/png")
    except ChangedError:
        return _refuse(404, "The file is another one now.")
    except DocumentError as exc:
        logger.warning("Page %d of %s cannot be drawn: %s", number, original.source, exc)
        return _refuse(503, "This page cannot be drawn.")


def _read(library: Library, request: Request) -> tuple[Original, int] | None:
    """Find the file and the page that a request names; None when there is none."""
    parts = request.query_params
    doc, page, sha256 = parts.get("doc", ""), parts.get("page", ""), parts.get("hash", "")
    if not (_DOC.fullmatch(doc) and _HASH.fullmatch(sha256) and re.fullmatch("[0-9]{1,6}", page)):
        return None
    for answerer in library.answerers:
        if parts.get("collection", "") not in ("", answerer.collection):
            continue
        try:
            document = answerer.knowledge_base.document(doc)
        except (KeyError, IndexingError):
            continue
        if document.sha256.startswith(sha256) and 1 <= int(page) <= _MAX_PAGE:
            return Original(answerer.documents_dir, document.source, document.sha256), int(page)
    return None


def _refuse(status: int, words: str) -> Response:
    return PlainTextResponse(words, status, {"Cache-Control": "no-store"})
