"""Pins: readers' holds on generations; a generation that is held is not collected.

A pin is an open handle of the generation's manifest with a shared lock on it (flock). The system
gives both back when the process ends, however it ends, so there is no list of readers that could
lie. Windows removes no folder with an open file in it, so there the handle alone is the hold. A
file system without locks pins nothing: what a reader has opened goes on working, but a generation
may vanish while it is being opened.
"""

import os
import sys
import weakref
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from index.manifest import GenerationPaths

if sys.platform != "win32":
    import fcntl


class Pin:
    """A hold on one generation; ends with ``close``, with the object or with the process."""

    def __init__(self, paths: GenerationPaths, handle: int | None) -> None:
        """Hold a handle; use :func:`take_pin`.

        :param paths: The generation's files.
        :param handle: Of its manifest; None when that cannot be opened.
        """
        self.paths = paths
        self.close: Callable[[], object] = _nothing
        if handle is not None:
            self.close = weakref.finalize(self, os.close, handle)

    def __enter__(self) -> Self:
        """Hold on."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let go."""
        self.close()


def take_pin(paths: GenerationPaths) -> Pin | None:
    """Hold a generation, so that all of it stays.

    :param paths: Its files.
    :return: The pin; None when there is no such generation, perhaps not any more.
    """
    try:
        handle = os.open(paths.manifest, os.O_RDONLY)
    except OSError:
        # A generation without a readable manifest is damaged; reading it will say so.
        return Pin(paths, None) if paths.root.is_dir() else None
    pin = Pin(paths, handle)
    _share(handle)
    if _is_at(handle, paths.manifest):
        return pin
    pin.close()  # it was collected between the opening and the lock
    return None


def collect(root: Path, destination: Path) -> bool:
    """Take a generation away as a whole, unless a reader holds it.

    :param root: The generation's folder.
    :param destination: Where to; on the same file system, and nothing is there.
    :return: False when it stays: it is held, or the system refuses.
    """
    try:
        if sys.platform == "win32":
            root.rename(destination)
        else:
            _rename_unheld(root, destination)
    except OSError:
        return False
    return True


def _nothing() -> None:
    return


def _share(handle: int) -> None:
    if sys.platform != "win32":
        try:
            fcntl.flock(handle, fcntl.LOCK_SH)  # waits at most for a renaming
        except OSError:
            return  # no locks on this file system


def _is_at(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except OSError:
        return False


if sys.platform != "win32":

    def _rename_unheld(root: Path, destination: Path) -> None:
        try:
            # For writing, because network file systems give exclusive locks for nothing less.
            handle = os.open(GenerationPaths(root).manifest, os.O_RDWR)
        except FileNotFoundError:  # nobody can have pinned it
            root.rename(destination)
            return
        try:
            _claim(handle)
            root.rename(destination)
        finally:
            os.close(handle)

    def _claim(handle: int) -> None:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise
        except OSError:
            return  # no locks on this file system
