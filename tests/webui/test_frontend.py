import asyncio
import json
import re
import shutil
import subprocess

import gradio as gr
import pytest

from tests.webui.quiet import quiet_gradio
from webui.frontend import Frontend, precompile


def make_app(**options):
    with quiet_gradio(), gr.Blocks(analytics_enabled=False) as app:
        gr.HTML(**({"html_template": "${value}"} | options))
    return app


def serve(page, path="/"):
    """Send a page through; return the headers and the body that come out."""
    sent = []

    async def app(scope, receive, send):
        headers = [(b"content-type", b"text/html"), (b"content-length", b"%d" % len(page))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        half = len(page) // 2
        await send({"type": "http.response.body", "body": page[:half], "more_body": True})
        await send({"type": "http.response.body", "body": page[half:]})

    async def send(message):
        sent.append(message)

    frontend = Frontend(app, head="<title>T</title>", script="own()")
    asyncio.run(frontend({"type": "http", "path": path}, None, send))
    body = b"".join(message.get("body", b"") for message in sent)
    return {name.decode(): value.decode() for name, value in sent[0]["headers"]}, body.decode()


def test_every_script_of_the_page_has_the_nonce_of_the_policy_and_of_no_other_time():
    page = b"<html><head><script>a</script><script type=module src=b></script></head></html>"
    nonces = set()
    for _ in range(2):
        headers, body = serve(page)
        nonce = re.search(
            r"script-src 'self' 'nonce-([\w-]{22})';", headers["content-security-policy"]
        )[1]
        assert body.count("<script") == body.count(f'<script nonce="{nonce}"') == 3
        assert int(headers["content-length"]) == len(body.encode())
        nonces.add(nonce)
    assert len(nonces) == 2


def test_our_own_script_runs_before_all_others():
    _, body = serve(b"<head><script>gradio()</script></head>")
    assert body.index("<title>T</title>") < body.index("own()") < body.index("gradio()")


def test_the_policy_lets_no_text_become_code():
    policy = serve(b"<head></head>")[0]["content-security-policy"]
    scripts = re.search(r"script-src ([^;]*);", policy)[1]
    assert "unsafe" not in scripts
    assert "http" not in policy
    for directive in ("default-src 'self'", "object-src 'none'", "frame-ancestors 'none'"):
        assert directive in policy


def test_links_to_servers_of_others_are_left_out():
    page = (
        b'<head><meta property="og:image"\n content="https://x.test/a.jpg" />'
        b'<meta name="twitter:card" content="a"><link rel="manifest" href="/manifest.json" />'
        b'<meta name="viewport" content="width=device-width"></head>'
    )
    _, body = serve(page)
    assert "x.test" not in body
    assert "manifest" not in body
    assert 'name="viewport"' in body


def test_other_than_the_page_is_left_as_it_is():
    headers, body = serve(b"<head><script>", "/assets/a.js")
    assert body == "<head><script>"
    assert "content-security-policy" not in headers


@pytest.mark.parametrize(
    "options",
    [
        {"html_template": "{{value}}"},
        {"html_template": "<b>${value}</b>"},
        {"css_template": "b { color: red }"},
        {"js_on_load": "x = '</script>'"},
        {"js_on_load": "x = '<!--'"},
    ],
)
def test_what_the_page_could_not_compile_is_noticed_at_the_start(options):
    with pytest.raises(ValueError):
        precompile(make_app(**options))


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_functions_do_what_their_texts_say():
    """As Gradio's page calls them; anything else goes to the compiler, which a policy forbids."""
    script = "element.seen = [props.a, trigger, watch, `${1 + 1}`];"
    asked = f"""
        globalThis.window = globalThis;
        globalThis.fetch = async () => ({{ status: 200 }});
        const refusing = (...parts) => {{ throw new EvalError(parts.at(-1)); }};
        globalThis.Function = new Proxy(Function, {{ apply: (t, s, parts) => refusing(...parts),
            construct: (t, parts) => refusing(...parts) }});
        {precompile(make_app(js_on_load=script))}
        const constant = Function.apply(null, ["container", "  return \\"${{value}}\\\\n\\";\\n"]);
        const filled = Function("label", "value", "return `${{value}}`;");
        const element = {{}};
        Function("element", "trigger", "props", "server", "upload", "watch", {json.dumps(script)})(
            element, "t", {{ a: 1 }}, null, null, "w");
        let refused = [];
        for (const text of ["return 1", "return `${{value}} `;", "return `${{x}}`;", "",
                            "return \\"a\\" + b;"])
            try {{ new Function("value", text)("a"); }} catch (e) {{ refused.push(e.name); }}
        console.log(JSON.stringify([constant(), filled("x", "${{y}}<b>"), element.seen, refused,
            (() => 1) instanceof Function]));
    """
    done = subprocess.run(
        ["node", "-e", asked], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [
        "${value}\n",
        "${y}<b>",
        [1, "t", "w", "2"],
        ["EvalError"] * 5,
        True,
    ]
