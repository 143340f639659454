"""Frontend: Gradio's page as it leaves the server → the same page under a strict policy.

Gradio's page has inline scripts, which are let through one by one with a nonce, and its HTML parts
compile their templates and scripts in the browser (``assets/HTML-*.js``, three calls of
``Function``), for which the page brings the finished functions along (see ``precompiled.js``). So
the policy needs neither ``'unsafe-inline'`` nor ``'unsafe-eval'`` for scripts.
"""

import json
import re
import secrets
from collections.abc import Iterable
from pathlib import Path

import gradio as gr
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PRECOMPILED = (Path(__file__).parent / "precompiled.js").read_text("utf-8").strip()
_PARAMETERS = "element, trigger, props, server, upload, watch"  # of the script of an HTML part
_POLICY = (
    "default-src 'self'; script-src 'self' 'nonce-{nonce}'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
# Pictures and texts on another's server for link previews, and an app that cannot be installed.
_FOREIGN = re.compile(
    rb"<meta\s+(?:property|name)=\"(?:og|twitter):[^>]*>|<link rel=\"manifest\"[^>]*>"
)


class Frontend:
    """ASGI middleware inside of Gradio's own, which compress what it answers."""

    def __init__(self, app: ASGIApp, *, head: str, script: str) -> None:
        """Wrap an application.

        :param app: The application.
        :param head: Mark-up for the page's head.
        :param script: From :func:`precompile`.
        """
        self._app = app
        self._head = head
        self._script = script

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; only the page itself is changed."""
        if scope["type"] != "http" or scope["path"] != "/":
            await self._app(scope, receive, send)
            return
        start: Message = {}
        parts: list[bytes] = []

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
                return
            parts.append(message.get("body", b""))
            if not message.get("more_body", False):
                nonce = secrets.token_urlsafe(16)
                body = self._dress(b"".join(parts), nonce)
                start["headers"] = _headers(start["headers"], body, nonce)
                await send(start)
                await send({"type": "http.response.body", "body": body})

        await self._app(scope, receive, keep)

    def _dress(self, page: bytes, nonce: str) -> bytes:
        own = f"<head>{self._head}<script>{self._script}</script>".encode()
        page = _FOREIGN.sub(b"", page).replace(b"<head>", own, 1)
        # Gradio writes its settings into its scripts with every < escaped.
        return re.sub(rb"<script\b", f'<script nonce="{nonce}"'.encode(), page)


def precompile(app: gr.Blocks) -> str:
    """Write down as functions what the HTML parts of a page would compile in the browser.

    :param app: The page.
    :return: The text of a script to run before Gradio's.
    :raises ValueError: When a part has a template that is more than its value, or a script that
        would end the element it is written into.
    """
    scripts: dict[str, None] = {}
    for block in app.blocks.values():
        if isinstance(block, gr.HTML):
            if block.html_template != "${value}" or block.css_template:
                raise ValueError(f"The template of {block.elem_id!r} must be ${{value}} alone")
            if block.js_on_load:
                scripts[block.js_on_load] = None
    return _write(scripts)


def _write(scripts: Iterable[str]) -> str:
    entries = ",\n".join(
        f"[{json.dumps(script)}, function ({_PARAMETERS}) {{\n{script}\n}}]" for script in scripts
    )
    if re.search(r"</script|<!--", entries, re.IGNORECASE):
        raise ValueError("A script may hold neither </script nor <!--")
    return f"{_PRECOMPILED}(new Map([\n{entries}\n]));"


def _headers(
    headers: Iterable[tuple[bytes, bytes]], body: bytes, nonce: str
) -> list[tuple[bytes, bytes]]:
    kept = [(name, value) for name, value in headers if name.lower() != b"content-length"]
    return [
        *kept,
        (b"content-length", str(len(body)).encode()),
        (b"content-security-policy", _POLICY.format(nonce=nonce).encode()),
        (b"cache-control", b"no-store"),
    ]
