import json
import lzma

import pytest

from tests.benchmarks import speed
from tests.benchmarks.speed_texts import write_texts


def _read(folder):
    return [path.read_text("utf-8") for path in sorted(folder.rglob("*.md"))]


def test_invented_texts_are_of_the_size_asked_for_and_the_same_every_time(tmp_path):
    n_chars = write_texts(tmp_path / "a", 60_000, None)
    write_texts(tmp_path / "b", 60_000, None)

    texts = _read(tmp_path / "a")
    assert texts == _read(tmp_path / "b")
    assert 60_000 <= n_chars < 65_000
    assert abs(sum(map(len, texts)) - n_chars) < 0.02 * n_chars  # with headings and line ends
    assert len(texts) == 5


def test_real_texts_come_first_and_their_sentences_again_in_another_order(tmp_path):
    (tmp_path / "corpora").mkdir()
    document = {"title": "桥", "secs": [["历史", ["甲桥很长。乙桥很短。", "丙桥最老。"]]]}
    with lzma.open(tmp_path / "corpora" / "zh_documents.jsonl.xz", "wt", encoding="utf-8") as file:
        file.write(json.dumps(document, ensure_ascii=False) + "\n")
    write_texts(tmp_path / "docs", 500, tmp_path)

    (text,) = _read(tmp_path / "docs")
    assert text.startswith("# 卷0\n\n## 桥\n\n### 历史\n\n甲桥很长。乙桥很短。\n\n丙桥最老。\n\n")
    sentences = {one for part in text.split("\n\n")[5:] for one in part.split("。") if one}
    assert sentences == {"甲桥很长", "乙桥很短", "丙桥最老"}


@pytest.mark.slow
def test_a_small_folder_is_measured_and_shown(tmp_path):
    figures = dict(speed.run(tmp_path, sizes=(300,), data_dir=None))

    one = figures["300"]
    assert one["chunks"] > 100
    assert one["recall"] == 1.0
    assert one["limit_seconds"] > 0 < one["changed_seconds"]
    for asked in ("retrieval", "answer"):
        assert 0 < one[asked]["p50"] <= one[asked]["p95"] <= one[asked]["p99"]
    table = speed.to_markdown({"figures": figures}).splitlines()
    assert table[0].count("|") == table[-1].count("|") == 3
