"""Login page: the form to log in, as HTML that needs no script."""

from base64 import b64encode
from hashlib import sha256
from html import escape
from urllib.parse import urlencode

from starlette.responses import HTMLResponse

from webui.languages import CATALOGUE, Texts
from webui.languages.accounts import account_texts

_STYLE = """
:root { color-scheme: light dark; --paper: #fbfaf7; --card: #fff; --ink: #1e1c19; --soft: #69645b;
  --line: #8d877c; --seal: #a4342a; --on-seal: #fff; }
@media (prefers-color-scheme: dark) { :root { --paper: #181715; --card: #211f1c; --ink: #ece8e0;
  --soft: #a8a196; --line: #7d776c; --seal: #ef9084; --on-seal: #2a0f0b; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem;
  background: var(--paper); color: var(--ink); font: 1rem/1.6 ui-sans-serif, system-ui,
  "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", sans-serif; }
main { width: min(22rem, 100%); }
h1 { margin: 0; color: var(--seal); }
label { display: block; margin-top: 1rem; }
input { width: 100%; padding: .6rem; font: inherit; color: inherit; background: var(--card);
  border: 1px solid var(--line); border-radius: .4rem; }
button { width: 100%; margin-top: 1.5rem; padding: .7rem; font: inherit; border: 0;
  border-radius: .4rem; color: var(--on-seal); background: var(--seal); cursor: pointer; }
:focus-visible { outline: 3px solid var(--seal); outline-offset: 2px; }
p { color: var(--soft); } [role=alert] { color: var(--seal); font-weight: 600; }
nav { display: flex; gap: 1rem; margin-top: 2rem; } a { color: var(--ink); }
"""
_STYLE_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode()
_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src data:; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)


def render_login(
    texts: Texts, *, leads_to: str, name: str = "", problem: str = "", status: int = 200
) -> HTMLResponse:
    """Render the form.

    :param texts: The language.
    :param leads_to: The path to go to afterwards.
    :param name: As typed before.
    :param problem: What was wrong with the last attempt, if anything.
    :param status: Of the response.
    :return: The response.
    """
    words = account_texts(texts.code)
    alert = f'<p role="alert">{escape(problem)}</p>' if problem else ""
    links = " ".join(_render_link(other, texts, leads_to) for other in CATALOGUE)
    first, second = ("", " autofocus") if name else (" autofocus", "")
    page = (
        f'<!doctype html><html lang="{texts.code}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="data:,"><title>{escape(words.log_in)} · {escape(texts.title)}'
        f"</title><style>{_STYLE}</style></head><body><main><h1>{escape(texts.title)}</h1>"
        f'<p>{escape(texts.tagline)}</p>{alert}<form method="post" action="login">'
        f'<input type="hidden" name="next" value="{escape(leads_to)}">'
        f'<input type="hidden" name="lang" value="{texts.code}">'
        f'<label for="name">{escape(words.name)}</label><input id="name" name="name" '
        f'value="{escape(name)}" autocomplete="username" autocapitalize="none" required{first}>'
        f'<label for="password">{escape(words.password)}</label><input id="password" '
        f'name="password" type="password" autocomplete="current-password" required{second}>'
        f"<button>{escape(words.log_in)}</button></form>"
        f'<p>{escape(words.no_account_yet)}</p><nav aria-label="{escape(texts.language)}">{links}'
        "</nav></main></body></html>"
    )
    headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"}
    return HTMLResponse(page, status, headers)


def _render_link(other: Texts, texts: Texts, leads_to: str) -> str:
    if other is texts:
        return f'<b aria-current="true" lang="{other.code}">{other.name}</b>'
    query = urlencode({"lang": other.code, "next": leads_to})
    return f'<a href="login?{escape(query)}" lang="{other.code}">{other.name}</a>'
