import json
import os
import shutil
from pathlib import Path

import pytest

from index.errors import IndexCorruptError, IndexFormatError
from index.generations import IndexDir
from index.manifest import (
    FORMAT_VERSION,
    check_files,
    check_loaded,
    describe_folder,
    read_manifest,
)
from tests.fakes import HashEncoder
from tests.index.folders import (
    TEXTS,
    build,
    load,
    load_infos,
    search,
    sources_of,
    write_documents,
)


@pytest.fixture(scope="module")
def pristine(tmp_path_factory):
    folder = write_documents(tmp_path_factory.mktemp("pristine") / "文档", TEXTS)
    build(folder, HashEncoder())
    return folder


@pytest.fixture
def folder(pristine, tmp_path):
    """An indexed folder of one's own."""
    return Path(shutil.copytree(pristine, tmp_path / "文档"))


def _home(folder: Path) -> IndexDir:
    return IndexDir(folder / ".yiju")


def _files(folder: Path) -> list[Path]:
    root = _home(folder).paths("000001").root
    return [path for path in root.rglob("*") if path.is_file() and path.suffix != ".lock"]


def test_the_manifest_comes_back_as_it_was_written(folder):
    paths = _home(folder).paths("000001")

    manifest = read_manifest(paths)

    assert manifest.generation == "000001"
    assert sources_of(folder) == sorted(TEXTS)
    assert manifest.n_documents == len(TEXTS)
    assert manifest.n_chunks == sum(info.n_chunks for info in load_infos(folder)) > 0
    assert manifest.encoder_fingerprint == HashEncoder().fingerprint
    assert (manifest.dim, manifest.documents_dir) == (32, "..")


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body.update(n_chunks=body["n_chunks"] + 1),
        lambda body: body["files"]["chunks.sqlite"].update(sha256="0" * 64),
        lambda body: body["files"].pop("dense.faiss"),
        lambda body: body.update(checksum="0" * 64),
        lambda body: body.pop("checksum"),
        lambda body: body["files"].clear(),
        lambda body: body.update(surprise=1),
        lambda body: [body.pop(key) for key in list(body) if key != "format_version"],
    ],
    ids=["count", "sha256", "file", "checksum", "no checksum", "files", "key", "all"],
)
def test_a_manifest_that_was_altered_is_refused(change, folder):
    path = _home(folder).paths("000001").manifest
    body = json.loads(path.read_text("utf-8"))
    change(body)
    path.write_text(json.dumps(body, ensure_ascii=False), "utf-8")

    with pytest.raises(IndexCorruptError, match=r"manifest\.json was altered.*--full"):
        load(folder, HashEncoder())


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"x"', "\x00", "\udcff"], ids=range(7))
def test_a_manifest_that_is_no_json_object_is_refused(text, folder):
    path = _home(folder).paths("000001").manifest
    path.write_bytes(text.encode("utf-8", "surrogateescape"))

    with pytest.raises(IndexCorruptError, match=r"manifest\.json"):
        load(folder, HashEncoder())


@pytest.mark.parametrize("version", [FORMAT_VERSION + 1, 0, None, "1"])
def test_another_format_version_is_refused_with_both_versions_and_what_to_do(version, folder):
    path = _home(folder).paths("000001").manifest
    body = json.loads(path.read_text("utf-8")) | {"format_version": version}
    path.write_text(json.dumps(body), "utf-8")

    for ask in (load, build):
        with pytest.raises(
            IndexFormatError, match=rf"{version}.*{FORMAT_VERSION}.*yiju index --full"
        ):
            ask(folder, HashEncoder())


def test_a_full_build_replaces_an_index_of_another_format(folder):
    path = _home(folder).paths("000001").manifest
    body = json.loads(path.read_text("utf-8")) | {"format_version": 99}
    path.write_text(json.dumps(body), "utf-8")

    build(folder, HashEncoder(), full=True)

    assert load(folder, HashEncoder()).n_chunks > 0


def test_every_file_of_a_generation_is_in_its_manifest(folder):
    body = json.loads(_home(folder).paths("000001").manifest.read_text("utf-8"))
    root = _home(folder).paths("000001").root

    expected = {path.relative_to(root).as_posix() for path in _files(folder)} - {"manifest.json"}

    assert body["files"].keys() == expected
    assert {
        "chunks.sqlite",
        "dense.faiss",
        "lexical/meta.json",
        "lexical/segments.json",
    } <= expected


@pytest.mark.parametrize("change", ["missing", "short", "long"])
def test_a_file_missing_or_of_another_size_is_named(change, folder):
    for path in _files(folder):
        if path.name == "manifest.json":
            continue
        data = path.read_bytes()
        path.unlink()
        if change != "missing":
            path.write_bytes(data[:-1] if change == "short" else data + b"x")

        with pytest.raises(IndexCorruptError, match=rf"{path.name}.*yiju index --full"):
            load(folder, HashEncoder())
        path.write_bytes(data)


def test_all_files_that_are_wrong_are_named_at_once(folder):
    paths = _home(folder).paths("000001")
    paths.dense.unlink()
    paths.store.write_bytes(b"")

    with pytest.raises(IndexCorruptError, match=r"chunks\.sqlite, dense\.faiss"):
        load(folder, HashEncoder())


def test_an_index_for_another_folder_is_refused_naming_both(folder, tmp_path):
    other = write_documents(tmp_path / "other", {"a.txt": "甲"})
    index_dir = tmp_path / "index"
    build(folder, HashEncoder(), index_dir=index_dir)
    before = IndexDir(index_dir).current()

    with pytest.raises(IndexFormatError, match=rf"{folder}.*{other}"):
        build(other, HashEncoder(), index_dir=index_dir)
    assert IndexDir(index_dir).current() == before


def test_an_index_inside_a_folder_answers_for_no_other(folder, tmp_path):
    other = write_documents(tmp_path / "other", {"a.txt": "甲"})

    with pytest.raises(IndexFormatError, match="other"):
        build(other, HashEncoder(), index_dir=folder / ".yiju")


def test_a_folder_moved_together_with_its_index_still_works(folder, tmp_path):
    answers = search(load(folder, HashEncoder()), "大会何时召开")
    moved = tmp_path / "elsewhere" / "搬走"
    moved.parent.mkdir()
    folder.rename(moved)
    encoder = HashEncoder()

    report = build(moved, encoder)

    assert not report.is_new
    assert encoder.encoded == []
    assert search(load(moved, HashEncoder()), "大会何时召开") == answers


def test_a_folder_may_be_named_in_any_way(folder, tmp_path, monkeypatch):
    (tmp_path / "link").symlink_to(folder, target_is_directory=True)
    monkeypatch.chdir(tmp_path)

    for name in (folder, folder / "." / "规章" / "..", tmp_path / "link", Path(folder.name)):
        assert not build(name, HashEncoder()).is_new


@pytest.mark.parametrize(
    ("index_dir", "described"),
    [("d/.yiju", ".."), ("d/a/b", "../.."), ("i", "{}/d"), ("d", ".")],
)
def test_a_folder_is_described_relative_to_an_index_inside_it(index_dir, described, tmp_path):
    (tmp_path / "d").mkdir()

    assert describe_folder(tmp_path / "d", tmp_path / index_dir) == described.format(tmp_path)


# What is hashed when a generation is loaded.


def _flip(path: Path, *, keeps_time: bool) -> None:
    data, before = path.read_bytes(), path.stat()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    if keeps_time:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.fixture
def built(tmp_path):
    folder = write_documents(tmp_path / "built", TEXTS)
    build(folder, HashEncoder())
    return folder


@pytest.mark.parametrize("name", ["chunks.sqlite", "lexical/segments.json"])
def test_a_file_that_was_touched_is_hashed(name, built):
    _flip(_home(built).paths("000001").root / name, keeps_time=False)

    with pytest.raises(IndexCorruptError, match=name):
        check_loaded(_home(built).paths("000001"))


def test_a_file_that_was_not_touched_is_hashed_when_everything_is_checked(built):
    paths = _home(built).paths("000001")
    check_loaded(paths)
    _flip(paths.store, keeps_time=True)

    check_loaded(paths)
    with pytest.raises(IndexCorruptError, match=r"chunks\.sqlite"):
        check_files(paths)


def test_an_index_that_was_copied_is_hashed(built, tmp_path):
    copied = Path(shutil.copytree(built, tmp_path / "copy"))  # with the times of its files
    check_loaded(_home(copied).paths("000001"))
    _flip(_home(copied).paths("000001").store, keeps_time=True)

    with pytest.raises(IndexCorruptError, match=r"chunks\.sqlite"):
        check_loaded(_home(copied).paths("000001"))


def test_vectors_are_hashed_only_when_everything_is_checked(built):
    paths = _home(built).paths("000001")
    _flip(paths.dense, keeps_time=False)

    check_loaded(paths)
    with pytest.raises(IndexCorruptError, match=r"dense\.faiss"):
        check_files(paths)
