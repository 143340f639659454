"""Trash: deleted documents, kept for a while in a hidden folder beside those that are there.

Each lies in a folder of its own, whose name is the token that brings it back, under the path that
it had: ``.yiju-trash/<token>/minutes/2026.txt``.
"""

import os
import re
import secrets
import shutil
import stat
import time
from contextlib import suppress
from pathlib import Path

from webui.refusals import LibraryError, Refusal

TRASH = ".yiju-trash"
_KEPT_S = 7 * 24 * 3600.0
_MOST_BYTES = 2 * 1024**3  # of all that is kept; what was deleted last is kept in any case
_TOKEN = re.compile(r"[0-9a-f]{32}")


class Trash:
    """The folder of deleted documents; whoever uses it holds :attr:`lock`."""

    def __init__(self, folder: Path) -> None:
        """Name the folder; use :meth:`open`.

        :param folder: It is there.
        """
        self._folder = folder
        self.lock = folder / "lock"

    @classmethod
    def open(cls, root: Path) -> "Trash":
        """Open a documents' folder's trash; make it when it is not there.

        :param root: The documents' folder, resolved.
        :raises LibraryError: When something else has its name.
        :raises OSError: When it cannot be made.
        """
        folder = root / TRASH
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        if not stat.S_ISDIR(folder.lstat().st_mode) or folder.resolve() != folder:
            raise LibraryError(Refusal.LINK, TRASH)
        return cls(folder)

    def put(self, path: Path, source: str) -> str:
        """Take a file in, and let the oldest go.

        :param path: The file.
        :param source: Relative to the documents' folder, with /.
        :return: The token.
        :raises OSError: When the system refuses.
        """
        token = secrets.token_hex(16)
        kept = self._folder / token / source
        kept.parent.mkdir(parents=True)
        try:
            path.rename(kept)
        except OSError:
            shutil.rmtree(self._folder / token, ignore_errors=True)
            raise
        flush_folder(path.parent)
        self._purge(token)
        return token

    def find(self, token: str) -> tuple[Path, str]:
        """Find what a token stands for.

        :param token: Any string.
        :return: The file, and the source that it had.
        :raises LibraryError: When it is not kept any more.
        """
        folder = self._folder / token
        if _TOKEN.fullmatch(token):
            for parent, _, names in os.walk(folder):
                for name in names:
                    path = Path(parent, name)
                    return path, path.relative_to(folder).as_posix()
        raise LibraryError(Refusal.EXPIRED)

    def forget(self, token: str) -> None:
        """Remove what is left of a token whose file was brought back."""
        shutil.rmtree(self._folder / token, ignore_errors=True)

    @staticmethod
    def remove_older(path: Path, age_s: float) -> None:
        """Remove a file that has not been written to for some time.

        :param path: The file.
        :param age_s: Least age.
        :raises OSError: When the system refuses.
        """
        if path.lstat().st_mtime < time.time() - age_s:
            path.unlink(missing_ok=True)

    def _purge(self, newest: str) -> None:
        kept = [entry for entry in self._folder.iterdir() if _TOKEN.fullmatch(entry.name)]
        # A folder's time is that of the move into it, for what lies at its top or in a new folder.
        kept.sort(key=lambda entry: entry.lstat().st_mtime, reverse=True)
        oldest, n_bytes = time.time() - _KEPT_S, 0
        for entry in kept:
            n_bytes += _size(entry)
            is_old = entry.lstat().st_mtime < oldest
            if entry.name != newest and (is_old or n_bytes > _MOST_BYTES):
                shutil.rmtree(entry, ignore_errors=True)


def flush_folder(folder: Path) -> None:
    """Write a folder's names to the disk, where the system has a way to.

    :param folder: The folder.
    """
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _size(folder: Path) -> int:
    return sum(
        Path(parent, name).lstat().st_size for parent, _, names in os.walk(folder) for name in names
    )
