"""Guard: the HTTP edge of the page; refuses foreign hosts and tells browsers to load nothing else.

A page bound to the loopback address can still be reached through a host name that an attacker
points at it (DNS rebinding), so the Host header is checked, and the Origin header too: a page on
another port of this machine is a stranger. The policy is what Gradio's own page
needs: it has inline scripts, and its HTML parts compile their templates.
"""

from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
        "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class Guard:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application.

        :param app: The application.
        """
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin", "")
        if not is_loopback(_host_of(host)):
            refusal = PlainTextResponse("This host name is not served here.", status_code=421)
            await refusal(scope, receive, send_guarded)
        elif origin and urlsplit(origin).netloc != host:
            refusal = PlainTextResponse("Another page may not ask here.", status_code=403)
            await refusal(scope, receive, send_guarded)
        else:
            await self._app(scope, receive, send_guarded)


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


def _host_of(header: str) -> str:
    """Return a Host header without its port."""
    host, _, port = header.rpartition(":")
    return host if host and port.isdecimal() and not header.endswith("]") else header
