import os
import sqlite3
import stat
import threading

import pytest
from argon2 import PasswordHasher

from webui.accounts import AccountError, Accounts, Refusal, SessionLimits
from webui.user_database import user_database_path

PASSWORD = "correct horse battery"
FAST = PasswordHasher(time_cost=1, memory_cost=64)
LIMITS = SessionLimits(idle_s=600, longest_s=3600)


class Clock:
    """Seconds that pass only when told to."""

    def __init__(self):
        self.now = 1_800_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def accounts(clock):
    accounts = Accounts(LIMITS, hasher=FAST, clock=clock)
    accounts.add("alice", PASSWORD)
    yield accounts
    accounts.close()


def refusal(change, *arguments):
    with pytest.raises(AccountError) as refused:
        change(*arguments)
    return refused.value.refusal


def test_the_right_password_is_right_and_others_are_wrong(accounts):
    assert accounts.check("alice", PASSWORD) == "alice"
    assert accounts.check(" ALICE ", PASSWORD) == "alice"
    assert accounts.check("alice", PASSWORD + " ") is None
    assert accounts.check("alice", "") is None
    assert accounts.check("bob", PASSWORD) is None
    assert accounts.check("\ud800\0", "\ud800") is None


def test_names_and_passwords_may_be_of_any_script_and_any_keyboard(accounts):
    accounts.add("王小明", "café\u0301 密码 一二三四五")
    assert accounts.check("王小明", "café\u0301 密码 一二三四五") == "王小明"
    accounts.add("Zoe\u0308", "cafe\u0301-1234567")
    assert accounts.check("zo\u00eb", "caf\u00e9-1234567") == "zo\u00eb"


@pytest.mark.parametrize("name", ["", "a b", "a/b", "x" * 65, "<b>", "a\nb", "a:b", "\u202ea"])
def test_what_is_no_name_is_refused(accounts, name):
    assert refusal(accounts.add, name, PASSWORD) is Refusal.NAME


@pytest.mark.parametrize("password", ["", "123456789", "x" * 1025])
def test_what_is_no_password_is_refused(accounts, password):
    assert refusal(accounts.add, "bob", password) is Refusal.PASSWORD
    assert refusal(accounts.change_password, "alice", password) is Refusal.PASSWORD


def test_an_account_is_made_once_and_only_an_account_can_be_changed(accounts):
    assert refusal(accounts.add, "Alice", PASSWORD) is Refusal.TAKEN
    for change in (accounts.remove, accounts.make_token):
        assert refusal(change, "bob") is Refusal.UNKNOWN
    assert refusal(accounts.change_password, "bob", PASSWORD) is Refusal.UNKNOWN
    assert refusal(accounts.end_token, "alice") is Refusal.NO_TOKEN


def test_nothing_secret_is_kept_as_it_is(accounts):
    session, token = accounts.begin_session("alice"), accounts.make_token("alice")
    accounts.close()
    kept = b"".join(path.read_bytes() for path in user_database_path().parent.iterdir())
    assert b"$argon2id$" in kept
    for secret in (PASSWORD, session, token):
        assert secret.encode() not in kept
        assert len(secret) >= 20


@pytest.mark.skipif(os.name == "nt", reason="Windows has no modes of files")
def test_only_the_owner_may_read_the_accounts(accounts):
    path = user_database_path()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_session_ends_when_idle_and_lives_on_when_not(accounts, clock):
    token = accounts.begin_session("alice")
    for _ in range(3):
        clock.now += 500
        assert accounts.find_session(token, is_active=True) == "alice"
    clock.now += 601
    assert accounts.find_session(token, is_active=True) is None


def test_what_a_page_does_by_itself_keeps_no_session_alive(accounts, clock):
    token = accounts.begin_session("alice")
    for _ in range(6):
        clock.now += 100
        assert accounts.find_session(token, is_active=False) == "alice"
    clock.now += 1
    assert accounts.find_session(token, is_active=False) is None


def test_a_session_ends_at_last_however_busy(accounts, clock):
    token = accounts.begin_session("alice")
    for _ in range(12):
        clock.now += 300
        assert accounts.find_session(token, is_active=True) == "alice"
    clock.now += 1
    assert accounts.find_session(token, is_active=True) is None


def test_a_session_can_be_ended_and_others_go_on(accounts):
    first, second = accounts.begin_session("alice"), accounts.begin_session("alice")
    accounts.end_session(first)
    assert accounts.find_session(first, is_active=True) is None
    assert accounts.find_session(second, is_active=True) == "alice"
    assert accounts.find_session("", is_active=True) is None


@pytest.mark.parametrize("change", ["change_password", "remove"])
def test_whoever_is_locked_out_is_out_everywhere(accounts, change):
    session, token = accounts.begin_session("alice"), accounts.make_token("alice")
    arguments = ("alice", "another password") if change == "change_password" else ("alice",)
    getattr(accounts, change)(*arguments)
    assert accounts.find_session(session, is_active=True) is None
    assert accounts.find_token(token) is None
    assert accounts.check("alice", PASSWORD) is None


def test_a_new_token_ends_the_one_before(accounts):
    first, second = accounts.make_token("alice"), accounts.make_token("alice")
    assert accounts.find_token(first) is None
    assert accounts.find_token(second) == "alice"
    accounts.end_token("alice")
    assert accounts.find_token(second) is None


def test_accounts_made_elsewhere_are_seen_at_once(accounts):
    other = Accounts()
    other.add("bob", PASSWORD)
    assert [account.name for account in accounts.everybody()] == ["alice", "bob"]
    other.close()


def test_two_at_once_do_not_make_the_same_account(accounts):
    outcomes = []

    def add():
        try:
            outcomes.append(accounts.add("bob", PASSWORD))
        except AccountError as exc:
            outcomes.append(exc.refusal)

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["bob", *[Refusal.TAKEN] * 3]


def test_a_failure_half_way_changes_nothing(accounts, monkeypatch):
    session = accounts.begin_session("alice")
    accounts._connection.execute("DROP TABLE account_tokens")
    with pytest.raises(OSError, match=r"user\.sqlite cannot be used"):
        accounts.change_password("alice", "another password")
    assert accounts.check("alice", PASSWORD) == "alice"
    assert accounts.find_session(session, is_active=True) == "alice"


def test_a_damaged_file_is_named(home):
    home.mkdir(parents=True)
    (home / "user.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(OSError, match="YIJU_HOME names another folder"):
        Accounts()


def test_the_tables_of_others_in_the_file_are_left_alone(accounts):
    with sqlite3.connect(user_database_path()) as connection:
        connection.execute("CREATE TABLE other (x)")
        connection.execute("INSERT INTO other VALUES (1)")
    connection.close()
    Accounts().close()
    connection = sqlite3.connect(user_database_path())
    assert connection.execute("SELECT x FROM other").fetchall() == [(1,)]
    connection.close()
