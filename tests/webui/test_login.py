import base64
import json
import re

import pytest
from argon2 import PasswordHasher
from starlette.testclient import TestClient

from webui.accounts import Accounts, SessionLimits
from webui.guard import ROUTES, Guard
from webui.login import ROUTES as LOGIN_ROUTES
from webui.login import USER, Login, Strictness

PASSWORD = "correct horse battery"
FAST = PasswordHasher(time_cost=1, memory_cost=64)
LIMITS = SessionLimits(idle_s=600, longest_s=3600)
ORIGIN = "http://127.0.0.1:7860"
HTML = {"Accept": "text/html"}


class Clock:
    """Seconds that pass only when told to."""

    def __init__(self):
        self.now = 1_800_000_000.0

    def __call__(self):
        return self.now


async def _app(scope, receive, send):
    """Say who asked for what."""
    body = (await receive())["body"] if scope["method"] == "POST" else b""
    told = json.dumps([scope[USER], scope["path"], body.decode(errors="replace")]).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": told})


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def accounts(clock):
    accounts = Accounts(LIMITS, hasher=FAST, clock=clock)
    for name in ("alice", "bob"):
        accounts.add(name, PASSWORD)
    yield accounts
    accounts.close()


@pytest.fixture
def client_for(accounts, clock):
    """Make browsers and programs, each with cookies of its own."""
    strictness = Strictness(account_failures=3, address_failures=6, per_s=1, burst=20)
    login = Login(_app, accounts=accounts, passive=[7], strictness=strictness, clock=clock)
    guard = Guard(login, routes=[*ROUTES, *LOGIN_ROUTES])

    def make(origin=ORIGIN, address="10.0.0.5"):
        headers = {"Origin": origin} if origin else {}
        return TestClient(
            guard,
            base_url=ORIGIN,
            headers=headers,
            follow_redirects=False,
            client=(address, 50000),
        )

    return make


@pytest.fixture
def browser(client_for):
    return client_for()


def log_in(browser, name="alice", password=PASSWORD, leads_to="/"):
    form = {"name": name, "password": password, "next": leads_to, "lang": "en"}
    return browser.post("/login", data=form)


def basic(name, password):
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


OPEN = [
    *(("GET", path) for path in ("/", "/config", "/theme.css", "/assets/a.js", "/static/a.js")),
    *(("GET", path) for path in ("/gradio_api/info", "/page-image?doc=a")),
    ("GET", "/gradio_api/queue/data?session_hash=a"),
    ("GET", "/gradio_api/heartbeat/a"),
    ("GET", "/gradio_api/call/answer/0123456789abcdef"),
    *(("POST", f"/gradio_api/{path}") for path in ("queue/join", "cancel", "call/answer")),
    ("HEAD", "/"),
]


@pytest.mark.parametrize(("method", "path"), OPEN)
def test_nothing_is_served_to_nobody(browser, method, path):
    response = browser.request(method, path)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"


def test_every_open_route_is_among_those_tested():
    def is_tested(route):
        return any(
            method == route.method and re.fullmatch(route.pattern, path.partition("?")[0])
            for method, path in OPEN
        )

    assert [route for route in ROUTES if not is_tested(route)] == []


def test_a_person_is_sent_to_the_form_and_from_there_back(browser):
    sent = browser.get("/?doc=a&sel=b", headers=HTML)
    assert sent.status_code == 303
    form = browser.get(sent.headers["location"], headers=HTML)
    assert form.status_code == 200
    assert 'name="next" value="/?doc=a&amp;sel=b"' in form.text
    back = log_in(browser, leads_to="/?doc=a&sel=b")
    assert (back.status_code, back.headers["location"]) == (303, "/?doc=a&sel=b")
    assert browser.get("/").json()[0] == "alice"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "",
        "/\n/x",
    ],
)
def test_nobody_is_sent_elsewhere_after_logging_in(browser, elsewhere):
    assert log_in(browser, leads_to=elsewhere).headers["location"] == "/"


def test_the_cookie_is_for_this_server_and_no_script(browser):
    cookie = log_in(browser).headers["set-cookie"].lower()
    for attribute in ("httponly", "samesite=strict", "path=/"):
        assert attribute in cookie
    assert "secure" not in cookie
    assert "max-age" not in cookie
    assert "expires" not in cookie


def test_over_tls_the_cookie_is_for_tls_alone(accounts):
    guard = Guard(Login(_app, accounts=accounts), routes=[*ROUTES, *LOGIN_ROUTES])
    origin = "https://127.0.0.1:7860"
    browser = TestClient(guard, base_url=origin, headers={"Origin": origin}, follow_redirects=False)
    cookie = log_in(browser).headers["set-cookie"]
    assert cookie.startswith("__Host-yiju-session=")
    assert "; Secure" in cookie
    assert browser.get("/").status_code == 200


def test_a_wrong_password_tells_nothing_of_the_name(browser, client_for):
    known, unknown = log_in(browser, password="wrong wrong"), log_in(client_for(), name="mallory")
    assert known.status_code == unknown.status_code == 401
    assert "Wrong name or password" in known.text
    assert known.text.replace("alice", "mallory") == unknown.text
    assert "set-cookie" not in known.headers


def test_what_was_typed_is_shown_as_text(browser):
    response = log_in(browser, name='"><script>alert(1)</script>', leads_to='/"><script>')
    assert "<script" not in response.text
    assert "default-src 'none'; style-src 'sha256-" in response.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("accepted", "word"), [("zh-CN", "登录"), ("zh-TW", "登入"), ("en", "Log in"), ("de", "Log in")]
)
def test_the_form_speaks_the_browsers_language(browser, accepted, word):
    assert word in browser.get("/login", headers={"Accept-Language": accepted}).text


def test_the_form_can_be_switched_to_another_language(browser):
    assert "登入" in browser.get("/login?lang=zh-Hant", headers={"Accept-Language": "en"}).text


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", "http://127.0.0.1:3000"])
def test_a_form_of_another_page_logs_nobody_in_or_out(client_for, origin):
    other = client_for(origin)
    assert log_in(other).status_code == 403
    assert other.post("/logout").status_code == 403


def test_a_browsers_request_without_an_origin_is_refused(browser, client_for):
    log_in(browser)
    other = client_for(None)
    other.cookies = browser.cookies
    assert other.post("/gradio_api/queue/join", json={}).status_code == 403
    assert other.get("/").status_code == 200


def test_a_link_on_another_site_still_finds_the_session(client_for):
    browser = client_for(None)
    response = browser.get("/", headers={**HTML, "Sec-Fetch-Site": "cross-site"})
    assert response.status_code == 200
    assert 'http-equiv="refresh"' in response.text
    assert browser.get("/", headers={**HTML, "Sec-Fetch-Site": "same-origin"}).status_code == 303


def test_logging_out_ends_the_session_even_for_a_copy_of_the_cookie(browser, client_for):
    log_in(browser)
    copy = client_for()
    copy.cookies.update(dict(browser.cookies))
    assert browser.post("/logout").headers["location"] == "/login"
    assert not dict(browser.cookies)
    assert copy.get("/").status_code == 401


def test_a_session_ends_while_only_the_page_itself_is_busy(browser, clock):
    log_in(browser)
    for _ in range(6):
        clock.now += 100
        event = {"fn_index": 7, "session_hash": "a"}
        assert browser.post("/gradio_api/queue/join", json=event).status_code == 200
    clock.now += 1
    assert browser.post("/gradio_api/queue/join", json={"fn_index": 7}).status_code == 401


def test_a_session_goes_on_while_somebody_asks(browser, clock):
    log_in(browser)
    for _ in range(5):
        clock.now += 400
        event = {"fn_index": 3, "session_hash": "a"}
        assert browser.post("/gradio_api/queue/join", json=event).status_code == 200


def test_whoever_is_removed_is_out_at_once(browser, accounts):
    log_in(browser)
    accounts.remove("alice")
    assert browser.get("/").status_code == 401


def test_the_application_gets_the_body_that_was_looked_into(browser):
    log_in(browser)
    event = {"fn_index": 1, "data": ["大会"], "session_hash": "abc"}
    told = browser.post("/gradio_api/queue/join", json=event).json()
    assert told[:2] == ["alice", "/gradio_api/queue/join"]
    assert json.loads(told[2]) == event


def test_a_page_belongs_to_whoever_opened_it(browser, client_for):
    log_in(browser)
    other = client_for()
    log_in(other, "bob")
    event = {"session_hash": "abc"}
    assert browser.post("/gradio_api/queue/join", json=event).status_code == 200
    for response in (
        other.post("/gradio_api/queue/join", json=event),
        other.post("/gradio_api/cancel", json=event),
        other.get("/gradio_api/queue/data?session_hash=abc"),
        other.get("/gradio_api/heartbeat/abc"),
    ):
        assert response.status_code == 403
    assert browser.get("/gradio_api/queue/data?session_hash=abc").status_code == 200


def test_guessing_has_to_wait_longer_and_longer(browser, clock):
    for _ in range(3):
        assert log_in(browser, password="wrong wrong").status_code == 401
    refused = log_in(browser)
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "1"
    assert "try again in 1 seconds" in refused.text
    clock.now += 1
    assert log_in(browser, password="wrong wrong").status_code == 401
    assert log_in(browser).headers["retry-after"] == "2"
    clock.now += 2
    assert log_in(browser).status_code == 303


def test_guessing_many_names_from_one_address_has_to_wait_and_others_need_not(client_for):
    guessing = client_for(address="10.0.0.66")
    for number in range(6):
        assert log_in(guessing, name=f"name{number}").status_code == 401
    assert log_in(guessing).status_code == 429
    assert log_in(client_for(address="10.0.0.5")).status_code == 303


def test_a_program_sends_a_token(client_for, accounts):
    program = client_for(None)
    headers = {"Authorization": f"Bearer {accounts.make_token('bob')}"}
    assert program.post("/gradio_api/call/answer", json={}, headers=headers).json()[0] == "bob"
    wrong = {"Authorization": "Bearer x"}
    assert program.post("/gradio_api/call/answer", headers=wrong).status_code == 401


def test_a_program_sends_name_and_password(client_for):
    program = client_for(None)
    told = program.post("/gradio_api/call/answer", headers=basic("alice", PASSWORD)).json()
    assert told[0] == "alice"


def test_names_and_passwords_sent_by_programs_are_guessed_no_faster(client_for, accounts):
    program = client_for(None)
    assert program.get("/config", headers=basic("alice", PASSWORD)).status_code == 200
    for _ in range(3):
        assert program.get("/config", headers=basic("alice", "wrong wrong")).status_code == 401
    assert program.get("/config", headers=basic("alice", "wrong again")).status_code == 429
    # one that was right a moment ago is still known, until it is changed
    assert program.get("/config", headers=basic("alice", PASSWORD)).status_code == 200
    accounts.change_password("alice", "another password")
    assert program.get("/config", headers=basic("alice", PASSWORD)).status_code == 429


@pytest.mark.parametrize(
    "credentials", ["Basic", "Basic !!!", "Basic /w==", "Basic YWxpY2U=", "Bearer", "Digest x"]
)
def test_malformed_credentials_are_nobodys(client_for, credentials):
    response = client_for(None).get("/config", headers={"Authorization": credentials})
    assert response.status_code == 401


def test_one_account_cannot_keep_the_queue_to_itself(browser, client_for):
    log_in(browser)
    statuses = [browser.post("/gradio_api/queue/join", json={}).status_code for _ in range(22)]
    assert statuses[:20] == [200] * 20
    assert statuses[20:] == [429] * 2
    other = client_for()
    log_in(other, "bob")
    assert other.post("/gradio_api/queue/join", json={}).status_code == 200


@pytest.mark.parametrize("body", [b"[[[[" * 100_000, b"\xff\xfe", b'"text"', b"{}", b"nul"])
def test_bodies_that_are_no_event_are_handed_on(browser, body):
    log_in(browser)
    assert browser.post("/gradio_api/cancel", content=body).content.count(b"alice") == 1
