"""Command ``yiju users``: the accounts of those who may log in to the page."""

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from webui.failures import clear_errors, fail
from webui.messages import system_language

if TYPE_CHECKING:
    from webui.accounts import Accounts
    from webui.languages.accounts import AccountTexts

USERS_HELP = """管理能登录网页的账号。

Manage the accounts of those who may log in to the page.

密码从终端输入（不显示），脚本里从标准输入读一行；只保存加盐的散列值。

A password is typed hidden, or read as one line from the standard input by
scripts; only its salted hash is kept.

例 Example: yiju users add alice"""

users_commands = typer.Typer(no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="用户名。 The name.", show_default=False)]


@users_commands.command(short_help="新建账号。 Make an account.")
def add(name: Name) -> None:
    """新建账号。 Make an account."""
    with _accounts() as (accounts, words):
        added = accounts.add(name, _read_password(words))
        typer.echo(words.added.format(name=added))


@users_commands.command(short_help="换密码。 Change a password.")
def passwd(name: Name) -> None:
    """换密码；原有的登录和令牌全部失效。 Change a password; all sessions and the token end."""
    with _accounts() as (accounts, words):
        changed = accounts.change_password(name, _read_password(words))
        typer.echo(words.changed.format(name=changed))


@users_commands.command(short_help="删除账号。 Remove an account.")
def remove(name: Name) -> None:
    """删除账号；它的登录和令牌全部失效。 Remove an account; its sessions and token end."""
    with _accounts() as (accounts, words):
        typer.echo(words.removed.format(name=accounts.remove(name)))


@users_commands.command("list", short_help="列出账号。 List the accounts.")
def list_accounts() -> None:
    """列出账号。 List the accounts."""
    with _accounts() as (accounts, words):
        everybody = accounts.everybody()
        for account in everybody:
            made = datetime.fromtimestamp(account.created, UTC).astimezone()
            remarks = [words.since.format(time=made.strftime("%Y-%m-%d %H:%M"))]
            remarks += [words.with_token] if account.has_token else []
            typer.echo("\t".join([account.name, *remarks]))
        if not everybody:
            typer.echo(words.nobody, err=True)


@users_commands.command(short_help="给程序用的令牌。 A token for programs.")
def token(
    name: Name,
    revoke: Annotated[
        bool, typer.Option("--revoke", help="只让令牌失效。 Only end the token.")
    ] = False,
) -> None:
    """给程序新建令牌，代替原来的。 Make a program's token, in place of the one before."""
    with _accounts() as (accounts, words):
        if revoke:
            typer.echo(words.token_ended.format(name=accounts.end_token(name)))
            return
        made = accounts.make_token(name)
        typer.echo(words.token.format(name=name), err=True)
        typer.echo(made)


@contextmanager
def _accounts() -> Iterator[tuple["Accounts", "AccountTexts"]]:
    """Open the accounts, and say clearly what cannot be done with them."""
    from webui.accounts import AccountError, Accounts
    from webui.languages.accounts import account_texts

    words = account_texts(system_language().code)
    with clear_errors():
        accounts = Accounts()
        try:
            yield accounts, words
        except AccountError as exc:
            fail(words.refusals[exc.refusal].format(name=exc.name))
        finally:
            accounts.close()


def _read_password(words: "AccountTexts") -> str:
    """Ask for a password twice, or take a line of the standard input when nobody is there."""
    if not _is_terminal():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass(f"{words.ask_password}: ")
    if getpass.getpass(f"{words.ask_again}: ") != password:
        fail(words.differ)
    return password


def _is_terminal() -> bool:
    return sys.stdin.isatty()
