import gzip
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from index import generation_writer
from index.build import build_index, check_index, default_index_dir, is_stale
from index.datatypes import BuildReport, PlaceKind
from index.errors import (
    IndexCorruptError,
    IndexFormatError,
    IndexingError,
    IndexLockedError,
    IndexMissingError,
    SettingsError,
    UnreadableError,
)
from index.formats import registry
from index.formats.registry import Loader
from index.generations import IndexDir
from index.loading import load_document, read_bytes
from index.progress import Progress, Stage
from index.settings import IndexSettings
from tests.fakes import HashEncoder
from tests.index.folders import (
    TEXTS,
    all_chunks,
    build,
    edit,
    leftovers,
    load,
    load_infos,
    read_vectors,
    search,
    sources_of,
    touch,
    write_documents,
)

_ROOT = Path(__file__).parents[2]
_QUESTIONS = ("大会何时召开", "罚款多少", "GB/T 5972", "塔高")


@pytest.fixture(scope="module")
def pristine(tmp_path_factory):
    folder = write_documents(tmp_path_factory.mktemp("pristine") / "文档", TEXTS)
    build(folder, HashEncoder())
    return folder


@pytest.fixture
def folder(pristine, tmp_path):
    """An indexed folder of one's own."""
    return Path(shutil.copytree(pristine, tmp_path / "文档"))


def _answers(folder: Path) -> list:
    knowledge_base = load(folder, HashEncoder())
    return [search(knowledge_base, question) for question in _QUESTIONS]


# What is read and what is encoded.


def test_a_first_build_reads_and_encodes_everything_and_says_so(tmp_path, hash_encoder):
    folder = write_documents(tmp_path, TEXTS)

    report = build(folder, hash_encoder)

    n_chunks = load(folder, HashEncoder()).n_chunks
    assert report == BuildReport(
        generation="000001",
        is_new=True,
        n_documents=4,
        n_chunks=n_chunks,
        n_encoded=n_chunks,
        n_read=4,
        added=tuple(sorted(TEXTS)),
        n_added=4,
        seconds=report.seconds,
    )
    assert len(hash_encoder.encoded) == n_chunks >= 5
    assert report.seconds > 0


def test_nothing_is_done_when_nothing_changed(folder, hash_encoder):
    report = build(folder, hash_encoder)

    assert (report.is_new, report.generation) == (False, "000001")
    assert (report.n_documents, report.n_read, report.n_encoded) == (4, 0, 0)
    assert (report.added, report.changed, report.removed) == ((), (), ())
    assert report.n_chunks == load(folder, HashEncoder()).n_chunks
    assert hash_encoder.encoded == []


def test_only_the_changed_document_is_read_and_only_its_new_chunks_are_encoded(
    folder, hash_encoder
):
    edit(folder / "规章/图书馆.md", TEXTS["规章/图书馆.md"].replace("一角", "两角"))

    report = build(folder, hash_encoder)

    assert (report.changed, report.added, report.removed) == (("规章/图书馆.md",), (), ())
    assert (report.n_read, report.n_encoded) == (1, 1)
    assert [text for text in hash_encoder.encoded if "两角" in text] == hash_encoder.encoded


def test_a_chunk_under_a_renamed_heading_is_encoded_anew(folder, hash_encoder):
    edit(folder / "规章/图书馆.md", TEXTS["规章/图书馆.md"].replace("# 图书馆规章", "# 馆规"))

    report = build(folder, hash_encoder)

    chunks = all_chunks(load(folder, HashEncoder()))
    renamed = [chunk for chunk in chunks if chunk.heading[0] == "馆规"]
    assert report.n_encoded == len(renamed) == 2
    expected = HashEncoder().encode(["\n".join((*chunk.heading, chunk.text)) for chunk in chunks])
    np.testing.assert_allclose(read_vectors(folder), expected, atol=1e-6)


def test_an_unchanged_document_is_not_even_opened(folder):
    reported: list[str] = []

    def empty_the_others(progress: Progress) -> None:
        if progress.stage is Stage.READ and progress.done == 0:
            for source in set(TEXTS) - {"hoist.md"}:
                status = (folder / source).stat()
                (folder / source).write_bytes(b"\x00" * status.st_size)
                os.utime(folder / source, ns=(status.st_mtime_ns, status.st_mtime_ns))
        reported.append(progress.stage)

    edit(folder / "hoist.md", "# Hoist\n\nNew.")
    report = build(folder, HashEncoder(), progress=empty_the_others)

    assert reported
    assert report.n_read == 1
    assert report.problems == ()


def test_a_touched_document_is_read_and_not_encoded(folder, hash_encoder):
    touch(folder / "hoist.md")

    report = build(folder, hash_encoder)

    assert (report.n_read, report.n_encoded) == (1, 0)
    assert (report.added, report.changed, report.removed) == ((), (), ())
    assert hash_encoder.encoded == []
    assert build(folder, hash_encoder).n_read == 0


def test_a_renamed_document_is_read_and_not_encoded(folder, hash_encoder):
    before = read_vectors(folder)
    (folder / "灯塔.txt").rename(folder / "规章" / "塔.txt")

    report = build(folder, hash_encoder)

    assert (report.added, report.removed) == ((), ())
    assert report.renamed == (("灯塔.txt", "规章/塔.txt"),)
    assert (report.n_read, report.n_encoded) == (1, 0)
    assert hash_encoder.encoded == []
    np.testing.assert_array_equal(np.sort(read_vectors(folder), axis=0), np.sort(before, axis=0))
    assert "灯塔.txt" not in sources_of(folder)


def test_an_added_copy_is_not_encoded_a_second_time(folder, hash_encoder):
    shutil.copyfile(folder / "hoist.md", folder / "copy.md")

    report = build(folder, hash_encoder)

    assert (report.added, report.n_encoded, report.n_documents) == (("copy.md",), 0, 4)


@pytest.fixture
def extracted(monkeypatch):
    """The sources of the files that are extracted, in order."""
    sources: list[str] = []

    def load_and_tell(file, data, extract):
        sources.append(file.source)
        return load_document(file, data, extract)

    monkeypatch.setattr(generation_writer, "load_document", load_and_tell)
    return sources


def test_known_bytes_are_not_extracted_whatever_the_file_is_called(folder, hash_encoder, extracted):
    (folder / "灯塔.txt").rename(folder / "塔.txt")
    (folder / "规章").rename(folder / "章程")
    shutil.copyfile(folder / "hoist.md", folder / "copy.md")

    report = build(folder, hash_encoder)

    assert report.renamed == (("灯塔.txt", "塔.txt"), ("规章/图书馆.md", "章程/图书馆.md"))
    assert (report.n_renamed, report.added, report.removed) == (2, ("copy.md",), ())
    assert (report.n_read, report.n_encoded, extracted) == (3, 0, [])


def test_another_ending_is_another_format_and_is_extracted(folder, hash_encoder, extracted):
    (folder / "灯塔.txt").rename(folder / "灯塔.md")

    report = build(folder, hash_encoder)

    assert report.renamed == (("灯塔.txt", "灯塔.md"),)
    assert extracted == ["灯塔.md"]


def test_two_files_with_equal_bytes_are_one_document(tmp_path, hash_encoder, extracted):
    folder = write_documents(tmp_path, {"b.txt": TEXTS["会议.txt"], "下/a.txt": TEXTS["会议.txt"]})

    report = build(folder, hash_encoder)

    (info,) = load_infos(folder)
    assert (info.source, info.copies) == ("b.txt", ("下/a.txt",))
    assert (report.n_documents, report.added) == (1, ("b.txt", "下/a.txt"))
    assert extracted == ["b.txt"]
    assert len(hash_encoder.encoded) == info.n_chunks == report.n_chunks


def test_a_copy_takes_over_when_its_document_goes(tmp_path, hash_encoder, extracted):
    folder = write_documents(
        tmp_path, dict.fromkeys(("a.txt", "b.txt", "c.txt"), TEXTS["会议.txt"])
    )
    build(folder, hash_encoder)
    hash_encoder.encoded.clear()
    extracted.clear()
    (folder / "a.txt").unlink()

    report = build(folder, hash_encoder)

    (info,) = load_infos(folder)
    assert (info.source, info.copies) == ("b.txt", ("c.txt",))
    assert (report.removed, report.n_read) == (("a.txt",), 0)
    assert (extracted, hash_encoder.encoded) == ([], [])
    found = search(load(folder, hash_encoder), "大会何时召开")
    assert {hit.chunk.doc_id for hit in found.lexical} == {info.doc_id}


def test_an_edited_document_leaves_its_old_text_to_its_copy(tmp_path, hash_encoder, extracted):
    folder = write_documents(tmp_path, dict.fromkeys(("a.txt", "b.txt"), TEXTS["会议.txt"]))
    build(folder, hash_encoder)
    extracted.clear()
    edit(folder / "a.txt", "另一篇。")

    build(folder, hash_encoder)

    assert [(info.source, info.copies) for info in load_infos(folder)] == [
        ("a.txt", ()),
        ("b.txt", ()),
    ]
    assert extracted == ["a.txt"]


def test_a_name_that_is_the_title_is_searched_under_the_new_name(tmp_path, hash_encoder, extracted):
    text = "，" * 30 + "没有标题的一段话。"
    folder = write_documents(tmp_path, {"旧名.txt": text, "b.txt": TEXTS["会议.txt"]})
    build(folder, hash_encoder)
    extracted.clear()
    (folder / "旧名.txt").rename(folder / "新名.txt")

    report = build(folder, hash_encoder)

    assert (extracted, report.n_encoded) == ([], 1)
    found = search(load(folder, hash_encoder), "新名").lexical
    assert found[0].chunk.heading == ("新名",)


def test_a_report_names_a_thousand_files_and_counts_all(tmp_path, hash_encoder):
    folder = write_documents(tmp_path, {f"{at:04}.txt": f"第{at}号。" for at in range(1005)})

    report = build(folder, hash_encoder)

    assert (len(report.added), report.n_added) == (1000, 1005)
    assert report.added[-1] == "0999.txt"


def test_a_deleted_document_is_gone(folder, hash_encoder):
    (folder / "会议.txt").unlink()

    report = build(folder, hash_encoder)

    assert (report.removed, report.n_read, report.n_encoded) == (("会议.txt",), 0, 0)
    found = search(load(folder, hash_encoder), "大会于2月5日下午在三楼礼堂召开")
    assert all("礼堂" not in hit.chunk.text for hit in (*found.dense, *found.lexical))
    assert "会议.txt" not in sources_of(folder)


def test_unchanged_chunks_keep_their_vectors_bit_by_bit(folder):
    class Drifting(HashEncoder):
        def encode(self, texts):
            return -super().encode(texts)

    before = {
        chunk.chunk_id: vector
        for chunk, vector in zip(
            all_chunks(load(folder, HashEncoder())), read_vectors(folder), strict=True
        )
    }
    write_documents(folder, {"a.txt": "新来的，排在最前。"})

    build(folder, Drifting())

    chunks = all_chunks(load(folder, HashEncoder()))
    n_kept = 0
    for chunk, vector in zip(chunks, read_vectors(folder), strict=True):
        if chunk.chunk_id in before:
            np.testing.assert_array_equal(vector, before[chunk.chunk_id])
            n_kept += 1
    assert n_kept == len(before) == len(chunks) - 1


@pytest.mark.parametrize(
    ("encoder", "settings"),
    [
        (HashEncoder(name="other"), IndexSettings()),
        (HashEncoder(dim=8), IndexSettings()),
        (HashEncoder(), IndexSettings(max_chunk_chars=20)),
    ],
    ids=["encoder", "width", "chunk size"],
)
def test_another_encoder_or_chunk_size_builds_everything_anew(encoder, settings, folder):
    encoder.encoded.clear()

    report = build(folder, encoder, settings=settings)

    assert (report.is_new, report.n_read) == (True, 4)
    assert report.n_encoded == report.n_chunks == len(encoder.encoded)
    assert load(folder, encoder).n_chunks == report.n_chunks


def test_a_full_build_reads_and_encodes_everything_again(folder, hash_encoder):
    before = _answers(folder)

    report = build(folder, hash_encoder, full=True)

    assert (report.is_new, report.n_read, report.generation) == (True, 4, "000002")
    assert report.n_encoded == report.n_chunks
    assert _answers(folder) == before


def test_an_index_of_another_encoder_is_not_loaded(folder):
    with pytest.raises(IndexFormatError, match=r"another encoder.*yiju index"):
        load(folder, HashEncoder(name="other"))


# Files that cannot be indexed.


def test_bad_files_are_reported_and_stop_nothing(folder, hash_encoder):
    write_documents(
        folder,
        {
            "binary.txt": gzip.compress(b"x" * 1000, mtime=0),
            "new.md": "# 新\n\n新的一篇。",
            "big.txt": "大" * 4000,
            "other.xyz": "x",
        },
    )
    os.mkfifo(folder / "pipe.txt")
    (folder / "broken.txt").symlink_to("nowhere.txt")
    settings = IndexSettings(max_file_bytes=10_000)

    report = build(folder, hash_encoder, settings=settings)

    assert report.added == ("new.md",)
    assert [problem.source for problem in report.problems] == [
        "big.txt",
        "binary.txt",
        "broken.txt",
        "other.xyz",
        "pipe.txt",
    ]
    assert all(problem.message.endswith(".") for problem in report.problems)
    assert tuple(load(folder, hash_encoder).files.problems()) == report.problems


def test_a_bad_file_is_read_once_and_reported_every_time(folder, hash_encoder):
    write_documents(folder, {"binary.txt": gzip.compress(b"x" * 1000, mtime=0)})
    first = build(folder, hash_encoder)

    second = build(folder, hash_encoder)

    assert (first.n_read, second.n_read, second.is_new) == (1, 0, False)
    assert second.problems == first.problems != ()


def test_a_bad_file_that_was_mended_is_indexed(folder, hash_encoder):
    write_documents(folder, {"binary.txt": gzip.compress(b"x" * 1000, mtime=0)})
    build(folder, hash_encoder)
    edit(folder / "binary.txt", "现在是文字了。")

    report = build(folder, hash_encoder)

    assert (report.added, report.problems) == (("binary.txt",), ())
    assert "binary.txt" in sources_of(folder)


def test_a_document_that_went_bad_is_no_longer_cited(folder, hash_encoder):
    (folder / "hoist.md").write_bytes(gzip.compress(b"x" * 1000, mtime=0))

    report = build(folder, hash_encoder)

    assert report.removed == ("hoist.md",)
    assert "hoist.md" not in sources_of(folder)


def test_a_file_that_vanishes_during_the_build_is_reported(folder, hash_encoder):
    write_documents(folder, {"new.txt": "新来的。"})

    def delete(progress: Progress) -> None:
        if progress.name == "new.txt":
            (folder / "new.txt").unlink()

    report = build(folder, hash_encoder, progress=delete)

    assert [problem.source for problem in report.problems] == ["new.txt"]
    assert build(folder, hash_encoder).problems == ()


def test_a_file_that_changes_while_it_is_read_is_read_again_next_time(folder, hash_encoder):
    edit(folder / "hoist.md", "# Hoist\n\nFirst edition.")

    def change(progress: Progress) -> None:
        if progress.name == "hoist.md":
            edit(folder / "hoist.md", "# Hoist\n\nSecond edition.")

    build(folder, hash_encoder, progress=change)
    build(folder, hash_encoder)

    texts = [chunk.text for chunk in all_chunks(load(folder, hash_encoder))]
    assert any("Second edition" in text for text in texts)
    assert build(folder, hash_encoder).n_read == 0


def test_empty_and_blank_documents_are_documents_without_chunks(tmp_path, hash_encoder):
    folder = write_documents(tmp_path, {"a.txt": "", "b.md": " \n\n", "c.txt": "\ufeff"})

    report = build(folder, hash_encoder)

    assert (report.n_documents, report.n_chunks, report.problems) == (3, 0, ())
    found = search(load(folder, hash_encoder), "会议")
    assert found.dense == found.lexical == ()
    assert build(folder, hash_encoder).is_new is False


# Files that only a worker may read.


@pytest.fixture
def misbehaving(monkeypatch):
    """Formats that do on purpose what hostile files make others do."""
    for name in ("obey", "abort", "raise_key_error", "refuse", "be_unreadable", "tell_where_it_is"):
        loader = Loader("tests.index.misbehaving", name)
        monkeypatch.setitem(registry._LOADERS, f".{name}", loader)


def test_a_file_that_breaks_the_worker_costs_itself_and_nothing_else(
    tmp_path, hash_encoder, misbehaving
):
    names = ("1.abort", "2.obey", "3.raise_key_error", "4.refuse", "5.obey", "6.txt")
    folder = write_documents(tmp_path, dict.fromkeys(names, "会议于2月5日召开。"))

    report = build(folder, hash_encoder)
    again = build(folder, hash_encoder)

    assert report.added == ("2.obey", "5.obey", "6.txt")
    assert [(problem.source, problem.message) for problem in report.problems] == [
        (
            "1.abort",
            "Reading it crashed (SIGABRT); the file may be damaged, or need more than 2 GB of "
            "memory (YIJU_MAX_FILE_MEMORY).",
        ),
        ("3.raise_key_error", "Reading it failed (KeyError); the file may be damaged."),
        ("4.refuse", "It is not a file of this kind."),
    ]
    assert (again.is_new, again.n_read, again.problems) == (False, 0, report.problems)


def test_a_format_whose_library_is_missing_is_tried_again_at_every_build(
    tmp_path, hash_encoder, misbehaving, monkeypatch
):
    folder = write_documents(tmp_path, {"a.be_unreadable": "x", "b.txt": "会议。"})

    first, second = build(folder, hash_encoder), build(folder, hash_encoder)
    installed = Loader("tests.index.misbehaving", "obey")
    monkeypatch.setitem(registry._LOADERS, ".be_unreadable", installed)
    third = build(folder, hash_encoder)

    assert first.problems == second.problems != ()
    assert not second.is_new
    assert (third.added, third.problems) == (("a.be_unreadable",), ())


def test_the_worker_has_no_lock_of_the_build_and_ends_with_it(tmp_path, hash_encoder, misbehaving):
    folder = write_documents(tmp_path, {"a.tell_where_it_is": "x"})

    build(folder, hash_encoder)

    (info,) = load_infos(folder)
    place = json.loads(load(folder, hash_encoder).document(info.doc_id).text)
    assert not [name for name in place["files"] if ".yiju" in name]
    with pytest.raises(ProcessLookupError):
        os.kill(place["pid"], 0)


def test_what_is_known_of_the_layout_is_in_the_manifest_and_survives_a_rebuild(
    tmp_path, hash_encoder, misbehaving
):
    folder = write_documents(tmp_path, {"a.obey": "会议。", "b.obey": " \n", "c.txt": "会议。"})
    build(folder, hash_encoder)
    first = load_infos(folder)
    touch(folder / "a.obey")
    edit(folder / "c.txt", "会议改期。")

    build(folder, hash_encoder)

    second = load_infos(folder)
    assert [(info.n_pages, info.n_empty_pages) for info in first] == [(1, 0), (1, 1), (0, 0)]
    assert [len(info.warnings) for info in first] == [1, 1, 0]
    assert first[0].seconds > 0
    assert replace(second[0], mtime_ns=first[0].mtime_ns) == first[0]
    assert second[1] == first[1]
    document = load(folder, hash_encoder).document(first[0].doc_id)
    assert [place.kind for place in document.places] == [PlaceKind.SHEET, PlaceKind.ROW]


# Folders without documents.


def test_an_empty_folder_makes_no_index_and_says_what_to_do(tmp_path, hash_encoder):
    with pytest.raises(IndexMissingError, match=r"No document.*\.txt.*--documents"):
        build(tmp_path, hash_encoder)

    assert IndexDir(tmp_path / ".yiju").current() is None


def test_a_folder_of_bad_files_names_the_first_and_its_reason(tmp_path, hash_encoder):
    write_documents(tmp_path, {"a.txt": gzip.compress(b"x" * 1000, mtime=0)})

    with pytest.raises(IndexMissingError, match=r"a\.txt: It .*--documents"):
        build(tmp_path, hash_encoder)


def test_a_missing_folder_is_never_made(tmp_path, hash_encoder):
    for full in (False, True):
        with pytest.raises(IndexMissingError, match="nowhere"):
            build(tmp_path / "nowhere", hash_encoder, full=full)

    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("leave", ["nothing", "one bad file"])
def test_a_folder_that_became_empty_keeps_the_old_index_and_says_so(leave, folder, hash_encoder):
    before = _answers(folder)
    for source in TEXTS:
        (folder / source).unlink()
    if leave != "nothing":
        write_documents(folder, {"a.txt": gzip.compress(b"x" * 1000, mtime=0)})

    with pytest.raises(IndexMissingError, match=r"old index is kept.*yiju index --full"):
        build(folder, hash_encoder)

    assert _answers(folder) == before
    assert leftovers(folder / ".yiju") == []


def test_a_full_build_of_an_empty_folder_empties_the_index(folder, hash_encoder):
    for source in TEXTS:
        (folder / source).unlink()

    report = build(folder, hash_encoder, full=True)

    assert (report.n_documents, report.n_chunks, report.is_new) == (0, 0, True)
    knowledge_base = load(folder, hash_encoder)
    assert search(knowledge_base, "大会何时召开").lexical == ()
    write_documents(folder, TEXTS)
    assert build(folder, hash_encoder).n_documents == 4


# Where the index lies.


def test_an_index_in_a_visible_folder_of_the_documents_is_not_taken_for_documents(
    tmp_path, hash_encoder
):
    folder = write_documents(tmp_path, TEXTS)

    first = build(folder, hash_encoder, index_dir=folder / "index")
    second = build(folder, hash_encoder, index_dir=folder / "index")

    assert first.problems == second.problems == ()
    assert second.is_new is False


def test_an_index_elsewhere_leaves_the_documents_alone(tmp_path, hash_encoder):
    folder = write_documents(tmp_path / "documents", TEXTS)
    before = sorted(path.name for path in folder.rglob("*"))

    build(folder, hash_encoder, index_dir=tmp_path / "a" / "b" / "索引")

    assert sorted(path.name for path in folder.rglob("*")) == before


def test_staleness_is_told_without_reading(folder, hash_encoder):
    settings = IndexSettings()

    def stale() -> bool:
        return is_stale(
            folder, default_index_dir(folder), load(folder, hash_encoder).manifest, settings
        )

    assert not stale()
    touch(folder / "hoist.md")
    assert stale()
    build(folder, hash_encoder)
    assert not stale()
    write_documents(folder, {"bad.txt": gzip.compress(b"x" * 1000, mtime=0)})
    assert stale()
    build(folder, hash_encoder)
    assert not stale()
    (folder / "会议.txt").unlink()
    assert stale()


# Two builds.


def test_two_builds_of_the_same_documents_are_equal(tmp_path):
    """L4, also when the files were made in another order."""
    reversed_texts = dict(reversed(TEXTS.items()))
    one = write_documents(tmp_path / "one", TEXTS)
    other = write_documents(tmp_path / "other" / "文档", reversed_texts)

    reports = [build(folder, HashEncoder()) for folder in (one, other)]

    assert reports[0].n_chunks == reports[1].n_chunks
    first, second = (load(folder, HashEncoder()) for folder in (one, other))
    assert all_chunks(first) == all_chunks(second)
    np.testing.assert_array_equal(read_vectors(one), read_vectors(other))
    assert _answers(one) == _answers(other)
    dense = [IndexDir(folder / ".yiju").paths("000001").dense for folder in (one, other)]
    assert dense[0].read_bytes() == dense[1].read_bytes()


def test_a_build_step_by_step_equals_a_build_at_once(tmp_path):
    by_steps, at_once = tmp_path / "steps", write_documents(tmp_path / "once", TEXTS)
    for source, text in reversed(TEXTS.items()):
        write_documents(by_steps, {source: text})
        build(by_steps, HashEncoder())

    build(at_once, HashEncoder())

    assert all_chunks(load(by_steps, HashEncoder())) == all_chunks(load(at_once, HashEncoder()))
    np.testing.assert_array_equal(read_vectors(by_steps), read_vectors(at_once))
    assert _answers(by_steps) == _answers(at_once)


def test_a_second_build_at_the_same_time_is_refused_when_it_will_not_wait(folder, hash_encoder):
    refused: list[str] = []

    def build_inside(progress: Progress) -> None:
        if progress.stage is Stage.ENCODE and not refused:
            impatient = IndexSettings(lock_timeout_s=0)
            with pytest.raises(IndexLockedError) as caught:
                build(folder, HashEncoder(), settings=impatient)
            refused.append(str(caught.value))

    touch(folder / "hoist.md")
    report = build(folder, hash_encoder, progress=build_inside)

    assert report.is_new
    assert len(refused) == 1
    assert "Another build" in refused[0]


def test_two_processes_that_build_at_once_both_end_with_one_good_index(tmp_path):
    folder = write_documents(tmp_path, TEXTS)
    code = (
        "import sys; from pathlib import Path\n"
        "from tests.fakes import HashEncoder; from tests.index.folders import build\n"
        "sys.stdin.readline()\n"
        "report = build(Path(sys.argv[1]), HashEncoder())\n"
        "print(report.is_new, report.n_encoded, report.n_documents)"
    )
    children = [
        subprocess.Popen(
            [sys.executable, "-c", code, folder],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()
    outputs = sorted(child.communicate()[0].split() for child in children)

    n_chunks = str(load(folder, HashEncoder()).n_chunks)
    assert outputs == [["False", "0", "4"], ["True", n_chunks, "4"]]
    assert leftovers(folder / ".yiju") == []
    assert sources_of(folder) == sorted(TEXTS)


# Progress.


def test_progress_tells_every_stage_in_order_from_nothing_to_everything(tmp_path, hash_encoder):
    folder = write_documents(tmp_path, TEXTS)
    told: list[Progress] = []

    report = build(folder, hash_encoder, progress=told.append)

    stages = list(dict.fromkeys(progress.stage for progress in told))
    assert stages == [stage for stage in Stage if stage is not Stage.WAIT]
    for stage in stages:
        own = [progress for progress in told if progress.stage is stage]
        assert own[0].done == 0
        assert own[-1].done == own[-1].total
        assert [progress.done for progress in own] == sorted(progress.done for progress in own)
        assert len({progress.total for progress in own}) == 1
    read = [progress.name for progress in told if progress.stage is Stage.READ]
    assert read == [*sorted(TEXTS), ""]
    assert {p.total for p in told if p.stage is Stage.ENCODE} == {report.n_chunks}


class _StoppedError(Exception):
    pass


@pytest.mark.parametrize("error", [_StoppedError, KeyboardInterrupt, MemoryError, OSError])
@pytest.mark.parametrize("stage", [stage for stage in Stage if stage is not Stage.WAIT])
def test_an_exception_from_progress_leaves_the_old_index(stage, error, folder, hash_encoder):
    before = _answers(folder)
    edit(folder / "hoist.md", "changed")

    def stop(progress: Progress) -> None:
        if progress.stage is stage:
            raise error

    with pytest.raises((error, IndexingError)):
        build(folder, hash_encoder, progress=stop)

    assert _answers(folder) == before
    assert leftovers(folder / ".yiju") == []
    assert IndexDir(folder / ".yiju").current() == "000001"
    assert build(folder, hash_encoder).generation == "000002"


def test_an_exception_from_the_encoder_leaves_the_old_index(folder):
    class Failing(HashEncoder):
        def encode(self, texts):
            raise _StoppedError

    before = _answers(folder)
    edit(folder / "hoist.md", "changed")

    with pytest.raises(_StoppedError):
        build(folder, Failing())

    assert _answers(folder) == before
    assert leftovers(folder / ".yiju") == []


# A damaged previous generation.


@pytest.mark.parametrize("name", ["dense.faiss", "chunks.sqlite"])
def test_a_damaged_generation_is_not_built_upon(name, folder, hash_encoder):
    path = IndexDir(folder / ".yiju").paths("000001").root / name
    data = path.read_bytes()
    path.write_bytes(b"\xff" * 128 + data[128:])
    edit(folder / "hoist.md", "changed")

    with pytest.raises(IndexCorruptError, match="yiju index --full"):
        build(folder, hash_encoder)

    assert build(folder, hash_encoder, full=True).n_documents == 4


def test_a_disk_that_is_full_is_an_error_that_keeps_the_old_index(folder, hash_encoder):
    before = _answers(folder)
    edit(folder / "hoist.md", "changed")

    def fill(progress: Progress) -> None:
        if progress.stage is Stage.PUBLISH and progress.done == 0:
            building = next((folder / ".yiju" / "generations").glob(".building-*"))
            (building / "manifest.json").symlink_to("/dev/full")

    with pytest.raises(IndexingError, match=r"could not be written: No space left.*untouched"):
        build(folder, hash_encoder, progress=fill)

    assert _answers(folder) == before
    assert leftovers(folder / ".yiju") == []


def test_the_index_of_the_corpus_holds_every_document_of_it(corpus_copy, hash_encoder):
    report = build_index(corpus_copy, corpus_copy / ".yiju", hash_encoder, settings=IndexSettings())

    texts = [path for path in corpus_copy.rglob("*") if path.suffix in {".txt", ".md"}]
    assert report.n_documents == len(texts)
    assert report.problems == ()


def test_a_file_that_was_refused_once_is_read_when_it_can_be(tmp_path, hash_encoder, monkeypatch):
    def refuse(file, max_file_bytes):
        if file.source == "b.txt":
            raise UnreadableError("It cannot be read: permission denied.")
        return read_bytes(file, max_file_bytes)

    folder = write_documents(tmp_path, {"a.txt": "甲的文件。", "b.txt": "乙的文件。"})
    with monkeypatch.context() as patch:  # root is refused nothing, so no real file will do
        patch.setattr(generation_writer, "read_bytes", refuse)
        first = build(folder, hash_encoder)
        again = build(folder, hash_encoder)
    second = build(folder, hash_encoder)

    assert [problem.source for problem in first.problems] == ["b.txt"]
    assert again.problems == first.problems
    assert not again.is_new
    assert second.added == ("b.txt",)
    assert second.problems == ()


def test_a_full_build_does_not_replace_the_index_of_another_folder(folder, hash_encoder, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.txt").write_text("别的文件夹。", "utf-8")
    index_dir = tmp_path / "index"
    build(folder, hash_encoder, index_dir=index_dir)

    with pytest.raises(IndexFormatError, match="made for"):
        build(other, hash_encoder, index_dir=index_dir, full=True)


def test_the_index_cannot_be_the_documents_folder_itself(folder, hash_encoder):
    with pytest.raises(SettingsError, match="itself"):
        build(folder, hash_encoder, index_dir=folder)


def test_an_empty_folder_is_refused_without_a_trace(tmp_path, hash_encoder):
    with pytest.raises(IndexMissingError):
        build(tmp_path, hash_encoder)

    assert list(tmp_path.iterdir()) == []


def test_a_sound_index_passes_the_check_of_every_byte(folder, hash_encoder):
    generation = build(folder, hash_encoder).generation

    assert check_index(default_index_dir(folder)) == generation


@pytest.mark.parametrize("name", ["chunks.sqlite", "dense.faiss"])
def test_one_flipped_byte_in_a_file_of_the_right_size_is_found_by_the_check(
    folder, hash_encoder, name
):
    generation = build(folder, hash_encoder).generation
    path = IndexDir(default_index_dir(folder)).paths(generation).root / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)

    with pytest.raises(IndexCorruptError, match=name):
        check_index(default_index_dir(folder))


def test_whoever_waits_for_another_build_is_told(folder, hash_encoder):
    edit(folder / sorted(path.name for path in folder.glob("*.txt"))[0], "改过了。")
    stages = []

    def hear(progress):
        stages.append(progress.stage)
        if progress.stage is Stage.WAIT:
            holder.__exit__(None, None, None)

    holder = IndexDir(default_index_dir(folder)).lock(0)
    holder.__enter__()
    build(folder, hash_encoder, progress=hear)

    assert stages[0] is Stage.WAIT
    assert stages[-1] is Stage.PUBLISH


def test_a_build_with_nothing_to_do_needs_no_lock(folder, hash_encoder):
    generation = build(folder, hash_encoder).generation

    with IndexDir(default_index_dir(folder)).lock(0):
        assert build(folder, hash_encoder).generation == generation


@pytest.mark.parametrize("damage", ["folder", "digits"])
def test_a_full_build_mends_any_pointer(folder, hash_encoder, damage):
    build(folder, hash_encoder)
    pointer = default_index_dir(folder) / "CURRENT"
    pointer.unlink()
    if damage == "folder":
        pointer.mkdir()
    else:
        pointer.write_text("9" * 5000)

    with pytest.raises(IndexCorruptError, match="--full") as caught:
        build(folder, hash_encoder)
    assert len(str(caught.value)) < 500
    build(folder, hash_encoder, full=True)

    assert search(load(folder, hash_encoder), "大会").lexical is not None
