"""Library view: what a visitor's page shows of the lists of documents."""

from dataclasses import dataclass
from enum import StrEnum

from webui.refusals import Refusal


class Deed(StrEnum):
    """What was done to a file."""

    DELETED = "deleted"
    RENAMED = "renamed"
    RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class Note:
    """What is to be said of what a visitor did last."""

    said: Deed | Refusal
    name: str = ""  # of the file, or a refusal's detail
    token: str = ""  # of a deletion, to undo it
    collection: str = ""


@dataclass(frozen=True, slots=True)
class LibraryView:
    """Which part of the lists is shown; replaced as a whole, never changed."""

    wanted: str = ""  # part of the names
    collection: str = ""  # whose list was turned to another page
    page: int = 1
    note: Note | None = None

    def page_of(self, collection: str) -> int:
        """Return which page of a collection's list is shown."""
        return self.page if collection == self.collection else 1


UNTOUCHED = LibraryView()
