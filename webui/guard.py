"""Guard: the HTTP edge of the page: who is served here, which routes there are, how much is read.

A page bound to the loopback address can still be reached through a host name that an attacker
points at it (DNS rebinding), so the Host header is checked, and the Origin header too: a page on
another port of this machine is a stranger. Of Gradio's routes only those are open that the page and
the endpoint use: reading files, proxying and calling into components are not among them.
"""

import asyncio
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer: a form would then be sent with the Origin "null".
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), "
        "magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=()"
    ),
}
# Of all that is not a page: opened by itself it may load and run nothing.
_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
# Some would let another decide which address and host a request is taken to come from and go to.
_FORWARDED = re.compile(rb"forwarded|x-forwarded-.*|x-real-ip|x-original-.*|x-rewrite-url")
_READ_S = 30.0  # for all of a request's body
_SMALL = 2**20  # bytes of a body; a conversation's events stay far below


@dataclass(frozen=True, slots=True)
class Route:
    """A route that is open."""

    method: str
    pattern: str  # of the whole path, a regular expression
    max_bytes: int = _SMALL  # of the body
    is_streamed: bool = False  # the body is handed on as it comes, not read first


ROUTES = (
    Route("GET", "/"),
    Route("GET", "/(?:config|theme\\.css|gradio_api/info)/?"),
    Route("GET", "/(?:assets|static)/[^\\\\]+"),
    Route("GET", "/gradio_api/(?:queue/data|heartbeat/[\\w-]{1,64})"),
    Route("POST", "/gradio_api/(?:queue/join|cancel)"),
    Route("GET", "/page-image"),
    # the endpoint of programs
    Route("POST", "/gradio_api/call/(?:v2/)?answer"),
    Route("GET", "/gradio_api/call/(?:v2/)?answer/[0-9a-f]{1,64}"),
)


class Guard:
    """ASGI middleware around the whole application."""

    def __init__(
        self, app: ASGIApp, *, hosts: Iterable[str] = (), routes: Sequence[Route] = ROUTES
    ) -> None:
        """Wrap an application.

        :param app: The application.
        :param hosts: Names it is served under, besides this machine's own.
        :param routes: Those that are open.
        """
        self._app = app
        self._hosts = frozenset(host.lower().strip("[]") for host in hosts)
        self._routes = [(re.compile(route.pattern), route) for route in routes]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # nothing here speaks over a web socket
            await send({"type": "websocket.close", "code": 1008})
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(_HEADERS)
                headers.setdefault("Content-Security-Policy", _POLICY)
            await send(message)

        refusal = self._refuse(scope)
        if refusal:
            await refusal(scope, receive, send_guarded)
            return
        scope["headers"] = [
            (name, value) for name, value in scope["headers"] if not _FORWARDED.fullmatch(name)
        ]
        route = self._find(scope["method"], scope["path"])
        if route is None:
            await _plain(404, "There is nothing here.")(scope, receive, send_guarded)
        else:
            await self._read(route, scope, receive, send_guarded)

    def _refuse(self, scope: Scope) -> PlainTextResponse | None:
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin", "")
        if not self._is_own(_host_of(host), scope):
            return _plain(
                421, "This host name is not served here. yiju web --allow-host NAME allows one."
            )
        if origin and (urlsplit(origin).netloc.lower() != host.lower()):
            return _plain(403, "Another page may not ask here.")
        return None

    def _is_own(self, host: str, scope: Scope) -> bool:
        if is_loopback(host) or host.lower().strip("[]") in self._hosts:
            return True
        # The address that was connected to; unlike a name it cannot be pointed here by others.
        server = scope.get("server")
        return server is not None and _same_address(host, server[0])

    def _find(self, method: str, path: str) -> Route | None:
        method = "GET" if method == "HEAD" else method
        if ".." in path.split("/"):
            return None
        return next(
            (
                route
                for pattern, route in self._routes
                if route.method == method and pattern.fullmatch(path)
            ),
            None,
        )

    async def _read(self, route: Route, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a route once its body is known to be neither too long nor too slow."""
        length = Headers(scope=scope).get("content-length", "0")
        if not length.isdecimal() or int(length) > route.max_bytes:
            await _too_long(route)(scope, receive, send)
            return
        if route.is_streamed:
            await self._app(scope, _Metered(receive, route.max_bytes), send)
            return
        try:
            async with asyncio.timeout(_READ_S):
                body = await _read_body(receive, route.max_bytes)
        except TimeoutError:
            await _plain(408, "The request came too slowly.")(scope, receive, send)
            return
        if body is None:
            await _too_long(route)(scope, receive, send)
        else:
            await self._app(scope, Replay(body, receive), send)


class Replay:
    """A ``receive`` that gives a body that was read before, then what comes after it."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        """Hold a body.

        :param body: All of it.
        :param receive: What it was read from.
        """
        self._message: Message | None = {"type": "http.request", "body": body, "more_body": False}
        self._receive = receive

    async def __call__(self) -> Message:
        """Give the next message."""
        message, self._message = self._message, None
        return message or await self._receive()


class _Metered:
    """A ``receive`` that ends the connection where a body becomes too long."""

    def __init__(self, receive: Receive, max_bytes: int) -> None:
        self._receive = receive
        self._left = max_bytes

    async def __call__(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        return message if self._left >= 0 else {"type": "http.disconnect"}


async def _read_body(receive: Receive, max_bytes: int) -> bytes | None:
    """Read a body; None when it is too long. A body cut off is read as far as it came."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > max_bytes:
            return None
        if message["type"] != "http.request" or not message.get("more_body", False):
            return bytes(body)


def _too_long(route: Route) -> PlainTextResponse:
    return _plain(413, f"The request is longer than {route.max_bytes:,} bytes.")


def _plain(status: int, text: str) -> PlainTextResponse:
    # What was not read of a request would be taken for the next one.
    return PlainTextResponse(text, status, {"Connection": "close"})


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address is this machine's own.

    :param host: Without port; an IPv6 address with or without brackets.
    :return: True for localhost and the loopback addresses.
    """
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _same_address(host: str, address: str) -> bool:
    try:
        return ip_address(host.strip("[]")) == ip_address(address)
    except ValueError:
        return False


def _host_of(header: str) -> str:
    """Return a Host header without its port."""
    host, _, port = header.rpartition(":")
    return host if host and port.isdecimal() and not header.endswith("]") else header
