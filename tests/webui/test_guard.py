import asyncio

import pytest

from webui import guard
from webui.guard import ROUTES, Guard, Route, is_loopback

SERVER = ("192.168.1.5", 7860)


class App:
    """An application that remembers what reached it."""

    def __init__(self):
        self.scope = None
        self.body = None

    async def __call__(self, scope, receive, send):
        self.scope = scope
        self.body = b""
        while True:
            message = await receive()
            if message["type"] != "http.request":
                self.body = None  # cut off
                break
            self.body += message["body"]
            if not message["more_body"]:
                break
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"page"})


def serve(app, *, method="GET", path="/", host="127.0.0.1:7860", parts=(b"",), **options):
    """Send one request; return the status and the headers of the response."""
    sent, coming = [], list(parts)
    headers = {"host": host} | options.pop("headers", {})

    async def receive():
        body = coming.pop(0)
        if body is None:
            await asyncio.sleep(60)
        return {"type": "http.request", "body": body, "more_body": bool(coming)}

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "server": SERVER,
        "headers": [(k.encode(), v.encode("latin-1")) for k, v in headers.items()],
    }
    asyncio.run(Guard(app, **options)(scope, receive, send))
    told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], told


@pytest.fixture
def app():
    return App()


# Who is served.


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1:7860", "localhost:7860", "LOCALHOST", "[::1]:7860", "[::1]", "127.0.0.2"),
        "192.168.1.5:7860",  # the address that was connected to
    ],
)
def test_own_names_are_served(app, host):
    assert serve(app, host=host)[0] == 200


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:7860", "127.0.0.1.evil.example", "192.168.1.6", ""),
        *("192.168.1.5.evil.example", "localhost.evil.example", "127.0.0.1@evil.example"),
    ],
)
def test_names_pointed_at_this_machine_by_others_are_refused(app, host):
    assert serve(app, host=host)[0] == 421
    assert app.scope is None


def test_names_that_were_allowed_are_served_and_no_others(app):
    hosts = ["Docs.Example.com", "[2001:db8::1]"]
    for host in ("docs.example.com", "DOCS.example.com:443", "[2001:db8::1]:7860"):
        assert serve(app, host=host, hosts=hosts)[0] == 200
    assert serve(app, host="example.com", hosts=hosts)[0] == 421


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.com", ""])
def test_addresses_that_others_reach_are_not_loopback(host):
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("origin", "expected"),
    [("http://127.0.0.1:3000", 403), ("null", 403), ("http://127.0.0.1:7860", 200)],
)
def test_a_page_of_another_origin_is_refused(app, origin, expected):
    assert serve(app, headers={"origin": origin})[0] == expected


def test_what_a_stranger_says_of_addresses_and_hosts_does_not_get_through(app):
    headers = {
        "x-forwarded-host": "evil.example",
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-proto": "https",
        "x-forwarded-prefix": "/evil",
        "forwarded": "host=evil.example",
        "x-original-url": "/config",
        "accept": "text/html",
    }
    assert serve(app, headers=headers)[0] == 200
    assert {name for name, _ in app.scope["headers"]} == {b"host", b"accept"}


def test_other_than_http():
    seen, sent = [], []

    async def app(scope, receive, send):
        seen.append(scope["type"])

    async def send(message):
        sent.append(message)

    asyncio.run(Guard(app)({"type": "lifespan"}, None, send))
    asyncio.run(Guard(app)({"type": "websocket"}, None, send))
    assert seen == ["lifespan"]
    assert [message["type"] for message in sent] == ["websocket.close"]


# What browsers are told.


@pytest.mark.parametrize("host", ["127.0.0.1", "evil.example"])
def test_every_response_says_what_it_may_do(app, host):
    _, headers = serve(app, host=host)
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]


# Which routes are open.


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("GET", f"/gradio_api/file={path}") for path in ("/etc/passwd", "app.py", "../x")),
        *(("GET", f"/gradio_api/{path}") for path in ("file/a", "proxy=http://x.test/", "token")),
        *(("GET", f"/gradio_api/{path}") for path in ("user", "app_id", "runs", "openapi.json")),
        *(("GET", f"/gradio_api/{path}") for path in ("startup-events", "queue/status", "mcp/")),
        *(
            ("GET", f"/gradio_api/{path}")
            for path in ("dev/reload", "upload_progress", "vibe-code")
        ),
        ("GET", "/gradio_api/custom_component/a/client/b/c.js"),
        ("GET", "/gradio_api/deep_link"),
        *(("POST", f"/gradio_api/{path}") for path in ("upload", "component_server", "run/x")),
        *(("POST", f"/gradio_api/{path}") for path in ("api/x", "stream/a", "process_recording")),
        *(("POST", f"/gradio_api/{path}") for path in ("reset", "vibe-edit", "call/other")),
        *(("GET", f"/{path}") for path in ("monitoring", "monitoring/summary", "manifest.json")),
        *(("GET", f"/{path}") for path in ("login", "logout", "docs", "openapi.json", "svelte/a")),
        *(("GET", f"/{path}") for path in ("assets/../../app.py", "static/..", "assets/a/../b")),
        *(("GET", f"/{path}") for path in ("assets/..\\..\\x", "assets/", "config/x", "/")),
        *((method, "/") for method in ("POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH")),
        ("PUT", "/gradio_api/queue/join"),
    ],
)
def test_what_the_page_does_not_need_is_closed(app, method, path):
    assert serve(app, method=method, path=path)[0] == 404
    assert app.scope is None


# How much is read.


def test_a_body_within_its_limit_gets_through_in_one_piece(app):
    routes = [Route("POST", "/x", max_bytes=10)]
    assert serve(app, method="POST", path="/x", parts=[b"12345", b"67890"], routes=routes)[0] == 200
    assert app.body == b"1234567890"


@pytest.mark.parametrize(
    ("parts", "length"), [([b"12345", b"678901"], None), ([b""], "11"), ([b""], "-1"), ([b""], "x")]
)
def test_a_body_beyond_its_limit_is_refused(app, parts, length):
    routes = [Route("POST", "/x", max_bytes=10)]
    headers = {"content-length": length} if length else {}
    status, told = serve(app, method="POST", path="/x", parts=parts, routes=routes, headers=headers)
    assert status == 413
    assert told["connection"] == "close"
    assert app.scope is None


def test_a_streamed_body_is_cut_off_at_its_limit(app):
    routes = [Route("POST", "/x", max_bytes=10, is_streamed=True)]
    serve(app, method="POST", path="/x", parts=[b"12345"], routes=routes)
    assert app.body == b"12345"
    serve(app, method="POST", path="/x", parts=[b"12345", b"678901"], routes=routes)
    assert app.body is None


def test_a_body_that_does_not_come_is_not_waited_for(app, monkeypatch):
    monkeypatch.setattr(guard, "_READ_S", 0.05)
    routes = [Route("POST", "/x")]
    assert serve(app, method="POST", path="/x", parts=[b"1", None], routes=routes)[0] == 408
    assert app.scope is None


def test_no_open_route_takes_more_than_a_conversation_needs():
    assert max(route.max_bytes for route in ROUTES if not route.is_streamed) <= 2**20
