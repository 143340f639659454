"""Documents and file names made to harm whoever reads them: each is asked about and opened."""

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from rag import Answerer
from tests.e2e.conftest import Site, quiet_serve
from webui.app import WebSettings

REMOTE = "http://evil.example"


@dataclass(frozen=True)
class Sample:
    """A file: the words of its only fact, what follows them in the sentence, and its name."""

    subject: str
    payload: str
    name: str

    @property
    def text(self):
        """All of it."""
        return f"{self.subject}记录\n\n{self.subject}的检修定于九月三日开始{self.payload}。\n"

    @property
    def question(self):
        """What it answers."""
        return f"{self.subject}的检修定于哪天开始？"


SAMPLES = {
    "script": Sample(
        "青石桥",
        "<script>window.pwned=1</script></script><!--",
        "<script>window.pwned=1<script>.txt",
    ),
    "attributes": Sample(
        "白鹭渡",
        "<img src=x onerror=window.pwned=1><svg onload=window.pwned=1><b onclick=window.pwned=1>",
        "\"><img src=x onerror='window.pwned=1'>.txt",
    ),
    "quotes": Sample(
        "望江亭",
        '" onmouseover="window.pwned=1" x=\'&quot;&#34;&apos;`',
        "' autofocus onfocus=x.txt",
    ),
    "template": Sample(
        "松风阁",
        "${window.pwned=1} ${constructor.constructor('window.pwned=1')()} `${",
        "${7*7}.txt",
    ),
    "handlebars": Sample(
        "映月潭",
        '{{window.pwned}} {{#with "s" as |string|}}{{{constructor}}}{{/with}} {{',
        "{{7*7}}{{{value}}}.txt",
    ),
    "links": Sample(
        "飞云渡",
        '[点我](javascript:window.pwned=1) <a href="javascript:window.pwned=1">点我</a> '
        "<javascript:window.pwned=1> data:text/html,<script>window.pwned=1</script>",
        "javascript:window.pwned=1.txt",
    ),
    "formulas": Sample(
        "听雨轩",
        "$$\\href{javascript:window.pwned=1}{x}$$ $x$ \\(y\\) ```js\nwindow```",
        "$$x$$.txt",
    ),
    "remote": Sample(
        "栖霞岭",
        f"![]({REMOTE}/a.png) <img src={REMOTE}/b.png> <style>@import '{REMOTE}/c.css'</style>"
        f"<link rel=stylesheet href={REMOTE}/d.css> <iframe src={REMOTE}></iframe>",
        "![](evil.example).txt",
    ),
    "frames": Sample(
        "落雁滩",
        f"<base href={REMOTE}><meta http-equiv=refresh content='0;url={REMOTE}'>"
        f"<form action={REMOTE}><input autofocus onfocus=window.pwned=1></form><object data=x>",
        "<base href=x>.txt",
    ),
    "ends": Sample(
        "镜湖堤",
        "</mark></blockquote></div></main></gradio-app></body></html><h1>x",
        "<h1 hidden><button>.txt",
    ),
    "entities": Sample(
        "双塔寺",
        "&lt;img src=x onerror=window.pwned=1&gt; &amp;lt; &#x3C;b&#x3E;",
        "&lt;b&gt;&amp;.txt",
    ),
    "direction": Sample(
        "古渡口",
        "\u202egnp.exe\u202c \u2067تجربة\u2069 \u200fא\u200e \u202d",
        "\u202etxt.gnp\u202c.txt",
    ),
    "odd": Sample(
        "石门关",
        "\u2028\u2029\ufeff\u0000\u001b[31m 👩‍👩‍👧 e\u0301 \ud7ff\uffff \\u{110000} C:\\user",
        "\u2028.txt",
    ),
    "prototype": Sample(
        "杏花村", "__proto__ constructor toString [object Object]", "__proto__.txt"
    ),
    "line": Sample("百里滩", "。<img src=x onerror=window.pwned=1>" + "长" * 2**20, "line.txt"),
}


@pytest.fixture(scope="module")
def hostile_site(outbound, tmp_path_factory):
    folder = tmp_path_factory.mktemp("documents")
    for sample in SAMPLES.values():
        (folder / sample.name).write_text(sample.text, "utf-8", newline="")
    answerer = Answerer.open(folder)
    served = quiet_serve(answerer, settings=WebSettings(look_s=600))
    yield Site(folder, served.local_url, answerer)
    served.close()


def text_of(locator):
    return locator.evaluate("element => element.textContent")


def as_html(text):
    """HTML has no U+0000 and puts U+FFFD in its place."""
    return text.replace("\0", "\ufffd")


def assert_harmless(page):
    """Nothing ran, and nothing that could run or load came from a document."""
    assert page.evaluate("window.pwned") is None
    assert page.evaluate("location.pathname") == "/"
    made = page.evaluate(
        """() => [...document.querySelectorAll(
            "iframe, object, embed, base:not(head > base), [onerror], [onload], [onclick], "
            + "[onfocus], [onmouseover], [href^='javascript:'], [src='x'], [src*='evil.example'], "
            + "[href*='evil.example'], [action*='evil.example'], main script, main link, "
            + ".source-text :not(mark, span), blockquote :not(mark)"
        )].map((element) => element.outerHTML.slice(0, 200))"""
    )
    assert made == []


@pytest.mark.parametrize("kind", SAMPLES)
def test_a_hostile_document_is_answered_from_and_opened_as_text(hostile_site, visit, kind):
    sample = SAMPLES[kind]
    visited = visit(hostile_site)
    page = visited.page
    page.on("dialog", lambda dialog: visited.complaints.append(dialog.message))
    page.on("popup", lambda popup: visited.complaints.append(popup.url))
    answer = hostile_site.answerer.answer(sample.question)
    document = hostile_site.answerer.document(sample.name)
    assert answer.citations[0].source == document.source

    turn = visited.ask(sample.question)
    assert text_of(turn.locator("blockquote").first) == as_html(answer.citations[0].quote)
    assert answer.citations[0].quote in document.text
    assert_harmless(page)

    turn.locator(".cite").first.click()
    shown = page.locator(".source-text")
    expect(shown).to_be_visible()
    text = text_of(shown)
    if len(document.text) < 100_000:
        assert text == as_html(document.text)
    else:
        assert text in document.text
    assert document.source in text_of(page.locator(".source .place"))
    assert_harmless(page)


def test_hostile_file_names_are_listed_and_opened_as_text(hostile_site, visit):
    page = visit(hostile_site).page
    for sample in SAMPLES.values():
        source = hostile_site.answerer.document(sample.name).source
        buttons = page.get_by_role("button")
        name = buttons.filter(has_text=re.compile(f"^{re.escape(source)}$"))
        expect(name).to_have_count(1)
        assert text_of(name) == source
        name.click()
        expect(page.locator(".source .place")).to_contain_text(sample.name.strip("\u2028"))
        assert source in text_of(page.locator(".source .place"))
        assert_harmless(page)
        page.locator(".source .back").click()
        expect(page.locator(".source")).to_have_count(0)


def test_hostile_questions_are_shown_as_text(hostile_site, visit):
    visited = visit(hostile_site)
    for kind, sample in SAMPLES.items():
        question = (sample.question + sample.payload).replace("\0", "")[:900]
        turn = visited.ask(question)
        shown = " ".join(text_of(turn.locator(".question")).split())
        assert " ".join(question.split()) in shown, kind
        assert_harmless(visited.page)


WAYS = (
    "Function('window.pwned = 1')()",
    "new Function('window.pwned = 1')()",
    "(() => {}).constructor('window.pwned = 1')()",
    "(async () => {}).constructor('window.pwned = 1')()",
    "(0, eval)('window.pwned = 1')",
)


@pytest.mark.parametrize("way", WAYS)
def test_the_page_compiles_no_text(hostile_site, visit, way):
    visited = visit(hostile_site)
    refused = visited.page.evaluate(
        f"""() => new Promise((resolve) => setTimeout(() => {{
            try {{ {way}; resolve("ran"); }} catch (error) {{ resolve(error.name); }}
        }}))"""
    )
    assert refused == "EvalError"
    assert visited.page.evaluate("window.pwned") is None
    visited.complaints.clear()  # of the refusal itself


@pytest.mark.parametrize(
    ("attack", "directive"),
    [
        ("body.insertAdjacentHTML('beforeend', '<img src=data: onerror=window.pwned=1>')", "attr"),
        ("head.append(script)", "elem"),
    ],
)
def test_the_page_runs_no_script_that_is_put_into_it(hostile_site, visit, attack, directive):
    visited = visit(hostile_site)
    violated = visited.page.evaluate(
        f"""() => new Promise((resolve) => {{
            document.addEventListener("securitypolicyviolation",
                (event) => resolve(event.effectiveDirective));
            const script = document.createElement("script");
            script.textContent = "window.pwned = 1";
            document.{attack};
        }})"""
    )
    assert violated == f"script-src-{directive}"
    assert visited.page.evaluate("window.pwned") is None
    visited.complaints.clear()


def test_the_page_loads_nothing_from_elsewhere(hostile_site, visit):
    visited = visit(hostile_site)
    violated = visited.page.evaluate(
        f"""() => new Promise((resolve) => {{
            const seen = new Set();
            document.addEventListener("securitypolicyviolation", (event) => {{
                seen.add(event.effectiveDirective);
                if (seen.size === 4) resolve([...seen].sort());
            }});
            document.body.insertAdjacentHTML("beforeend", `<img src="{REMOTE}/a.png">
                <iframe src="{REMOTE}"></iframe><link rel="stylesheet" href="{REMOTE}/a.css">`);
            fetch("{REMOTE}").catch(() => {{}});
        }})"""
    )
    assert violated == ["connect-src", "frame-src", "img-src", "style-src-elem"]
    visited.complaints.clear()
    visited.requests.clear()  # they were made and refused by the browser
