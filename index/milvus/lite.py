"""Lite: a local ``.db`` → Milvus Lite running in this process, shared by all who opened the same.

pymilvus would start it on a port of this machine, where every other user of it could read and
change the documents; a socket in a folder of one's own is closed to them. Windows has none, and a
folder with a long name has no room for one: there it is a port.
"""

import atexit
import os
import shutil
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from index.errors import IndexFormatError, IndexLockedError

_MOST_BYTES = 256 * 1024**2  # of a message, as a Milvus server has it
_N_THREADS = 8
_LONGEST_SOCKET = 100  # bytes; systems take 104 or 108
_lock = threading.Lock()


@dataclass(slots=True)
class _Running:
    server: Any  # neither library has types
    database: Any
    uri: str
    folder: Path
    n_users: int = 0


@dataclass(slots=True)
class _Servers:
    by_path: dict[Path, _Running] = field(default_factory=dict)


_servers = _Servers()


def open_lite(path: Path) -> str:
    """Open a file, made when absent.

    :param path: The ``.db``.
    :return: Where pymilvus finds it; to be closed with :func:`close_lite`.
    :raises IndexLockedError: When another process has it open: Milvus Lite allows but one.
    :raises IndexFormatError: When it is no folder.
    :raises OSError: When its folder refuses.
    """
    path = path.resolve()
    with _lock:
        if path not in _servers.by_path:
            _servers.by_path[path] = _start(path)
        running = _servers.by_path[path]
        running.n_users += 1
        return running.uri


def make_folder(path: Path) -> Path:
    """Make what Milvus Lite calls its file: a folder.

    :param path: The ``.db``.
    :return: The same.
    :raises IndexFormatError: When it is a file.
    """
    if path.is_file():
        raise IndexFormatError(
            f"{path} is a file, perhaps of an older Milvus Lite; what is used now keeps a folder "
            "there. Give --store another name."
        )
    path.mkdir(parents=True, exist_ok=True)
    return path


def close_lite(path: Path) -> None:
    """Close a file for one of those who opened it; the last one stops the engine.

    :param path: As given to :func:`open_lite`.
    """
    path = path.resolve()
    with _lock:
        running = _servers.by_path.get(path)
        if running is None:  # the process ends
            return
        running.n_users -= 1
        if not running.n_users:
            del _servers.by_path[path]
            _stop(running)


def _start(path: Path) -> _Running:
    import grpc
    from milvus_lite.adapter.grpc.servicer import MilvusServicer
    from milvus_lite.db import MilvusLite
    from milvus_lite.exceptions import DataDirLockedError
    from pymilvus.grpc_gen import milvus_pb2_grpc

    try:
        database = MilvusLite(str(make_folder(path)))
    except DataDirLockedError as exc:
        raise IndexLockedError(
            f"{path} is open in another program, and Milvus Lite allows but one at a time. Close "
            "that one, or run a Milvus server and use --store milvus://host:19530/name."
        ) from exc
    limits = [(f"grpc.max_{way}_message_length", _MOST_BYTES) for way in ("receive", "send")]
    server = grpc.server(ThreadPoolExecutor(_N_THREADS), options=limits)
    milvus_pb2_grpc.add_MilvusServiceServicer_to_server(MilvusServicer(database), server)
    folder = Path(tempfile.mkdtemp(prefix="yiju-"))  # of its own, closed to other users
    uri = f"unix:{folder / 'milvus'}"
    if os.name == "nt" or len(os.fsencode(uri)) > _LONGEST_SOCKET:
        uri = f"http://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    else:
        server.add_insecure_port(uri)
    server.start()
    return _Running(server, database, uri, folder)


def _stop(running: _Running) -> None:
    running.server.stop(grace=2).wait()
    running.database.close()
    shutil.rmtree(running.folder, ignore_errors=True)


@atexit.register
def _stop_all() -> None:
    with _lock:
        while _servers.by_path:
            _stop(_servers.by_path.popitem()[1])
