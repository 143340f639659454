"""Every planted sentence is found whole, at exact offsets, and cited with its right place."""

import codecs
import re

import pytest

from index.formats.registry import SUFFIXES
from index.ledger import read_ledger
from tests.formats.measuring import TRUTHS
from tests.formats.plan import list_facts, load_plan

_PLAN = load_plan()
_FORMATS = sorted({file.format for file in _PLAN})
_SURE = [truth for truth in TRUTHS if truth != "answered"]
_ANSWERED = 0.6  # least share of questions whose answer is the very words
_HAN = re.compile("[\u4e00-\u9fff]")
# Decoders that read everything of the encoding a file was written in.
_READ_AS = {"big5": "big5hkscs", "gb2312": "gb18030"}
_ALIASES = {".docm", ".htm", ".markdown", ".ndjson", ".pptm", ".xhtml", ".xlsm"}


@pytest.mark.parametrize("truth", _SURE)
@pytest.mark.parametrize("suffix", _FORMATS)
def test_of_every_fact_it_is_true(suffix, truth, outcomes):
    ours = [outcome for outcome in outcomes if outcome.fact.file.format == suffix]

    failed = [
        (str(outcome.fact.file.path), outcome.fact.question)
        for outcome in ours
        if not getattr(outcome, truth)
    ]

    assert ours
    assert failed == []


def test_most_questions_are_answered_with_the_words(outcomes):
    answered = sum(outcome.answered for outcome in outcomes)

    assert answered >= _ANSWERED * len(outcomes)


def test_every_file_is_in_the_ledger_whole_and_without_an_error(planted):
    rows = {row.source: row for row in read_ledger(planted.index_dir)}

    assert rows.keys() == {str(file.path) for file in planted.plan}
    assert {(row.error, row.warnings, row.reachable) for row in rows.values()} == {("", (), 1.0)}
    assert min(row.n_chars for row in rows.values()) > 0


@pytest.mark.parametrize("suffix", ["csv", "eml", "htm", "html", "tsv", "txt"])
def test_the_ledger_names_the_encoding(suffix, planted):
    rows = {row.source: row for row in read_ledger(planted.index_dir)}

    for file in planted.plan:
        if file.format == suffix:
            expected = _READ_AS.get(file.encoding, file.encoding)
            named = rows[str(file.path)].encoding
            assert codecs.lookup(named) == codecs.lookup(expected), file.path


@pytest.mark.parametrize("suffix", ["pdf", "pptx", "xlsx"])
def test_the_ledger_counts_pages_slides_and_sheets(suffix, planted):
    rows = {row.source: row for row in read_ledger(planted.index_dir)}
    ours = [file for file in planted.plan if file.format == suffix]

    counted = [(rows[str(x.path)].n_pages, rows[str(x.path)].n_empty_pages) for x in ours]

    assert counted == [(len(x.parts), 0) for x in ours]


def test_the_plan_holds_every_format_in_many_languages_and_encodings():
    encodings = {file.encoding for file in _PLAN}

    assert len(_PLAN) >= 44
    assert {f".{name}" for name in _FORMATS} | _ALIASES == set(SUFFIXES)
    assert encodings >= {"utf-8", "utf-8-sig", "gb18030", "gb2312", "big5", "utf-16"}
    assert sum(bool(_HAN.search(str(file.path.parent))) for file in _PLAN) > len(_PLAN) / 2


@pytest.mark.parametrize("file", _PLAN, ids=lambda file: str(file.path))
def test_every_planned_document_has_facts(file):
    assert list_facts(file)
