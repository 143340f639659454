import io
import re

import pytest
from rich.console import Console

from index.ledger import LedgerRow
from tests.webui.samples import HOSTILE
from webui.languages import CATALOGUE
from webui.ledger import IndexLedger, print_ledger
from webui.messages import texts_for

EN = texts_for("en")


def make_row(source="手册.pdf", **kwargs):
    values = {
        "source": source,
        "media_type": "application/pdf",
        "encoding": "utf-8",
        "n_pages": 12,
        "n_empty_pages": 0,
        "n_chars": 34_567,
        "n_chunks": 120,
        "reachable": 1.0,
        "warnings": (),
        "error": "",
        "seconds": 0.26,
        "sha256": "ab" * 32,
        "size": 99,
    }
    return LedgerRow(**(values | kwargs))


def printed(*rows, texts=EN, width=110):
    console = Console(file=io.StringIO(), width=width, highlight=False, emoji=False)
    print_ledger(console, IndexLedger("000007", rows), texts)
    return console.file.getvalue()


def cells(output, source):
    """Return the cells of a file's line but the empty ones."""
    (line,) = [line for line in output.splitlines() if source in line]
    return re.split(r"\s{2,}", line.strip())


def test_a_file_is_shown_with_its_figures():
    output = printed(make_row(n_empty_pages=3))
    assert "Generation 000007 of the index, files: 1" in output
    assert cells(output, "手册.pdf") == [
        *("手册.pdf", "PDF", "12 (3)", "34,567", "120", "100 %", "0.3")
    ]
    assert "left out" not in output


def test_a_file_without_pages_has_none():
    row = make_row("a.txt", media_type="text/plain", encoding="gb18030", n_pages=0)
    assert cells(printed(row), "a.txt")[1:3] == ["TXT · gb18030", "34,567"]


@pytest.mark.parametrize(
    ("share", "words"), [(1.0, "100 %"), (0.99999, "99.9 %"), (0.5, "50 %"), (0.0, "0 %")]
)
def test_nothing_less_than_all_is_called_a_hundred_percent(share, words):
    assert cells(printed(make_row(reachable=share)), "手册.pdf")[5] == words


def test_warnings_and_errors_are_told_below_with_their_files():
    partly = make_row(warnings=("3 of 12 pages have no text.", "It has an attachment."))
    failed = make_row(
        "锁.pdf", error="It needs a password.", n_pages=0, n_chars=0, n_chunks=0, reachable=None
    )
    output = printed(partly, failed)
    table, _, remarks = output.partition("Files left out or read in part: 2")
    assert cells(table, "锁.pdf") == ["锁.pdf", "PDF", "0.3"]
    lines = [line for line in remarks.splitlines() if ".pdf" in line]
    assert [line.strip("│ ").split("│")[0].strip() for line in lines] == [
        *("手册.pdf", "手册.pdf", "锁.pdf")
    ]
    for sentence in (*partly.warnings, failed.error):
        assert sentence in remarks


@pytest.mark.parametrize("texts", CATALOGUE, ids=lambda texts: texts.code)
def test_hostile_names_and_sentences_do_nothing(texts):
    escapes = "\x1b[31m\x07\x9b2J\n\u202e"
    row = make_row(
        f"[red]{escapes}{HOSTILE}.txt",
        media_type="text/plain",
        encoding=escapes,
        warnings=(escapes + HOSTILE,),
    )
    output = printed(row, texts=texts, width=600)
    assert "[red]" in output
    assert not set(output) & {"\x1b", "\x07", "\x9b", "\u202e"}


def test_a_narrow_terminal_still_shows_every_figure():
    source = "一份名字很长很长很长很长很长很长的手册.pdf"
    output = printed(make_row(source, n_empty_pages=3), width=80)
    assert max(map(len, output.splitlines())) <= 80
    for words in ("12 (3)", "34,567", "120", "100 %", "0.3"):
        assert words in output
    assert source.removesuffix(".pdf") in "".join(re.findall("[一-鿿]+", output))
