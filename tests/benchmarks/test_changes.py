from index.build import build_index, default_index_dir
from index.encoder import load_encoder
from index.settings import IndexSettings
from tests.benchmarks import changes
from tests.benchmarks.models import Models


def test_the_files_are_small_varied_and_the_same_every_time(tmp_path):
    texts = [changes.make_text(number) for number in range(200)]

    assert texts == [changes.make_text(number) for number in range(200)]
    assert len(set(texts)) == 200
    assert all(150 < len(text) < 1500 for text in texts)
    changes.write_files(tmp_path, [7, 250])
    assert (tmp_path / "0000" / "000007.md").read_text("utf-8") == texts[7]
    assert (tmp_path / "0002" / "000250.txt").is_file()


def test_times_and_memory_of_a_small_folder_are_measured_and_shown(tmp_path, bundled_encoder):
    models = Models(bundled_encoder, None, None)

    figures = changes.run(tmp_path, models, n_files=60, sizes=(20,))
    table = changes.to_markdown({"figures": figures})

    assert all(time["seconds"] > 0 < time["processor"] for time in figures["times"].values())
    assert figures["memory"][0]["chunks"] > 20
    assert figures["memory"][0]["peak_mb"] > 50
    assert len(table.splitlines()) == 12
    assert not (tmp_path / "20").exists()


def test_one_edited_file_among_many_reads_and_encodes_that_one(tmp_path):
    encoder = load_encoder("")
    changes.write_files(tmp_path, range(400))
    settings, index_dir = IndexSettings(), default_index_dir(tmp_path)
    build_index(tmp_path, index_dir, encoder, settings=settings)
    path = tmp_path / "0002" / "000200.txt"
    path.write_text(path.read_text("utf-8") + "\n最后一句。\n", "utf-8")

    report = build_index(tmp_path, index_dir, encoder, settings=settings)

    assert (report.n_read, report.changed) == (1, ("0002/000200.txt",))
    assert 0 < report.n_encoded <= 3
