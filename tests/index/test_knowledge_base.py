import itertools
import os
import shutil
import tempfile
import threading
import unicodedata
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from index.chunking import search_text
from index.datatypes import Channel, Hit
from index.errors import IndexCorruptError, IndexingError
from index.generations import IndexDir
from index.knowledge_base import KnowledgeBase
from index.ledger import read_ledger
from index.normalization import fold_text
from index.phrases import Phrase
from index.segmentation import extract_terms
from tests.fakes import HashEncoder
from tests.index.folders import TEXTS, Found, all_chunks, build, load, search, write_documents
from tests.strategies import any_texts, file_texts, questions

# Equal paragraphs under equal titles, so that scores tie; the files differ: a copy has no chunk.
_TIES = {
    f"{name}.txt": "通知\n\n大会于2月5日下午召开。" + "\n" * number
    for number, name in enumerate("甲乙丙丁戊己")
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = write_documents(tmp_path_factory.mktemp("kb") / "文档", TEXTS | _TIES)
    build(folder, HashEncoder())
    return folder


@pytest.fixture(scope="module")
def knowledge_base(folder):
    return load(folder, HashEncoder())


@pytest.fixture(scope="module")
def corpus(corpus_dir, tmp_path_factory, bundled_encoder):
    """The test documents with the real encoder."""
    folder = Path(shutil.copytree(corpus_dir, tmp_path_factory.mktemp("corpus") / "corpus"))
    build(folder, bundled_encoder)
    return load(folder, bundled_encoder)


def _terms(text: str) -> list[str]:
    return extract_terms(fold_text(text))


def _assert_ranked(hits: tuple[Hit, ...], channel: Channel, top_k: int) -> None:
    """L5."""
    assert len(hits) <= top_k
    assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
    assert {hit.channel for hit in hits} <= {channel}
    keys = [(-hit.score, hit.chunk.chunk_id) for hit in hits]
    assert keys == sorted(keys)
    assert len({hit.chunk.chunk_id for hit in hits}) == len(hits)


# L4.


def test_a_loaded_index_answers_the_same_every_time(folder, knowledge_base):
    again = load(folder, HashEncoder())

    assert all_chunks(again) == all_chunks(knowledge_base)
    for question in ("大会何时召开", "塔高", "GB/T 5972", "每天", "x"):
        assert search(again, question) == search(knowledge_base, question)


def test_documents_come_back_with_the_text_of_their_files(folder, knowledge_base):
    for info in knowledge_base.files.document_infos():
        document = knowledge_base.document(info.doc_id)
        assert document.source == info.source
        assert document.text == (folder / info.source).read_text("utf-8")


def test_every_chunk_is_a_slice_of_its_document(corpus):
    """L1, through the disk."""
    for chunk in all_chunks(corpus):
        assert chunk.span.of(corpus.document(chunk.doc_id).text) == chunk.text


def test_a_document_of_another_index_is_a_key_error(knowledge_base):
    with pytest.raises(KeyError):
        knowledge_base.document("0" * 16)


# L5.


@given(questions(), st.integers(1, 20))
def test_hits_are_ranked_from_one_by_falling_score_and_then_by_chunk(
    knowledge_base, question, top_k
):
    found = search(knowledge_base, question, top_k)

    _assert_ranked(found.dense, Channel.DENSE, top_k)
    _assert_ranked(found.lexical, Channel.LEXICAL, top_k)


@given(any_texts())
def test_any_string_whatever_is_searched(corpus, question):
    found = search(corpus, question)

    _assert_ranked(found.dense, Channel.DENSE, 10)
    _assert_ranked(found.lexical, Channel.LEXICAL, 10)


def test_equal_chunks_tie_and_come_in_the_order_of_their_ids(knowledge_base):
    found = search(knowledge_base, "大会于2月5日下午召开", len(_TIES))

    for hits in (found.dense, found.lexical):
        assert len({hit.score for hit in hits}) == 1
        assert len(hits) == len(_TIES)
        ids = [hit.chunk.chunk_id for hit in hits]
        assert ids == sorted(ids)


@given(st.integers(1, 8))
def test_fewer_hits_are_the_first_of_more(knowledge_base, top_k):
    some, more = (search(knowledge_base, "每天日落时点灯", count) for count in (top_k, 9))

    assert [hit.score for hit in some.dense] == [hit.score for hit in more.dense[:top_k]]


def test_scores_of_hits_are_those_computed_for_given_chunks(knowledge_base):
    question = "逾期每天罚款多少"
    found = search(knowledge_base, question)
    vector = knowledge_base.encoder.encode([question])[0]

    dense = knowledge_base.score_dense(vector, [hit.chunk for hit in found.dense])
    matches = knowledge_base.match(_terms(question), [hit.chunk for hit in found.lexical])
    terms = _terms(question)
    lexical = knowledge_base.statistics(terms).score(terms, matches)

    np.testing.assert_allclose(dense, [hit.score for hit in found.dense], atol=1e-6)
    np.testing.assert_allclose(lexical, [hit.score for hit in found.lexical], rtol=1e-6)
    assert (lexical > 0).all()


def test_a_question_without_terms_finds_nothing(knowledge_base):
    assert search(knowledge_base, " ？！\n") == Found((), ())


def test_terms_are_counted_in_headings_and_text(knowledge_base):
    (chunk,) = [chunk for chunk in all_chunks(knowledge_base) if "罚款一角" in chunk.text]

    matches = knowledge_base.match(["罚款", "okapi"], [chunk])

    terms = _terms("图书馆规章\n罚款\n" + chunk.text)
    assert matches.counts.tolist() == [[terms.count("罚款"), 0]]
    assert matches.counts[0, 0] >= 2
    assert matches.n_terms.tolist() == [len(terms)]


def test_neighbours_are_those_beside_a_chunk_in_its_document(corpus):
    chunks = all_chunks(corpus)
    expected = {chunk: [] for chunk in chunks}
    for one, other in itertools.pairwise(chunks):
        if one.doc_id == other.doc_id:
            expected[one].append(other)
            expected[other].insert(0, one)

    assert {chunk: corpus.neighbours([chunk]) for chunk in chunks} == expected
    assert max(map(len, expected.values())) == 2


def test_the_neighbours_of_several_chunks_come_once_each_in_order(corpus):
    chunks = all_chunks(corpus)

    found = corpus.neighbours(chunks[::-1] + chunks)

    assert len(set(found)) == len(found)
    assert found == sorted(found, key=chunks.index)


def test_no_chunks_have_no_neighbours(knowledge_base):
    assert knowledge_base.neighbours([]) == []


def test_a_code_is_found_in_another_spelling(knowledge_base):
    assert search(knowledge_base, "gbt5972").lexical[0].chunk.text.startswith("# Hoist")


# L6.


@pytest.mark.parametrize(
    ("one", "others"),
    [
        (
            "图书馆逾期罚款多少",
            ["圖書館逾期罰款多少", "圖书館逾期罚款多少"],
        ),
        ("ppr-9087是什么", ["PPR-9087是什么", "ｐｐｒ－９０８７是什么", "ＰＰＲ－９０８７是什麼"]),
        ("灯塔有多高", ["燈塔有多高"]),
        ("GB/T 5972", ["gb/t 5972", "ＧＢ／Ｔ　５９７２"]),
        ("café naïve", [unicodedata.normalize("NFD", "café naïve"), "CAFÉ NAÏVE"]),
    ],
)
def test_spellings_of_a_question_give_the_same_hits(one, others, corpus):
    expected = search(corpus, one)
    assert expected.dense

    for other in others:
        assert search(corpus, other) == expected


@given(questions())
def test_a_question_and_its_folded_copy_give_the_same_hits(corpus, question):
    assert search(corpus, question) == search(corpus, fold_text(question))


# Threads.


def test_several_threads_find_the_same(folder):
    knowledge_base = load(folder, HashEncoder())
    asked = ["大会何时召开", "塔高", "GB/T 5972", "每天罚款", "礼堂", "rope"] * 3
    expected = {question: search(load(folder, HashEncoder()), question) for question in asked}
    wrong: list[str] = []

    def ask(shift: int) -> None:
        wrong.extend(
            question
            for question in asked[shift:] + asked[:shift]
            if search(knowledge_base, question) != expected[question]
        )

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


# Damage: a flipped byte may cost an answer, it never makes a wrong one.

_KINDS = (
    "manifest.json",
    "chunks.sqlite",
    "dense.faiss",
    "meta.json",
    ".term",
    ".idx",
    ".store",
    ".fast",
    ".fieldnorm",
    ".pos",
)


def _ask_everything(folder: Path, originals: dict[str, str]) -> None:
    knowledge_base = load(folder, HashEncoder())
    for question in ("大会何时召开", "rope GB/T 5972", "每天罚款"):
        found = search(knowledge_base, question)
        for hit in (*found.dense, *found.lexical):
            try:
                document = knowledge_base.document(hit.chunk.doc_id)
            except (KeyError, IndexCorruptError):
                continue  # the composer drops such a citation
            assert document.text == originals[document.doc_id]


@pytest.mark.parametrize("kind", _KINDS)
def test_a_flipped_byte_raises_an_indexing_error_or_nothing(kind, folder, tmp_path):
    knowledge_base = load(folder, HashEncoder())
    originals = {
        info.doc_id: knowledge_base.document(info.doc_id).text
        for info in knowledge_base.files.document_infos()
    }
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    root = IndexDir(copy / ".yiju").paths("000001").root
    (path, *_) = [path for path in sorted(root.rglob("*")) if path.name.endswith(kind)]
    data = path.read_bytes()
    places = np.random.default_rng(len(data)).integers(0, len(data), 25)
    escaped = []

    for at in map(int, places):
        flipped = bytearray(data)
        flipped[at] ^= 0x9C
        path.unlink()  # a new file: the old one may still be mapped
        path.write_bytes(flipped)
        try:
            _ask_everything(copy, originals)
        except IndexingError:
            pass
        except BaseException as exc:  # noqa: BLE001 - Rust's panics are no Exception
            escaped.append((at, type(exc).__name__, str(exc)[:80]))

    assert escaped == []


# L9: whatever is done to a folder, its index is that of a build from nothing.


def _without_times(records):
    return [replace(record, seconds=0.0) for record in records]


class Folder(RuleBasedStateMachine):
    """Edits, additions, deletions, renamings and copies of documents, with builds now and then."""

    names = st.sampled_from(["a.txt", "b.md", "下/丙.txt", "下/d.txt"])

    @initialize(text=file_texts(max_pieces=20))
    def begin(self, text: str) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="yiju-test-"))
        self.folder = self.root / "documents"
        self.clock = 1_700_000_000_000_000_000
        self.encoder = HashEncoder()
        self.write("keep.txt", "留下。" + text)
        build(self.folder, self.encoder)

    def write(self, source: str, text: str) -> None:
        write_documents(self.folder, {source: text})
        self.touch(source)

    def touch(self, source: str) -> None:
        self.clock += 10_000_000
        os.utime(self.folder / source, ns=(self.clock, self.clock))

    def sources(self) -> list[str]:
        return [
            path.relative_to(self.folder).as_posix()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and ".yiju" not in path.parts
        ]

    @rule(source=names, text=file_texts(max_pieces=25))
    def write_document(self, source: str, text: str) -> None:
        self.write(source, text)

    @rule(source=names, text=file_texts(max_pieces=5))
    def append_to_document(self, source: str, text: str) -> None:
        if source in self.sources():
            self.write(source, (self.folder / source).read_bytes().decode() + "\n" + text)

    @rule(source=names)
    def delete_document(self, source: str) -> None:
        (self.folder / source).unlink(missing_ok=True)

    @rule(source=names, name=names)
    def rename_document(self, source: str, name: str) -> None:
        if source in self.sources():
            (self.folder / name).parent.mkdir(exist_ok=True)
            (self.folder / source).rename(self.folder / name)

    @rule(source=names, name=names)
    def copy_document(self, source: str, name: str) -> None:
        if source in self.sources() and name != source:
            self.write(name, (self.folder / source).read_bytes().decode())

    @rule(source=names)
    def touch_document(self, source: str) -> None:
        if source in self.sources():
            self.touch(source)

    @rule()
    def rebuild(self) -> None:
        previous = self._chunk_texts()
        self.encoder.encoded.clear()
        report = build(self.folder, self.encoder)
        assert report.problems == ()
        assert report.n_encoded == len(self.encoder.encoded)
        assert not previous & set(self.encoder.encoded), "encoded twice"
        self._compare_with_a_build_from_nothing()

    def _chunk_texts(self) -> set[str]:
        chunks = all_chunks(load(self.folder, HashEncoder()))
        return {"\n".join((*chunk.heading, chunk.text)) for chunk in chunks}

    def _compare_with_a_build_from_nothing(self) -> None:
        fresh_dir = self.root / "fresh"
        shutil.rmtree(fresh_dir, ignore_errors=True)
        build(self.folder, HashEncoder(), index_dir=fresh_dir)
        ours = load(self.folder, HashEncoder())
        fresh = KnowledgeBase.load(fresh_dir, encoder=HashEncoder())
        assert [file.source for file in ours.files.files()] == self.sources()
        assert _without_times(ours.files.document_infos()) == _without_times(
            fresh.files.document_infos()
        )
        ledgers = [read_ledger(index_dir) for index_dir in (self.folder / ".yiju", fresh_dir)]
        assert _without_times(ledgers[0]) == _without_times(ledgers[1])
        assert all_chunks(ours) == all_chunks(fresh)
        dense = [
            IndexDir(index_dir).paths(base.manifest.generation).dense.read_bytes()
            for index_dir, base in ((self.folder / ".yiju", ours), (fresh_dir, fresh))
        ]
        assert dense[0] == dense[1]
        assert ours.manifest.mean_terms == fresh.manifest.mean_terms
        for info in ours.files.document_infos():
            assert ours.document(info.doc_id) == fresh.document(info.doc_id)
        for question in ("留下", "图书馆 会议", "e\u0301 한국어 9087"):
            assert search(ours, question) == search(fresh, question)

    def teardown(self) -> None:
        if hasattr(self, "root"):
            shutil.rmtree(self.root)


TestFolder = Folder.TestCase
TestFolder.settings = settings(max_examples=6, stateful_step_count=15)


def test_a_phrase_is_found_wherever_it_stands_and_nowhere_else(corpus):
    texts = {chunk.chunk_id: fold_text(search_text(chunk)) for chunk in all_chunks(corpus)}
    phrases = [Phrase.of(text[at : at + 5]) for text in texts.values() for at in (3, 40)]
    for phrase in filter(None, phrases):
        holding = {name for name, text in texts.items() if phrase.stands_in(text)}
        unbroken = {name for name in holding if phrase.text in texts[name]}
        found = [chunk.chunk_id for chunk in corpus.search_phrase(phrase, 1000)]

        assert len(set(found)) == len(found)
        assert unbroken <= set(found) <= holding
        assert len(corpus.search_phrase(phrase, 1)) == min(1, len(found))


def test_a_phrase_that_a_line_breaks_is_found(tmp_path):
    texts = {"broken.txt": "平台以数字\n底座为基础。", "whole.txt": "数字底座"}
    folder = write_documents(tmp_path, TEXTS | texts)
    build(folder, HashEncoder())
    knowledge_base = load(folder, HashEncoder())

    whole, broken = knowledge_base.search_phrase(Phrase.of("数字底座"), 5)
    assert whole.text == "数字底座"
    assert "数字\n底座" in broken.text
    assert knowledge_base.search_phrase(Phrase.of("数字底盘"), 5) == []
