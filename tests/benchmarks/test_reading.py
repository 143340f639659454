import pytest

from tests.benchmarks import reading
from tests.benchmarks.conftest import squad
from tests.benchmarks.models import Models


def test_every_method_is_measured_on_every_set(data_dir, models):
    figures = dict(reading.run(data_dir, models, names=["cmrc2018_trial", "xquad_en_zh"]))

    assert figures["cmrc2018_trial"]["n_questions"] == 1
    assert figures["xquad_en_zh"]["metric"] == "CMRC 2018"
    assert list(figures["xquad_en_zh"]["methods"]) == [
        "best_span",
        "selected",
        "sentence",
        "heuristic",
    ]
    assert figures["cmrc2018_trial"]["methods"]["best_span"] == {
        "f1": 100.0,
        "em": 100.0,
        "sentence": 100.0,
    }


def test_any_file_can_be_held_out(data_dir, models, tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(squad([("The ferry leaves at nine.", "When does it leave?", "nine")]), "utf-8")

    figures = dict(reading.run(data_dir, models, names=[], held_out=[path], baselines=False))

    assert figures["mine"]["metric"] == "SQuAD 1.1"
    assert set(figures["mine"]["methods"]) == {"best_span", "selected"}


def test_a_paragraph_is_one_passage_however_long(data_dir, models, tmp_path):
    path = tmp_path / "long.json"
    filler = "天气很好，大家都在外面散步。" * 25
    path.write_text(squad([(f"{filler}灯塔建于1862年。", "灯塔建于哪一年？", "1862年")]), "utf-8")

    figures = dict(reading.run(data_dir, models, names=[], held_out=[path], baselines=False))

    assert figures["long"]["methods"]["best_span"]["sentence"] == 100.0


def test_an_encoder_alone_cannot_read(bundled_encoder, models, data_dir):
    alone = Models(bundled_encoder, None, models.calibration)

    with pytest.raises(ValueError, match="--reader DIR"):
        next(reading.run(data_dir, alone))


def test_the_table_leaves_out_what_was_not_measured():
    scores = {"f1": 1.0, "em": 2.0, "sentence": 3.0}
    figure = {"n_questions": 7, "metric": "CMRC 2018", "methods": {"best_span": scores}}

    assert reading.to_markdown({"figures": {"zh": figure}}).splitlines() == [
        "| F1 / EM / sentence accuracy | metric | reader, best span |",
        "|---|---|---|",
        "| zh (7) | CMRC 2018 | 1.0 / 2.0 / 3.0 |",
    ]
