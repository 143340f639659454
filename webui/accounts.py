"""Accounts: names and passwords → who somebody is; sessions of browsers and tokens of programs.

Passwords are hashed with Argon2id (RFC 9106, by argon2-cffi with the parameters it recommends);
session and program tokens are 256 random bits, so their plain SHA-256 is stored.
"""

import hashlib
import re
import secrets
import sqlite3
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from webui.user_database import clear_database_errors, connect

MIN_PASSWORD_CHARS = 10
MAX_PASSWORD_CHARS = 1024
_NAME = re.compile(r"[\w.@+-]{1,64}")
_SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts (
    name TEXT PRIMARY KEY,
    password TEXT NOT NULL,
    created REAL NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS account_tokens (
    digest BLOB PRIMARY KEY,
    name TEXT NOT NULL UNIQUE REFERENCES accounts ON DELETE CASCADE,
    created REAL NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS account_sessions (
    digest BLOB PRIMARY KEY,
    name TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE,
    created REAL NOT NULL,
    seen REAL NOT NULL
) STRICT;
"""
_NOTED_S = 60.0  # between two notes that a session is in use


class Refusal(StrEnum):
    """Why something cannot be done with an account."""

    NAME = "name"  # it cannot be one
    PASSWORD = "password"  # it is too short or too long
    TAKEN = "taken"
    UNKNOWN = "unknown"
    NO_TOKEN = "no_token"


class AccountError(ValueError):
    """Something that cannot be done with an account."""

    def __init__(self, refusal: Refusal, name: str = "") -> None:
        """Say what.

        :param refusal: The reason.
        :param name: Of the account.
        """
        super().__init__(f"{refusal.value}: {name}")
        self.refusal = refusal
        self.name = name


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may log in."""

    name: str
    created: float  # seconds since the epoch
    has_token: bool


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """How long a session lasts."""

    idle_s: float = 12 * 3600.0
    longest_s: float = 7 * 24 * 3600.0


class Accounts:
    """The accounts of this machine's user; safe to use from several threads and processes."""

    def __init__(
        self,
        limits: SessionLimits | None = None,
        *,
        hasher: PasswordHasher | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Open the accounts.

        :param limits: How long sessions last.
        :param hasher: Hashes passwords; as argon2-cffi recommends when None.
        :param clock: Seconds since the epoch.
        :raises OSError: When they cannot be opened.
        """
        self._limits = limits or SessionLimits()
        self._clock = clock
        self._connection = connect(_SCHEMA)
        self._lock = threading.Lock()
        self._hasher = hasher or PasswordHasher()
        self._hashing = threading.Semaphore(2)  # each takes 64 MiB

    def close(self) -> None:
        """Close them."""
        self._connection.close()

    def everybody(self) -> list[Account]:
        """Return all accounts, by name."""
        rows = self._query(
            "SELECT a.name, a.created, t.name IS NOT NULL FROM accounts a "
            "LEFT JOIN account_tokens t USING (name) ORDER BY a.name"
        )
        return [Account(name, created, bool(has_token)) for name, created, has_token in rows]

    def add(self, name: str, password: str) -> str:
        """Make an account.

        :param name: Letters, digits and ``._@+-``.
        :param password: Its password.
        :return: The name as it is kept.
        :raises AccountError: When the name is taken or not one, or the password is too short.
        """
        name, hashed = clean_name(name), self._hash(check_password(password))
        with self._writing() as connection:
            added = connection.execute(
                "INSERT OR IGNORE INTO accounts VALUES (?, ?, ?)", (name, hashed, self._clock())
            )
            if not added.rowcount:
                raise AccountError(Refusal.TAKEN, name)
        return name

    def change_password(self, name: str, password: str) -> str:
        """Change a password; whoever is logged in must log in again, and the token ends.

        :param name: Of the account.
        :param password: The new one.
        :return: The name as it is kept.
        :raises AccountError: When there is no such account, or the password is too short.
        """
        name, hashed = clean_name(name), self._hash(check_password(password))
        with self._writing() as connection:
            changed = connection.execute(
                "UPDATE accounts SET password = ? WHERE name = ?", (hashed, name)
            )
            _require(changed, name)
            connection.execute("DELETE FROM account_sessions WHERE name = ?", (name,))
            connection.execute("DELETE FROM account_tokens WHERE name = ?", (name,))
        return name

    def remove(self, name: str) -> str:
        """Remove an account, its sessions and its token.

        :param name: Of the account.
        :return: The name as it was kept.
        :raises AccountError: When there is none.
        """
        name = clean_name(name)
        with self._writing() as connection:
            _require(connection.execute("DELETE FROM accounts WHERE name = ?", (name,)), name)
        return name

    def make_token(self, name: str) -> str:
        """Make a program's token, in place of the account's former one.

        :param name: Of the account.
        :return: The token, which is not kept.
        :raises AccountError: When there is no such account.
        """
        name, token = clean_name(name), secrets.token_urlsafe(32)
        with self._writing() as connection:
            known = connection.execute("SELECT 1 FROM accounts WHERE name = ?", (name,))
            if known.fetchone() is None:
                raise AccountError(Refusal.UNKNOWN, name)
            connection.execute(
                "INSERT OR REPLACE INTO account_tokens VALUES (?, ?, ?)",
                (_digest(token), name, self._clock()),
            )
        return token

    def end_token(self, name: str) -> str:
        """End the token of an account.

        :param name: Of the account.
        :return: The name as it is kept.
        :raises AccountError: When it has none.
        """
        name = clean_name(name)
        with self._writing() as connection:
            ended = connection.execute("DELETE FROM account_tokens WHERE name = ?", (name,))
            if not ended.rowcount:
                raise AccountError(Refusal.NO_TOKEN, name)
        return name

    def check(self, name: str, password: str) -> str | None:
        """Tell whose name and password these are; a wrong name takes as long as a right one.

        :param name: As typed.
        :param password: As typed.
        :return: The account's name; None when there is none of that name and password.
        """
        try:
            name = clean_name(name)
        except AccountError:
            name = ""
        rows = self._query("SELECT password FROM accounts WHERE name = ?", name)
        if not rows:
            self._hash(_clean_password(password))
            return None
        return name if self._verify(str(rows[0][0]), _clean_password(password)) else None

    def find_token(self, token: str) -> str | None:
        """Tell whose program's token this is."""
        rows = self._query("SELECT name FROM account_tokens WHERE digest = ?", _digest(token))
        return str(rows[0][0]) if rows else None

    def password_stamp(self, name: str) -> str:
        """Return what changes with an account's password; "" without the account."""
        rows = self._query("SELECT password FROM accounts WHERE name = ?", name)
        return str(rows[0][0]) if rows else ""

    def begin_session(self, name: str) -> str:
        """Begin a session.

        :param name: Of an account that has just been checked.
        :return: The session's token.
        """
        token, now = secrets.token_urlsafe(32), self._clock()
        with self._writing() as connection:
            connection.execute(
                "DELETE FROM account_sessions WHERE seen < ? OR created < ?", self._oldest(now)
            )
            connection.execute(
                "INSERT INTO account_sessions VALUES (?, ?, ?, ?)",
                (_digest(token), name, now, now),
            )
        return token

    def find_session(self, token: str, *, is_active: bool) -> str | None:
        """Tell whose session this is.

        :param token: From the browser.
        :param is_active: Somebody is at work, so the session is not idle.
        :return: The account's name; None when the session has ended or never was.
        """
        now = self._clock()
        digest = _digest(token)
        rows = self._query(
            "SELECT name, seen FROM account_sessions WHERE digest = ? AND seen >= ? "
            "AND created >= ?",
            digest,
            *self._oldest(now),
        )
        if not rows:
            return None
        name, seen = rows[0]
        if is_active and now - seen >= _NOTED_S:
            with self._writing() as connection:
                connection.execute(
                    "UPDATE account_sessions SET seen = ? WHERE digest = ?", (now, digest)
                )
        return str(name)

    def end_session(self, token: str) -> None:
        """End a session, if there is one of that token."""
        with self._writing() as connection:
            connection.execute("DELETE FROM account_sessions WHERE digest = ?", (_digest(token),))

    def _oldest(self, now: float) -> tuple[float, float]:
        """Return when a session that still lasts was last seen, and begun, at the earliest."""
        return now - self._limits.idle_s, now - self._limits.longest_s

    def _hash(self, password: str) -> str:
        with self._hashing:
            return self._hasher.hash(password)

    def _verify(self, hashed: str, password: str) -> bool:
        with self._hashing:
            try:
                return self._hasher.verify(hashed, password)
            except (VerificationError, InvalidHashError):
                return False

    def _query(self, sql: str, *values: object) -> list[Any]:
        with self._lock, clear_database_errors():
            return self._connection.execute(sql, values).fetchall()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Write several things or none of them."""
        with self._lock, clear_database_errors():
            self._connection.execute("BEGIN IMMEDIATE")
            is_done = False
            try:
                yield self._connection
                is_done = True
            finally:
                self._connection.execute("COMMIT" if is_done else "ROLLBACK")


def clean_name(name: str) -> str:
    """Return the one spelling of a name.

    :param name: As typed.
    :return: It, composed (NFKC) and in lower case.
    :raises AccountError: When it cannot be one.
    """
    cleaned = unicodedata.normalize("NFKC", name).strip().casefold()
    if not _NAME.fullmatch(cleaned):
        raise AccountError(Refusal.NAME, name)
    return cleaned


def check_password(password: str) -> str:
    """Return a password that may be set.

    :param password: As typed.
    :return: It, composed, as keyboards differ in how they write the same letter.
    :raises AccountError: When it is too short or too long.
    """
    if not MIN_PASSWORD_CHARS <= len(password) <= MAX_PASSWORD_CHARS:
        raise AccountError(Refusal.PASSWORD)
    return _clean_password(password)


def _clean_password(password: str) -> str:
    password = unicodedata.normalize("NFC", password[:MAX_PASSWORD_CHARS])
    return password.encode("utf-8", "replace").decode("utf-8")  # no lone surrogates


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def _require(changed: sqlite3.Cursor, name: str) -> None:
    if not changed.rowcount:
        raise AccountError(Refusal.UNKNOWN, name)
