from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from rag.span_network.weights import FORMAT_VERSION, WEIGHTS_NAME, WeightsFile


def _write(model_dir: Path, version: str = FORMAT_VERSION, **tensors: np.ndarray) -> Path:
    metadata = {"format_version": version, "encoder_fingerprint": "abc"}
    save_file(tensors, model_dir / WEIGHTS_NAME, metadata=metadata)
    return model_dir


def test_a_folder_without_weights_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"No reader weights at .*model\.safetensors"):
        WeightsFile.open(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\xff" * 64], ids=["empty", "noise"])
def test_a_damaged_file_is_a_value_error(tmp_path, content):
    (tmp_path / WEIGHTS_NAME).write_bytes(content)

    with pytest.raises(ValueError, match="is not a readable safetensors file"):
        WeightsFile.open(tmp_path)


def test_a_file_cut_short_is_a_value_error(tmp_path):
    path = _write(tmp_path, a=np.zeros(100, dtype=np.float32)) / WEIGHTS_NAME
    path.write_bytes(path.read_bytes()[:-8])

    with pytest.raises(ValueError, match="is not a readable safetensors file"):
        WeightsFile.open(tmp_path)


def test_another_format_version_is_refused(tmp_path):
    _write(tmp_path, version="1", a=np.zeros(1, dtype=np.float32))

    with pytest.raises(ValueError, match="format_version '1'; this version of yiju reads '2'"):
        WeightsFile.open(tmp_path)


def test_a_file_without_a_header_is_refused(tmp_path):
    save_file({"a": np.zeros(1, dtype=np.float32)}, tmp_path / WEIGHTS_NAME)

    with pytest.raises(ValueError, match="format_version None"):
        WeightsFile.open(tmp_path)


def test_all_tensors_that_do_not_fit_are_reported_at_once(tmp_path):
    weights = WeightsFile.open(_write(tmp_path, a=np.zeros((2, 3), dtype=np.float16)))

    weights.floats("a", 3, 2)
    weights.integers("b", 4)

    with pytest.raises(ValueError, match=r"a is of shape \(2, 3\), not .*; b is missing"):
        weights.check()


def test_what_fits_is_read_in_the_types_of_the_network(tmp_path):
    stored = {
        "a": np.ones(3, dtype=np.float16),
        "b": np.full(2, 200, dtype=np.uint8),
        "c": np.full(2, -100, dtype=np.int8),
    }
    weights = WeightsFile.open(_write(tmp_path, **stored))

    assert weights.floats("a", 3).dtype == np.float32
    assert weights.integers("b", 2).tolist() == [200, 200]
    assert weights.bytes("c", 2).tolist() == [-100, -100]
    assert weights.encoder_fingerprint == "abc"
    weights.check()
