import pytest
from argon2 import PasswordHasher
from typer.testing import CliRunner

import webui.accounts
from webui import cli_users
from webui.accounts import Accounts
from webui.cli import commands

PASSWORD = "correct horse battery"
runner = CliRunner()


@pytest.fixture(autouse=True)
def chinese(monkeypatch):
    fast = PasswordHasher(time_cost=1, memory_cost=64)
    monkeypatch.setattr(webui.accounts, "PasswordHasher", lambda: fast)
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")


def users(*arguments, typed=f"{PASSWORD}\n"):
    return runner.invoke(commands, ["users", *arguments], input=typed)


def check(name, password=PASSWORD):
    accounts = Accounts()
    try:
        return accounts.check(name, password)
    finally:
        accounts.close()


def test_an_account_is_made_listed_changed_and_removed():
    assert users("add", "Alice").stdout == "已新建账号 alice。\n"
    assert check("alice") == "alice"
    assert users("list").stdout.startswith("alice\t")
    changed = users("passwd", "alice", typed="another password\r\n")
    assert changed.exit_code == 0
    assert check("alice") is None
    assert check("alice", "another password") == "alice"
    assert users("remove", "alice").exit_code == 0
    nobody = users("list")
    assert (nobody.exit_code, nobody.stdout) == (0, "")
    assert "yiju users add NAME" in nobody.stderr


def test_a_token_is_the_only_thing_on_the_standard_output():
    users("add", "alice")
    made = users("token", "alice")
    accounts = Accounts()
    assert accounts.find_token(made.stdout.strip()) == "alice"
    assert "只显示这一次" in made.stderr
    assert "有令牌" in users("list").stdout
    assert users("token", "alice", "--revoke").exit_code == 0
    assert accounts.find_token(made.stdout.strip()) is None
    accounts.close()


@pytest.mark.parametrize(
    ("arguments", "typed", "words"),
    [
        (("add", "a b"), PASSWORD, "用户名只能用"),
        (("add", "bob"), "short\n", "密码要有 10 到 1024 个字符"),
        (("add", "bob"), "", "密码要有"),
        (("add", "alice"), PASSWORD, "账号 alice 已经有了"),
        (("passwd", "bob"), PASSWORD, "没有账号 bob"),
        (("remove", "bob"), "", "没有账号 bob"),
        (("token", "bob"), "", "没有账号 bob"),
        (("token", "alice", "--revoke"), "", "alice 没有令牌"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_2(arguments, typed, words):
    users("add", "alice")
    refused = users(*arguments, typed=typed)
    assert refused.exit_code == 2
    assert refused.stdout == ""
    assert words in refused.stderr
    assert refused.stderr.count("\n") == 1


@pytest.fixture
def terminal(monkeypatch):
    """Sit at a terminal and type passwords, one after the other."""

    def type_passwords(*passwords):
        typed = list(passwords)
        monkeypatch.setattr(cli_users.getpass, "getpass", lambda _: typed.pop(0))

    monkeypatch.setattr(cli_users, "_is_terminal", lambda: True)
    return type_passwords


def test_at_a_terminal_a_password_is_asked_for_twice(terminal):
    terminal(PASSWORD, PASSWORD)
    assert users("add", "alice").exit_code == 0
    assert check("alice") == "alice"


def test_two_different_passwords_change_nothing(terminal):
    terminal(PASSWORD, PASSWORD + "x")
    refused = users("add", "alice")
    assert refused.exit_code == 2
    assert "不一样" in refused.stderr
    assert check("alice") is None


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--host", "0.0.0.0"), "0.0.0.0"),
        (("--host", "192.168.0.7"), "192.168.0.7"),
        (("--allow-host", "docs.example.com"), "docs.example.com"),
        (("--trusted-proxy", "127.0.0.1"), "--trusted-proxy"),
        (("--login",), "--login"),
    ],
)
def test_the_page_is_not_opened_to_others_without_an_account(arguments, reason):
    refused = runner.invoke(commands, ["web", *arguments])
    assert refused.exit_code == 2
    assert reason in refused.stderr
    assert "yiju users add NAME" in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_a_key_without_a_certificate_is_refused():
    refused = runner.invoke(commands, ["web", "--ssl-keyfile", "key.pem"])
    assert refused.exit_code == 2
    assert "--ssl-certfile" in refused.stderr


def test_help_shows_an_example_in_two_languages():
    shown = runner.invoke(commands, ["users", "--help"])
    assert "Example: yiju users add alice" in shown.stdout
    assert "密码" in shown.stdout
