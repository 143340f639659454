"""Refusals: why an operation on a folder of documents was not done."""

from enum import StrEnum


class Refusal(StrEnum):
    """The reasons; each has a sentence in every language."""

    GONE = "gone"  # renamed or deleted meanwhile
    CHANGED = "changed"  # another file than the one that was seen
    TAKEN = "taken"  # detail: the name
    NAME = "name"
    HIDDEN = "hidden"  # a name that no index looks at
    FORMAT = "format"
    LARGE = "large"  # detail: the limit in bytes
    EMPTY = "empty"
    LINK = "link"  # a link, or beyond one
    READ_ONLY = "read-only"
    FULL = "full"
    BUSY = "busy"
    EXPIRED = "expired"  # deleted for good
    NO_FOLDER = "no-folder"
    CUT_OFF = "cut-off"  # an upload that did not come whole
    SYSTEM = "system"  # detail: the system's own words


class LibraryError(Exception):
    """Raised when an operation is not done; the folder is as it was."""

    def __init__(self, refusal: Refusal, detail: str = "") -> None:
        """Say why.

        :param refusal: The reason.
        :param detail: What it is about; never a place of this machine.
        """
        super().__init__(f"{refusal.value}: {detail}" if detail else refusal.value)
        self.refusal = refusal
        self.detail = detail
