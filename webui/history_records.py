"""The records of the history, and the tables that hold them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

SCHEMA_VERSION = 1
SCHEMA = """
PRAGMA secure_delete = ON;
CREATE TABLE IF NOT EXISTS schema_versions (
    part TEXT PRIMARY KEY,
    version INTEGER NOT NULL
) STRICT;
INSERT OR IGNORE INTO schema_versions VALUES ('history', 1);
CREATE TABLE IF NOT EXISTS conversations (
    id TEXT PRIMARY KEY,
    user TEXT NOT NULL,
    title TEXT NOT NULL,
    created REAL NOT NULL,
    updated REAL NOT NULL,
    deleted REAL
) STRICT;
CREATE INDEX IF NOT EXISTS conversations_by_user ON conversations (user, deleted, updated);
CREATE TABLE IF NOT EXISTS turns (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation TEXT NOT NULL REFERENCES conversations ON DELETE CASCADE,
    key TEXT NOT NULL,
    asked REAL NOT NULL,
    question TEXT NOT NULL,
    interpreted TEXT NOT NULL,
    answer TEXT NOT NULL,
    receipt TEXT,
    collection TEXT NOT NULL,
    verdict TEXT NOT NULL DEFAULT '',
    comment TEXT NOT NULL DEFAULT '',
    fault TEXT NOT NULL DEFAULT '',
    expected TEXT NOT NULL DEFAULT '',
    judged REAL,
    folders TEXT,
    recheck TEXT,
    searched TEXT NOT NULL,
    UNIQUE (conversation, key)
) STRICT;
CREATE INDEX IF NOT EXISTS turns_by_conversation ON turns (conversation, id);
CREATE INDEX IF NOT EXISTS judged_turns ON turns (judged) WHERE verdict != '';
"""


class HistoryError(OSError):
    """Raised when the history cannot be read or written."""


class Verdict(StrEnum):
    """What somebody thinks of an answer."""

    NONE = ""
    GOOD = "good"
    BAD = "bad"


class Fault(StrEnum):
    """What is wrong with an answer."""

    NONE = ""
    WRONG = "wrong"  # other words are the answer, or at least not these
    MISSING = "missing"  # something should have been found
    UNWARRANTED = "unwarranted"  # nothing should have been found


@dataclass(frozen=True, slots=True)
class Judgement:
    """What somebody thinks of an answer, and why."""

    verdict: Verdict = Verdict.NONE
    comment: str = ""
    fault: Fault = Fault.NONE  # of a bad answer
    expected: str = ""  # the right words, where they are known


@dataclass(frozen=True, slots=True)
class Conversation:
    """A kept conversation, without its turns."""

    id: str  # random; not to be guessed
    title: str
    created: float  # seconds since the epoch
    updated: float
    n_turns: int


@dataclass(frozen=True, slots=True)
class KeptTurn:
    """A kept question with its answer."""

    key: str  # random; names the turn in its conversation
    asked: float  # seconds since the epoch
    question: str
    interpreted: str
    answer: dict[str, Any]  # as every interface gives it
    receipt: dict[str, Any] | None  # as its file holds it; None when none could be made
    collection: str
    judgement: Judgement


TURN_COLUMNS = (
    "key, asked, question, interpreted, answer, receipt, collection, "
    "verdict, comment, fault, expected"
)


def make_turn(row: Sequence[Any]) -> KeptTurn:
    """Make a turn of the columns of its row, in the order of its fields."""
    key, asked, question, interpreted, answer, receipt, collection, *judged = row
    verdict, comment, fault, expected = judged
    return KeptTurn(
        key,
        asked,
        question,
        interpreted,
        json.loads(answer),
        json.loads(receipt) if receipt else None,
        collection,
        Judgement(Verdict(verdict), comment, Fault(fault), expected),
    )
