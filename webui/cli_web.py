"""Options of ``yiju web`` that open it to other machines, and what they demand."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from webui.failures import fail
from webui.messages import system_language

if TYPE_CHECKING:
    from webui.accounts import Accounts
    from webui.languages.accounts import AccountTexts
    from webui.server import Address

Host = Annotated[
    str,
    typer.Option(
        help="监听的地址；别的机器能访问的地址（如 0.0.0.0）要求登录，先用 yiju users add 建账号。 "
        "The address to listen on. One that other machines can reach, such as 0.0.0.0, requires "
        "a login: make accounts with yiju users add first."
    ),
]
Port = Annotated[
    int | None,
    typer.Option(
        help="端口，默认从 7860 起第一个空闲的。 The port, by default the first free one "
        "from 7860.",
        min=1,
        max=65535,
        show_default=False,
    ),
]
Login = Annotated[
    bool, typer.Option("--login", help="在本机也要求登录。 Require a login on loopback, too.")
]
AllowHost = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-host",
        metavar="NAME",
        help="网页还可以用这个主机名打开；可以写几次。 A host name the page may be opened by; may "
        "be given several times.",
        show_default=False,
    ),
]
Certificate = Annotated[
    Path | None,
    typer.Option(
        "--ssl-certfile",
        help="TLS 证书（PEM），用了就是 HTTPS。 A TLS certificate (PEM), to serve HTTPS.",
        show_default=False,
    ),
]
Key = Annotated[
    Path | None,
    typer.Option(
        "--ssl-keyfile",
        help="证书的私钥（PEM），不写就在证书文件里。 Its private key (PEM), by default in the "
        "same file.",
        show_default=False,
    ),
]
Proxy = Annotated[
    str,
    typer.Option(
        "--trusted-proxy",
        metavar="ADDRESS",
        help="反向代理的 IP 地址；只信它的 X-Forwarded-For 和 X-Forwarded-Proto，默认谁都不信。 "
        "The IP address of a reverse proxy whose X-Forwarded-For and X-Forwarded-Proto are "
        "believed; by default nobody's are.",
        show_default=False,
    ),
]


def open_accounts(address: "Address", *, login: bool) -> "Accounts | None":
    """Open the accounts where somebody must log in.

    :param address: Where the page will be served.
    :param login: A login was asked for.
    :return: The accounts; None where nobody needs to log in.
    :raises Exit: With status 2 when a login is needed and there is no account.
    """
    from webui.server import describe_exposure

    if address.key and not address.certificate:
        fail("--ssl-keyfile goes with --ssl-certfile.")
    exposure = describe_exposure(address)
    if exposure is None and not login:
        return None
    from webui.accounts import Accounts
    from webui.languages.accounts import account_texts

    words = account_texts(system_language().code)
    accounts = Accounts()
    if not accounts.everybody():
        accounts.close()
        fail(words.needs_account.format(reason=_explain(address, words)))
    if exposure and not address.certificate and not address.proxy:
        typer.echo(words.plain_http, err=True)
    return accounts


def _explain(address: "Address", words: "AccountTexts") -> str:
    from webui.guard import is_loopback
    from webui.server import Exposure, describe_exposure

    match describe_exposure(address):
        case Exposure.HOST:
            return words.not_loopback.format(host=address.host)
        case Exposure.NAME:
            name = next(name for name in address.names if not is_loopback(name))
            return words.allowed_host.format(host=name)
        case Exposure.PROXY:
            return words.trusted_proxy
        case None:
            return words.asked_for
