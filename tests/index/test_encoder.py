import functools
import json
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save
from sentence_transformers import SentenceTransformer

from index.encoder import (
    BUNDLED_DIR,
    Encoder,
    SentenceTransformerEncoder,
    StaticEncoder,
    load_encoder,
)
from index.errors import ModelError
from index.normalization import fold_text
from tests.fakes import HashEncoder
from tests.other_models import make_encoder, make_pickled, make_reader, minilm_dir
from tests.strategies import any_texts, mixed_texts

_ROOT = Path(__file__).parents[2]
_TEXTS = [
    "大会于2月5日下午召开。",
    "燈塔建於光緒年間，塔高十二公尺。",
    "The rope is inspected every 30 days. See GB/T 5972-2023.",
    "図書館は月曜日がお休みです。",
    "도서관에서 책을 빌릴 수 있습니다.",
    "Библиотека открыта",
    "👩\u200d👩\u200d👧 cafe\u0301 ﬁle",
    "会" * 2000,
    "x",
]
_run = functools.partial(subprocess.run, capture_output=True, text=True, check=True, cwd=_ROOT)


@functools.cache
def _static() -> StaticEncoder:
    return StaticEncoder.load()


@functools.cache
def _external() -> SentenceTransformerEncoder:
    return SentenceTransformerEncoder.load(str(BUNDLED_DIR))


class EncoderConformance:
    """The laws of the ``Encoder`` protocol; one subclass an implementation."""

    def encoder(self) -> Encoder:
        raise NotImplementedError

    def test_rows_are_unit_vectors_of_the_width_it_tells(self):
        vectors = self.encoder().encode(_TEXTS)

        assert vectors.dtype == np.float32
        assert vectors.shape == (len(_TEXTS), self.encoder().dim)
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)  # fp16 models

    def test_no_texts_give_no_rows(self):
        vectors = self.encoder().encode([])

        assert vectors.shape == (0, self.encoder().dim)
        assert vectors.dtype == np.float32

    def test_a_text_without_tokens_gives_a_row_of_zeros(self):
        vectors = self.encoder().encode(["甲", "", " \n\u3000", "乙"])

        assert not vectors[1:3].any()
        assert vectors[[0, 3]].any(axis=1).all()

    def test_a_vector_does_not_depend_on_its_neighbours(self):
        together = self.encoder().encode(_TEXTS)
        alone = np.concatenate([self.encoder().encode([text]) for text in _TEXTS])

        np.testing.assert_allclose(together, alone, atol=1e-6)

    def test_equal_texts_give_equal_vectors(self):
        vectors = self.encoder().encode(["会议", "别的", "会议"])

        np.testing.assert_array_equal(vectors[0], vectors[2])

    def test_the_fingerprint_is_the_same_every_time(self):
        assert self.encoder().fingerprint == self.encoder().fingerprint != ""


class TestHashEncoder(EncoderConformance):
    def encoder(self) -> Encoder:
        return HashEncoder()


class TestStaticEncoder(EncoderConformance):
    def encoder(self) -> Encoder:
        return _static()

    @settings(max_examples=40)
    @given(st.lists(any_texts(), max_size=6))
    def test_any_texts_give_finite_unit_or_zero_rows(self, texts):
        norms = np.linalg.norm(self.encoder().encode(texts), axis=1)

        assert np.all((norms == 0) | (np.abs(norms - 1) < 1e-5))

    @settings(max_examples=40)
    @given(mixed_texts())
    def test_a_folded_text_has_the_vector_of_its_text(self, text):
        raw, folded = self.encoder().encode([text, fold_text(text)])

        np.testing.assert_array_equal(raw, folded)

    def test_batches_of_any_size_give_the_same_bits(self):
        texts = [f"{text} {number}" for number in range(40) for text in _TEXTS]

        together = self.encoder().encode(texts)
        apart = np.concatenate(
            [self.encoder().encode(texts[at : at + 7]) for at in range(0, 360, 7)]
        )

        np.testing.assert_array_equal(together, apart)

    def test_traditional_full_width_and_upper_case_give_the_same_vector(self):
        vectors = self.encoder().encode(
            ["图书馆ppr-9087", "圖書館PPR-9087", "图书馆ｐｐｒ－９０８７"]
        )

        np.testing.assert_array_equal(vectors[0], vectors[1])
        np.testing.assert_array_equal(vectors[0], vectors[2])

    def test_a_paraphrase_is_nearer_than_something_else(self):
        asked, near, far = self.encoder().encode(
            [
                "When will the meeting be held?",
                "大会定于二月五日下午召开。",
                "把豆腐切成小块，下锅翻炒。",
            ]
        )

        assert asked @ near > asked @ far

    def test_a_text_of_a_million_characters_is_encoded(self):
        (vector,) = self.encoder().encode(["会议 " * 350_000])

        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


class TestSentenceTransformerEncoder(EncoderConformance):
    """Another model by folder: the bundled one's, read by sentence-transformers."""

    def encoder(self) -> Encoder:
        return _external()

    def test_the_fingerprint_is_of_the_files_not_of_their_place(self, tmp_path):
        folder = tmp_path / "copy"
        shutil.copytree(BUNDLED_DIR, folder)

        assert SentenceTransformerEncoder.load(str(folder)).fingerprint == _external().fingerprint


@functools.cache
def _random() -> SentenceTransformerEncoder:
    with tempfile.TemporaryDirectory() as folder:
        return SentenceTransformerEncoder.load(str(make_encoder(Path(folder, "random"))))


class TestRandomVectors(EncoderConformance):
    """A model whose mean of no tokens is not a number."""

    def encoder(self) -> Encoder:
        return _random()

    def test_a_text_that_is_not_blank_but_has_no_tokens_gives_zeros(self):
        assert not self.encoder().encode(["\u200b"]).any()

    @settings(max_examples=25)
    @given(st.lists(any_texts(), max_size=4))
    def test_any_texts_give_finite_unit_or_zero_rows(self, texts):
        norms = np.linalg.norm(self.encoder().encode(texts), axis=1)

        assert np.all((norms == 0) | (np.abs(norms - 1) < 1e-4))


def test_a_usual_model_has_the_library_s_vectors_in_every_thread():
    texts = [text for text in _TEXTS if len(text) < 100]
    reference = SentenceTransformer(str(minilm_dir()), device="cpu", local_files_only=True)
    expected = [reference.encode([text], normalize_embeddings=True) for text in texts]
    encoder = load_encoder(str(minilm_dir()))

    with ThreadPoolExecutor(4) as pool:
        encoded = list(pool.map(lambda text: encoder.encode([text]), texts * 2))

    assert encoder.dim == 384
    for one, other in zip(encoded, expected * 2, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_the_bundled_encoder_equals_sentence_transformers():
    folded = [fold_text(text) for text in _TEXTS]

    np.testing.assert_allclose(_static().encode(_TEXTS), _external().encode(folded), atol=2e-4)


@functools.cache
def _reference() -> SentenceTransformer:
    """The bundled model in full precision; as it is stored, its own means have 11 bits."""
    return SentenceTransformer(str(BUNDLED_DIR), device="cpu", local_files_only=True).float()


@settings(max_examples=25)
@given(st.lists(mixed_texts(), min_size=1, max_size=5))
def test_the_bundled_encoder_equals_sentence_transformers_on_any_texts(texts):
    ours = _static().encode(texts)
    has_tokens = ours.any(axis=1)  # the mean of no tokens is not a number there

    folded = [fold_text(text) for text in texts]
    theirs = _reference().encode(folded, normalize_embeddings=True)

    np.testing.assert_allclose(ours[has_tokens], theirs[has_tokens], atol=1e-5)


def test_no_name_gives_the_bundled_encoder():
    assert load_encoder().fingerprint == load_encoder("").fingerprint == _static().fingerprint


def test_the_bundled_encoder_loads_and_encodes_without_torch():
    code = (
        "import sys; from index.encoder import load_encoder; load_encoder().encode(['会议']);"
        "print([name for name in ('torch', 'sentence_transformers', 'transformers') "
        "if name in sys.modules])"
    )

    assert _run([sys.executable, "-c", code]).stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["no-such/model", "nowhere", "./nowhere", "bert-base-chinese"])
def test_a_model_that_is_not_here_is_an_error_that_names_the_bundled_one(name):
    with pytest.raises(ModelError, match=rf"{name}.*bundled"):
        load_encoder(name)


def test_a_folder_that_holds_no_model_is_an_error(tmp_path):
    with pytest.raises(ModelError, match=r"holds no sentence-transformers model.*bundled encoder"):
        load_encoder(str(tmp_path))


def test_a_model_of_another_kind_is_an_error(tmp_path):
    folder = make_reader(tmp_path / "reader")

    with pytest.raises(ModelError, match=r"modules\.json is missing"):
        load_encoder(str(folder))


@pytest.fixture
def other_dir(tmp_path):
    """A small sentence-transformers model that a test may spoil."""
    return make_encoder(tmp_path / "模型 model")


def test_a_model_in_a_folder_of_any_name_is_loaded(other_dir):
    assert load_encoder(str(other_dir)).dim == 16


def test_a_pickle_is_refused(other_dir, tmp_path):
    folder = make_pickled(other_dir, tmp_path / "pickled")

    with pytest.raises(ModelError, match=r"pytorch_model\.bin, a pickle.*bundled encoder"):
        load_encoder(str(folder))


def test_code_that_comes_with_a_model_is_not_run(other_dir):
    (other_dir / "evil.py").write_text("raise SystemExit('run')\n", "utf-8")
    modules = json.loads((other_dir / "modules.json").read_text("utf-8"))
    modules[0]["type"] = "evil.Module"
    (other_dir / "modules.json").write_text(json.dumps(modules), "utf-8")

    with pytest.raises(ModelError, match=r"code of its own \(evil\.Module\)"):
        load_encoder(str(other_dir))


@pytest.mark.parametrize("content", ["", "{}", "[{}]", '[{"type": 1}]', "[]"])
def test_a_list_of_parts_that_is_none_is_an_error(other_dir, content):
    (other_dir / "modules.json").write_text(content, "utf-8")

    with pytest.raises(ModelError, match="bundled encoder"):
        load_encoder(str(other_dir))


def test_other_vectors_of_the_same_shape_have_another_fingerprint(other_dir, tmp_path):
    other = make_encoder(tmp_path / "other", seed=1)

    assert load_encoder(str(other)).fingerprint != load_encoder(str(other_dir)).fingerprint


@pytest.fixture
def model_dir(tmp_path):
    """A folder that looks like the bundled model's; its files are links."""
    folder = tmp_path / "模型"
    folder.mkdir()
    for path in BUNDLED_DIR.iterdir():
        (folder / path.name).symlink_to(path)
    return folder


def _replace(path: Path, data: bytes) -> None:
    path.unlink()
    path.write_bytes(data)


def _weights(matrix: np.ndarray) -> bytes:
    return save({"embedding.weight": matrix})


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json"])
def test_a_missing_file_is_an_error_that_names_the_folder(name, model_dir):
    (model_dir / name).unlink()

    with pytest.raises(ModelError, match="模型"):
        StaticEncoder.load(model_dir)


@pytest.mark.parametrize("n_bytes", [0, 4, 100, 1_000_000])
def test_weights_cut_short_are_an_error(n_bytes, model_dir):
    path = model_dir / "model.safetensors"
    with path.open("rb") as file:
        start = file.read(n_bytes)
    _replace(path, start)

    with pytest.raises(ModelError):
        StaticEncoder.load(model_dir)


def test_weights_of_another_type_are_an_error(model_dir):
    _replace(model_dir / "model.safetensors", _weights(np.zeros((10, 4), np.float32)))

    with pytest.raises(ModelError, match="F32"):
        StaticEncoder.load(model_dir)


def test_weights_with_fewer_rows_than_the_tokenizer_has_tokens_are_an_error(model_dir):
    _replace(model_dir / "model.safetensors", _weights(np.ones((10, 4), np.float16)))

    with pytest.raises(ModelError):
        StaticEncoder.load(model_dir)


def test_the_model_loads_from_a_folder_of_any_name(model_dir):
    linked = StaticEncoder.load(model_dir)

    np.testing.assert_array_equal(linked.encode(_TEXTS), _static().encode(_TEXTS))
    assert linked.fingerprint == _static().fingerprint


def test_other_weights_have_another_fingerprint(model_dir):
    n_tokens = _static().embeddings.shape[0]
    matrix = np.zeros((n_tokens, 2), np.float16)
    fingerprints = set()
    for value in (0, 1):
        matrix[-1, -1] = value
        _replace(model_dir / "model.safetensors", _weights(matrix))
        fingerprints.add(StaticEncoder.load(model_dir).fingerprint)

    assert len(fingerprints) == 2
