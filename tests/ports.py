"""Ports for tests that must know one before, or again after, something listens on it."""

import os
import socket
from itertools import count

_FIRST = 21_000  # below what systems give out by themselves, above what the page tries
_OF_EACH = 500  # processes that run tests at the same time have ports of their own
_numbers = count()


def take_port() -> int:
    """Return a port that is free, and that nothing else in the test run will take."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    for number in _numbers:
        port = _FIRST + worker % 20 * _OF_EACH + number % _OF_EACH
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port
    raise AssertionError("unreachable")
