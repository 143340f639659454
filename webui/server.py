"""Server: an ASGI application → a port that serves it from a thread, with limits on clients."""

import asyncio
import errno
import os
import socket
import ssl
import threading
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from webui.guard import is_loopback

_FIRST_PORT = 7860  # Gradio's
_LAST_PORT = 7959
_HEADER_S = 10.0  # for the headers of a request to arrive
_HEADER_BYTES = 32 * 1024  # of a request; a browser with many cookies sends about 8
_CONNECTIONS = 512  # at a time; a page keeps two open
_BACKLOG = 2048  # connections that wait to be taken
_START_S = 30.0
_STOP_S = 5.0


@dataclass(frozen=True, slots=True)
class Address:
    """Where to serve, and for whom."""

    host: str = "127.0.0.1"
    port: int | None = None  # the first free one from 7860 when None
    names: tuple[str, ...] = ()  # host names it is reached by, besides this machine's own
    certificate: Path | None = None  # of TLS, as PEM; plain HTTP without one
    key: Path | None = None  # of the certificate; in the same file when None
    proxy: str = ""  # the address of the one proxy whose X-Forwarded headers are believed


class Exposure(StrEnum):
    """Why others than this machine's own users can reach the page."""

    HOST = "host"  # it is bound to an address of the network
    NAME = "name"  # it is served under another name
    PROXY = "proxy"  # a proxy passes on what others ask


def describe_exposure(address: Address) -> Exposure | None:
    """Tell why others can reach what is served at an address.

    :param address: The address.
    :return: The reason; None when they cannot.
    """
    if not is_loopback(address.host):
        return Exposure.HOST
    if not all(map(is_loopback, address.names)):
        return Exposure.NAME
    return Exposure.PROXY if address.proxy else None


class Server:
    """A running server; made by :meth:`start`."""

    def __init__(self, server: uvicorn.Server, listening: socket.socket, url: str) -> None:
        """Hold what runs; use :meth:`start`.

        :param server: To be run.
        :param listening: Its socket.
        :param url: Its address.
        """
        self.url = url
        self._server = server
        self._thread = threading.Thread(
            target=server.run, args=([listening],), name="yiju-server", daemon=True
        )

    @classmethod
    def start(cls, app: ASGIApp, address: Address) -> "Server":
        """Serve an application in the background.

        :param app: The application.
        :param address: Where.
        :return: The server, once it answers.
        :raises OSError: When the port is taken or not allowed, or the certificate cannot be used.
        """
        config = _configure(app, address)
        listening = _listen(address)
        port = listening.getsockname()[1]
        server = cls(uvicorn.Server(config), listening, _url(address, port))
        server._thread.start()
        if not server._has_started():
            listening.close()
            raise OSError("The server did not start; the messages above tell why.")
        return server

    def close(self) -> None:
        """End the server and what it is at work on."""
        self._server.should_exit = True
        self._thread.join(_STOP_S)

    def _has_started(self) -> bool:
        waited = threading.Event()  # never set: it only waits
        for _ in range(int(_START_S / 0.01)):
            if self._server.started or not self._thread.is_alive():
                break
            waited.wait(0.01)
        return bool(self._server.started)


class _PatientProtocol(H11Protocol):
    """HTTP whose patience with the headers of a request ends; uvicorn's own never does."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Take what came of a request."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:  # the headers are complete
            self._stop_waiting()
        elif self._deadline is None:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._deadline = self.loop.call_later(_HEADER_S, self.timeout_keep_alive_handler)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def _configure(app: ASGIApp, address: Address) -> uvicorn.Config:
    try:
        config = uvicorn.Config(
            app,
            http=_PatientProtocol,
            ws="none",
            lifespan="on",
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=bool(address.proxy),
            forwarded_allow_ips=address.proxy or [],
            limit_concurrency=_CONNECTIONS,
            h11_max_incomplete_event_size=_HEADER_BYTES,
            timeout_graceful_shutdown=1,
            ssl_certfile=address.certificate,
            ssl_keyfile=address.key,
        )
        config.load()
    except (ssl.SSLError, FileNotFoundError, PermissionError) as exc:
        if address.certificate is None:
            raise
        raise OSError(
            f"The certificate {address.certificate} and its key cannot be used: {exc}. "
            "Name two PEM files, or one that holds both."
        ) from exc
    return config


def _listen(address: Address) -> socket.socket:
    """Bind the port asked for, or the first free one."""
    ports = [address.port] if address.port else range(_FIRST_PORT, _LAST_PORT + 1)
    for port in ports:
        try:
            return _bind(address.host.strip("[]"), port)
        except OSError as exc:
            if exc.errno != errno.EADDRINUSE or address.port:
                raise OSError(_explain(exc, address)) from exc
    raise OSError(
        f"Every port from {_FIRST_PORT} to {_LAST_PORT} is taken. Name a free one with --port."
    )


def _bind(host: str, port: int) -> socket.socket:
    family, _, _, _, target = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listening = socket.socket(family)
    try:
        if os.name != "nt":  # there it would let two servers share a port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(target)
        listening.listen(_BACKLOG)  # only now the port is this process's alone
    except OSError:
        listening.close()
        raise
    return listening


def _explain(refusal: OSError, address: Address) -> str:
    if refusal.errno == errno.EADDRINUSE:
        return f"Port {address.port} is taken. Name a free one with --port."
    if refusal.errno == errno.EACCES:
        return f"Port {address.port} is not allowed for this user. Name one from 1024 with --port."
    return f"{address.host} cannot be served: {refusal.strerror or refusal}."


def _url(address: Address, port: int) -> str:
    scheme = "https" if address.certificate else "http"
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address.host.strip("[]"), address.host)
    host = host.strip("[]")
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}/"
