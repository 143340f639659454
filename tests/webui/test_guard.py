import asyncio

import pytest

from webui.guard import Guard, is_loopback


async def _app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"page"})


def request(host, origin=None):
    sent = []

    async def send(message):
        sent.append(message)

    headers = [(b"host", host.encode("latin-1"))]
    if origin is not None:
        headers.append((b"origin", origin.encode("latin-1")))
    scope = {"type": "http", "headers": headers, "method": "GET"}
    asyncio.run(Guard(_app)(scope, None, send))
    return sent[0]["status"], {name.decode(): value.decode() for name, value in sent[0]["headers"]}


@pytest.mark.parametrize(
    "host", ["127.0.0.1:7860", "localhost:7860", "LOCALHOST", "[::1]:7860", "[::1]", "127.0.0.2"]
)
def test_own_names_are_served(host):
    status, _ = request(host)
    assert status == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:7860", "127.0.0.1.evil.example", "192.168.1.5", ""]
)
def test_names_pointed_at_this_machine_by_others_are_refused(host):
    status, _ = request(host)
    assert status == 421


def test_browsers_are_told_to_load_nothing_from_elsewhere():
    _, headers = request("127.0.0.1")
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy
    assert headers["x-content-type-options"] == "nosniff"


def test_other_than_http_passes_through():
    seen = []

    async def app(scope, receive, send):
        seen.append(scope["type"])

    asyncio.run(Guard(app)({"type": "lifespan"}, None, None))
    assert seen == ["lifespan"]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.com", ""])
def test_addresses_that_others_reach_are_not_loopback(host):
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("origin", "expected"),
    [("http://127.0.0.1:3000", 403), ("null", 403), ("http://127.0.0.1:7860", 200)],
)
def test_a_page_of_another_origin_is_refused(origin, expected):
    status, _ = request("127.0.0.1:7860", origin)
    assert status == expected
