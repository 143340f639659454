"""A small selection of every part; ``python -m tests.reliability`` runs all of it."""

import json
import os
import sys
from pathlib import Path

import pytest

from tests.reliability import __main__ as suite
from tests.reliability.bits import _assert_exact, _Truth
from tests.reliability.children import Crew
from tests.reliability.parts import COUNTS, PARTS
from tests.reliability.report import Report, Trial, run_part
from tests.reliability.scene import assert_tidy, build, write_edition

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")

_SELECTION = [
    ("kill", 1, 8),
    ("disk-full", 1, 8),
    ("permission", 1, 4),
    ("changing", 1, 30),
    ("locking", 1, 5),
    ("load", 1, 1),
    ("bits", 1, 10),
    ("leftovers", 1, 1),
]


@pytest.fixture(scope="module")
def crew():
    with Crew() as crew:
        yield crew


@pytest.mark.parametrize(
    ("name", "seed", "count"), _SELECTION, ids=[f"{name}-{seed}" for name, seed, _ in _SELECTION]
)
def test_every_promise_holds(name, seed, count, tmp_path, crew):
    report = run_part(PARTS[name], Report(name, seed), count, tmp_path, crew)

    assert report.failures == []
    assert report.counts["cases"] > 0


def test_every_part_has_a_count_and_is_tried_by_default():
    assert PARTS.keys() == COUNTS.keys() == {name for name, *_ in _SELECTION}


def test_a_broken_promise_and_a_file_left_behind_are_told(tmp_path, crew):
    def part(trial: Trial) -> None:
        (trial.temporary / "left").touch()
        with trial.expect("one case"):
            trial.note("cases")
            raise AssertionError("torn")

    report = run_part(part, Report("odd", 0), 1, tmp_path, crew)

    assert report.failures == [
        "one case: torn",
        "left in the system's temporary folder: left",
    ]
    assert json.loads(json.dumps(report.to_dict()))["counts"] == {"cases": 1, "failures": 1}


@pytest.mark.parametrize(("breaks", "status"), [(False, 0), (True, 1)])
def test_the_exit_status_tells_whether_every_promise_held(breaks, status, monkeypatch, capsys):
    def part(trial: Trial) -> None:
        with trial.expect("it"):
            if breaks:
                raise AssertionError("broken")

    monkeypatch.setattr(suite, "PARTS", {"odd": part})
    monkeypatch.setattr(suite, "COUNTS", {"odd": 7})
    monkeypatch.setattr(sys, "argv", ["reliability", "--json"])

    assert suite.main() == status
    assert json.loads(capsys.readouterr().out)["failures"] == ["it: broken"] * status


class TestChildren:
    @pytest.fixture
    def children(self, crew, tmp_path):
        return crew.take(1, tmp_path)[0]

    def test_a_value_an_error_a_death_and_a_hang_are_told_apart(self, children, tmp_path):
        sign, never = tmp_path / "sign", tmp_path / "never"
        arguments = {"folder": tmp_path, "sign": sign, "release": never}

        missing = children.run("bits:check", folder=tmp_path)
        wrong = children.run("bits:use", folder=5, operation="log")
        killed = children.run("locking:hold", kill_after_s=0.2, **arguments)
        hanging = children.run("locking:hold", timeout_s=0.2, **arguments)

        assert "No index" in missing.value
        assert (wrong.error, wrong.is_ours) == ("builtins.TypeError", False)
        assert killed.was_killed
        assert (hanging.was_killed, hanging.timed_out) == (False, True)

    def test_modes_count_for_an_unprivileged_child(self, children, tmp_path):
        write_edition(tmp_path, 1)
        (tmp_path / "hoist.md").chmod(0)

        outcome = children.run(
            "permission:operate", folder=tmp_path, operation="build", unprivileged=True
        )

        assert outcome.value == "000001"
        assert b"Permission denied".lower() in _everything(tmp_path / ".yiju").lower()


def _everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("name", ["CURRENT.tmp", "generations/.building-1", "generations/000009"])
def test_an_untidy_index_is_noticed(name, tmp_path):
    write_edition(tmp_path, 1)
    build(tmp_path)
    assert_tidy(tmp_path / ".yiju")

    (tmp_path / ".yiju" / name).mkdir()

    with pytest.raises(AssertionError):
        assert_tidy(tmp_path / ".yiju")


@pytest.mark.parametrize(
    "lie", [{"quote": "甲。"}, {"line": 2}, {"source": "b.md"}, {"heading": ["丙"]}, {"page": 1}]
)
def test_a_wrong_citation_is_noticed(lie):
    truth = _Truth(
        Path(),
        answers=[],
        places={"a.md": [(0, 4, ["甲"])]},
        titles={"a.md": "甲"},
        texts={"a.md": "甲乙。"},
        sha256={"a.md": "00"},
        digests={},
    )
    citation = {
        "source": "a.md",
        "title": "甲",
        "sha256": "00",
        "heading": ["甲"],
        "line": 1,
        "quote": "甲乙。",
        "span": {"start": 0, "end": 3},
        "highlight": {"start": 0, "end": 2},
        "page": None,
        "places": [],
    }
    answer = {"text": "甲乙", "citations": [citation], "nearest": []}
    _assert_exact(truth, answer)

    with pytest.raises((AssertionError, KeyError)):
        _assert_exact(truth, {**answer, "citations": [{**citation, **lie}]})
