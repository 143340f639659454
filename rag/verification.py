"""The records of a receipt's verification: what has become of each quote."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from index.datatypes import Problem
from rag.datatypes import Citation


class Outcome(StrEnum):
    """What has become of a quote."""

    UNCHANGED = "unchanged"  # the file has the same bytes, the place still gives the quote
    MOVED = "moved"  # the quote stands, but elsewhere or in a file that was edited
    CHANGED = "changed"  # the file is there, the quote is not
    GONE = "gone"  # there is neither the file nor the quote
    UNREADABLE = "unreadable"  # the file or its folder is not at hand, so nothing can be said


class Access(StrEnum):
    """Whether a collection's folder is at hand."""

    CHECKED = "checked"
    UNKNOWN = "unknown"  # no collection of its name was given to check
    NO_FOLDER = "no_folder"  # there is one, but its folder is gone


@dataclass(frozen=True, slots=True)
class CitationCheck:
    """What has become of one citation."""

    citation: Citation  # as it was
    outcome: Outcome
    found: Citation | None = None  # as it is now; None unless unchanged or moved
    has_same_bytes: bool = False  # the file that it was found in
    has_same_text: bool = False  # that file's decoded text
    has_same_context: bool = False  # the 32 characters before and after the quote
    closest: Citation | None = None  # most like it in a file that changed, if anything is
    reason: str = ""  # why the file could not be read, one sentence

    @property
    def stands(self) -> bool:
        """Tell whether the quote is still in the documents."""
        return self.found is not None

    def to_dict(self) -> dict[str, Any]:
        """Return the check as JSON-ready values."""
        return {
            "outcome": self.outcome.value,
            "citation": self.citation.to_dict(),
            "found": self.found.to_dict() if self.found else None,
            "same_bytes": self.has_same_bytes,
            "same_text": self.has_same_text,
            "same_context": self.has_same_context,
            "closest": self.closest.to_dict() if self.closest else None,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class SearchedCheck:
    """What has become of a collection's files, none of which had the answer; names are sorted."""

    is_same: bool  # the same contents are there and no others
    n_then: int
    n_now: int
    added: tuple[str, ...] = ()  # these three are () when the receipt does not list the files
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CollectionCheck:
    """What has become of a collection, or of a folder without a name."""

    collection: str  # its name in the receipt
    access: Access
    folder: str = ""  # where it is, or should be; "" when that is not known
    searched: SearchedCheck | None = None  # None when there are citations, or it was not checked
    problems: tuple[Problem, ...] = ()  # files that were to be read and could not be

    @property
    def is_complete(self) -> bool:
        """Tell whether everything in it could be looked at."""
        differs = self.searched is not None and not self.searched.is_same
        return self.access is Access.CHECKED and not (differs and self.problems)

    @property
    def stands(self) -> bool:
        """Tell whether it is at hand, and for an answer not found every file the same."""
        is_same = self.searched is None or self.searched.is_same
        return self.access is Access.CHECKED and is_same

    def to_dict(self) -> dict[str, Any]:
        """Return the check as JSON-ready values."""
        return {
            "collection": self.collection,
            "access": self.access.value,
            "folder": self.folder,
            "searched": asdict(self.searched) if self.searched else None,
            "problems": [asdict(problem) for problem in self.problems],
        }


@dataclass(frozen=True, slots=True)
class Verification:
    """What has become of all that a receipt says."""

    citations: tuple[CitationCheck, ...]
    collections: tuple[CollectionCheck, ...]  # that are cited; for an answer not found, all

    @property
    def is_complete(self) -> bool:
        """Tell whether everything could be looked at."""
        unknown = any(check.outcome is Outcome.UNREADABLE for check in self.citations)
        return not unknown and all(check.is_complete for check in self.collections)

    @property
    def stands(self) -> bool:
        """Tell whether every quote is still there, and for an answer not found every file."""
        return all(check.stands for check in self.citations) and all(
            check.stands for check in self.collections
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the verification as JSON-ready values."""
        return {
            "stands": self.stands,
            "complete": self.is_complete,
            "citations": [check.to_dict() for check in self.citations],
            "collections": [check.to_dict() for check in self.collections],
        }
