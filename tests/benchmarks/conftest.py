"""A very small data folder, of the benchmark's layout but of our own writing."""

import json
import lzma
from pathlib import Path

import pytest

from tests.benchmarks.models import Models

PARAGRAPHS = {
    "zh": [
        ("灯塔建于1862年。守塔人名叫林海生，他每天点灯两次。", "灯塔建于哪一年？", "1862年"),
        ("图书馆周一闭馆。周末上午九点开门，下午五点关门。", "图书馆哪天闭馆？", "周一"),
    ],
    "en": [
        ("The lighthouse was built in 1862. Its keeper lit the lamp twice a day.",
         "When was the lighthouse built?", "1862"),
        ("The library is closed on Mondays. At weekends it opens at nine.",
         "On which day is the library closed?", "Mondays"),
    ],
}  # fmt: skip


def squad(rows) -> str:
    """Write rows of paragraph, question and answer in SQuAD's format."""
    paragraphs = [
        {
            "context": context,
            "qas": [
                {
                    "id": f"q{number}",
                    "question": question,
                    "answers": [{"text": answer, "answer_start": context.find(answer)}],
                }
            ],
        }
        for number, (context, question, answer) in enumerate(rows)
    ]
    return json.dumps({"data": [{"title": "t", "paragraphs": paragraphs}]}, ensure_ascii=False)


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory) -> Path:
    """The folder; read only."""
    root = tmp_path_factory.mktemp("data")
    measure, train = root / "qa" / "measure", root / "qa" / "train"
    (measure / "xquad").mkdir(parents=True)
    train.mkdir()
    for language in ("zh", "en", "de", "es", "ru"):
        rows = PARAGRAPHS.get(language, PARAGRAPHS["en"])
        (measure / "xquad" / f"xquad.{language}.json").write_text(squad(rows), "utf-8")
    (measure / "cmrc2018_trial.json").write_text(
        squad([("茶会于四月十六日召开。共有三百人参加。", "茶会有多少人参加？", "三百人")]), "utf-8"
    )
    (measure / "bipar_qen_pzh_valid.json").write_text(
        squad([("渡轮每天开三班。", "How often does the ferry run?", "每天开三班")]), "utf-8"
    )
    (train / "drcd_dev.json").write_text(
        squad([("博物館位於臺南。", "博物館在哪裡？", "臺南")]), "utf-8"
    )
    (root / "corpora").mkdir()
    article = {"title": "山", "secs": [["", ["高山上有许多松树。" * 20, "短"]]]}
    with lzma.open(root / "corpora" / "zh_documents.jsonl.xz", "wt", encoding="utf-8") as lines:
        lines.write(json.dumps(article) + "\n")
    return root


@pytest.fixture(scope="session")
def models() -> Models:
    """The bundled models."""
    return Models.load(None, None)
