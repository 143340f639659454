"""Originals: an indexed PDF's file → its pages as pictures, and where words stand on them.

Only the very bytes that were indexed are shown: a file that was edited since would show other words
at the old places. PDFs are strangers' files, so they are drawn and measured in a worker process.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from index.datatypes import Span
from index.errors import DocumentError, UnreadableError
from index.formats.frames import Frame
from index.formats.page_layout import PageLayout, unpack_layout, unpack_picture
from index.formats.registry import Loader
from index.isolation import IsolatedExtractor
from index.loading import FoundFile, hash_bytes, read_bytes
from index.settings import IndexSettings

T = TypeVar("T")  # what is asked of a page

_SECONDS = 10  # that a page may take, and 2 more for each megabyte of its file
_WAIT_S = 30.0  # for the pages that others asked for before
_IDLE_S = 300.0  # after which the worker is ended
_PICTURE = Loader("index.formats.pdf_frames", "frame_picture")
_BOXES = Loader("index.formats.pdf_frames", "frame_boxes")


class ChangedError(DocumentError):
    """Raised when a file no longer holds the bytes that were indexed."""


@dataclass(frozen=True, slots=True)
class Original:
    """The file that a document was read from."""

    documents_dir: Path
    source: str  # relative to it, with /
    sha256: str  # of the bytes that were indexed


class Originals:
    """Reads pages of PDFs, one at a time; safe to use from several threads."""

    def __init__(self, settings: IndexSettings | None = None) -> None:
        """Start nothing yet.

        :param settings: How large a file may be, and how much memory and time a page may take.
        """
        settings = settings or IndexSettings()
        self._max_file_bytes = settings.max_file_bytes
        seconds = min(_SECONDS, settings.max_file_seconds)
        self._worker = IsolatedExtractor(replace(settings, max_file_seconds=seconds))
        self._lock = threading.Lock()
        self._idle: threading.Timer | None = None

    def draw(self, original: Original, number: int) -> bytes:
        """Draw a page.

        :param original: A PDF's.
        :param number: The page's, from 1.
        :return: A PNG (:func:`index.formats.pdf_picture.draw_page`).
        :raises ChangedError: When the file was edited, renamed or removed.
        :raises DocumentError: When it cannot be read or drawn.
        """
        return self._ask(original, _PICTURE, {"number": number - 1}, unpack_picture)

    def find_boxes(
        self, original: Original, number: int, text: str, spans: Sequence[Span]
    ) -> PageLayout:
        """Find where words stand on a page.

        :param original: A PDF's.
        :param number: The page's, from 1.
        :param text: Everything that was extracted from the page.
        :param spans: Of the words in that text.
        :return: The boxes (:func:`index.formats.pdf_boxes.find_boxes`).
        :raises ChangedError: When the file was edited, renamed or removed.
        :raises DocumentError: When it cannot be read.
        """
        asked = [[span.start, span.end] for span in spans]
        arguments = {"number": number - 1, "text": text, "spans": asked}
        return self._ask(original, _BOXES, arguments, unpack_layout)

    def close(self) -> None:
        """End the worker; the next page starts another."""
        with self._lock:
            if self._idle:
                self._idle.cancel()
            self._worker.close()

    def _ask(
        self,
        original: Original,
        loader: Loader,
        arguments: dict[str, object],
        read: Callable[[Frame], T],
    ) -> T:
        data = self._read(original)
        if not self._lock.acquire(timeout=_WAIT_S):
            raise UnreadableError("Other pages are still being drawn; try again.")
        try:
            if self._idle:
                self._idle.cancel()
            return self._worker.run(loader, data, arguments, read)
        finally:
            self._idle = threading.Timer(_IDLE_S, self.close)
            self._idle.daemon = True
            self._idle.start()
            self._lock.release()

    def _read(self, original: Original) -> bytes:
        try:
            root = original.documents_dir.resolve()
            path = (root / original.source).resolve()
        except (OSError, RuntimeError) as exc:  # a circle of links
            raise ChangedError("It cannot be found any more.") from exc
        if not path.is_relative_to(root):
            raise ChangedError("It is not in the documents' folder any more.")
        try:
            data = read_bytes(FoundFile(path, original.source, 0, 0), self._max_file_bytes)
        except UnreadableError as exc:
            raise ChangedError(str(exc)) from exc
        if hash_bytes(data) != original.sha256:
            raise ChangedError("It was edited after it was indexed.")
        return data
