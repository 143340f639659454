"""History: the conversations of each user ↔ ``user.sqlite``, which no rebuild ever touches.

Everything is asked for by user, so that nobody reads, renames or deletes what is another's. A
deleted conversation can be brought back for an hour, then its bytes are overwritten.
"""

import json
import logging
import re
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from index.normalization import fold_text
from webui.datatypes import Turn
from webui.history_records import (
    SCHEMA,
    SCHEMA_VERSION,
    TURN_COLUMNS,
    Conversation,
    HistoryError,
    KeptTurn,
    make_turn,
)
from webui.user_database import clear_database_errors, connect, user_database_path

logger = logging.getLogger(__name__)

MAX_TITLE_CHARS = 80
MAX_TURNS = 500  # kept of a conversation; the oldest go first
MAX_CONVERSATIONS = 2000  # kept of a user; those not used for longest go first
_MAX_WANTED_CHARS = 100
_MAX_SEARCHED_CHARS = 4000  # of a turn
_UNDO_S = 3600.0
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_UNKEPT = re.compile("[\x00\ud800-\udfff]")  # SQLite's texts end at a null character
_LISTED = """
SELECT id, title, created, updated, (SELECT count(*) FROM turns WHERE conversation = c.id)
FROM conversations AS c WHERE user = ? AND deleted IS NULL
"""
_FOUND = """
AND (instr(fold(title), ?) OR EXISTS (
    SELECT 1 FROM turns WHERE conversation = c.id AND instr(searched, ?)))
"""


class History:
    """The conversations of all users; safe to use from several threads and processes."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        """Open the database, or make it. A damaged one is set aside and a new one begun.

        :param clock: Seconds since the epoch.
        :raises HistoryError: When it cannot be opened, or is of a newer version.
        """
        self._clock = clock
        self._lock = threading.Lock()
        self.is_closed = False
        self.set_aside = ""  # the name that a damaged database got
        try:
            self._connection = connect(SCHEMA)
        except OSError as exc:
            if getattr(exc.__cause__, "sqlite_errorcode", None) not in _DAMAGED:
                raise HistoryError(str(exc)) from exc
            self.set_aside = _set_aside()
            self._connection = connect(SCHEMA)
        self._connection.create_function("fold", 1, fold_text, deterministic=True)
        self._check_version()
        self._purge()

    def close(self) -> None:
        """Close the database."""
        self.is_closed = True
        with self._lock:
            self._connection.close()

    def now(self) -> float:
        """Return the time that is kept with what is kept now, in seconds since the epoch."""
        return self._clock()

    def keep(self, user: str, conversation: str, turn: Turn, *, collection: str = "") -> bool:
        """Keep an answered turn at the end of a conversation, once.

        :param user: Whose it is; "" where nobody logs in.
        :param conversation: Its id; the first turn begins it, and one that was deleted comes back.
        :param turn: The turn, answered.
        :param collection: The collection that was asked.
        :return: Whether it was kept now; not when it was before, or the conversation is another's.
        :raises HistoryError: When it cannot be written.
        """
        if turn.answer is None:
            return False
        body = turn.answer.to_dict()
        said = [body["question"], body["interpreted"], *turn.answer.items]
        searched = fold_text("\n".join(dict.fromkeys(said)))[:_MAX_SEARCHED_CHARS]
        with self.writing() as database:
            if not self._touch(database, user, conversation, body["question"]):
                return False
            cursor = database.execute(
                "INSERT OR IGNORE INTO turns (conversation, key, asked, question, interpreted, "
                "answer, receipt, collection, searched) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    conversation,
                    turn.key,
                    self._clock(),
                    clean(body["question"]),
                    clean(body["interpreted"]),
                    _to_json(body),
                    _to_json(turn.receipt) if turn.receipt else None,
                    collection,
                    clean(searched),
                ),
            )
            database.execute(
                "DELETE FROM turns WHERE conversation = ? AND id NOT IN "
                "(SELECT id FROM turns WHERE conversation = ? ORDER BY id DESC LIMIT ?)",
                (conversation, conversation, MAX_TURNS),
            )
            return cursor.rowcount == 1

    def conversations(
        self, user: str, wanted: str = "", *, limit: int = 100
    ) -> tuple[Conversation, ...]:
        """List a user's conversations, the last used first.

        :param user: Whose.
        :param wanted: Words that the title, a question or an answer must hold, in any spelling.
        :param limit: At most so many.
        :raises HistoryError: When they cannot be read.
        """
        folded = fold_text(wanted.strip()[:_MAX_WANTED_CHARS])
        with self.reading() as database:
            rows = database.execute(
                f"{_LISTED} {_FOUND if folded else ''} ORDER BY updated DESC, id LIMIT ?",
                (user, *((folded, folded) if folded else ()), limit),
            ).fetchall()
        return tuple(Conversation(*row) for row in rows)

    def find(self, user: str, conversation: str) -> Conversation | None:
        """Return a user's conversation; None when there is none of that id, or it is another's.

        :raises HistoryError: When it cannot be read.
        """
        with self.reading() as database:
            row = database.execute(f"{_LISTED} AND id = ?", (user, conversation)).fetchone()
        return Conversation(*row) if row else None

    def read(self, user: str, conversation: str, *, last: int = MAX_TURNS) -> Sequence[KeptTurn]:
        """Return the turns of a user's conversation, oldest first.

        :param user: Whose.
        :param conversation: Its id.
        :param last: Only so many of the last ones.
        :return: The turns; none when the conversation is deleted, not there, or another's.
        :raises HistoryError: When they cannot be read.
        """
        with self.reading() as database:
            rows = database.execute(
                f"SELECT {TURN_COLUMNS} FROM turns WHERE conversation = "
                "(SELECT id FROM conversations WHERE id = ? AND user = ? AND deleted IS NULL) "
                "ORDER BY id DESC LIMIT ?",
                (conversation, user, last),
            ).fetchall()
        return tuple(make_turn(row) for row in reversed(rows))

    def rename(self, user: str, conversation: str, title: str) -> bool:
        """Give a conversation another title.

        :param user: Whose.
        :param conversation: Its id.
        :param title: Made one line and cut to what is kept; nothing changes when it is empty.
        :return: Whether it was done.
        :raises HistoryError: When it cannot be written.
        """
        title = _to_title(title)
        if not title:
            return False
        return self._change("title = ?", (title,), user, conversation, "deleted IS NULL")

    def delete(self, user: str, conversation: str) -> bool:
        """Delete a conversation; for an hour it can be brought back.

        :return: Whether there was one.
        :raises HistoryError: When it cannot be written.
        """
        self._purge()
        now = (self._clock(),)
        return self._change("deleted = ?", now, user, conversation, "deleted IS NULL")

    def restore(self, user: str, conversation: str) -> bool:
        """Bring a deleted conversation back.

        :return: Whether it was still there.
        :raises HistoryError: When it cannot be written.
        """
        return self._change("deleted = NULL", (), user, conversation, "deleted IS NOT NULL")

    def _touch(
        self, database: sqlite3.Connection, user: str, conversation: str, question: str
    ) -> bool:
        """Make sure that a conversation is there and theirs; tell whether it is."""
        now = self._clock()
        begun = database.execute(
            "INSERT OR IGNORE INTO conversations VALUES (?, ?, ?, ?, ?, NULL)",
            (conversation, user, _to_title(question) or "…", now, now),
        )
        if begun.rowcount:
            database.execute(
                "DELETE FROM conversations WHERE user = ? AND id NOT IN "
                "(SELECT id FROM conversations WHERE user = ? ORDER BY updated DESC LIMIT ?)",
                (user, user, MAX_CONVERSATIONS),
            )
        touched = database.execute(
            "UPDATE conversations SET updated = ?, deleted = NULL WHERE id = ? AND user = ?",
            (now, conversation, user),
        )
        return touched.rowcount == 1

    def _change(
        self, change: str, values: tuple[object, ...], user: str, conversation: str, state: str
    ) -> bool:
        with self.writing() as database:
            cursor = database.execute(
                f"UPDATE conversations SET {change} WHERE id = ? AND user = ? AND {state}",
                (*values, conversation, user),
            )
            return cursor.rowcount == 1

    def _purge(self) -> None:
        with self.writing() as database:
            database.execute(
                "DELETE FROM conversations WHERE deleted < ?", (self._clock() - _UNDO_S,)
            )

    def _check_version(self) -> None:
        with self.reading() as database:
            row = database.execute(
                "SELECT version FROM schema_versions WHERE part = 'history'"
            ).fetchone()
        if row[0] > SCHEMA_VERSION:
            self._connection.close()
            raise HistoryError(
                f"The history in {user_database_path()} was written by a newer yiju (version "
                f"{row[0]}; this one reads version {SCHEMA_VERSION}). Install a newer yiju."
            )

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend the database for reading.

        :raises HistoryError: When it cannot be read.
        """
        with self._lock, _history_errors():
            yield self._connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Lend the database for writing; all is done, or nothing where that fails.

        :raises HistoryError: When it cannot be written.
        """
        with self.reading() as database:
            database.execute("BEGIN IMMEDIATE")
            is_done = False
            try:
                yield database
                is_done = True
            finally:
                database.execute("COMMIT" if is_done else "ROLLBACK")


@contextmanager
def _history_errors() -> Iterator[None]:
    try:
        with clear_database_errors():
            yield
    except OSError as exc:
        raise HistoryError(str(exc)) from exc


def _set_aside() -> str:
    """Move a database that cannot be read out of the way, with what SQLite keeps beside it."""
    path = user_database_path()
    name = f"{path.name}.damaged-{secrets.token_hex(4)}"
    try:
        for ending in ("", "-wal", "-shm"):
            part = path.with_name(path.name + ending)
            if part.exists():
                part.rename(path.with_name(name + ending))
    except OSError as exc:
        raise HistoryError(f"{path} is damaged and cannot be set aside: {exc.strerror}.") from exc
    logger.error("%s was damaged and is now %s; a new one is begun", path, name)
    return name


def _to_title(text: str) -> str:
    return clean(" ".join(text.split()))[:MAX_TITLE_CHARS].strip()


def clean(text: str) -> str:
    """Replace what no text of the database can hold."""
    return _UNKEPT.sub("\ufffd", text)


def _to_json(body: object) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))
