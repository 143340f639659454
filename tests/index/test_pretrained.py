import logging
import os
import sys
import warnings
from pathlib import Path

import huggingface_hub.constants
import pytest

from index.errors import ModelError
from index.pretrained import absolute_name, check_weights, find_model, hash_model, loading


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty model cache in place of the user's."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.delenv("SENTENCE_TRANSFORMERS_HOME", raising=False)
    return tmp_path / "hub"


def _find(name):
    return find_model(name, kind="toy model", marker="config.json")


def _add_to_cache(cache: Path, name: str) -> Path:
    """Lay a model down as the hub's own client does."""
    folder = cache / f"models--{name.replace('/', '--')}"
    snapshot = folder / "snapshots" / ("0" * 40)
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text("{}", "utf-8")
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text("0" * 40, "utf-8")
    return snapshot


class TestFind:
    def test_a_folder_with_the_model_is_found(self, tmp_path):
        (tmp_path / "config.json").touch()

        assert _find(str(tmp_path)) == tmp_path

    def test_a_folder_goes_before_a_cached_model_of_that_name(self, cache, tmp_path, monkeypatch):
        _add_to_cache(cache, "owner/model")
        (tmp_path / "owner" / "model").mkdir(parents=True)
        (tmp_path / "owner" / "model" / "config.json").touch()
        monkeypatch.chdir(tmp_path)

        assert _find("owner/model") == Path("owner/model")

    def test_a_home_folder_may_be_written_with_a_tilde(self, tmp_path, monkeypatch):
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("USERPROFILE", str(tmp_path))
        (tmp_path / "config.json").touch()

        assert _find("~") == tmp_path

    def test_a_name_is_found_in_the_cache(self, cache):
        snapshot = _add_to_cache(cache, "owner/model")

        assert _find("owner/model") == snapshot

    def test_a_name_without_owner_may_be_one_of_sentence_transformers(self, cache):
        snapshot = _add_to_cache(cache, "sentence-transformers/all-MiniLM-L6-v2")

        assert _find("all-MiniLM-L6-v2") == snapshot

    def test_the_older_cache_of_sentence_transformers_is_looked_into(
        self, cache, tmp_path, monkeypatch
    ):
        snapshot = _add_to_cache(tmp_path / "older", "owner/model")
        monkeypatch.setenv("SENTENCE_TRANSFORMERS_HOME", str(tmp_path / "older"))

        assert _find("owner/model") == snapshot

    def test_a_cached_model_of_another_kind_is_not_taken(self, cache):
        _add_to_cache(cache, "owner/model")

        with pytest.raises(ModelError, match="has no toy model of that name"):
            find_model("owner/model", kind="toy model", marker="modules.json")

    @pytest.mark.parametrize(
        "name",
        [
            "owner/model",
            "model",
            "./nowhere",
            "/no/where",
            "../..",
            "a/b/c",
            "~nobody/x",
            "\x00",
            "x" * 5000,
            "\ud800",
            "C:\\models\\x",
        ],
        ids=lambda name: ascii(name[:12]),
    )
    def test_what_is_not_here_is_told_with_the_place_that_was_looked_into(self, cache, name):
        with pytest.raises(ModelError, match=r"toy model"):
            _find(name)

    def test_a_file_is_no_model(self, tmp_path):
        (tmp_path / "weights.bin").touch()

        with pytest.raises(ModelError, match="is a file, not the folder of a toy model"):
            _find(str(tmp_path / "weights.bin"))

    def test_a_folder_without_the_model_is_told_with_what_is_missing(self, tmp_path):
        with pytest.raises(ModelError, match=r"holds no toy model \(config\.json is missing\)"):
            _find(str(tmp_path))


class TestNames:
    def test_a_folder_s_name_means_the_same_from_everywhere(self, tmp_path, monkeypatch):
        (tmp_path / "model").mkdir()
        monkeypatch.chdir(tmp_path)

        assert absolute_name("model") == absolute_name("./model") == str(tmp_path / "model")

    @pytest.mark.parametrize("name", ["", "owner/model", "\x00"])
    def test_other_names_stay_as_they_are(self, name, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)

        assert absolute_name(name) == name


class TestWeights:
    def test_safetensors_are_accepted_beside_a_pickle(self, tmp_path):
        (tmp_path / "model.safetensors").touch()
        (tmp_path / "pytorch_model.bin").touch()

        check_weights([tmp_path])

    def test_a_pickle_alone_is_refused_in_any_part(self, tmp_path):
        (tmp_path / "model.safetensors").touch()
        (tmp_path / "2_Dense").mkdir()
        (tmp_path / "2_Dense" / "pytorch_model.bin").touch()

        with pytest.raises(ModelError, match=r"2_Dense.*pickle.*safetensors"):
            check_weights([tmp_path, tmp_path / "2_Dense"])

    def test_no_weights_at_all_are_refused(self, tmp_path):
        with pytest.raises(ModelError, match="holds no weights"):
            check_weights([tmp_path])


class TestHash:
    @pytest.fixture
    def folder(self, tmp_path):
        (tmp_path / "1").mkdir()
        (tmp_path / "config.json").write_text("{}", "utf-8")
        (tmp_path / "1" / "model.safetensors").write_bytes(b"weights")
        return tmp_path

    @pytest.mark.parametrize("name", ["config.json", "1/model.safetensors", "1/vocab.txt"])
    def test_any_change_of_the_model_changes_it(self, folder, name):
        before = hash_model([folder, folder / "1"])
        (folder / name).write_bytes(b"other")

        assert hash_model([folder, folder / "1"]) != before

    def test_what_is_no_part_of_the_model_does_not_change_it(self, folder):
        before = hash_model([folder, folder / "1"])
        (folder / "README.md").write_text("A model.", "utf-8")
        (folder / "onnx").mkdir()

        assert hash_model([folder, folder / "1"]) == before

    def test_it_is_the_same_in_another_place(self, folder, tmp_path_factory):
        other = tmp_path_factory.mktemp("elsewhere") / "model"
        folder.rename(other)
        before = hash_model([other, other / "1"])
        other.rename(folder)

        assert hash_model([folder, folder / "1"]) == before


class TestLoading:
    def test_any_failure_becomes_a_clause_of_one_line(self):
        with pytest.raises(ModelError) as caught, loading():
            raise RuntimeError("broken\nin many lines " + "x" * 1000)

        assert str(caught.value) == "it cannot be loaded (RuntimeError: broken)."

    def test_an_error_of_ours_passes_as_it_is(self):
        with pytest.raises(ModelError, match=r"^ours$"), loading():
            raise ModelError("ours")

    def test_libraries_are_offline_and_silent_inside(self, capfd):
        from transformers.utils import logging as reports

        with loading():
            assert os.environ["HF_HUB_OFFLINE"] == "1"
            assert huggingface_hub.constants.HF_HUB_OFFLINE
            warnings.warn("noise", stacklevel=1)
            logging.getLogger("sentence_transformers.anything").warning("noise")
            reports.get_logger("transformers.anything").warning("noise")
            for _ in reports.tqdm(range(3)):
                pass
            print("ours", file=sys.stderr)

        assert capfd.readouterr().err == "ours\n"

    def test_what_was_set_before_is_set_again(self):
        from transformers.utils import logging as reports

        names = ("huggingface_hub", "sentence_transformers", "transformers")
        before = [logging.getLogger(name).level for name in names]
        with loading():
            pass

        assert [logging.getLogger(name).level for name in names] == before
        assert reports.is_progress_bar_enabled()
