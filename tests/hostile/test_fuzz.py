"""A fixed selection of damaged files of every format, and the fuzzer's own parts."""

from itertools import islice
from pathlib import Path

import pytest

from index.datatypes import Heading, Span
from index.errors import DocumentError
from index.formats.extraction import Extraction
from index.isolation import IsolatedExtractor
from index.loading import FoundFile
from tests.hostile.__main__ import main
from tests.hostile.fuzzing import FORMATS, LIMITS, Finding, Fuzzer, cases, minimise, save
from tests.hostile.laws import BrokenLawError, judge
from tests.hostile.samples import samples

_SEED = 20_251_123
_N_CASES = 25  # of each format; `python -m tests.hostile fuzz` runs as many as one likes


@pytest.fixture(autouse=True)
def _without_ocr(monkeypatch):
    """Recognising text is slow and looks at pictures, which the fuzzer does not draw."""
    monkeypatch.setenv("PATH", "")


def _file(name: str = "a.html") -> FoundFile:
    return FoundFile(Path(name), name, 0, 0)


@pytest.mark.parametrize("name", FORMATS)
def test_every_sample_is_read_whole(name):
    fuzzer = Fuzzer()

    fuzzer.run((name, data) for data in samples()[name])

    assert fuzzer.tallies[name].outcomes == {"read": len(samples()[name])}


@pytest.mark.parametrize("name", FORMATS)
def test_damaged_files_are_read_or_refused_and_break_no_law(name):
    fuzzer = Fuzzer()

    fuzzer.run(islice(cases(_SEED, [name]), _N_CASES))

    tally = fuzzer.tallies[name]
    assert [finding.law for finding in tally.findings + tally.crashes] == []
    assert tally.outcomes["read"] + tally.outcomes["refused"] == _N_CASES
    assert tally.outcomes["read"] >= 3


def test_the_same_seed_gives_the_same_files_and_another_one_others():
    first, again, other = (list(islice(cases(seed), 24)) for seed in (1, 1, 2))

    assert first == again != other
    assert [name for name, _ in first] == [*FORMATS, *FORMATS]


# The laws can be broken.


def _refuse(_, data: bytes) -> Extraction:
    raise DocumentError(data.decode())


@pytest.mark.parametrize(
    ("extraction", "law"),
    [
        (Extraction("a\ud800", "utf-8", "text/html"), "no lone surrogates"),
        (Extraction("a", "utf-8", "text/html", "\udfff"), "no lone surrogates"),
        (Extraction("a\ufffd", "utf-8", "text/html"), "no invented"),
        (Extraction("a\x1b", "utf-8", "text/html"), "no control characters"),
        (Extraction("a", "utf-8", "text/html", warnings=("It\nis.",)), "one line"),
        (Extraction("a", "utf-8", "text/html", headings=(Heading(1, " ", Span(0, 1)),)), "words"),
        (Extraction("a", "utf-8", "text/html", headings=(Heading(1, "a", Span(0, 2)),)), "inside"),
    ],
)
def test_a_broken_extraction_is_found(extraction, law):
    with pytest.raises(BrokenLawError, match=law):
        judge(_file(), b"<p>a", lambda *_: extraction)


@pytest.mark.parametrize(
    "message",
    [
        "Reading it failed (KeyError); the file may be damaged.",
        "It took longer than 12 s to read; YIJU_MAX_FILE_SECONDS sets the limit.",
        "It needs more than 2 GB of memory to read; YIJU_MAX_FILE_MEMORY sets the limit.",
        "no sentence",
        "It is\ntwo lines.",
    ],
)
def test_a_refusal_that_is_no_verdict_on_the_file_is_found(message):
    with pytest.raises(BrokenLawError, match="refusal"):
        judge(_file(), message.encode(), _refuse)


def test_a_result_that_changes_is_found():
    texts = iter("ab")

    with pytest.raises(BrokenLawError, match="same bytes"):
        judge(_file(), b"", lambda *_: Extraction(next(texts), "utf-8", "text/html"))


def test_a_refusal_and_a_contained_crash_are_outcomes():
    crash = b"Reading it crashed (SIGSEGV); the file may be damaged."

    assert judge(_file(), b"It is damaged.", _refuse).outcome == "refused"
    assert judge(_file(), crash, _refuse).outcome == "crashed"


# What was found is kept small and can be read again.


class _Refuser(IsolatedExtractor):
    """Breaks a law at every page that holds the letter Q twice."""

    def extract(self, loader, data):
        if data.count(b"Q") > 1:
            raise DocumentError("Reading it failed (KeyError); the file may be damaged.")
        return Extraction("a", "utf-8", "text/html")


def test_a_finding_is_reduced_to_what_breaks_the_law():
    law = "refusal: Reading it failed (KeyError); the file may be damaged."
    finding = Finding("html", law, b"xxQ" * 2 + b"<p>" * 500)

    assert minimise(finding, _Refuser(LIMITS)).data == b"QQ"


def test_a_saved_file_is_read_again(tmp_path, monkeypatch, capsys):
    path = save(Finding("json", "fast", b'{"a": 1}'), tmp_path / "found")
    monkeypatch.setattr("sys.argv", ["hostile", "replay", str(path)])

    assert main() == 0
    assert path.with_name(f"{path.name}.law").read_text("utf-8") == "fast\n"
    assert "json         1      1" in capsys.readouterr().out
