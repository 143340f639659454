"""The served application: what is open of it, what it gives away, what it refuses."""

import http.client
import json
import shutil
import socket
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from rag import Answerer
from tests.webui.quiet import quiet_gradio
from webui.accounts import Accounts
from webui.app import WebSettings, serve
from webui.server import Address

CORPUS = Path(__file__).parent.parent / "corpus"
QUESTION = "岚谷县茶产业振兴大会是哪天召开的？"
ENDPOINT = "/gradio_api/call/v2/answer"
PASSWORD = "correct horse battery"


class Site:
    """A served page, asked over HTTP."""

    def __init__(self, url, documents, answerer):
        self.url = url
        self.documents = documents
        self.answerer = answerer
        self.headers = {}
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def ask(self, path, data=None, headers=(), method=None):
        """Return the status and the text of a response."""
        body = data if data is None or isinstance(data, bytes) else json.dumps(data).encode()
        request = urllib.request.Request(self.url.rstrip("/") + path, body, method=method)
        for name, value in {
            "Content-Type": "application/json",
            **self.headers,
            **dict(headers),
        }.items():
            request.add_header(name, value)
        try:
            with self._opener.open(request, timeout=30) as response:
                try:
                    return response.status, response.read().decode()
                except http.client.IncompleteRead as exc:  # how Gradio ends a stream of nobody's
                    return response.status, exc.partial.decode()
        except urllib.error.HTTPError as exc:
            with exc:
                return exc.code, exc.read().decode()

    def call(self, question, **arguments):
        """Ask the endpoint; return the event and the text of its data."""
        status, text = self.ask(ENDPOINT, {"question": question, **arguments})
        if status != 200:
            return str(status), text
        event_id = json.loads(text)["event_id"]
        _, told = self.ask(f"{ENDPOINT}/{event_id}")
        event, data = told.strip().split("\n", 1)
        return event.removeprefix("event: "), data.removeprefix("data: ")


def _open(folder, **options):
    shutil.copy(CORPUS / "tea_conference.txt", folder)
    answerer = Answerer.open(folder)
    with quiet_gradio():
        served = serve(answerer, **options)
    return served, Site(served.local_url, folder, answerer)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    served, site = _open(
        tmp_path_factory.mktemp("secret-documents"), settings=WebSettings(look_s=600)
    )
    yield site
    served.close()


def forbidden(site):
    """What of this machine must stand in no response."""
    return [
        *(str(site.documents), site.documents.name, str(site.answerer.index_dir)),
        *(str(Path.home()), str(Path.cwd()), sys.prefix, "site-packages", "Traceback"),
        *("/tmp/", '.py\\"', '.py",'),
    ]


def leaks(site, text):
    return [word for word in forbidden(site) if word in text and word != "/"]


PAGES = ["/", "/config", "/gradio_api/info", "/theme.css"]
STRANGE = [
    *("/assets/none.js", "/assets/%2e%2e/%2e%2e/routes.py", "/static/%2e%2e/index.html", "/%00"),
    *(
        "/assets/..%2f..%2froutes.py",
        "/assets/%2fetc%2fpasswd",
        "/static//etc/passwd",
        "/static/C:/x",
    ),
    *("/config?deep_link=../../x", "/?deep_link=..%2f..%2fx", "/?deep_link=abc", "/config?page=x"),
    *(
        "/gradio_api/info?all_endpoints=true",
        "/gradio_api/queue/data",
        "/gradio_api/queue/data?session_hash=x",
    ),
    *("/gradio_api/call/answer/0123", "/page-image", "/page-image?doc=../../x&page=1&hash=00"),
    *("/gradio_api/file=/etc/passwd", "/gradio_api/proxy=http://x.test", "/?__theme=dark&view=api"),
]
POSTS = [b"", b"{", b"[]", b"null", b'{"data": 1}', b"\xff", b'{"data": [], "fn_index": 99999}']


def test_no_page_tells_a_path_of_the_server(site):
    for path in PAGES:
        status, text = site.ask(path)
        assert status == 200
        assert leaks(site, text) == [], path


@pytest.mark.parametrize("path", STRANGE)
def test_no_strange_request_tells_a_path_of_the_server(site, path):
    status, text = site.ask(path)
    assert status in {200, 307, 400, 403, 404, 422}
    assert leaks(site, text) == []
    assert "root:" not in text


@pytest.mark.parametrize(
    "path", ["/gradio_api/queue/join", "/gradio_api/call/answer", ENDPOINT, "/gradio_api/cancel"]
)
@pytest.mark.parametrize("body", POSTS)
def test_no_malformed_event_tells_a_path_of_the_server(site, path, body):
    status, text = site.ask(path, body)
    assert status in {200, 400, 404, 422, 500}
    told = text
    if status == 200 and "event_id" in text:
        told = site.ask(f"{path}/{json.loads(text)['event_id']}")[1]
    assert leaks(site, told) == []


def read_events(site, session):
    """Read what the queue says of a session until it has nothing more to say."""
    status, text = site.ask(f"/gradio_api/queue/data?session_hash={session}")
    assert status == 200
    return text


def test_no_event_of_the_page_tells_a_path_of_the_server_whatever_it_is_sent(site):
    """Every listener, with nothing, with its own kind of data, and with nonsense."""
    config = json.loads(site.ask("/config")[1])
    events = [(entry["id"], len(entry["inputs"])) for entry in config["dependencies"]]
    assert len(events) >= 10
    for number, n_inputs in events:
        for at, value in enumerate([None, "../../etc/passwd", {"path": "/etc/passwd"}, [[1]]]):
            session = f"session{number}x{at}"
            body = {
                "data": [value] * n_inputs,
                "fn_index": number,
                "session_hash": session,
                "event_data": {"document": "../../x", "turn": "a", "code": "zh", "name": {}},
            }
            status, text = site.ask("/gradio_api/queue/join", body)
            told = text + (read_events(site, session) if status == 200 else "")
            assert leaks(site, told) == [], (number, value)
            assert "root:" not in told


@pytest.mark.parametrize(
    ("question", "top_k"),
    [
        *((None, 5), ([], 5), ({"path": "/etc/passwd"}, 5), (QUESTION, 0), (QUESTION, 21)),
        *((QUESTION, "5"), (QUESTION, True), (QUESTION, 1.5), (QUESTION, None)),
    ],
)
def test_the_endpoint_refuses_what_is_no_question(site, question, top_k):
    event, data = site.call(question, top_k=top_k)
    assert event == "error"
    assert leaks(site, data) == []


def test_the_endpoint_answers_whatever_the_text(site):
    for question in ("", " ", "\0", "\ud800", "a" * 100_000, "${7}{{7}}<script>"):
        event, data = site.call(question)
        assert event == "complete"
        assert leaks(site, data) == []


def test_the_endpoint_gives_the_answer_as_every_interface_does(site):
    event, data = site.call(QUESTION)
    assert event == "complete"
    assert json.loads(data) == [site.answerer.answer(QUESTION).to_dict()]


def test_the_endpoint_asks_the_documents_that_are_named(site):
    (source,) = {one.source for one in site.answerer.answer(QUESTION).citations[:1]}
    for within in (f"{source}\r\n", f"\n {source}\n"):
        assert json.loads(site.call(QUESTION, within=within)[1])[0]["citations"]
    event, data = site.call(QUESTION, within=f"{source}\nmissing.txt")
    assert event == "complete"
    assert {one["source"] for one in json.loads(data)[0]["citations"]} == {source}
    for within in ("missing.txt", "\n", "a" * 2000, ["../x"], {"path": "/etc/passwd"}, 5):
        event, data = site.call(QUESTION, within=within)
        assert event == "error"
        assert leaks(site, data) == []


def test_a_conversation_too_long_for_the_server_is_refused(site):
    host, port = urllib.parse.urlsplit(site.url).netloc.split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        request = f"POST /gradio_api/queue/join HTTP/1.1\r\nHost: {host}\r\nContent-Length: {2**21}"
        connection.sendall(f"{request}\r\n\r\n".encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 413")


def test_no_page_names_another_server(site):
    _, text = site.ask("/")
    links = [part.split('"')[0] for part in text.split('="http')[1:]]
    assert links == []
    assert "unsafe-eval" not in text


def test_a_full_queue_says_so(tmp_path, monkeypatch):
    served, site = _open(tmp_path, settings=WebSettings(look_s=600, queue_size=2))
    go_on, answer = threading.Event(), site.answerer.answer

    def answer_late(*arguments, **options):
        assert go_on.wait(30)
        return answer(*arguments, **options)

    monkeypatch.setattr(site.answerer, "answer", answer_late)
    try:
        posts = [site.ask(ENDPOINT, {"question": QUESTION}) for _ in range(30)]
        refused = [text for status, text in posts if status == 503]
        assert refused
        assert "full" in refused[0]
        assert leaks(site, "".join(refused)) == []
        go_on.set()
        accepted = [json.loads(text)["event_id"] for status, text in posts if status == 200]
        for event_id in accepted:
            assert "complete" in site.ask(f"{ENDPOINT}/{event_id}")[1]
        assert site.call(QUESTION)[0] == "complete"
    finally:
        go_on.set()
        served.close()


@pytest.mark.parametrize(
    "address", [Address("0.0.0.0"), Address(names=("docs.example.com",)), Address(proxy="10.0.0.1")]
)
def test_nothing_that_others_can_reach_is_served_without_accounts(address):
    with pytest.raises(ValueError, match="Accounts are needed"):
        serve(None, address)


def test_with_accounts_programs_and_browsers_are_asked_who_they_are(tmp_path, home):
    accounts = Accounts()
    accounts.add("alice", PASSWORD)
    token = accounts.make_token("alice")
    served, site = _open(tmp_path, accounts=accounts, settings=WebSettings(look_s=600))
    try:
        for path in (*PAGES, *STRANGE):
            assert site.ask(path)[0] in {401, 404}
        assert site.call(QUESTION)[0] == "401"
        site.headers = {"Authorization": f"Bearer {token}"}
        event, data = site.call(QUESTION)
        assert event == "complete"
        assert "4月16日" in json.loads(data)[0]["text"]
        status, text = site.ask("/")
        assert status == 200
        assert '"username":"alice"' in text
        assert leaks(site, text) == []
    finally:
        served.close()
        accounts.close()
