"""Logging in, in a real browser."""

import pytest
from argon2 import PasswordHasher
from playwright.sync_api import expect

from rag import Answerer
from tests.e2e.conftest import Site, quiet_serve
from webui.accounts import Accounts, SessionLimits
from webui.app import WebSettings

PASSWORD = "correct horse battery"
QUESTION = "岚谷县茶产业振兴大会是哪天召开的？"


class Clock:
    """Seconds that pass only when told to."""

    def __init__(self):
        self.now = 1_800_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture(scope="module")
def clock():
    return Clock()


@pytest.fixture(scope="module")
def guarded_site(site, outbound, clock):
    """The page over the same documents, with two accounts and a day that tests can make pass."""
    hasher = PasswordHasher(time_cost=1, memory_cost=64)
    accounts = Accounts(SessionLimits(idle_s=600, longest_s=3600), hasher=hasher, clock=clock)
    for name in ("alice", "bob"):
        accounts.add(name, PASSWORD)
    settings = WebSettings(look_s=600, tick_s=0.5)
    served = quiet_serve(Answerer.open(site.documents), accounts=accounts, settings=settings)
    yield Site(site.documents, served.local_url, site.answerer)
    served.close()
    accounts.close()


@pytest.fixture
def open_browser(browser):
    """Open a page of a browser without any cookie."""
    contexts = []

    def open_page(**options):
        contexts.append(browser.new_context(**({"locale": "en-GB"} | options)))
        page = contexts[-1].new_page()
        page.set_default_timeout(15_000)
        return page

    yield open_page
    for context in contexts:
        context.close()


def log_in(page, name="alice", password=PASSWORD):
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.keyboard.press("Enter")


def ask(page, question=QUESTION):
    page.get_by_test_id("textbox").fill(question)
    page.keyboard.press("Enter")
    expect(page.locator(".turn .words").first).to_be_visible()


def test_the_page_is_behind_a_form_that_leads_to_it(guarded_site, open_browser):
    page = open_browser()
    page.goto(guarded_site.url)
    expect(page.get_by_label("Name")).to_be_focused()
    assert "Rebuild" not in page.content()
    log_in(page, password="wrong wrong")
    expect(page.get_by_role("alert")).to_have_text("Wrong name or password.")
    expect(page.get_by_label("Password")).to_be_focused()
    log_in(page)
    expect(page.locator(".masthead h1")).to_be_visible()
    expect(page.locator(".account")).to_contain_text("alice")
    ask(page)


def test_the_form_works_without_scripts(guarded_site, open_browser):
    page = open_browser(java_script_enabled=False)
    page.goto(guarded_site.url)
    page.get_by_role("link", name="简体中文").click()
    page.get_by_label("用户名").fill("alice")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    assert page.url == guarded_site.url


def test_logging_out_closes_the_page_even_for_the_back_button(guarded_site, open_browser):
    page = open_browser()
    page.goto(guarded_site.url)
    log_in(page)
    ask(page)
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_label("Password")).to_be_visible()
    page.go_back()
    expect(page.get_by_label("Password")).to_be_visible()
    assert page.locator(".turn").count() == 0


def test_a_session_that_ends_shows_the_form_and_leads_back(guarded_site, open_browser, clock):
    page = open_browser()
    page.goto(f"{guarded_site.url}?lang=x")
    log_in(page)
    expect(page.locator(".masthead h1")).to_be_visible()
    clock.now += 601  # while the page does nothing but look at the state of the index
    expect(page.get_by_label("Password")).to_be_visible()
    log_in(page)
    expect(page.locator(".masthead h1")).to_be_visible()
    assert page.url == f"{guarded_site.url}?lang=x"


def test_a_link_from_elsewhere_opens_the_page_of_who_is_logged_in(guarded_site, open_browser, site):
    page = open_browser()
    page.goto(guarded_site.url)
    log_in(page)
    expect(page.locator(".masthead h1")).to_be_visible()
    elsewhere = f"{site.url.replace('127.0.0.1', 'localhost')}assets/none"
    page.goto(elsewhere)
    page.evaluate("url => { location.href = url }", guarded_site.url)
    expect(page.locator(".account")).to_contain_text("alice")


def test_a_page_elsewhere_can_ask_nothing_in_ones_name(guarded_site, open_browser, site):
    page = open_browser()
    page.goto(guarded_site.url)
    log_in(page)
    expect(page.locator(".masthead h1")).to_be_visible()
    page.goto(f"{site.url}theme.css")  # the same host, another port: cookies go there, too
    status = page.request.post(
        f"{guarded_site.url}gradio_api/call/v2/answer",
        headers={"Origin": site.url.rstrip("/")},
        data={"question": QUESTION},
    ).status
    assert status == 403


def test_conversations_of_two_accounts_are_apart(guarded_site, open_browser):
    first, second = open_browser(), open_browser()
    for page, name in ((first, "alice"), (second, "bob")):
        page.goto(guarded_site.url)
        log_in(page, name)
        expect(page.locator(".account")).to_contain_text(name)
    ask(first)
    second.reload()
    expect(second.locator(".account")).to_contain_text("bob")
    assert QUESTION not in second.content()
