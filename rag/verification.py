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
    UNREADABLE = "unreadable"  # the file cannot be read here, so nothing can be said


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
    """What has become of the files that an answer was not found in; names are sorted."""

    is_same: bool  # the same contents are there and no others
    n_then: int
    n_now: int
    added: tuple[str, ...] = ()  # these three are () when the receipt does not list the files
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verification:
    """What has become of all that a receipt says."""

    citations: tuple[CitationCheck, ...]
    searched: SearchedCheck | None  # None when there are citations
    problems: tuple[Problem, ...]  # files that were to be read and could not be

    @property
    def is_complete(self) -> bool:
        """Tell whether everything could be looked at."""
        unknown = any(check.outcome is Outcome.UNREADABLE for check in self.citations)
        return not unknown and not (self.searched and not self.searched.is_same and self.problems)

    @property
    def stands(self) -> bool:
        """Tell whether every quote is still there, and for an answer not found every file."""
        is_same = self.searched is None or self.searched.is_same
        return is_same and all(check.stands for check in self.citations)

    def to_dict(self) -> dict[str, Any]:
        """Return the verification as JSON-ready values."""
        return {
            "stands": self.stands,
            "complete": self.is_complete,
            "citations": [check.to_dict() for check in self.citations],
            "searched": asdict(self.searched) if self.searched else None,
            "problems": [asdict(problem) for problem in self.problems],
        }
