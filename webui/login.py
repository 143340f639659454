"""Login: a request → whose it is; without anybody nothing is served but the form to log in.

Gradio's own ``auth`` is not used: its sessions never end, live in memory, and leave open what is
asked of the queue. Browsers have a session in a cookie; programs send a token or, over HTTP Basic,
name and password. Whoever a request is from stands in ``scope["yiju.user"]``.
"""

import asyncio
import binascii
import hashlib
import json
import math
import secrets
import time
from base64 import b64decode
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from webui.accounts import Accounts
from webui.guard import Replay, Route
from webui.languages import Texts
from webui.languages.accounts import account_texts
from webui.login_page import render_login
from webui.messages import choose_language, texts_for
from webui.throttle import Attempts, Rate

USER = "yiju.user"  # key of a request's scope
ROUTES = (
    Route("GET", "/login"),
    Route("POST", "/login", max_bytes=16 * 1024),
    Route("POST", "/logout", max_bytes=1024),
)
_COOKIE = "yiju-session"
_KNOWN_S = 300.0  # a name and password that were right are not hashed again for
_MOST_KNOWN = 1000
_MOST_PAGES = 10_000  # whose owner is remembered
# A link on another site opens the page without its cookie, which the browser sends when the page
# itself asks again.
_AGAIN = (
    '<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0"><title>…</title>'
)


@dataclass(frozen=True, slots=True)
class Strictness:
    """How much is let through."""

    account_failures: int = 5  # before an account has to wait
    address_failures: int = 20  # before an address has to wait
    longest_wait_s: float = 300.0
    per_s: float = 10.0  # requests to answer of one account, in the long run
    burst: int = 100


@dataclass(frozen=True, slots=True)
class _Caller:
    """Whom a request is from."""

    name: str
    has_cookie: bool  # a browser sends it by itself, whoever made it ask


@dataclass(frozen=True, slots=True)
class _Known:
    """A name and password that were right."""

    name: str
    stamp: str  # of the password
    until: float


class _WaitError(Exception):
    """Too many failures; ``args[0]`` are the seconds to wait."""


class Login:
    """ASGI middleware inside of the guard."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        accounts: Accounts,
        passive: Collection[int] = (),
        strictness: Strictness | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Wrap an application.

        :param app: The application.
        :param accounts: Who may use it.
        :param passive: Numbers of the events that a page sends without anybody doing anything.
        :param strictness: How much is let through.
        :param clock: Seconds, from any beginning.
        """
        strictness = strictness or Strictness()
        longest_s = strictness.longest_wait_s
        self._app = app
        self._accounts = accounts
        self._passive = frozenset(passive)
        self._clock = clock
        self._by_name = Attempts(free=strictness.account_failures, longest_s=longest_s, clock=clock)
        self._by_address = Attempts(
            free=strictness.address_failures, longest_s=longest_s, clock=clock
        )
        self._rate = Rate(per_s=strictness.per_s, burst=strictness.burst, clock=clock)
        self._judging = asyncio.Lock()  # so that failures count before the next attempt
        self._known: OrderedDict[bytes, _Known] = OrderedDict()
        self._salt = secrets.token_bytes(32)
        self._owners: OrderedDict[str, str] = OrderedDict()  # a page's session hash → name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        if request.url.path in {"/login", "/logout"}:
            response = await self._serve_form(request)
            await response(scope, receive, send)
            return
        event = {}
        if request.method == "POST" and request.url.path.startswith("/gradio_api/"):
            body = await request.body()
            event = _read_event(body)
            receive = Replay(body, receive)
        serve = await self._admit(request, event) or self._app
        await serve(scope, receive, send)

    async def _admit(self, request: Request, event: dict[str, object]) -> Response | None:
        """Find out whose a request is; return what to say instead of serving it, if anything."""
        try:
            caller = await self._identify(request, event)
        except _WaitError as wait:
            return _busy(int(wait.args[0]))
        if caller is None:
            return _turn_away(request)
        if caller.has_cookie and request.method == "POST" and "origin" not in request.headers:
            return _error(403, "A browser's request must tell its origin.")
        if request.method == "POST" and not self._rate.allows(caller.name):
            return _busy(1)
        page = event.get("session_hash") or _page_of(request)
        if page and isinstance(page, str) and not self._owns(caller.name, page):
            return _error(403, "This page belongs to another account.")
        request.scope[USER] = caller.name
        return None

    async def _identify(self, request: Request, event: dict[str, object]) -> _Caller | None:
        scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            name = self._accounts.find_token(credentials.strip())
        elif scheme.lower() == "basic":
            name = await self._check_basic(request, credentials.strip())
        else:
            is_page = request.url.path == "/"
            is_active = is_page or (bool(event) and event.get("fn_index") not in self._passive)
            token = request.cookies.get(_cookie_name(request), "")
            found = self._accounts.find_session(token, is_active=is_active) if token else None
            return _Caller(found, has_cookie=True) if found else None
        return _Caller(name, has_cookie=False) if name else None

    async def _check_basic(self, request: Request, credentials: str) -> str | None:
        key = hashlib.blake2b(credentials.encode(), key=self._salt).digest()
        if name := self._recall(key):
            return name
        try:
            pair = b64decode(credentials, validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError):
            return None
        typed, colon, password = pair.partition(":")
        checked = await self._check(request, typed, password) if colon else None
        if checked:
            stamp = self._accounts.password_stamp(checked)
            self._known[key] = _Known(checked, stamp, self._clock() + _KNOWN_S)
            if len(self._known) > _MOST_KNOWN:
                self._known.popitem(last=False)
        return checked

    def _recall(self, key: bytes) -> str | None:
        known = self._known.get(key)
        if known is None or known.until < self._clock():
            return None
        return known.name if self._accounts.password_stamp(known.name) == known.stamp else None

    async def _check(self, request: Request, typed: str, password: str) -> str | None:
        """Check a name and password, unless there were too many wrong ones."""
        name = typed.strip().casefold()[:64]
        address = request.client.host if request.client else ""
        async with self._judging:
            wait = max(self._by_name.wait_s(name), self._by_address.wait_s(address))
            if wait:
                raise _WaitError(math.ceil(wait))
            checked = await asyncio.to_thread(self._accounts.check, typed, password)
            if checked:
                self._by_name.forget(name)
            else:
                self._by_name.fail(name)
                self._by_address.fail(address)
        return checked

    def _owns(self, name: str, page: str) -> bool:
        """Tell whether a page is an account's; who uses it first owns it."""
        owner = self._owners.setdefault(page, name)
        self._owners.move_to_end(page)
        if len(self._owners) > _MOST_PAGES:
            self._owners.popitem(last=False)
        return owner == name

    async def _serve_form(self, request: Request) -> Response:
        if request.method != "POST":
            return render_login(_language(request), leads_to=_inside(request.query_params))
        if "origin" not in request.headers:  # the guard has found it to be ours
            return _error(403, "A browser's request must tell its origin.")
        if request.url.path == "/logout":
            self._accounts.end_session(request.cookies.get(_cookie_name(request), ""))
            response = RedirectResponse("/login", 303)
            _set_cookie(request, response, "")
            response.headers["Clear-Site-Data"] = '"cache"'  # pictures of pages are kept for a day
            return response
        return await self._log_in(request)

    async def _log_in(self, request: Request) -> Response:
        form = _read_form(await request.body())
        texts, leads_to = texts_for(form.get("lang", "")), _inside(form)
        words = account_texts(texts.code)
        typed = form.get("name", "")
        try:
            name = await self._check(request, typed, form.get("password", ""))
        except _WaitError as wait:
            problem = words.wait.format(seconds=wait.args[0])
            page = render_login(texts, leads_to=leads_to, name=typed, problem=problem, status=429)
            page.headers["Retry-After"] = str(wait.args[0])
            return page
        if name is None:
            return render_login(
                texts, leads_to=leads_to, name=typed, problem=words.wrong, status=401
            )
        response = RedirectResponse(leads_to, 303)
        _set_cookie(request, response, self._accounts.begin_session(name))
        return response


def _read_event(body: bytes) -> dict[str, object]:
    """Read what a page or program posts to the queue; {} for anything else."""
    try:
        event = json.loads(body) if body else {}
    except (ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}


def _page_of(request: Request) -> str:
    """Return the session hash of a page that a request names without a body."""
    path = request.url.path
    if path.startswith("/gradio_api/heartbeat/"):
        return path.rpartition("/")[2]
    return request.query_params.get("session_hash", "") or ""


def _read_form(body: bytes) -> dict[str, str]:
    try:
        fields = parse_qs(body.decode("utf-8"), max_num_fields=8)
    except ValueError:
        return {}
    return {name: values[0] for name, values in fields.items()}


def _inside(fields: QueryParams | dict[str, str]) -> str:
    """Return where to go after logging in: a path of this server, whatever was asked for."""
    path = fields.get("next", "") or ""
    is_inside = path.startswith("/") and not path.startswith("//")
    return path if is_inside and path.isprintable() and "\\" not in path else "/"


def _language(request: Request) -> Texts:
    chosen = request.query_params.get("lang", "")
    return (
        texts_for(chosen) if chosen else choose_language(request.headers.get("accept-language", ""))
    )


def _turn_away(request: Request) -> Response:
    """Send a person to the form, and tell a program what it lacks."""
    if request.method in {"GET", "HEAD"} and "text/html" in request.headers.get("accept", ""):
        if request.headers.get("sec-fetch-site") == "cross-site":
            return HTMLResponse(_AGAIN, headers={"Cache-Control": "no-store"})
        query = f"?{request.url.query}" if request.url.query else ""
        leads_to = urlencode({"next": request.url.path + query})
        return RedirectResponse(f"/login?{leads_to}", 303, {"Cache-Control": "no-store"})
    response = _error(401, "Send a token (yiju users token NAME): Authorization: Bearer TOKEN")
    response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _error(status: int, message: str) -> Response:
    return JSONResponse({"detail": message}, status, {"Cache-Control": "no-store"})


def _busy(seconds: int) -> Response:
    response = _error(429, f"Too many requests; try again in {seconds} s.")
    response.headers["Retry-After"] = str(seconds)
    return response


def _cookie_name(request: Request) -> str:
    # With this prefix a browser takes the cookie over TLS and for this very host only.
    return f"__Host-{_COOKIE}" if request.url.scheme == "https" else _COOKIE


def _set_cookie(request: Request, response: Response, token: str) -> None:
    """Give the browser a session's token, or take it away with ""; it ends with the browser."""
    response.set_cookie(
        _cookie_name(request),
        token,
        max_age=None if token else 0,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
