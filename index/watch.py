"""Watch: a documents' folder → a signal whenever something in it has changed and is quiet again."""

from collections.abc import Iterator
from pathlib import Path
from threading import Event

from watchfiles import Change, watch

from index.loading import PASSED_OVER

_QUIET_MS = 400  # without another change: copying many files is one change
_LONGEST_MS = 3000  # after which the changes so far are told though others go on
_LOOK_MS = 10_000


def watch_documents(
    documents_dir: Path, index_dir: Path, *, stop: Event | None = None
) -> Iterator[None]:
    """Wait for changes, as the system tells of them.

    It also signals now and then without one: network drives tell nothing, and something may have
    changed before the watch began. Finding no change costs a build the look at sizes and times.

    :param documents_dir: The folder; its subfolders are watched, too.
    :param index_dir: The index's folder, whose own changes do not count.
    :param stop: Ends the wait when set.
    :return: Once for every change or bundle of changes, and every ``_LOOK_MS``.
    """
    index, root = index_dir.resolve(), documents_dir.resolve()

    def counts(_: Change, name: str) -> bool:
        path = Path(name)
        if path.is_relative_to(index) or not path.is_relative_to(root):
            return False
        return not any(part.startswith(PASSED_OVER) for part in path.relative_to(root).parts)

    changes = watch(
        root,
        watch_filter=counts,
        step=_QUIET_MS,
        debounce=_LONGEST_MS,
        rust_timeout=_LOOK_MS,
        yield_on_timeout=True,
        stop_event=stop,
        raise_interrupt=True,
    )
    for _ in changes:
        yield
