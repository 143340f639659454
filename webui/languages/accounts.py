"""What logging in and ``yiju users`` say, in every language of the interface."""

from collections.abc import Mapping
from dataclasses import dataclass

from webui.accounts import MAX_PASSWORD_CHARS, MIN_PASSWORD_CHARS, Refusal


@dataclass(frozen=True, slots=True)
class AccountTexts:
    """All words of accounts in one language; ``{name}`` marks what is filled in."""

    # the login form
    log_in: str
    name: str
    password: str
    wrong: str
    wait: str  # {seconds}
    no_account_yet: str
    log_out: str
    # the command line
    ask_password: str
    ask_again: str
    differ: str
    added: str  # {name}
    changed: str  # {name}
    removed: str  # {name}
    token: str  # {name}
    token_ended: str  # {name}
    nobody: str
    since: str  # {time}
    with_token: str
    needs_account: str  # {reason}
    not_loopback: str  # {host}
    allowed_host: str  # {host}
    trusted_proxy: str
    asked_for: str
    plain_http: str
    refusals: Mapping[Refusal, str]  # {name}


_LENGTHS = {"least": MIN_PASSWORD_CHARS, "most": MAX_PASSWORD_CHARS}

_ZH_HANS = AccountTexts(
    log_in="登录",
    name="用户名",
    password="密码",
    wrong="用户名或密码不对。",
    wait="错误次数太多，请过 {seconds} 秒再试。",
    no_account_yet="没有账号？请找管理这台服务器的人开通。",
    log_out="退出登录",
    ask_password="密码（输入时不显示）",
    ask_again="再输入一遍",
    differ="两次输入的密码不一样，没有保存。",
    added="已新建账号 {name}。",
    changed="已更换 {name} 的密码；原有的登录和令牌全部失效。",
    removed="已删除账号 {name}；它的登录和令牌全部失效。",
    token="{name} 的令牌如下，只显示这一次；原来的令牌已失效：",
    token_ended="{name} 的令牌已失效。",
    nobody="还没有账号。新建一个：yiju users add NAME",
    since="{time} 新建",
    with_token="有令牌",
    needs_account="{reason}，必须登录才能使用，但现在还没有账号。先新建一个：yiju users add NAME",
    not_loopback="别的机器能访问 {host}",
    allowed_host="--allow-host {host} 表示别的机器会来访问",
    trusted_proxy="--trusted-proxy 表示别的机器会来访问",
    asked_for="你用了 --login",
    plain_http=(
        "注意：没有加密（HTTP），同一网络里的人能看到密码和文档内容。请用 --ssl-certfile，"
        "或者放在 HTTPS 反向代理后面。"
    ),
    refusals={
        Refusal.NAME: "用户名只能用文字、数字和 . _ - @ +，1 到 64 个字符。",
        Refusal.PASSWORD: "密码要有 {least} 到 {most} 个字符。".format(**_LENGTHS),
        Refusal.TAKEN: "账号 {name} 已经有了。换密码用：yiju users passwd {name}",
        Refusal.UNKNOWN: "没有账号 {name}。看看都有谁：yiju users list",
        Refusal.NO_TOKEN: "{name} 没有令牌。",
    },
)

_ZH_HANT = AccountTexts(
    log_in="登入",
    name="使用者名稱",
    password="密碼",
    wrong="使用者名稱或密碼不對。",
    wait="錯誤次數太多，請過 {seconds} 秒再試。",
    no_account_yet="沒有帳號？請找管理這台伺服器的人開通。",
    log_out="登出",
    ask_password="密碼（輸入時不顯示）",
    ask_again="再輸入一遍",
    differ="兩次輸入的密碼不一樣，沒有儲存。",
    added="已新增帳號 {name}。",
    changed="已更換 {name} 的密碼；原有的登入和權杖全部失效。",
    removed="已刪除帳號 {name}；它的登入和權杖全部失效。",
    token="{name} 的權杖如下，只顯示這一次；原來的權杖已失效：",
    token_ended="{name} 的權杖已失效。",
    nobody="還沒有帳號。新增一個：yiju users add NAME",
    since="{time} 新增",
    with_token="有權杖",
    needs_account="{reason}，必須登入才能使用，但現在還沒有帳號。先新增一個：yiju users add NAME",
    not_loopback="別的機器能存取 {host}",
    allowed_host="--allow-host {host} 表示別的機器會來存取",
    trusted_proxy="--trusted-proxy 表示別的機器會來存取",
    asked_for="你用了 --login",
    plain_http=(
        "注意：沒有加密（HTTP），同一網路裡的人能看到密碼和文件內容。請用 --ssl-certfile，"
        "或者放在 HTTPS 反向代理後面。"
    ),
    refusals={
        Refusal.NAME: "使用者名稱只能用文字、數字和 . _ - @ +，1 到 64 個字元。",
        Refusal.PASSWORD: "密碼要有 {least} 到 {most} 個字元。".format(**_LENGTHS),
        Refusal.TAKEN: "帳號 {name} 已經有了。換密碼用：yiju users passwd {name}",
        Refusal.UNKNOWN: "沒有帳號 {name}。看看都有誰：yiju users list",
        Refusal.NO_TOKEN: "{name} 沒有權杖。",
    },
)

_EN = AccountTexts(
    log_in="Log in",
    name="Name",
    password="Password",
    wrong="Wrong name or password.",
    wait="Too many failed attempts. Please try again in {seconds} seconds.",
    no_account_yet="No account? Ask whoever runs this server for one.",
    log_out="Log out",
    ask_password="Password (not shown)",
    ask_again="Again",
    differ="The two passwords differ; nothing was saved.",
    added="The account {name} was made.",
    changed="The password of {name} was changed; all of its sessions and its token have ended.",
    removed="The account {name} was removed; all of its sessions and its token have ended.",
    token="The token of {name} is shown this once; the one before it has ended:",
    token_ended="The token of {name} has ended.",
    nobody="There is no account yet. Make one: yiju users add NAME",
    since="made {time}",
    with_token="has a token",
    needs_account=(
        "{reason}, so people must log in, and there is no account yet. "
        "Make one first: yiju users add NAME"
    ),
    not_loopback="Other machines can reach {host}",
    allowed_host="--allow-host {host} means that other machines come here",
    trusted_proxy="--trusted-proxy means that other machines come here",
    asked_for="You asked for --login",
    plain_http=(
        "Note: nothing is encrypted (HTTP), so passwords and documents can be read on the way. "
        "Use --ssl-certfile, or a reverse proxy with HTTPS in front."
    ),
    refusals={
        Refusal.NAME: "A name is 1 to 64 letters, digits and . _ - @ +",
        Refusal.PASSWORD: "A password has {least} to {most} characters.".format(**_LENGTHS),
        Refusal.TAKEN: "There is an account {name} already. To change its password: "
        "yiju users passwd {name}",
        Refusal.UNKNOWN: "There is no account {name}. To see who has one: yiju users list",
        Refusal.NO_TOKEN: "{name} has no token.",
    },
)

_BY_CODE = {"zh-Hans": _ZH_HANS, "zh-Hant": _ZH_HANT, "en": _EN}


def account_texts(code: str) -> AccountTexts:
    """Return the words of a language.

    :param code: Of one that the interface has.
    :return: The words.
    """
    return _BY_CODE[code]
