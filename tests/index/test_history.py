import os
import shutil
from pathlib import Path

import pytest

from index.build import build_index, check_index, is_stale
from index.changes import DocumentChanges, Renaming
from index.errors import (
    IndexCorruptError,
    IndexFormatError,
    IndexingError,
    IndexLockedError,
    IndexMissingError,
)
from index.generations import IndexDir
from index.history import diff_generations, read_log, rollback
from index.knowledge_base import KnowledgeBase
from index.manifest import data_files, read_manifest
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
    search,
    write_documents,
)

_SETTINGS = IndexSettings(lock_timeout_s=0)


@pytest.fixture(scope="module")
def pristine(tmp_path_factory):
    folder = write_documents(tmp_path_factory.mktemp("pristine") / "文档", TEXTS)
    build(folder, HashEncoder())
    edit(folder / "hoist.md", "# Hoist\n\nThe second edition.")
    build(folder, HashEncoder())
    (folder / "灯塔.txt").rename(folder / "塔.txt")
    (folder / "会议.txt").unlink()
    write_documents(folder, {"新/新闻.txt": "新闻\n\n今天有一条新闻。"})
    build(folder, HashEncoder())
    return folder


@pytest.fixture
def folder(pristine, tmp_path):
    """A folder with three generations."""
    return Path(shutil.copytree(pristine, tmp_path / "文档"))


def _index(folder: Path) -> Path:
    return folder / ".yiju"


def _home(folder: Path) -> IndexDir:
    return IndexDir(_index(folder))


def _roll_back(folder: Path, generation: str, **kwargs):
    values = {"settings": _SETTINGS, "encoder": HashEncoder()}
    return rollback(folder, _index(folder), generation, **(values | kwargs))


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in _home(folder).generations_dir.iterdir())


class TestLog:
    def test_it_lists_the_kept_generations_newest_first_with_what_changed(self, folder):
        third, second, first = read_log(_index(folder))

        assert [entry.generation for entry in (third, second, first)] == [
            *("000003", "000002", "000001")
        ]
        assert [entry.is_live for entry in (third, second, first)] == [True, False, False]
        assert third.changes == DocumentChanges(
            added=("新/新闻.txt",),
            removed=("会议.txt",),
            edited=(),
            renamed=(Renaming("灯塔.txt", "塔.txt"),),
        )
        assert second.changes == DocumentChanges((), (), ("hoist.md",), ())
        assert first.changes == DocumentChanges(tuple(sorted(TEXTS)), (), (), ())
        assert third.created_at >= second.created_at >= first.created_at > "2020"
        assert [entry.n_documents for entry in (third, second, first)] == [4, 4, 4]
        assert third.n_chunks == load(folder, HashEncoder()).n_chunks

    def test_what_changed_since_a_collected_generation_is_not_known(self, folder):
        shutil.rmtree(_home(folder).paths("000001").root)

        changes = [entry.changes for entry in read_log(_index(folder))]

        assert changes[-1] is None
        assert changes[0] is not None

    def test_a_generation_that_cannot_be_read_is_listed_with_the_reason(self, folder):
        _home(folder).paths("000002").manifest.write_text("{}", "utf-8")

        third, second, first = read_log(_index(folder))

        assert "format version" in second.problem
        assert (second.changes, second.created_at) == (None, "")
        assert third.changes is None
        assert first.problem == ""

    def test_one_that_was_never_published_is_not_listed(self, folder):
        shutil.copytree(_home(folder).paths("000003").root, _home(folder).paths("000004").root)

        assert read_log(_index(folder))[0].generation == "000003"

    def test_the_sizes_are_those_of_the_files_and_shared_ones_count_once(self, folder):
        root = _home(folder).paths("000003").root
        sizes = [path.stat().st_size for path in root.rglob("*") if path.is_file()]
        before = read_log(_index(folder))
        assert before[0].n_bytes == sum(sizes)

        restored = _roll_back(folder, "2")
        after = {entry.generation: entry for entry in read_log(_index(folder))}

        manifest = _home(folder).paths(restored.generation).manifest
        data = sum(path.stat().st_size for path in data_files(_home(folder).paths("000002")))
        assert after["000004"].n_bytes == data + manifest.stat().st_size
        assert after["000002"].n_bytes == before[1].n_bytes - data

    def test_an_entry_as_json_has_all_that_is_known(self, folder):
        _roll_back(folder, "1")

        body = read_log(_index(folder))[0].to_dict()

        assert body["generation"] == "000004"
        assert (body["live"], body["restored_from"], body["problem"]) == (True, "000001", None)
        assert body["changes"]["renamed"] == [{"before": "塔.txt", "after": "灯塔.txt"}]
        assert body["changes"]["edited"] == ["hoist.md"]

    def test_no_index_is_an_error_and_makes_no_folder(self, tmp_path):
        for ask in (
            lambda: read_log(tmp_path / "x"),
            lambda: diff_generations(tmp_path / "x", "1", "2"),
            lambda: rollback(tmp_path, tmp_path / "x", "1", settings=_SETTINGS),
        ):
            with pytest.raises(IndexMissingError, match="yiju index"):
                ask()
        assert list(tmp_path.iterdir()) == []


class TestDiff:
    def test_documents_and_chunks_are_compared(self, folder):
        difference = diff_generations(_index(folder), "1", "000003")

        assert (difference.before, difference.after) == ("000001", "000003")
        assert difference.documents == DocumentChanges(
            added=("新/新闻.txt",),
            removed=("会议.txt",),
            edited=("hoist.md",),
            renamed=(Renaming("灯塔.txt", "塔.txt"),),
        )
        before, after = _chunk_texts(folder, "1"), _chunk_texts(folder, "3")
        assert difference.n_chunks_removed == len(before - after) > 0
        assert difference.n_chunks_added == len(after - before) > 0

    def test_the_other_way_round_it_is_the_other_way_round(self, folder):
        there = diff_generations(_index(folder), "1", "3")
        back = diff_generations(_index(folder), "3", "1")

        assert there.documents.added == back.documents.removed
        assert there.n_chunks_added == back.n_chunks_removed
        assert there.n_chunks_removed == back.n_chunks_added

    def test_a_generation_does_not_differ_from_itself(self, folder):
        difference = diff_generations(_index(folder), "2", "2")

        assert difference.documents.is_empty
        assert (difference.n_chunks_added, difference.n_chunks_removed) == (0, 0)

    def test_a_chunk_that_stands_there_twice_now_is_added_once(self, tmp_path):
        write_documents(tmp_path, {"a.txt": "规章\n\n一句话。"})
        build(tmp_path, HashEncoder())
        write_documents(tmp_path, {"b.txt": "规章\n\n一句话。\n"})
        build(tmp_path, HashEncoder())

        difference = diff_generations(_index(tmp_path), "1", "2")

        assert (difference.n_chunks_added, difference.n_chunks_removed) == (1, 0)

    def test_a_generation_that_is_not_kept_is_an_error_that_names_those_that_are(self, folder):
        with pytest.raises(IndexMissingError, match="000001, 000002, 000003"):
            diff_generations(_index(folder), "1", "9")


def _chunk_texts(folder: Path, generation: str) -> set[tuple]:
    loaded = _load(folder, generation)
    return {(chunk.heading, chunk.text) for chunk in all_chunks(loaded)}


def _load(folder: Path, generation: str):
    return KnowledgeBase.load(_index(folder), encoder=HashEncoder(), generation=generation)


class TestRollback:
    def test_an_earlier_generation_is_live_again_under_a_new_number(self, folder):
        old = _load(folder, "1")
        stamp = _home(folder).stamp()

        manifest = _roll_back(folder, "1")

        assert (manifest.generation, manifest.restored_from) == ("000004", "000001")
        assert _home(folder).current() == "000004"
        assert _home(folder).stamp() != stamp
        assert check_index(_index(folder)) == "000004"
        live = load(folder, HashEncoder())
        assert live.manifest == manifest
        assert list(live.files.document_infos()) == list(old.files.document_infos())
        for question in ("大会何时召开", "rope GB/T 5972", "塔高"):
            assert search(live, question) == search(old, question)

    def test_it_takes_no_room_for_the_files(self, folder):
        _roll_back(folder, "2")

        for path in data_files(_home(folder).paths("000002")):
            twin = _home(folder).paths("000004").root / path.relative_to(
                _home(folder).paths("000002").root
            )
            assert path.samefile(twin)

    def test_where_files_cannot_be_linked_they_are_copied(self, folder, monkeypatch):
        def refuse(*_):
            raise PermissionError("no hard links")

        monkeypatch.setattr(os, "link", refuse)
        _roll_back(folder, "2")

        assert check_index(_index(folder)) == "000004"
        store = _home(folder).paths("000004").store
        assert not store.samefile(_home(folder).paths("000002").store)

    def test_the_files_outlive_the_generation_they_came_from(self, folder):
        _roll_back(folder, "1", settings=IndexSettings(keep_generations=1))

        assert _names(folder) == ["000004"]
        assert check_index(_index(folder)) == "000004"

    def test_an_automatic_build_leaves_it_alone(self, folder):
        manifest = _roll_back(folder, "1")
        stamp = _home(folder).stamp()

        report = _build(folder, automatic=True)

        assert not is_stale(folder, _index(folder), manifest, _SETTINGS)
        assert (report.is_new, report.generation, report.n_read) == (False, "000004", 0)
        assert _home(folder).stamp() == stamp

    def test_so_does_one_with_another_encoder_or_chunk_size(self, folder):
        _roll_back(folder, "1")

        for encoder, settings in (
            (HashEncoder(name="other"), _SETTINGS),
            (HashEncoder(), IndexSettings(max_chunk_chars=50)),
        ):
            assert not _build(folder, encoder, settings=settings, automatic=True).is_new

    def test_so_does_one_that_waited_for_the_rollback(self, folder):
        edit(folder / "hoist.md", "changed")
        progress = []

        def meddle(step: Progress) -> None:
            progress.append(step.stage)
            if step.stage is Stage.WAIT:
                held.__exit__(None, None, None)
                _roll_back(folder, "1")

        held = _home(folder).lock(0)
        held.__enter__()
        report = _build(
            folder, automatic=True, progress=meddle, settings=IndexSettings(lock_timeout_s=60)
        )

        assert progress == [Stage.WAIT]
        assert (report.is_new, report.generation) == (False, "000004")

    def test_a_build_that_is_asked_for_goes_on_from_it(self, folder):
        _roll_back(folder, "1")

        report = _build(folder)

        assert (report.is_new, report.generation) == (True, "000005")
        assert (report.added, report.removed) == (("新/新闻.txt",), ("会议.txt",))
        assert report.renamed == (("灯塔.txt", "塔.txt"),)
        live = load(folder, HashEncoder())
        assert live.manifest.restored_from == ""
        assert _chunk_texts(folder, "5") == _chunk_texts(folder, "3")

    def test_such_a_build_ends_it_even_when_the_documents_went_back_too(self, folder):
        _roll_back(folder, "1")
        shutil.rmtree(folder / "新")
        (folder / "塔.txt").unlink()
        write_documents(folder, TEXTS)

        assert _build(folder).is_new
        assert load(folder, HashEncoder()).manifest.restored_from == ""
        assert not _build(folder).is_new

    def test_back_and_forth(self, folder):
        _roll_back(folder, "2")
        manifest = _roll_back(folder, "3")

        assert (manifest.generation, manifest.restored_from) == ("000005", "000003")
        assert _chunk_texts(folder, "5") == _chunk_texts(folder, "3")

    def test_a_reader_of_the_live_generation_is_not_disturbed(self, folder):
        before = load(folder, HashEncoder())
        answers = search(before, "新闻")

        _roll_back(folder, "1", settings=IndexSettings(keep_generations=1))

        assert search(before, "新闻") == answers
        assert _names(folder) == ["000003", "000004"]

    @pytest.mark.parametrize(
        ("generation", "error", "words"),
        [
            ("3", IndexingError, "000003 is live already"),
            ("9", IndexMissingError, "no generation 9"),
        ],
        ids=["the live one", "one that is not kept"],
    )
    def test_what_cannot_be_restored_says_why(self, generation, error, words, folder):
        with pytest.raises(error, match=words):
            _roll_back(folder, generation)

        assert _home(folder).current() == "000003"
        assert leftovers(_index(folder)) == []

    def test_a_damaged_generation_is_not_restored(self, folder):
        path = _home(folder).paths("000001").dense
        data = bytearray(path.read_bytes())
        data[-1] ^= 1
        path.write_bytes(data)

        with pytest.raises(IndexCorruptError, match=r"dense\.faiss"):
            _roll_back(folder, "1")

        assert _home(folder).current() == "000003"

    def test_one_made_with_another_encoder_is_not_restored(self, folder):
        with pytest.raises(IndexFormatError, match="another encoder"):
            _roll_back(folder, "1", encoder=HashEncoder(name="other"))

        assert _home(folder).current() == "000003"

    def test_one_of_another_folder_is_not_restored(self, folder, tmp_path):
        other = write_documents(tmp_path / "other", TEXTS)

        with pytest.raises(IndexFormatError, match="other"):
            rollback(other, _index(folder), "1", settings=_SETTINGS, encoder=HashEncoder())

    def test_it_waits_for_a_build_and_says_so(self, folder):
        told = []

        with _home(folder).lock(0), pytest.raises(IndexLockedError):
            _roll_back(folder, "1", progress=lambda step: told.append(step.stage))

        assert told == [Stage.WAIT]
        assert _home(folder).current() == "000003"

    def test_a_full_disk_leaves_the_live_generation(self, folder, monkeypatch):
        def refuse(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "link", refuse)
        monkeypatch.setattr(shutil, "copyfile", refuse)
        with pytest.raises(IndexingError, match="No space left"):
            _roll_back(folder, "1")

        assert _home(folder).current() == "000003"
        assert leftovers(_index(folder)) == []
        assert read_manifest(_home(folder).paths("000003")).restored_from == ""


def _build(folder: Path, encoder=None, **kwargs):
    values = {"settings": _SETTINGS} | kwargs
    return build_index(folder, _index(folder), encoder or HashEncoder(), **values)
