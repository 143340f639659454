"""Ray cluster: an address → a connection to Ray, or a cluster of this machine's own, then none.

Nothing leaves the machines of the cluster. A cluster of our own listens on the loopback interface
alone, asks for a secret token, and keeps its files in a folder that only its user can read, which
is deleted with it; there is no dashboard and there are no usage statistics. A cluster that others
have started is what they made it; nothing is uploaded to it but the arguments of its tasks.
"""

import os
import secrets
import socket
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType
from urllib.parse import urlsplit

from index.errors import EngineError

_ROOT = Path(__file__).resolve().parents[1]
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",  # under "uv run" it would upload the current folder
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # a warning of what a later version will do
}
_ANSWER_S = 10
# Read when Ray is imported; despite its name it counts on Linux, too: without it every process
# listens on all interfaces, and asks for 127.0.0.1 are changed into the outer address.
_LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
_STORE_BYTES = 256 * 2**20  # of results that wait to be taken; what is beyond goes to disk


@contextmanager
def join_cluster(address: str, n_workers: int | None = None) -> Iterator[ModuleType]:
    """Connect to Ray, or start it; leave nothing behind.

    A program that is connected already stays so, and its own cluster is used.

    :param address: ``host:6379`` or ``auto`` from one of the cluster's machines,
        ``ray://host:10001`` from any other; "" starts a cluster on this machine, which ends with
        the context.
    :param n_workers: Of a cluster that is started: how many processes work; as many as there are
        cores when None.
    :return: The ``ray`` module, connected.
    :raises EngineError: When Ray is not installed, cannot be started or does not answer.
    """
    if address not in {"", "auto"}:
        _reach(address)
    with _environment(_QUIET if address else {**_QUIET, **_LOOPBACK, **_token()}):
        ray = _import_ray()
        if ray.is_initialized():
            yield ray
        elif address:
            with _connected(ray, address=address):
                yield ray
        elif ray._private.ray_constants.ENABLE_RAY_CLUSTER:
            raise EngineError(
                "Ray was imported before yiju could keep it from listening to other machines. "
                "Connect first (ray.init), then that cluster is used, or leave the import away."
            )
        else:
            with tempfile.TemporaryDirectory(
                prefix="yiju-ray-", dir=_short_folder(), ignore_cleanup_errors=True
            ) as folder:
                # Ray lets everybody into its own folder, but nobody gets through ours.
                options = {"_temp_dir": f"{folder}/ray", "object_store_memory": _STORE_BYTES}
                options |= {"num_cpus": n_workers, "include_dashboard": False}
                with _connected(ray, address="local", **options):
                    yield ray


@contextmanager
def _connected(ray: ModuleType, **options: object) -> Iterator[None]:
    try:
        # Ray puts the current folder before all others that a worker imports from, and whoever
        # indexes a folder of strangers' files may well stand in it.
        with chdir(_ROOT):
            ray.init(**options, log_to_driver=False, logging_level="ERROR")
    except (ray.exceptions.RayError, ConnectionError, RuntimeError, ValueError, OSError) as exc:
        ray.shutdown()
        if options["address"] == "local":
            raise EngineError(f"Ray cannot be started on this machine: {exc}") from exc
        raise _no_answer(options["address"], exc) from exc
    try:
        yield
    finally:
        ray.shutdown()


def _reach(address: str) -> None:
    """Make sure that something listens: Ray would try for minutes."""
    try:
        place = urlsplit(address if "://" in address else f"//{address}")
        if not place.hostname or not place.port:
            raise ValueError("it has no host or no port")
    except ValueError as exc:
        raise EngineError(
            f"{address} is not the address of a Ray cluster ({exc}); write ray://HOST:PORT."
        ) from exc
    try:
        socket.create_connection((place.hostname, place.port), _ANSWER_S).close()
    except OSError as exc:
        raise _no_answer(address, exc) from exc


def _no_answer(address: object, exc: Exception) -> EngineError:
    reason = (str(exc).strip().splitlines() or [type(exc).__name__])[0].rstrip(".")
    return EngineError(
        f"Ray does not answer at {address}: {reason}. Start it there (ray start --head), with the "
        "same versions of Python and Ray as here."
    )


def _import_ray() -> ModuleType:
    try:
        import ray
        import ray.exceptions
    except ImportError as exc:
        raise EngineError("Ray is not installed. Run: pip install 'yiju[ray]'") from exc
    return ray


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set variables for Ray and the processes that it starts."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@cache  # Ray remembers the first one of a process
def _token() -> dict[str, str]:
    return {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}


def _short_folder() -> str | None:
    """Return where the folder may lie: the path of a socket in it has at most 104 bytes."""
    return None if sys.platform == "win32" else "/tmp"
