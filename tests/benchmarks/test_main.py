import json
import sys

import pytest

from tests.benchmarks import __main__ as command
from tests.benchmarks import archive


def _run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["tests.benchmarks", *map(str, arguments)])
    command.main()


def test_a_sample_is_printed_and_kept_only_where_asked_for(data_dir, tmp_path, monkeypatch, capsys):
    sample = ("reading", "--data", data_dir, "--sets", "cmrc2018_trial", "--limit", "1")
    before = sorted(archive.RESULTS_DIR.iterdir())

    _run(monkeypatch, *sample)
    _run(monkeypatch, *sample, "--results", tmp_path / "kept")

    assert capsys.readouterr().out.count("| cmrc2018_trial (1) | CMRC 2018 | 100.0 / 100.0") == 4
    assert sorted(archive.RESULTS_DIR.iterdir()) == before
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["reading.json"]


def test_a_result_says_what_it_was_measured_on(bundled_encoder, tmp_path):
    archive.save_result("x", archive.describe_run({"a": 1}, bundled_encoder), tmp_path)

    result = archive.load_result("x", tmp_path)

    assert set(result) == {"commit", "date", "machine", "encoder", "figures"}
    assert all(result.values())
    assert result["encoder"] == bundled_encoder.fingerprint
    assert archive.load_result("y", tmp_path) is None


def test_tables_are_printed_from_what_was_kept(tmp_path, monkeypatch, capsys):
    row = {"recall@1": 50.0, "recall@5": 60.0, "recall@10": 70.0}
    result = {"commit": "abc", "date": "2026-01-01", "figures": {"zh": {"dense": row}}}
    (tmp_path / "retrieval.json").write_text(json.dumps(result), "utf-8")

    _run(monkeypatch, "table", "--results", tmp_path)

    assert capsys.readouterr().out == (
        "retrieval (abc, 2026-01-01)\n\n"
        "| recall@1 / @5 / @10 | zh |\n|---|---|\n| dense | 50.0 / 60.0 / 70.0 |\n\n"
    )


@pytest.mark.parametrize("path", sorted(archive.RESULTS_DIR.glob("*.json")), ids=lambda p: p.stem)
def test_what_was_kept_can_be_printed(path):
    result = archive.load_result(path.stem)

    assert command.TABLES[path.stem](result).startswith("|")
    assert all(result[name] for name in ("commit", "date", "machine", "encoder"))
