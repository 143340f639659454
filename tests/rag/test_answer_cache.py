import gc
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from index.knowledge_base import KnowledgeBase
from rag.answer_cache import AnswerCache
from rag.answerer import Answerer
from rag.federation import Federation
from rag.joined import JoinedBase
from rag.reading import Reading
from rag.registry import Collection
from tests.fakes import HashEncoder
from tests.index.folders import TEXTS, build, edit, load, write_documents

QUESTION = "大会是哪一天召开的？"


class CountingReader:
    """Hands on to another reader and counts."""

    def __init__(self, reader):
        self._reader = reader
        self.n_read = 0

    def read(self, query, hits):
        self.n_read += 1
        return self._reader.read(query, hits)


@pytest.fixture(scope="module")
def models(bundled_encoder):
    return Reading.beside(bundled_encoder)


def _open(folder, models, name=""):
    reader = CountingReader(models.reader)
    reading = replace(models, reader=reader)
    write_documents(folder, TEXTS)
    build(folder, models.encoder)
    answerer = Answerer(
        load(folder, models.encoder),
        reading,
        documents_dir=folder,
        index_dir=folder / ".yiju",
        collection=name,
    )
    return answerer, reader


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    folder = write_documents(tmp_path_factory.mktemp("base"), TEXTS)
    build(folder, HashEncoder())
    return lambda: load(folder, HashEncoder())


class TestAnswering:
    def test_a_question_asked_again_is_not_read_again(self, tmp_path, models):
        answerer, reader = _open(tmp_path, models)

        first, again = answerer.answer(QUESTION), answerer.answer(QUESTION)

        assert again == first
        assert again == answerer.reading.answer(answerer.asked, QUESTION)  # never kept
        assert reader.n_read == 2

    def test_the_question_is_given_as_it_was_asked(self, tmp_path, models):
        answerer, reader = _open(tmp_path, models)

        first, spaced = answerer.answer(QUESTION), answerer.answer(f" {QUESTION}\n")

        assert (first.question, spaced.question) == (QUESTION, f" {QUESTION}\n")
        assert replace(spaced, question=QUESTION) == first
        assert reader.n_read == 1

    def test_what_the_answer_depends_on_is_told_apart(self, tmp_path, models):
        answerer, reader = _open(tmp_path, models)

        answerer.answer(QUESTION)
        answerer.answer(QUESTION, top_k=2)
        answerer.answer("由谁主持？")
        understood = answerer.answer("由谁主持？", history=["大会在哪里召开？"])
        assert understood.interpreted != "由谁主持？"
        assert reader.n_read == 4

    def test_a_changed_document_is_answered_from_at_once(self, tmp_path, models):
        answerer, _ = _open(tmp_path, models)
        answerer.answer(QUESTION)

        edit(tmp_path / "会议.txt", "会议纪要\n\n大会于7月9日上午在三楼礼堂召开。")
        answerer.refresh()

        answer = answerer.answer(QUESTION)
        assert answer.generation == "000002"
        assert answer == answerer.reading.answer(answerer.asked, QUESTION)

    def test_collections_and_all_of_them_keep_their_own(self, tmp_path, models):
        one, first = _open(tmp_path / "one", models, "甲")
        other, second = _open(tmp_path / "other", models, "乙")
        opened = {"甲": one, "乙": other}
        collections = [Collection(name, a.documents_dir) for name, a in opened.items()]
        federation = Federation.open(collections, lambda collection, _: opened[collection.name])

        for _ in range(2):
            assert one.answer(QUESTION).citations[0].collection == "甲"
            assert other.answer(QUESTION).citations[0].collection == "乙"
            assert federation.answer(QUESTION).generation == "甲@000001, 乙@000001"
        assert first.n_read + second.n_read == 3

        edit(tmp_path / "other" / "会议.txt", "会议纪要\n\n大会于7月9日上午在三楼礼堂召开。")
        other.refresh()
        assert federation.answer(QUESTION).generation == "甲@000001, 乙@000002"
        assert first.n_read + second.n_read == 4

    def test_many_threads_that_ask_the_same_have_it_read_once(self, tmp_path, models):
        answerer, reader = _open(tmp_path, models)
        at_once = threading.Barrier(8)

        def ask(_):
            at_once.wait(10)
            return answerer.answer(QUESTION)

        with ThreadPoolExecutor(8) as pool:
            answers = set(pool.map(ask, range(8)))
        assert len(answers) == 1
        assert reader.n_read == 1


class TestCache:
    """The answers are stand-ins: a cache looks into none."""

    def test_only_so_many_are_kept_and_the_least_used_goes(self, base):
        cache, asked, computed = AnswerCache(2), base(), []

        for key in ("a", "b", "a", "c", "a", "b"):
            cache.get(asked, key, lambda key=key: computed.append(key) or key)

        assert computed == ["a", "b", "c", "b"]

    def test_it_can_be_emptied(self, base):
        cache, asked = AnswerCache(), base()

        assert cache.get(asked, "a", lambda: 1) == cache.get(asked, "a", lambda: 2) == 1
        cache.clear()
        assert cache.get(asked, "a", lambda: 3) == 3

    def test_the_same_generation_loaded_anew_or_named_otherwise_is_another(self, base):
        cache, one, other = AnswerCache(), base(), base()
        asked = [one, other, JoinedBase({"甲": one}), JoinedBase({"乙": one})]
        asked += [JoinedBase({"甲": one, "乙": other}), JoinedBase({"甲": other, "乙": one})]

        for number, knowledge in enumerate(asked):
            assert cache.get(knowledge, "a", lambda number=number: number) == number
            assert cache.get(knowledge, "a", lambda: -1) == number

    def test_what_fails_is_raised_and_tried_again(self, base):
        cache, asked = AnswerCache(), base()

        with pytest.raises(ZeroDivisionError):
            cache.get(asked, "a", lambda: 1 / 0)
        assert cache.get(asked, "a", lambda: 1) == 1

    def test_an_answer_of_a_replaced_generation_that_comes_late_is_not_kept(self, base):
        cache, old, new = AnswerCache(), base(), base()

        def compute_old():
            assert cache.get(new, "a", lambda: "new") == "new"  # asked and answered meanwhile
            return "old"

        assert cache.get(old, "a", compute_old) == "old"
        assert cache.get(new, "a", lambda: "anew") == "new"

    def test_a_replaced_generation_is_not_held_open(self, base):
        cache, asked = AnswerCache(), base()
        cache.get(asked, "a", lambda: 1)
        left = weakref.ref(asked)

        del asked
        gc.collect()

        assert left() is None
        assert isinstance(base(), KnowledgeBase)
        assert cache.get(base(), "a", lambda: 2) == 2
