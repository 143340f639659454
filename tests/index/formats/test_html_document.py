import time
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import DocumentError
from index.formats.extraction import Extraction
from index.formats.html_document import extract_html
from tests.index.formats.mutations import assert_sound, assert_survives, mutations
from tests.strategies import file_texts

_PAGE = """<!DOCTYPE html>
<html lang="zh"><head><meta charset="utf-8"><title>渡口 &amp; 船期</title>
<style>p { color: red }</style><script>var hidden = "never shown";</script></head>
<body><nav><a href="/">首页</a> <a href="/about">关于</a></nav>
<h1>青石渡口<br>船期表</h1>
<p>渡船每<b>四</b>十分钟一班，
末班船晚上九点离岸。</p>
<h2>票价</h2>
<table><tr><th>乘客</th><th>票价</th></tr>
<tr><td>成人</td><td><p>六元</p></td></tr><tr><td>儿童</td><td>三元</td></tr></table>
<ul><li>带宠物须装笼</li><li>自行车免费</li></ul>
<footer>二〇二四年五月修订</footer></body></html>"""


def _read(markup: str) -> Extraction:
    extraction = extract_html(markup.encode("utf-8"))
    assert_sound(extraction)
    return extraction


def _body(markup: str) -> str:
    return _read(f"<meta charset=utf-8><body>{markup}").text


def test_page_is_read_as_a_browser_shows_it() -> None:
    extraction = _read(_PAGE)
    assert extraction.text == (
        "首页 关于\n\n青石渡口\n船期表\n\n渡船每四十分钟一班，末班船晚上九点离岸。\n\n票价\n\n"
        "乘客 | 票价\n乘客: 成人 | 票价: 六元\n乘客: 儿童 | 票价: 三元\n\n"
        "带宠物须装笼\n自行车免费\n\n二〇二四年五月修订"
    )
    assert extraction.title == "渡口 & 船期"
    assert extraction.media_type == "text/html"
    assert extraction.warnings == ()
    assert [(h.level, h.title, h.span.of(extraction.text)) for h in extraction.headings] == [
        (1, "青石渡口 船期表", "青石渡口\n船期表"),
        (2, "票价", "票价"),
    ]


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        pytest.param("中<b>国</b><i>人</i>", "中国人", id="inline elements add no space"),
        pytest.param("甲\n  乙", "甲乙", id="a line break between ideographs is no space"),
        pytest.param("한국\n어 a\nb 甲\nb", "한국 어 a b 甲 b", id="elsewhere it is one"),
        pytest.param("a  \t\n b", "a b", id="white space collapses"),
        pytest.param("a&nbsp;&nbsp;b", "a b", id="no-break spaces are spaces"),
        pytest.param("hy&shy;phen zero&#8203;width", "hyphen zerowidth", id="unseen marks"),
        pytest.param("a<br>b<br><br>c", "a\nb\n\nc", id="br"),
        pytest.param("<div>a</div><div>b</div>c", "a\nb\nc", id="blocks are lines"),
        pytest.param("<p>a<p>b", "a\n\nb", id="paragraphs"),
        pytest.param("a<hr>b", "a\n\nb", id="rule"),
        pytest.param(
            "<pre>\nif x:\n    y\n\nz</pre>", "if x:\n    y\n\nz", id="pre keeps its lines"
        ),
        pytest.param("<pre>a<br>b</pre>", "a\nb", id="br in pre"),
        pytest.param("<ol><li>a<ul><li>b</ul><li>c</ol>d", "a\nb\nc\n\nd", id="nested lists"),
        pytest.param("<dl><dt>a<dd>b</dl>", "a\nb", id="definitions"),
        pytest.param(
            "<ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp></ruby>字", "漢字", id="ruby's reading is out"
        ),
        pytest.param("a<img alt='no' src=x>b", "ab", id="alt texts are out"),
        pytest.param("&lt;p&gt; &amp; &hearts; &#x4e2d;", "<p> & ♥ 中", id="entities"),
        pytest.param("<button>a</button><button>b</button>", "a b", id="buttons stand apart"),
        pytest.param(
            "<select><option>a<option selected>b</select>", "a\nb", id="options once each"
        ),
        pytest.param("<svg><title>no</title><text>a</text><text>b</text></svg>", "a\nb", id="svg"),
        pytest.param(
            "<math><mi>x</mi><annotation>no</annotation></math>", "x", id="math without its source"
        ),
    ],
)
def test_layout(markup: str, text: str) -> None:
    assert _body(markup) == text


@pytest.mark.parametrize(
    "hidden",
    [
        "<p hidden>no</p>",
        "<div style='color: red; DISPLAY : none'><p>no</div>",
        "<span style='visibility:hidden'>no</span>",
        "<script>no</script>",
        "<style>no</style>",
        "<noscript><p>no</p></noscript>",
        "<template><p>no</p></template>",
        "<!-- no -->",
        "<iframe>no</iframe>",
        "<dialog>no</dialog>",
        "<video>no</video>",
        "<textarea hidden>no</textarea>",
    ],
)
def test_what_is_not_shown_is_not_read(hidden: str) -> None:
    assert _body(f"before {hidden} after").split() == ["before", "after"]


@pytest.mark.parametrize(
    "shown",
    [
        "<p hidden=until-found>yes</p>",
        "<p aria-hidden=true>yes</p>",
        "<p style='display:block'>yes</p>",
        "<p style='x-display:none'>yes</p>",
        "<dialog open>yes</dialog>",
        "<details>yes</details>",
        "<aside>yes</aside>",
    ],
)
def test_what_is_shown_is_read(shown: str) -> None:
    assert "yes" in _body(shown)


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        pytest.param(
            "<tr><td>a<td>b<tr><td>c<br>d<td><p>e<p>f", "a | b\nc d | e f", id="a row is a line"
        ),
        pytest.param("<tr><td><td>a<td><td>b<td>", "a |  | b", id="empty cells between"),
        pytest.param("<tr><td><td>", "", id="an empty row"),
        pytest.param(
            "<caption>t</caption><tr><th>n<th>v<tr><td>a<td><tr><td>b<td>2",
            "t\n\nn | v\nn: a\nn: b | v: 2",
            id="values have their column's name",
        ),
        pytest.param(
            "<tr><th>n<th>v<tr><td colspan=2>a<tr><td>b<td>2",
            "n | v\na\nb | 2",
            id="but not where cells are joined",
        ),
        pytest.param(
            "<tr><td>menu<td><h2>t</h2><p>a<p>b", "menu\n\nt\n\na\n\nb", id="a page's arrangement"
        ),
        pytest.param(
            "<tr><td>a<td><table><tr><td>b<td>c</table>", "a\n\nb | c", id="a table in a table"
        ),
        pytest.param("<tr><td>a<br>b<tr><td><p>c<p>d", "a\nb\n\nc\n\nd", id="one cell a row"),
        pytest.param(
            "<tr><td>x<td>" + "<p>a" * 9, "x\n\n" + "\n\n".join("a" * 9), id="a column of text"
        ),
    ],
)
def test_tables(markup: str, text: str) -> None:
    assert _body(f"<table>{markup}</table>") == text


@pytest.mark.parametrize(
    ("declaration", "encoding", "read_as"),
    [
        ("<meta charset=gb2312>", "gb18030", "gb18030"),
        ("<meta charset='GBK'>", "gbk", "gb18030"),
        ('<meta http-equiv=Content-Type content="text/html; charset=big5">', "big5", "big5hkscs"),
        ("<meta charset=shift_jis>", "cp932", "cp932"),
        ("<meta charset=utf-8>", "utf-8", "utf-8"),
        ("<meta charset=gb2312>", "utf-8", "utf-8"),
        ("<meta charset=utf-16>", "utf-8", "utf-8"),
        ("<meta charset=no-such-charset>", "utf-8", "utf-8"),
        ("<meta charset=base64>", "utf-8", "utf-8"),
        ("<meta charset=gb2312>", "utf-8-sig", "utf-8-sig"),
        ("", "utf-16", "utf-16"),
        ('<?xml version="1.0" encoding="gb2312"?>', "gb18030", "gb18030"),
    ],
)
def test_encodings(declaration: str, encoding: str, read_as: str) -> None:
    words = "中文和日本的文字、三月九日山口大雨。"
    extraction = extract_html(f"{declaration}<p>{words}</p>".encode(encoding))
    assert extraction.text == words
    assert extraction.encoding == read_as


def test_few_bytes_are_both_utf8_and_what_is_declared() -> None:
    data = "<meta charset=gb2312><p>木模</p>".encode("gb18030")
    assert data.decode("utf-8")
    assert extract_html(data).text == "木模"


def test_character_cut_in_half_costs_only_itself() -> None:
    data = ("<meta charset=utf-8><p>" + "渡船停航。" * 100).encode("utf-8")
    assert extract_html(data[:-1]).text == ("渡船停航。" * 100)[:-1]


def test_no_replacement_character_is_invented() -> None:
    assert _body("a&#0;b&#xD800;c&#x110000;d&#99999999999;e&#65;") == "abcdeA"
    assert _body("a&#xD80&#0;0;b") == "a\u0d800;b"
    assert extract_html(b"<meta charset=utf-8><p>a\x00b").text == "ab"
    assert _body("\ufffd") == "\ufffd"  # the file holds it


def test_xhtml_is_read_as_xml_means_it() -> None:
    extraction = _read(
        '<?xml version="1.0"?><!DOCTYPE html [<!ENTITY e "x">]>'
        '<html xmlns="http://www.w3.org/1999/xhtml"><head><title/><script src="x"/></head><body>'
        "<p>a<br></br>b</p><![CDATA[<c>]]><p/><div/><p>d</p></body></html>"
    )
    assert extraction.text == "a\nb\n\n<c>\n\nd"


def test_heading_that_was_never_closed_is_none() -> None:
    extraction = _read("<h1>title<div>" + "<p>a long text follows</p>" * 50)
    assert extraction.headings == ()
    assert extraction.text.count("a long text follows") == 50


def test_headings_without_words_are_none() -> None:
    assert _read("<h1> </h1><h2><img></h2><h3>a</h3>").headings[0].title == "a"


def test_page_without_text_says_so() -> None:
    assert _read("<p></p>").warnings == ("It shows no text.",)
    assert "script" in _read("<div id=root></div><script>draw()</script>").warnings[0]
    assert _read("").text == ""


def test_binary_file_is_refused() -> None:
    with pytest.raises(DocumentError, match="binary"):
        extract_html(bytes(range(256)) * 100)


@pytest.mark.parametrize(
    "markup",
    [
        "<div>" * 100_000 + "words" + "</div>" * 100_000,
        "<ul><li>" * 100_000 + "words",
        "<table><tr><td>" * 100_000 + "words",
        "<b>" * 100_000 + "words",
        "<p>" + "".join(f"<font a={i}>" for i in range(500)) + "<p>" * 100_000 + "words",
        "words" + "<!--" * 100_000,
        "words<a" + "<" * 100_000,
        "words" + "<title>" * 100_000,
        "words" + '<a "' * 100_000,
        "words<p style='" + "display:" * 100_000 + "'>",
        "<svg>" * 100_000 + "words",
    ],
    ids=lambda markup: markup[:12],
)
def test_hostile_markup_takes_linear_time(markup: str) -> None:
    started = time.process_time()
    assert _body(markup) == "words"
    assert time.process_time() - started < 20  # about 1 s; by the square it is minutes


def test_elements_too_deep_keep_their_words_and_lines() -> None:
    text = _body("<div>a<span>b</span>" * 2000 + "</div>" * 2000 + "<p>end</p>")
    assert text == "\n".join(["ab"] * 2000) + "\n\nend"


@given(file_texts())
def test_any_words_survive(words: str) -> None:
    words = "".join(char for char in words if char >= " " and not "\x7f" <= char <= "\x9f")
    text = _body(f"<p>{escape(words)}</p>")
    unseen = "\u00ad\u200b\u2060\ufeff\ufffe\uffff"
    assert "".join(text.split()) == "".join(c for c in words if c not in unseen and not c.isspace())


@given(
    st.lists(
        st.sampled_from(
            (
                "<p>",
                "<table><tr><td>",
                "<td>",
                "<h1>",
                "</h1>",
                "<ul><li>",
                "</table>",
                "<pre>",
                "</pre>",
                "<br>",
                "<select>",
                "<svg>",
                "</p>",
                "字",
                "a b ",
                "\n",
            )
        )
    )
)
def test_any_tags_in_any_order_are_read(tags: list[str]) -> None:
    extraction = _read("<meta charset=utf-8>" + "".join(tags))
    n_words = "".join(tags).count("字")
    assert extraction.text.count("字") == n_words


def test_damaged_pages_are_read_or_refused() -> None:
    inserts = (
        b"<table>",
        b"<tr>",
        b"<svg>",
        b"<math>",
        b"<![CDATA[",
        b"<!--",
        b"<plaintext>",
        b"<frameset>",
        b"<template>",
        b"</html>",
        b"<h1>",
        b"<pre>",
        b"&#0;",
        b"\x00",
    )
    samples = mutations(_PAGE.encode("utf-8"), 400, inserts)
    assert assert_survives(extract_html, samples) > 200


def test_a_tag_with_a_hundred_thousand_attributes_is_read_at_once_without_them():
    swarm = " ".join(f"a{number}=1" for number in range(100_000))
    started = time.process_time()

    text = extract_html(f"<p {swarm}>水深九米。</p><p title='a b' hidden>藏</p>".encode()).text

    assert text == "水深九米。"
    assert time.process_time() - started < 5


def test_a_long_value_of_many_words_does_not_cost_a_tag_its_attributes():
    words = "字 " * 5000

    assert extract_html(f"<p title='{words}' hidden>藏</p><p>显</p>".encode()).text == "显"
