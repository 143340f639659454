import base64
import json
import zlib
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.datatypes import Span
from rag.quotes import QuoteAnchor
from tests.webui.samples import HOSTILE, make_citation, make_document
from webui.source_link import Link, link_citation, link_document, read_link, write_link

any_text = st.text(st.characters(exclude_categories=["Cs"]))


def parse(query):
    assert query.startswith("?")
    return dict(parse_qsl(query[1:], keep_blank_values=True, strict_parsing=True))


@given(any_text, any_text.filter(bool), any_text.filter(bool), any_text)
def test_a_link_to_a_citation_says_all_that_finds_it_again(head, before, words, tail):
    document = make_document(head + before + words + tail)
    span = Span(len(head), len(head + before + words))
    highlight = Span(len(head + before), span.end)
    query = write_link(link_citation(make_citation(document, span, highlight), document))
    assert query.isascii()
    assert not set(query) & set(" \"'<>#&") - {"&"}
    link = read_link(parse(query))
    quote = (before + words)[:1000]
    assert link.doc == document.source
    assert document.sha256.startswith(link.sha256) and len(link.sha256) == 16
    assert link.anchor.quote == quote
    assert link.anchor.start == span.start
    assert head.endswith(link.anchor.prefix)
    assert link.anchor.prefix == head[-32:]
    if len(before) < 1000:
        assert link.words.of(quote) == words[: 1000 - len(before)]


def test_a_link_to_a_document_names_it_and_its_bytes():
    document = make_document("正文", source="合同/甲 & 乙?.pdf")
    query = write_link(link_document(document, "年报"))
    assert read_link(parse(query)) == Link(document.source, "ab" * 8, None, None, "年报")


def test_a_citation_alone_makes_a_link_too():
    document = make_document("会议于2月5日召开。")
    link = link_citation(make_citation(document, Span(0, 10), Span(3, 7)))
    assert link.anchor == QuoteAnchor("会议于2月5日召开。", "", "", 0)
    assert read_link(parse(write_link(link))) == Link(
        document.source, "ab" * 8, link.anchor, Span(3, 7)
    )


def test_an_address_of_a_sentence_is_short():
    sentence = "4月16日上午，岚谷县茶产业振兴大会在县文化中心召开，县委书记出席会议并讲话。"
    document = make_document("前文" * 30 + sentence + "后文" * 30)
    citation = make_citation(document, Span(60, 60 + len(sentence)), Span(60, 65))
    assert len(write_link(link_citation(citation, document))) < 450


def pack(value):
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(json.dumps(value).encode()) + packer.flush()
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


BOMB = pack([[0], "甲" * 5_000_000, "", ""])


@pytest.mark.parametrize(
    "selector",
    [
        *("", "=", "a", "!!!!", HOSTILE, "甲" * 40, "A" * 7999, BOMB),
        *map(
            pack,
            [
                *(None, 7, "甲", [], {}, [[0]], [[0], "甲"], [[0], "甲", "", "", ""]),
                *([[0], "", "", ""], [[0], 7, "", ""], [[0], "甲", "x" * 33, ""]),
                *([[-1], "甲", "", ""], [["0"], "甲", "", ""], [[True], "甲", "", ""]),
                *([[], "甲", "", ""], [[0, 1], "甲", "", ""], [[1 << 60], "甲", "", ""]),
                [[0], "甲" * 1001, "", ""],
            ],
        ),
        base64.urlsafe_b64encode(zlib.compress(b"[[0],0")).decode(),
    ],
)
def test_a_selector_that_is_none_leaves_the_document_as_a_whole(selector):
    assert read_link({"doc": "报告.txt", "sel": selector}) == Link("报告.txt")


@pytest.mark.parametrize("places", [[0, 1, 9], [0, 2, 1], [0, 1, 1]])
def test_words_outside_the_quote_are_not_marked(places):
    link = read_link({"doc": "报告.txt", "sel": pack([places, "甲乙", "", ""])})
    assert link == Link("报告.txt", anchor=QuoteAnchor("甲乙", "", "", 0))


@pytest.mark.parametrize(
    "parts", [None, 7, "doc", [], {}, {"doc": ""}, {"doc": 7}, {"doc": ["a"]}, {"doc": "a" * 9000}]
)
def test_what_names_no_document_is_no_link(parts):
    assert read_link(parts) is None


@given(st.dictionaries(st.sampled_from(["doc", "hash", "sel", "collection"]), any_text))
def test_any_address_is_read_without_an_error(parts):
    link = read_link(parts)
    assert link is None or link.doc == parts["doc"]
