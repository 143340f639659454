import threading
from dataclasses import replace

import pytest

from index.datatypes import Span
from index.errors import DocumentError, UnreadableError
from index.formats.pdf import extract_pdf
from index.formats.registry import Loader
from index.loading import hash_bytes
from index.originals import ChangedError, Original, Originals
from index.settings import IndexSettings
from tests.index.formats.pdf_files import lines, make_pdf

SENTENCE = "粮仓存有三百石稻谷。"


@pytest.fixture(scope="module")
def originals():
    opened = Originals()
    yield opened
    opened.close()


@pytest.fixture
def original(tmp_path):
    data = make_pdf(lines("封面。"), lines(SENTENCE))
    (tmp_path / "卷宗").mkdir()
    (tmp_path / "卷宗" / "账册.pdf").write_bytes(data)
    return Original(tmp_path, "卷宗/账册.pdf", hash_bytes(data))


def test_a_page_is_drawn_and_its_words_are_found_on_it(originals, original):
    picture = originals.draw(original, 2)
    layout = originals.find_boxes(original, 2, SENTENCE, [Span(0, 2), Span(4, 7)])

    assert picture.startswith(b"\x89PNG")
    (first,), (second,) = layout.boxes
    assert 0 < first.left < first.right < second.left < second.right < 1
    assert first.top < second.bottom
    assert second.top < first.bottom
    data = (original.documents_dir / original.source).read_bytes()
    assert extract_pdf(data).text.endswith(SENTENCE)


@pytest.mark.parametrize("number", [0, 3, 10**9])
def test_a_page_that_is_not_there_is_refused_and_the_next_is_drawn(originals, original, number):
    with pytest.raises(DocumentError):
        originals.draw(original, number)

    assert originals.draw(original, 1)


def test_a_file_that_was_edited_is_not_shown(originals, original):
    path = original.documents_dir / original.source
    path.write_bytes(path.read_bytes() + b"\n")

    with pytest.raises(ChangedError, match="edited"):
        originals.draw(original, 1)
    with pytest.raises(ChangedError, match="edited"):
        originals.find_boxes(original, 1, "", [])


def test_a_file_that_is_gone_is_not_shown(originals, original):
    (original.documents_dir / original.source).unlink()

    with pytest.raises(ChangedError, match="cannot be read"):
        originals.draw(original, 1)


def test_nothing_outside_the_documents_folder_is_read(originals, original, tmp_path):
    inside = tmp_path / "卷宗"
    data = (tmp_path / original.source).read_bytes()
    (tmp_path / "x.pdf").write_bytes(data)
    (inside / "link.pdf").symlink_to(tmp_path / "x.pdf")

    for source in ("../x.pdf", str(tmp_path / "x.pdf"), "link.pdf", "a/../../x.pdf"):
        with pytest.raises(ChangedError, match="not in the documents' folder"):
            originals.draw(Original(inside, source, original.sha256), 1)


def test_what_is_no_pdf_is_refused(originals, original):
    (original.documents_dir / original.source).write_bytes(b"%PDF-1.7 nonsense")

    with pytest.raises(DocumentError, match="damaged"):
        originals.draw(replace(original, sha256=hash_bytes(b"%PDF-1.7 nonsense")), 1)


def test_a_page_that_never_ends_is_stopped_and_the_next_is_drawn(original, monkeypatch):
    originals = Originals(IndexSettings(max_file_seconds=1))
    hanging = Loader("tests.index.misbehaving", "hang_with_arguments")
    try:
        with monkeypatch.context() as patch:
            patch.setattr("index.originals._PICTURE", hanging)
            with pytest.raises(DocumentError, match="took longer"):
                originals.draw(original, 1)
        assert originals.draw(original, 1)
    finally:
        originals.close()


@pytest.mark.parametrize("function", ["give_no_picture", "give_no_frame"])
def test_a_worker_that_talks_nonsense_is_not_believed(original, monkeypatch, function):
    originals = Originals()
    try:
        monkeypatch.setattr("index.originals._PICTURE", Loader("tests.index.misbehaving", function))
        with pytest.raises(DocumentError):
            originals.draw(original, 1)
    finally:
        originals.close()


def test_the_worker_ends_when_nobody_looks_at_pages(original, monkeypatch):
    monkeypatch.setattr("index.originals._IDLE_S", 0.05)
    originals, ended = Originals(), threading.Event()
    close = originals.close
    monkeypatch.setattr(originals, "close", lambda: (close(), ended.set()))

    originals.draw(original, 1)

    assert ended.wait(20)
    assert originals._worker.pid is None


def test_pages_that_wait_too_long_for_others_are_refused(originals, original, monkeypatch):
    monkeypatch.setattr("index.originals._WAIT_S", 0.01)
    with originals._lock, pytest.raises(UnreadableError, match="try again"):
        originals.draw(original, 1)
