"""Receipt folder: the documents' files as they are now, read anew, each failure remembered."""

from collections.abc import Callable
from pathlib import PurePosixPath

from index.datatypes import Document, Problem
from index.errors import DocumentError
from index.formats.extraction import Extraction
from index.formats.registry import Loader
from index.loading import FoundFile, Scan, hash_bytes, load_document, printable, read_bytes
from rag.receipt_file import is_receipt


class Folder:
    """The files that a walk has found."""

    def __init__(
        self, scan: Scan, max_file_bytes: int, extract: Callable[[Loader, bytes], Extraction]
    ) -> None:
        """Take over what the walk found; nothing is read yet.

        :param scan: Of the folder.
        :param max_file_bytes: No more are read of a file.
        :param extract: Runs a format's loader.
        """
        self.files = {file.source: file for file in scan.files}  # by source
        self._passed_over = {problem.source: problem.message for problem in scan.problems}
        self._failed: dict[str, str] = {}
        self._max_file_bytes = max_file_bytes
        self._extract = extract
        self._hashes: dict[str, str] = {}

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The files that could not be read when they were to be, by source."""
        return tuple(Problem(printable(at), why) for at, why in sorted(self._failed.items()))

    def why_missing(self, source: str) -> str:
        """Say why a file was not found although it may be there.

        :param source: The file.
        :return: The reason; "" when the walk met nothing of that name.
        """
        if reason := self._passed_over.get(printable(source)):
            return reason
        # The walk names a folder that it may not list, without its path.
        around = PurePosixPath(source).parts[:-1]
        return next(filter(None, (self._passed_over.get(printable(at)) for at in around)), "")

    def is_passed_over(self, source: str) -> bool:
        """Tell whether a file may be there but cannot be read, and remember why.

        :param source: A file that was not found.
        """
        if reason := self.why_missing(source):
            self._failed[source] = reason
        return bool(reason)

    def of_size(self, size: int) -> list[FoundFile]:
        """Return the files of so many bytes."""
        return [file for file in self.files.values() if file.size == size]

    def read(self, file: FoundFile) -> bytes:
        """Read a file's bytes.

        :param file: One of the files.
        :return: All bytes.
        :raises UnreadableError: When the system refuses.
        """
        try:
            data = read_bytes(file, self._max_file_bytes)
        except DocumentError as exc:
            self._failed[file.source] = str(exc)
            raise
        self._hashes[file.source] = hash_bytes(data)
        return data

    def extract(self, file: FoundFile, data: bytes) -> Document:
        """Read a document from a file's bytes.

        :param file: One of the files.
        :param data: Its bytes.
        :return: The document.
        :raises DocumentError: When there is none in them.
        """
        try:
            return load_document(file, data, self._extract).document
        except DocumentError as exc:
            self._failed[file.source] = str(exc)
            raise

    def document(self, file: FoundFile) -> Document | None:
        """Read a document to look for quotes in.

        :param file: One of the files.
        :return: The document; None when it cannot be read, or is a receipt and so no evidence.
        """
        if file.source in self._failed:
            return None
        try:
            data = self.read(file)
            return None if is_receipt(data) else self.extract(file, data)
        except DocumentError:
            return None

    def sha256(self, file: FoundFile) -> str:
        """Return the hash of a file's bytes, "" when they cannot be read."""
        if file.source not in self._hashes and file.source not in self._failed:
            try:
                self.read(file)
            except DocumentError:
                return ""
        return self._hashes.get(file.source, "")
