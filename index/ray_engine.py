"""Ray engine: files → their batches, made by the processes of a Ray cluster.

A few files make a task, and twice as many tasks are under way as the cluster has cores, so neither
this process nor Ray's object store grows with the number of files. The files lie on a file system
that all machines see under the same path: paths travel, not bytes.

Ray pickles what it moves between its own processes: paths and settings one way, batches the other.
Whoever can connect to a cluster can run any code in it, so it must be yours. Documents are never
unpickled: they are read by their formats' loaders, the risky ones in a process of their own.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from index.encoder import Encoder
from index.errors import EngineError, IndexingError, IndexMissingError
from index.file_batches import FileBatch
from index.loading import FoundFile
from index.ray_cluster import join_cluster
from index.ray_worker import GroupReply, make_batches
from index.settings import IndexSettings

if TYPE_CHECKING:
    from types import ModuleType

    from ray import ObjectRef

_GROUP_FILES = 16
_GROUP_BYTES = 1 << 20
_TRIES = 3  # of a file by itself
_DEADLY = (
    f"The process that read it ended {_TRIES} times; the file may be damaged, or need more memory "
    "than the machine has."
)


class _Group(NamedTuple):
    """The files of a task."""

    files: tuple[FoundFile, ...]
    tries: int = 0  # by itself


class RayEngine:
    """Makes batches on a Ray cluster."""

    def __init__(
        self,
        encoder: Encoder,
        settings: IndexSettings,
        address: str = "",
        *,
        n_workers: int | None = None,
    ) -> None:
        """Prepare; Ray is imported and joined by :meth:`run`.

        :param encoder: What the workers' encoder, which ``settings`` names, has to equal.
        :param settings: How to load and chunk.
        :param address: The cluster's: ``host:6379`` or ``auto`` on one of its machines,
            ``ray://host:10001`` elsewhere; "" for one on this machine that starts and ends with
            each run.
        :param n_workers: Processes of that one; as many as there are cores when None.
        """
        self._encoder = encoder
        self._settings = settings
        self._address = address
        self._n_workers = n_workers

    def run(self, files: Iterable[FoundFile]) -> Iterator[FileBatch]:
        """Make each file's batch, as they get ready.

        A worker that dies takes nothing with it: its files are read again, each in a task of its
        own. A file that ends its worker again and again becomes a batch that says so.

        :param files: The files, taken a few groups ahead of the batches.
        :return: One batch for every file, in any order.
        :raises EngineError: When Ray cannot be had or fails.
        :raises IndexMissingError: When a machine does not see the files.
        :raises ModelError: When a machine's encoder is another one.
        """
        with join_cluster(self._address, self._n_workers) as ray:
            yield from _Run(ray, self._encoder, self._settings).run(files)


class _Run:
    """One run over a cluster that is joined."""

    def __init__(self, ray: "ModuleType", encoder: Encoder, settings: IndexSettings) -> None:
        self._ray = ray
        self._dim = encoder.dim
        self._arguments = (settings, encoder.fingerprint)
        # Ray would start a task again with all its files, and for ever when memory is short.
        self._task = ray.remote(num_cpus=1, max_retries=0)(make_batches)
        self._under_way: dict[ObjectRef[GroupReply], _Group] = {}
        self._again: deque[_Group] = deque()

    def run(self, files: Iterable[FoundFile]) -> Iterator[FileBatch]:
        fresh = _group(files)
        try:
            while self._refill(fresh):
                ready, _ = self._ray.wait(list(self._under_way))
                for ref in ready:
                    yield from self._take(ref)
        except ConnectionError as exc:
            raise EngineError(f"The connection to Ray was lost: {_last_line(exc)}.") from exc
        finally:
            for ref in self._under_way:
                with suppress(self._ray.exceptions.RayError, ConnectionError):  # it is gone itself
                    self._ray.cancel(ref, force=True)

    def _refill(self, fresh: Iterator[_Group]) -> bool:
        """Start tasks while there is room; tell whether any is under way."""
        room = 2 * int(self._ray.cluster_resources().get("CPU", 1))  # machines come and go
        while len(self._under_way) < max(room, 1):
            group = self._again.popleft() if self._again else next(fresh, None)
            if group is None:
                break
            self._under_way[self._start(group)] = group
        return bool(self._under_way)

    def _start(self, group: _Group) -> "ObjectRef[GroupReply]":
        files = [replace(file, path=file.path.absolute()) for file in group.files]
        try:
            ref: ObjectRef[GroupReply] = self._task.remote(files, *self._arguments)
        except (
            ImportError
        ) as exc:  # from a cluster at a ray:// address; others tell with the result
            raise _failed(exc) from exc
        return ref

    def _take(self, ref: "ObjectRef[GroupReply]") -> Iterator[FileBatch]:
        group = self._under_way[ref]
        reply = self._get(ref)
        del self._under_way[ref]
        if reply:
            _check_seen(reply)
            for file, batch in zip(group.files, reply.batches, strict=True):
                # Ray's own arrays are views into its object store, which they keep from shrinking.
                yield replace(batch, file=file, vectors=batch.vectors.copy())
        elif group.tries + 1 < _TRIES or len(group.files) > 1:
            tries = 0 if len(group.files) > 1 else group.tries + 1
            self._again.extend(_Group((file,), tries) for file in group.files)
        else:
            empty = np.empty((0, self._dim), np.float32)
            yield FileBatch(group.files[0], "", _DEADLY, None, (), empty, ())

    def _get(self, ref: "ObjectRef[GroupReply]") -> GroupReply | None:
        """Return a task's result; None when its worker or its machine died."""
        errors = self._ray.exceptions
        try:
            reply: GroupReply = self._ray.get(ref)
        except errors.RayTaskError as exc:
            if isinstance(exc.cause, IndexingError):
                raise exc.cause from exc
            raise _failed(exc) from exc
        except (
            errors.WorkerCrashedError,
            errors.NodeDiedError,
            errors.OutOfMemoryError,
            errors.ObjectLostError,
        ):
            return None
        except errors.RayError as exc:
            raise EngineError(f"Ray failed: {_last_line(exc)}.") from exc
        return reply


def _group(files: Iterable[FoundFile]) -> Iterator[_Group]:
    """Put small files together; a large one is by itself."""
    held: list[FoundFile] = []
    n_bytes = 0
    for file in files:
        if held and (len(held) == _GROUP_FILES or n_bytes + file.size > _GROUP_BYTES):
            yield _Group(tuple(held))
            held, n_bytes = [], 0
        held.append(file)
        n_bytes += file.size
    if held:
        yield _Group(tuple(held))


def _check_seen(reply: GroupReply) -> None:
    """Tell a file that is gone from a machine that does not see the folder."""
    for path in reply.unseen:
        if path.exists():
            raise IndexMissingError(
                f"The machine {reply.machine} does not see {path}. The documents' folder has to be "
                "there under the same path on every machine of the Ray cluster."
            )


def _failed(exc: Exception) -> EngineError:
    return EngineError(
        f"A worker of Ray failed: {_last_line(exc)}. All machines need the same version of yiju."
    )


def _last_line(exc: Exception) -> str:
    return (str(exc).strip().splitlines() or [type(exc).__name__])[-1].strip().rstrip(".")
