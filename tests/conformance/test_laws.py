"""The laws of ARCHITECTURE that a store has to keep, over every store alike."""

import shutil
from pathlib import Path

import pytest

from index.errors import IndexFormatError, IndexMissingError
from index.normalization import fold_text
from index.phrases import Phrase
from tests.conformance.stores import STORES
from tests.fakes import HashEncoder
from tests.index.folders import TEXTS, edit, search, touch, write_documents

_HOSTILE = {
    'it\'s "quoted" \\ {x}.txt': "A backslash \\ and a quote ' stand here: \"key in ['a']\".",
    "換行.txt": "第一行\r\n第二行\r\n大会在礼堂召开。",
    "表情😀.txt": "𠮷野家的😀招牌是牛丼。" * 3,
    "長い.txt": "这一句话重复很多遍。" * 9_000,  # 270,000 bytes, several pieces
    "空.txt": "",
}


@pytest.fixture(params=STORES)
def store(request, tmp_path):
    return STORES[request.param](write_documents(tmp_path / "documents", TEXTS))


@pytest.fixture
def encoder():
    return HashEncoder()


def _everything(base, question="大会召开借书 rope inspected 灯塔 燈塔"):
    return search(base, question, 100).dense


def test_every_chunk_is_an_exact_slice_of_its_document(store, encoder):
    write_documents(store.folder, _HOSTILE)
    store.build(encoder)
    base = store.load(encoder)

    hits = search(base, "大会 quote 牛丼 重复很多遍", 400).dense

    assert {base.document(hit.chunk.doc_id).source for hit in hits} >= _HOSTILE.keys() - {"空.txt"}
    assert len(hits) == base.n_chunks
    for hit in hits:
        assert hit.chunk.span.of(base.document(hit.chunk.doc_id).text) == hit.chunk.text
        assert base.document(hit.chunk.doc_id).text == _read(store.folder, base, hit)


def _read(folder: Path, base, hit):
    return (folder / base.document(hit.chunk.doc_id).source).read_bytes().decode("utf-8")


def test_scores_fall_and_ranks_rise_and_equal_ones_stand_by_id(store, encoder):
    write_documents(store.folder, {f"{n}.txt": "同样的话。" + "。" * n for n in range(5)})
    store.build(encoder)
    found = search(store.load(encoder), "同样的话")

    for hits in (found.dense, found.lexical):
        keys = [(-hit.score, hit.chunk.chunk_id) for hit in hits]
        assert keys == sorted(keys)
        assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))


def test_two_builds_of_the_same_documents_answer_alike(store, encoder):
    store.build(encoder)
    first = _everything(store.load(encoder))

    store.build(encoder, full=True)

    assert _everything(store.load(encoder)) == first


def test_spellings_of_one_question_find_the_same(store, encoder):
    store.build(encoder)
    base = store.load(encoder)

    assert search(base, "灯塔建于哪年 GB/T 5972") == search(base, "燈塔建於哪年 ｇｂ/ｔ 5972")


@pytest.mark.parametrize("question", ["", " ", "？！", "\ud800", "没有的字眼zzz", "a" * 5000])
def test_any_string_can_be_searched_for(store, encoder, question):
    store.build(encoder)

    assert isinstance(search(store.load(encoder), question).lexical, tuple)


def test_a_deleted_document_is_not_found_and_nothing_is_encoded_for_it(store, encoder):
    store.build(encoder)
    (store.folder / "hoist.md").unlink()
    encoder.encoded.clear()

    report = store.build(encoder)

    assert report.removed == ("hoist.md",)
    assert encoder.encoded == []
    base = store.load(encoder)
    assert not search(base, "rope inspected").lexical
    assert base.n_chunks_with("rope") == 0
    assert "hoist.md" not in {info.source for info in base.files.document_infos()}


def test_an_edited_document_is_found_by_its_new_words_only(store, encoder):
    edit(store.folder / "hoist.md", "# Hoist manual\n\nThe cable is oiled.\n\n## More\n\nNothing.")
    store.build(encoder)
    for text in ("The chain is painted.", "The hook is bent."):  # both slots, once more
        edit(store.folder / "hoist.md", text)
        assert store.build(encoder).changed == ("hoist.md",)

        base = store.load(encoder)
        assert [hit.chunk.text for hit in search(base, text).lexical] == [text]
        assert base.n_chunks_with("cable") == base.n_chunks_with("oiled") == 0
        assert base.n_chunks == len(_everything(base))


def test_what_did_not_change_is_not_encoded_and_keeps_its_vector(store, encoder):
    store.build(encoder)
    before = {hit.chunk: hit.score for hit in _everything(store.load(encoder))}
    write_documents(store.folder, {"新.txt": "新的一篇。"})
    touch(store.folder / "hoist.md")
    encoder.encoded.clear()

    store.build(encoder)

    assert [text.rpartition("\n")[2] for text in encoder.encoded] == ["新的一篇。"]
    after = {hit.chunk: hit.score for hit in _everything(store.load(encoder))}
    assert {chunk: after[chunk] for chunk in before} == before


def test_nothing_changed_is_no_new_generation(store, encoder):
    first = store.build(encoder)
    second = store.build(encoder)

    assert first.is_new
    assert not second.is_new
    assert second.generation == first.generation


def test_renamed_and_equal_files_are_one_document(store, encoder):
    write_documents(store.folder, {"a.txt": "仓库三楼有灭火器。", "z.txt": "仓库三楼有灭火器。"})
    store.build(encoder)
    base = store.load(encoder)
    (hit,) = search(base, "灭火器").lexical
    assert base.document(hit.chunk.doc_id).source == "a.txt"
    assert base.document(hit.chunk.doc_id).copies == ("z.txt",)

    (store.folder / "a.txt").unlink()  # the copy, which was not read, takes its place
    store.build(encoder)
    base = store.load(encoder)
    (hit,) = search(base, "灭火器").lexical
    assert base.document(hit.chunk.doc_id).source == "z.txt"
    assert base.n_chunks_with("仓库") == 1

    (store.folder / "z.txt").rename(store.folder / "b.txt")
    assert store.build(encoder).renamed == (("z.txt", "b.txt"),)
    base = store.load(encoder)
    (hit,) = search(base, "灭火器").lexical
    assert base.document(hit.chunk.doc_id).source == "b.txt"
    assert base.n_chunks == len(_everything(base))


def test_a_phrase_is_found_where_it_stands_and_nowhere_else(store, encoder):
    texts = {f"{n}.txt": f"会议在礼堂，第{n}次。" for n in range(30)}
    write_documents(
        store.folder, {**texts, "是.txt": "第三次会议\n礼堂召开。", "x.md": "3F hall 5972"}
    )
    store.build(encoder)
    base = store.load(encoder)

    for words, wanted in {
        "会议礼堂": ["是.txt"],
        "每30 days": [],
        "every 30 days": ["hoist.md"],
        "gb/t 5972": ["hoist.md"],
        "没有这句话": [],
    }.items():
        phrase = Phrase.of(fold_text(words))
        found = [base.document(one.doc_id).source for one in base.search_phrase(phrase, 5)]
        assert found == wanted, words


def test_neighbours_are_of_the_same_document_only(store, encoder):
    long = "\n\n".join(f"# 第{n}章\n\n第{n}章的内容。" for n in range(4))
    write_documents(store.folder, {"书.md": long})
    store.build(encoder)
    base = store.load(encoder)
    (second,) = (hit.chunk for hit in _everything(base) if "第1章的" in hit.chunk.text)

    texts = [chunk.text for chunk in base.neighbours([second])]

    assert ["第0章的" in texts[0], "第2章的" in texts[1], len(texts)] == [True, True, 2]
    rows = base.rows([second, *base.neighbours([second])])
    assert rows[1:] == [rows[0] - 1, rows[0] + 1]


def test_a_question_stays_with_its_generation_through_a_switch(store, encoder):
    store.build(encoder)
    pinned = store.load(encoder)
    before = _everything(pinned)
    (store.folder / "hoist.md").unlink()

    store.build(encoder)

    assert _everything(pinned) == before
    assert pinned.document(before[0].chunk.doc_id).text
    assert store.load(encoder).n_chunks == pinned.n_chunks - 1


def test_another_encoder_is_refused(store, encoder):
    store.build(encoder)

    with pytest.raises(IndexFormatError, match="another encoder"):
        store.load(HashEncoder(name="other"))
    store.build(HashEncoder(name="other"))
    assert store.load(HashEncoder(name="other")).n_chunks == 5


def test_no_documents_publish_nothing_unless_it_is_meant(store, encoder):
    with pytest.raises(IndexMissingError):
        store.load(encoder)
    generation = store.build(encoder).generation
    shutil.rmtree(store.folder / "规章")
    for name in ("会议.txt", "hoist.md", "灯塔.txt"):
        (store.folder / name).unlink()

    with pytest.raises(IndexMissingError, match="--full"):
        store.build(encoder)
    assert store.load(encoder).generation == generation

    store.build(encoder, full=True)
    base = store.load(encoder)
    assert base.n_chunks == 0
    assert search(base, "大会").dense == search(base, "大会").lexical == ()


def test_a_missing_folder_leaves_the_index_as_it_is(store, encoder, tmp_path):
    generation = store.build(encoder).generation

    with pytest.raises(IndexMissingError):
        store.build(encoder, folder=tmp_path / "gone")
    assert store.load(encoder).generation == generation


@pytest.mark.parametrize("full", [False, True])
def test_the_index_of_another_folder_is_refused(store, encoder, tmp_path, full):
    generation = store.build(encoder).generation
    other = write_documents(tmp_path / "other", {"x.txt": "Something else."})

    with pytest.raises(IndexFormatError, match="was made for"):
        store.build(encoder, folder=other, full=full)
    assert store.load(encoder).generation == generation


def test_files_that_cannot_be_indexed_are_reported_and_not_read_again(store, encoder):
    write_documents(store.folder, {"坏.pdf": b"not a PDF", "其他.xyz": "?"})
    report = store.build(encoder)
    again = store.build(encoder)

    assert [problem.source for problem in report.problems] == ["其他.xyz", "坏.pdf"]
    assert (again.is_new, again.n_read) == (False, 0)
    assert store.load(encoder).files.n_problems() == 2
