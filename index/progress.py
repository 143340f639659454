"""Progress: what a build tells whoever waits for it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Stage(StrEnum):
    """The parts of a build, in order."""

    WAIT = "wait"  # for another build to end
    READ = "read"
    ENCODE = "encode"
    DENSE = "dense"
    LEXICAL = "lexical"
    PUBLISH = "publish"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a build has come."""

    stage: Stage
    done: int
    total: int
    name: str = ""  # the file at hand; of a wait, who is waited for


class ProgressCallback(Protocol):
    """Is told of progress; an exception from it stops the build and leaves the old index."""

    def __call__(self, progress: Progress, /) -> None:
        """Receive one report."""
        ...
