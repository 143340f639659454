"""Answers with an encoder or a reader that did not come with the package."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from index.chunking import search_text
from index.dense import VectorFile
from index.encoder import StaticEncoder, load_encoder
from index.errors import IndexFormatError, ModelError
from index.generations import IndexDir
from index.manifest import read_manifest
from rag import Answerer, Status, answer
from rag.asking import _opened
from rag.errors import ReaderError
from rag.settings import RagSettings
from tests.index.folders import TEXTS, all_chunks, edit, write_documents
from tests.other_models import make_date_reader, make_encoder, make_reader, minilm_dir

QUESTION = "大会是哪一天召开的？"


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def encoder_dir(models):
    return str(make_encoder(models / "encoder"))


@pytest.fixture(scope="module")
def other_encoder_dir(models):
    return str(make_encoder(models / "other", seed=1))


@pytest.fixture(scope="module")
def date_dir(models):
    return str(make_date_reader(models / "dates"))


@pytest.fixture
def folder(tmp_path):
    return write_documents(tmp_path / "documents", TEXTS)


@pytest.fixture(autouse=True)
def _as_in_a_new_process(monkeypatch):
    for name in ("YIJU_ENCODER", "YIJU_READER"):
        monkeypatch.delenv(name, raising=False)
    _opened.cache_clear()


def _assert_vectors_are_of(answerer, name):
    """All of the live generation's vectors, and none of another encoder's."""
    home = IndexDir(answerer.index_dir)
    paths = home.paths(home.require_current())
    manifest = read_manifest(paths)
    with VectorFile.open(paths.dense, manifest.dim, manifest.n_chunks) as file:
        vectors = file.read(0, manifest.n_chunks)
    texts = [search_text(chunk) for chunk in all_chunks(answerer._knowledge_base)]
    np.testing.assert_allclose(vectors, load_encoder(name).encode(texts), atol=1e-6)
    assert answerer.manifest.encoder == name


class TestEncoder:
    def test_the_index_is_made_and_asked_with_it_and_the_bundled_reader_goes_on(
        self, folder, encoder_dir
    ):
        answerer = Answerer.open(folder, encoder=encoder_dir)

        given = answerer.answer("大会由谁主持？")

        _assert_vectors_are_of(answerer, encoder_dir)
        shown = (*given.citations, *given.nearest)
        assert "刘建国" in "".join(citation.quote for citation in shown)

    def test_a_usual_model_answers_end_to_end(self, folder):
        answerer = Answerer.open(folder, encoder=str(minilm_dir()))

        given = answerer.answer("How often is the rope inspected?")

        assert answerer.manifest.dim == 384
        shown = (*given.citations, *given.nearest)
        assert shown[0].source == "hoist.md"
        document = answerer.document("hoist.md").text
        assert all(one.span.of(document) == one.quote for one in shown if one.source == "hoist.md")

    def test_changing_back_and_forth_never_mixes_vectors(
        self, folder, encoder_dir, other_encoder_dir
    ):
        names = (encoder_dir, other_encoder_dir, "", other_encoder_dir, encoder_dir)
        for number, name in enumerate(names, 1):
            answerer = Answerer.open(folder, encoder=name)

            assert answerer.manifest.generation == f"{number:06d}"
            _assert_vectors_are_of(answerer, name)

    def test_the_same_encoder_again_encodes_nothing(self, folder, encoder_dir):
        Answerer.open(folder, encoder=encoder_dir)

        again = Answerer.open(folder, encoder=encoder_dir)

        assert again.manifest.generation == "000001"
        assert not again.refresh().is_new

    def test_a_relative_folder_is_the_same_encoder(self, folder, encoder_dir, monkeypatch):
        Answerer.open(folder, encoder=encoder_dir)
        monkeypatch.chdir(Path(encoder_dir).parent)

        answerer = Answerer.open(folder, encoder="./encoder")

        assert answerer.manifest.generation == "000001"
        assert answerer.manifest.encoder == encoder_dir

    def test_a_changed_model_in_the_same_folder_makes_the_index_anew(self, folder, tmp_path):
        name = str(make_encoder(tmp_path / "m"))
        Answerer.open(folder, encoder=name)
        make_encoder(tmp_path / "m", seed=2)

        answerer = Answerer.open(folder, encoder=name)

        assert answerer.manifest.generation == "000002"
        _assert_vectors_are_of(answerer, name)

    def test_a_refresh_keeps_the_encoder_and_encodes_only_what_is_new(self, folder, encoder_dir):
        answerer = Answerer.open(folder, encoder=encoder_dir)
        edit(folder / "会议.txt", "大会于7月9日召开。")

        report = answerer.refresh()

        assert report.n_encoded == 1
        _assert_vectors_are_of(answerer, encoder_dir)

    def test_it_may_come_from_the_environment(self, folder, encoder_dir, monkeypatch):
        monkeypatch.setenv("YIJU_ENCODER", encoder_dir)

        assert Answerer.open(folder).manifest.encoder == encoder_dir

    def test_one_that_is_named_goes_before_the_environment(
        self, folder, encoder_dir, other_encoder_dir, monkeypatch
    ):
        monkeypatch.setenv("YIJU_ENCODER", other_encoder_dir)

        assert Answerer.open(folder, encoder=encoder_dir).manifest.encoder == encoder_dir

    def test_one_that_is_not_here_leaves_the_index_alone(self, folder):
        Answerer.open(folder)

        with pytest.raises(ModelError, match="bundled encoder"):
            Answerer.open(folder, encoder="no-such/model")

        assert Answerer.load(folder / ".yiju").manifest.generation == "000001"

    def test_a_loaded_index_brings_its_own_encoder(self, folder, encoder_dir):
        made = Answerer.open(folder, encoder=encoder_dir)

        loaded = Answerer.load(folder / ".yiju")

        assert loaded.answer(QUESTION) == made.answer(QUESTION)

    def test_loading_with_another_than_it_was_made_with_is_refused_naming_both(
        self, folder, encoder_dir, other_encoder_dir
    ):
        Answerer.open(folder, encoder=encoder_dir)

        with pytest.raises(IndexFormatError) as caught:
            Answerer.load(folder / ".yiju", encoder=other_encoder_dir)

        assert encoder_dir in str(caught.value)
        assert f"yiju index --encoder {other_encoder_dir}" in str(caught.value)

    def test_loading_with_the_one_it_was_made_with_is_not(self, folder, encoder_dir):
        Answerer.open(folder, encoder=encoder_dir)

        assert Answerer.load(folder / ".yiju", encoder=encoder_dir).manifest.dim == 16


class TestReader:
    def test_it_answers_in_place_of_the_bundled_one(self, folder, date_dir):
        given = Answerer.open(folder, reader=date_dir).answer(QUESTION)

        assert given.status is Status.ANSWERED
        assert given.text == "2月5日"
        assert given.citations[0].source == "会议.txt"
        assert 0.5 <= given.confidence <= 1

    def test_it_refuses_what_it_finds_no_answer_to(self, tmp_path, date_dir):
        folder = write_documents(tmp_path / "d", {"a.txt": "每人最多借书十册。逾期罚款一角。"})

        given = Answerer.open(folder, reader=date_dir).answer("逾期罚款什么时候交？")

        assert given.status is Status.NOT_FOUND
        assert given.nearest[0].source == "a.txt"

    def test_it_works_with_another_encoder(self, folder, date_dir, encoder_dir):
        given = Answerer.open(folder, encoder=encoder_dir, reader=date_dir).answer(QUESTION)

        assert given.text == "2月5日"

    def test_it_does_not_change_the_index(self, folder, date_dir):
        Answerer.open(folder)

        assert Answerer.open(folder, reader=date_dir).manifest.generation == "000001"

    def test_a_loaded_index_can_be_read_by_it(self, folder, date_dir):
        Answerer.open(folder)

        assert Answerer.load(folder / ".yiju", reader=date_dir).answer(QUESTION).text == "2月5日"

    def test_it_may_come_from_the_environment(self, folder, date_dir, monkeypatch):
        monkeypatch.setenv("YIJU_READER", date_dir)

        assert Answerer.open(folder).answer(QUESTION).text == "2月5日"

    def test_one_that_is_not_here_is_told_before_anything_is_indexed(self, folder):
        with pytest.raises(ReaderError, match="bundled reader"):
            Answerer.open(folder, reader="no-such/model")

        assert not (folder / ".yiju").exists()

    def test_every_citation_is_exact_whatever_a_reader_says(self, folder, models):
        answerer = Answerer.open(folder, reader=str(make_reader(models / "random")))

        for question in (QUESTION, "How often?", "燈塔高幾公尺？", "", "\ud800", "？" * 2000):
            given = answerer.answer(question)
            for citation in (*given.citations, *given.nearest):
                text = answerer.document(citation.source).text
                assert citation.span.of(text) == citation.quote != ""
            assert given.text in "".join(citation.quote for citation in given.citations)
            assert json.loads(json.dumps(given.to_dict())) == given.to_dict()


class TestOneCall:
    def test_both_may_be_named(self, folder, encoder_dir, date_dir):
        given = answer(QUESTION, documents=folder, encoder=encoder_dir, reader=date_dir)

        assert given.text == "2月5日"
        assert Answerer.load(folder / ".yiju").manifest.encoder == encoder_dir

    def test_each_call_gets_the_models_it_names(self, folder, encoder_dir, date_dir):
        def made_with(**models):
            given = answer(QUESTION, documents=folder, **models)
            manifest = Answerer.load(folder / ".yiju").manifest
            return manifest.encoder, given.generation

        assert made_with() == ("", "000001")
        assert made_with(encoder=encoder_dir) == (encoder_dir, "000002")
        assert made_with(encoder=encoder_dir, reader=date_dir) == (encoder_dir, "000002")
        assert made_with() == ("", "000003")

    def test_without_refresh_another_encoder_is_refused_naming_both(
        self, folder, encoder_dir, date_dir
    ):
        answer(QUESTION, documents=folder)

        with pytest.raises(IndexFormatError, match=r"the bundled encoder, not with '.*encoder'"):
            answer(QUESTION, documents=folder, refresh=False, encoder=encoder_dir)

        given = answer(QUESTION, documents=folder, refresh=False, reader=date_dir)
        assert (given.text, given.generation) == ("2月5日", "000001")


def test_the_reader_is_read_from_the_environment():
    assert RagSettings.from_env({}) == RagSettings()
    assert RagSettings.from_env({"YIJU_READER": "x"}) == replace(RagSettings(), reader="x")


def test_the_bundled_reader_keeps_the_bundled_encoder_s_embeddings(folder, encoder_dir):
    reader = Answerer.open(folder, encoder=encoder_dir).reading.reader

    tokenizer = StaticEncoder.load().tokenizer
    assert reader._tokenizer.get_vocab_size() == tokenizer.get_vocab_size()
