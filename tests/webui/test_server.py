import errno
import socket
import ssl
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest

from tests.ports import take_port
from webui import server
from webui.server import Address, Exposure, Server, describe_exposure


async def _app(scope, receive, send):
    """Answer with the address, scheme and length that it was told of."""
    if scope["type"] == "lifespan":
        for kind in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{kind}.complete"})
        return
    length = len((await receive()).get("body", b""))
    told = f"{scope['client'][0]} {scope['scheme']} {length}".encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": told})


@pytest.fixture
def free_port():
    return take_port()


@pytest.fixture
def serve(free_port):
    """Serve the application; end it with the test."""
    running = []

    def start(**options):
        running.append(Server.start(_app, Address(port=free_port, **options)))
        return running[-1]

    yield start
    for one in running:
        one.close()


def read(url, **options):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), *options.pop("with", []))
    with opener.open(urllib.request.Request(url, **options), timeout=10) as response:
        return response.read().decode(), response.headers


def talk(port, *parts):
    """Send bytes, one part after the other; return what comes back until the end."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        for part in parts:
            connection.sendall(part)
        answer = b""
        while received := connection.recv(65536):
            answer += received
    return answer


def test_it_answers_at_its_address_without_telling_what_it_is(serve):
    text, headers = read(serve().url)
    assert text == "127.0.0.1 http 0"
    assert "server" not in headers


def test_a_server_that_was_closed_frees_its_port(serve, free_port):
    serve().close()
    socket.create_server(("127.0.0.1", free_port)).close()


def test_a_taken_port_is_said_to_be_taken():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=f"^Port {port} is taken. Name a free one with --port.$"):
            Server.start(_app, Address(port=port))


def test_the_next_free_port_is_taken_when_none_is_named(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(server, "_FIRST_PORT", port)
        monkeypatch.setattr(server, "_LAST_PORT", min(port + 50, 65535))
        running = Server.start(_app, Address())
    try:
        assert port < int(running.url.rsplit(":")[-1].strip("/")) <= port + 50
    finally:
        running.close()


def test_a_port_is_its_own_from_the_start(free_port):
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", free_port))
        running = Server.start(_app, Address(port=free_port))
        try:
            with pytest.raises(OSError):
                other.listen()
        finally:
            running.close()


def test_a_full_range_of_ports_is_named(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(server, "_FIRST_PORT", port)
        monkeypatch.setattr(server, "_LAST_PORT", port)
        with pytest.raises(OSError, match=f"^Every port from {port} to {port} is taken."):
            Server.start(_app, Address())


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.EACCES, "Port 80 is not allowed for this user. Name one from 1024 with --port."),
        (errno.EADDRNOTAVAIL, "127.0.0.1 cannot be served: Cannot assign requested address."),
    ],
)
def test_another_refusal_says_what_to_do(code, words, monkeypatch):
    def refuse(host, port):
        raise OSError(code, "Cannot assign requested address")

    monkeypatch.setattr(server, "_bind", refuse)
    with pytest.raises(OSError) as refused:
        Server.start(_app, Address(port=80))
    assert str(refused.value) == words


# Limits on every client.


def test_headers_that_do_not_come_are_not_waited_for(serve, free_port, monkeypatch):
    monkeypatch.setattr(server, "_HEADER_S", 0.3)
    serve()
    began = time.monotonic()
    assert talk(free_port, b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ") == b""
    assert talk(free_port) == b""
    assert time.monotonic() - began < 5


def test_a_second_request_on_a_connection_is_not_waited_for_either(serve, free_port, monkeypatch):
    monkeypatch.setattr(server, "_HEADER_S", 0.3)
    serve()
    with socket.create_connection(("127.0.0.1", free_port), timeout=10) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        began = time.monotonic()
        connection.sendall(b"GET / HTTP/1.1\r\nX-Slow:")
        while connection.recv(65536):
            pass  # the rest of the first response
        assert time.monotonic() - began < 4  # uvicorn itself would wait for 5 s, and then on


def test_a_request_whose_headers_have_come_may_take_its_time(serve, free_port, monkeypatch):
    monkeypatch.setattr(server, "_HEADER_S", 0.3)
    serve()
    with socket.create_connection(("127.0.0.1", free_port), timeout=10) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n")
        time.sleep(0.6)
        connection.sendall(b"abc")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")


def test_endless_headers_are_refused(serve, free_port):
    serve()
    answer = talk(free_port, b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 100_000)
    assert answer.startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize(
    "request_line", [b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", b"\x16\x03\x01\r\n\r\n"]
)
def test_what_is_no_http_is_refused(serve, free_port, request_line):
    serve()
    assert talk(free_port, request_line).startswith(b"HTTP/1.1 400")


def test_too_many_connections_are_told_so(serve, free_port, monkeypatch):
    monkeypatch.setattr(server, "_CONNECTIONS", 3)
    serve()
    idle = [socket.create_connection(("127.0.0.1", free_port)) for _ in range(4)]
    try:
        request = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        assert talk(free_port, request).startswith(b"HTTP/1.1 503")
    finally:
        for connection in idle:
            connection.close()


# Proxies and TLS.


def test_nobody_is_believed_where_he_comes_from(serve):
    headers = {"X-Forwarded-For": "10.9.8.7", "X-Forwarded-Proto": "https"}
    assert read(serve().url, headers=headers)[0] == "127.0.0.1 http 0"


@pytest.mark.parametrize(
    ("proxy", "told"), [("127.0.0.1", "10.9.8.7 https 0"), ("10.0.0.1", "127.0.0.1 http 0")]
)
def test_only_the_proxy_that_was_named_is_believed(serve, proxy, told):
    headers = {"X-Forwarded-For": "10.9.8.7", "X-Forwarded-Proto": "https"}
    assert read(serve(proxy=proxy).url, headers=headers)[0] == told


@pytest.fixture
def certificate(tmp_path):
    key, path = tmp_path / "key.pem", tmp_path / "cert.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    options = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    try:
        subprocess.run(
            [*command.split(), *options, "-keyout", key, "-out", path],
            check=True,
            capture_output=True,
            timeout=30,
        )
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    return path, key


@pytest.mark.parametrize("is_one_file", [False, True])
def test_a_certificate_makes_it_https(serve, certificate, is_one_file):
    path, key = certificate
    if is_one_file:
        path.write_text(path.read_text() + key.read_text())
    running = serve(certificate=path, key=None if is_one_file else key)
    context = ssl.create_default_context(cafile=path)
    handler = urllib.request.HTTPSHandler(context=context)
    assert running.url.startswith("https://")
    assert read(running.url, **{"with": [handler]})[0] == "127.0.0.1 https 0"


@pytest.mark.parametrize("content", [None, b"no certificate"])
def test_a_certificate_that_cannot_be_used_is_named(tmp_path, content):
    path = tmp_path / "cert.pem"
    if content:
        path.write_bytes(content)
    with pytest.raises(OSError, match=r"cert\.pem and its key cannot be used"):
        Server.start(_app, Address(certificate=path))


# Who else could come.


@pytest.mark.parametrize(
    ("address", "exposure"),
    [
        (Address(), None),
        (Address("localhost"), None),
        (Address("::1", names=("localhost",)), None),
        (Address("0.0.0.0"), Exposure.HOST),
        (Address("192.168.0.7"), Exposure.HOST),
        (Address("example.com"), Exposure.HOST),
        (Address(names=("docs.example.com",)), Exposure.NAME),
        (Address(proxy="127.0.0.1"), Exposure.PROXY),
    ],
)
def test_whatever_lets_others_in_is_noticed(address, exposure):
    assert describe_exposure(address) is exposure


def test_the_page_is_given_as_an_address_to_click():
    assert server._url(Address("0.0.0.0"), 1) == "http://127.0.0.1:1/"
    assert server._url(Address("::"), 1) == "http://[::1]:1/"
    assert server._url(Address("[::1]", certificate=Path("c")), 1) == "https://[::1]:1/"
    assert server._url(Address("docs.example.com"), 1) == "http://docs.example.com:1/"
