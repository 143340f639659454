import errno
import gzip
import io
import json
import os
import shutil
import sqlite3
import struct
import sys
import time
import tracemalloc
import unicodedata
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given

from index.datatypes import Heading, Problem, Span
from index.errors import DocumentError, IndexMissingError, UnreadableError
from index.formats.extraction import Extraction
from index.formats.plain_text import decode, extract_markdown, extract_text
from index.loading import (
    FoundFile,
    LoadedDocument,
    hash_source,
    load_document,
    read_bytes,
    scan_documents,
)
from tests.strategies import file_texts

_MAX_BYTES = 1_000_000
_IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
_TEXTS = json.loads(Path(__file__).with_name("encoding_texts.json").read_text("utf-8"))
_UNICODE = ("utf-8", "utf-8-sig", "utf-16", "utf-32")
_LEGACY = {
    "zh-Hans": ("gb18030",),
    "zh-Hant": ("big5hkscs", "gb18030"),
    "ja": ("shift_jis", "euc_jp"),
    "ko": ("euc_kr",),
    "ru": ("cp1251",),
    "fr": ("cp1252",),
    "de": ("cp1252",),
}
_MATRIX = [
    pytest.param(text, encoding, id=f"{language} {topic} {encoding}")
    for language, texts in _TEXTS.items()
    for topic, text in texts.items()
    for encoding in (*_UNICODE, *_LEGACY[language])
]


def _found(name: str, data: bytes = b"") -> FoundFile:
    return FoundFile(Path(name), name, len(data), 0)


def _load(name: str, data: bytes) -> LoadedDocument:
    return load_document(_found(name, data), data)


def _scan(folder: Path, max_file_bytes: int = _MAX_BYTES) -> tuple[list[str], dict[str, str]]:
    scan = scan_documents(folder, max_file_bytes)
    return [file.source for file in scan.files], {p.source: p.message for p in scan.problems}


def _noise(n_bytes: int) -> bytes:
    return np.random.default_rng(n_bytes).bytes(n_bytes)


def _zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", "<w:t>会议于2月5日召开。</w:t>" * 50)
    return out.getvalue()


def _png() -> bytes:
    def part(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    pixels = b"".join(b"\x00" + bytes(row + at & 255 for at in range(96)) for row in range(32))
    header = struct.pack(">IIBBBBB", 32, 32, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + part(b"IHDR", header)
        + part(b"IDAT", zlib.compress(pixels))
        + part(b"IEND", b"")
    )


def _sqlite(folder: Path) -> bytes:
    connection = sqlite3.connect(folder / "x.sqlite")
    connection.executescript("CREATE TABLE t (a TEXT); INSERT INTO t VALUES ('会议');")
    connection.close()
    return (folder / "x.sqlite").read_bytes()


def _numbers() -> bytes:
    out = io.BytesIO()
    np.save(out, np.random.default_rng(0).standard_normal(300).astype(np.float32))
    return out.getvalue()


_BINARIES = {
    "png": _png,
    "zip": _zip,
    "gzip": lambda: gzip.compress("会议于2月5日召开。".encode() * 3, mtime=0),
    "elf": lambda: Path(sys.executable).resolve().read_bytes()[:4096],
    "npy": _numbers,
    "all bytes": lambda: bytes(range(256)) * 4,
    "zeros": lambda: bytes(100),
    "pointers": lambda: struct.pack("<200Q", *range(0x7F00_1234_0000, 0x7F00_1234_0000 + 200)),
    "noise of 100": lambda: _noise(100),
    "noise of 300": lambda: _noise(300),
    "noise of 1000": lambda: _noise(1000),
    "noise of 5000": lambda: _noise(5000),
    "noise without zeros": lambda: _noise(1000).replace(b"\x00", b"\x01"),
    "UTF-16 mark before noise": lambda: b"\xff\xfe" + _noise(1000),
    "UTF-8 mark before noise": lambda: b"\xef\xbb\xbf" + _noise(1000),
}


# Decoding.


def _expected() -> dict[str, dict[str, str]]:
    return json.loads(Path(__file__).with_name("encoding_expected.json").read_text("utf-8"))


@pytest.mark.parametrize("name", sorted(_expected()))
def test_our_own_files_in_other_encodings_give_their_text(name, corpus_dir):
    text, _ = decode((corpus_dir / "encodings" / name).read_bytes())

    assert text == _expected()[name]["text"]


@pytest.mark.parametrize(("text", "encoding"), _MATRIX)
def test_a_short_text_is_decoded_right(text, encoding):
    assert decode(text.encode(encoding))[0] == text


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("qa/measure/cjrc_dev.json", "gb18030"),
        ("qa/measure/cmrc2018_trial.json", "gb18030"),
        ("qa/train/drcd_dev.json", "big5hkscs"),
    ],
    ids=["court", "encyclopedia", "traditional"],
)
def test_public_texts_in_the_usual_chinese_encodings_are_decoded_right(
    name, encoding, benchmark_data
):
    path = benchmark_data / name
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    articles = json.loads(path.read_text("utf-8"))["data"]
    texts = [paragraph["context"] for article in articles for paragraph in article["paragraphs"]]
    wrong = []
    for number, text in enumerate(texts[:: max(1, len(texts) // 80)]):
        data = text[: 40 + 40 * (number % 5)].encode(encoding, "ignore")
        try:
            decoded = decode(data)[0]
        except DocumentError as exc:
            decoded = str(exc)
        if decoded != data.decode(encoding):
            wrong.append((text[:20], decoded[:20]))

    assert wrong == []


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", ["第一行 OK\n第二行\n", "abc", "会议于2月5日召开。\r\n"])
def test_utf_16_without_a_mark_is_told_by_its_zero_bytes(text, encoding):
    assert decode(text.encode(encoding))[0] == text


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_line_endings_stay_as_they_are(ending):
    text = ending.join(["一", "二", ""])

    assert decode(text.encode())[0] == text


def test_an_empty_file_is_an_empty_text():
    assert decode(b"") == ("", "utf-8")


@given(file_texts())
def test_utf_8_gives_every_text_back(text):
    assert decode(text.encode()) == (text, "utf-8")


@given(file_texts(max_pieces=12))
def test_a_text_in_gb18030_never_gains_a_replacement_character(text):
    try:
        decoded, _ = decode(text.encode("gb18030"))
    except DocumentError:
        return
    assert decoded.count("\ufffd") <= text.count("\ufffd")


def test_one_wrong_byte_never_enters_a_text_as_a_replacement_character():
    data = bytearray("".join(_TEXTS["zh-Hans"].values()).encode())
    data[301] = 0xFF

    try:
        decoded, _ = decode(bytes(data))
    except DocumentError:
        return
    assert "\ufffd" not in decoded


@pytest.mark.parametrize("kind", _BINARIES)
def test_a_binary_file_is_refused_whatever_its_name(kind):
    data = _BINARIES[kind]()

    with pytest.raises(DocumentError):
        load_document(_found("a.txt", data), data)


def test_a_database_is_refused_whatever_its_name(tmp_path):
    data = _sqlite(tmp_path)

    with pytest.raises(DocumentError):
        load_document(_found("a.md", data), data)


# Layout.


def test_plain_text_takes_short_lines_that_stand_alone_as_headings():
    text = "图书馆规章\n\n第一章　总则\n为了管理，制定本办法。\n\n一、借书\n十册。\n"

    headings = extract_text(text.encode()).headings

    assert [(h.level, h.title, h.span.of(text)) for h in headings] == [
        (6, "图书馆规章", "图书馆规章"),
        (3, "第一章　总则", "第一章　总则"),
        (5, "一、借书", "一、借书"),
    ]


def test_markdown_takes_lines_with_marks_as_headings():
    text = "# **规章** #\r\n\r\n正文\r\n### 借书\r\n~~~\n# 注释\n~~~\n#不是\n"

    headings = extract_markdown(text.encode()).headings

    assert [(h.level, h.title, h.span.of(text)) for h in headings] == [
        (1, "规章", "# **规章** #"),
        (3, "借书", "### 借书"),
    ]


@given(file_texts())
def test_headings_lie_in_the_text_in_order_on_one_line_each(text):
    for extract in (extract_text, extract_markdown):
        end = 0
        for heading in extract(text.encode()).headings:
            line = heading.span.of(text)
            assert heading.span.start >= end
            assert len(line.splitlines()) == 1
            assert heading.title in line
            end = heading.span.end


@pytest.mark.parametrize(
    ("name", "text", "title"),
    [
        ("a.md", "开头\n\n# 规章\n", "规章"),
        ("a.md", "## 二级\n", "二级"),
        ("a.txt", "\n\n  图书馆规章  \n\n正文。", "图书馆规章"),
        ("甲.txt", "这是一句话。\n", "甲"),
        ("a.b.txt", "", "a.b"),
        ("x/y/乙.txt", "，" * 200, "乙"),
    ],
)
def test_a_document_takes_its_title_from_a_heading_a_first_line_or_its_name(name, text, title):
    assert load_document(_found(name), text.encode()).document.title == title


@pytest.mark.parametrize(
    ("chapters", "said", "title"),
    [
        (["一章", "二章"], "手册", "手册"),
        (["一章", "二章"], "", "一章"),
        (["手册"], "untitled", "手册"),
        ([], "手册", "手册"),
        ([], "", "a"),
    ],
)
def test_several_chapters_are_no_title(chapters, said, title):
    text = "".join(chapters)
    starts = [text.index(chapter) for chapter in chapters]
    headings = tuple(
        Heading(1, chapter, Span(start, start + len(chapter)))
        for chapter, start in zip(chapters, starts, strict=True)
    )
    extraction = Extraction(text, "utf-8", "application/pdf", said, headings)

    loaded = load_document(_found("a.pdf"), b"", lambda *_: extraction)

    assert loaded.document.title == title


def test_a_document_is_known_by_its_path_and_its_bytes():
    one = load_document(_found("a.txt"), "甲".encode()).document
    moved = load_document(_found("b/a.txt"), "甲".encode()).document

    assert one.doc_id == hash_source("a.txt") != moved.doc_id
    assert one.sha256 == moved.sha256


# Scanning.


def test_files_come_sorted_with_forward_slashes_and_hidden_ones_are_passed_over(tmp_path):
    for name in ("b.txt", "a/c.MD", "a/.hidden.txt", ".git/x.txt", ".yiju/y.txt", "a.markdown"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")

    assert _scan(tmp_path) == (["a.markdown", "a/c.MD", "b.txt"], {})


@pytest.mark.parametrize(
    "name",
    [
        "换\n行.txt",
        "引'号\".txt",
        "好" * 83 + ".txt",  # 253 bytes
        "空 格 .txt",
        "%2e%2e.txt",
        "?mode=rw#x.txt",
        "\\..\\a.txt",
        unicodedata.normalize("NFD", "한é.txt"),
        "👩\u200d👩\u200d👧.md",
    ],
)
def test_a_file_of_any_name_is_found_and_loaded(name, tmp_path):
    (tmp_path / name).write_text("会议于2月5日召开。", "utf-8")

    (file,) = scan_documents(tmp_path, _MAX_BYTES).files

    assert file.source == name
    assert load_document(file, read_bytes(file, _MAX_BYTES)).document.text == "会议于2月5日召开。"


def test_a_name_that_is_not_unicode_is_reported_in_a_form_that_can_be_written(tmp_path):
    with open(os.fsencode(tmp_path) + b"/\xff\xfe.txt", "wb") as file:  # noqa: PTH123 - bytes
        file.write(b"x")

    files, problems = _scan(tmp_path)

    assert files == []
    assert "Unicode" in problems["\\udcff\\udcfe.txt"]


def test_what_office_leaves_beside_an_open_document_is_passed_over(tmp_path):
    for name in ("~$报告.docx", "报告.docx", ".~lock.报告.docx#", "~草稿.txt"):
        (tmp_path / name).write_text("x")

    assert _scan(tmp_path) == (["~草稿.txt", "报告.docx"], {})


def test_old_formats_are_reported_with_what_to_save_them_as(tmp_path):
    (tmp_path / "报告.doc").write_text("x")

    files, problems = _scan(tmp_path)

    assert files == []
    assert problems["报告.doc"].endswith("save it as .docx.")


def test_other_formats_are_reported_with_those_that_are_read(tmp_path):
    (tmp_path / "a.xyz").write_text("x")
    (tmp_path / "txt").write_text("x")

    files, problems = _scan(tmp_path)

    assert files == []
    assert problems.keys() == {"a.xyz", "txt"}
    assert ".md" in problems["a.xyz"]


def test_a_file_over_the_limit_is_reported_with_the_limit(tmp_path):
    (tmp_path / "big.txt").write_bytes(b"x" * 1001)
    (tmp_path / "fits.txt").write_bytes(b"x" * 1000)

    files, problems = _scan(tmp_path, max_file_bytes=1000)

    assert files == ["fits.txt"]
    assert "1,000" in problems["big.txt"]


def test_a_link_out_of_the_folder_is_refused(tmp_path):
    (tmp_path / "secret.txt").write_text("x")
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "link.txt").symlink_to("../secret.txt")
    (folder / "absolute.txt").symlink_to(tmp_path / "secret.txt")

    files, problems = _scan(folder)

    assert files == []
    assert all("leads out" in message for message in problems.values())
    assert len(problems) == 2


def test_a_link_inside_the_folder_is_read(tmp_path):
    (tmp_path / "a.txt").write_text("甲", "utf-8")
    (tmp_path / "link.txt").symlink_to("a.txt")

    assert _scan(tmp_path) == (["a.txt", "link.txt"], {})


def test_a_linked_folder_outside_is_not_entered(tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.txt").write_text("x")
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "linked").symlink_to("../outside", target_is_directory=True)

    assert _scan(folder) == ([], {"linked": "It is a link to a folder, which is not entered."})


def test_a_folder_that_cannot_be_listed_is_named_by_its_whole_path(tmp_path, monkeypatch):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "c.txt").write_text("x")
    scandir = os.scandir

    def refuse(path):
        if str(path).endswith("b"):
            raise OSError(errno.ENAMETOOLONG, "File name too long")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)

    assert _scan(tmp_path) == (["a/c.txt"], {"a/b": "It cannot be read: File name too long."})


def test_the_documents_folder_itself_may_be_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.txt").write_text("x")
    (tmp_path / "link").symlink_to("real", target_is_directory=True)

    assert _scan(tmp_path / "link") == (["a.txt"], {})


@pytest.mark.parametrize("target", ["nowhere.txt", "link.txt"], ids=["broken", "loop"])
def test_a_link_to_nothing_is_reported_and_stops_nothing(target, tmp_path):
    (tmp_path / "a.txt").write_text("x")
    (tmp_path / "link.txt").symlink_to(target)

    files, problems = _scan(tmp_path)

    assert files == ["a.txt"]
    assert problems.keys() == {"link.txt"}


def test_a_pipe_is_reported_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.txt")

    assert _scan(tmp_path) == ([], {"pipe.txt": "It is not an ordinary file."})


@pytest.mark.skipif(_IS_ROOT, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_a_document_error(tmp_path):
    (tmp_path / "a.txt").write_text("x")
    (tmp_path / "a.txt").chmod(0)
    (file,) = scan_documents(tmp_path, _MAX_BYTES).files

    with pytest.raises(DocumentError, match="Permission denied"):
        read_bytes(file, _MAX_BYTES)


@pytest.mark.skipif(_IS_ROOT, reason="root may list every folder")
def test_a_folder_that_may_not_be_listed_is_reported(tmp_path):
    (tmp_path / "locked").mkdir()
    (tmp_path / "locked").chmod(0)

    problems = scan_documents(tmp_path, _MAX_BYTES).problems
    (tmp_path / "locked").chmod(0o700)

    assert problems == (Problem("locked", "It cannot be read: Permission denied."),)


def test_a_file_that_vanished_is_a_document_error(tmp_path):
    (tmp_path / "a.txt").write_text("x")
    (file,) = scan_documents(tmp_path, _MAX_BYTES).files
    file.path.unlink()

    with pytest.raises(DocumentError, match="cannot be read: No such file"):
        read_bytes(file, _MAX_BYTES)


def test_a_file_that_became_a_folder_is_a_document_error(tmp_path):
    (tmp_path / "a.txt").write_text("x")
    (file,) = scan_documents(tmp_path, _MAX_BYTES).files
    file.path.unlink()
    file.path.mkdir()

    with pytest.raises(DocumentError, match="cannot be read: Is a directory"):
        read_bytes(file, _MAX_BYTES)


def test_a_file_that_became_a_pipe_is_not_waited_for(tmp_path):
    (tmp_path / "a.txt").write_text("x")
    (file,) = scan_documents(tmp_path, _MAX_BYTES).files
    file.path.unlink()
    os.mkfifo(file.path)

    with pytest.raises(UnreadableError, match="not an ordinary file"):
        read_bytes(file, _MAX_BYTES)


def test_a_file_that_grew_beyond_the_limit_is_not_read(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"x")
    (file,) = scan_documents(tmp_path, 1).files
    with file.path.open("r+b") as stream:
        stream.truncate(10**10)

    with pytest.raises(UnreadableError, match="YIJU_MAX_FILE_BYTES"):
        read_bytes(file, 1)


class _Growing(io.FileIO):
    """A file that somebody appends to as often as it is read, so many times."""

    times = 0

    def read(self, size=-1):
        data = super().read(size)
        if _Growing.times:
            _Growing.times -= 1
            with open(self.name_of_it, "ab") as other:  # noqa: PTH123 - as somebody else would
                other.write(b"more")
        return data


@pytest.mark.parametrize("times", [0, 1, 2])
def test_a_file_that_changes_while_it_is_read_is_read_twice_then_left(times, tmp_path, monkeypatch):
    (tmp_path / "a.txt").write_bytes(b"begin ")
    (file,) = scan_documents(tmp_path, _MAX_BYTES).files
    _Growing.name_of_it = file.path
    _Growing.times = times
    monkeypatch.setattr(os, "fdopen", _Growing)

    if times < 2:
        assert read_bytes(file, _MAX_BYTES) == b"begin " + b"more" * times
    else:
        with pytest.raises(UnreadableError, match="changed while it was read"):
            read_bytes(file, _MAX_BYTES)


def test_a_file_is_not_read_in_the_instant_it_changed(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"new")
    (file,) = scan_documents(tmp_path, _MAX_BYTES).files

    assert read_bytes(file, _MAX_BYTES) == b"new"
    assert time.time_ns() - path.stat().st_mtime_ns >= 20_000_000


def test_a_file_from_the_future_is_read_at_once(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"new")
    os.utime(path, ns=(2**62, 2**62))
    (file,) = scan_documents(tmp_path, _MAX_BYTES).files

    assert read_bytes(file, _MAX_BYTES) == b"new"


def test_a_missing_folder_is_named_with_what_to_do(tmp_path):
    missing = tmp_path / "nowhere"

    with pytest.raises(IndexMissingError, match=r"nowhere.*--documents"):
        scan_documents(missing, _MAX_BYTES)


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "a.txt").write_text("x")

    with pytest.raises(IndexMissingError, match=r"a\.txt"):
        scan_documents(tmp_path / "a.txt", _MAX_BYTES)


def test_an_empty_folder_has_neither_files_nor_problems(tmp_path):
    assert _scan(tmp_path) == ([], {})


def test_the_corpus_is_found_whole(corpus_dir, tmp_path):
    folder = shutil.copytree(corpus_dir, tmp_path / "corpus")
    expected = sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.suffix in {".txt", ".md"}
    )

    files, problems = _scan(folder)

    assert files == expected
    assert problems == {}


def test_a_stray_zero_byte_does_not_turn_a_text_into_another_encoding():
    data = b"The lease of the branch library ends on 30 June 2026.\n" * 20 + b"\x00!"

    text, encoding = decode(data)

    assert encoding == "utf-8"
    assert text == data.decode()


def test_a_heading_with_a_long_gap_is_read_in_no_time():
    text = "# a" + " " * 20_000 + "b ##  \n\nBody."

    (heading,) = extract_markdown(text.encode()).headings

    assert heading.title.split() == ["a", "b"]


def test_a_code_block_ends_only_where_its_own_fence_does():
    text = "```\n# not\n~~~\n# nor this\n```\n# A heading\n"

    assert [h.title for h in extract_markdown(text.encode()).headings] == ["A heading"]


def test_a_file_without_text_says_so():
    assert [_load(name, b" \n").warnings for name in ("a.txt", "a.md", "a.csv", "a.jsonl")] == [
        ("It has no text.",)
    ] * 4
    assert _load("a.txt", "有".encode()).warnings == ()


def test_a_title_is_short_whatever_the_file_says():
    title = _load("a.md", f"# {'题' * 5000}\n\n文。".encode()).document.title

    assert title == "题" * 200 + "…"


def test_a_rule_across_the_page_is_no_heading():
    assert _load("a.txt", "甲。\n\n****\n\n乙。".encode()).document.headings == ()
    assert _load("a.md", "# **\n甲。".encode()).document.headings == ()


def test_utf_8_with_zero_bytes_is_not_read_as_utf_16():
    with pytest.raises(DocumentError, match="binary file"):
        _load("a.txt", "会议纪要。\x00大会召开。".encode() * 20)


def test_a_text_of_nothing_but_line_ends_takes_little_memory():
    tracemalloc.start()
    try:
        _load("a.txt", b"\n" * 200_000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 5_000_000


def test_a_text_of_nothing_but_short_lines_has_no_headings_but_the_numbered():
    text = "第一章 总则\n\n" + "甲\n\n" * 100_001

    headings = extract_text(text.encode()).headings

    assert [heading.title for heading in headings] == ["第一章 总则"]
