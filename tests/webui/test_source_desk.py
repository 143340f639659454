"""The desk over real documents, indexed and drawn as for a reader."""

import io
import re
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient

from index.datatypes import Span
from index.settings import IndexSettings
from rag import Answerer
from rag.federation import Federation, Member
from rag.reading import Reading
from rag.registry import Collection
from tests.index.formats.pdf_files import LONG, lines, make_pdf, wrap
from tests.webui.samples import make_answer, make_citation
from webui import page_image
from webui.datatypes import Turn
from webui.page_image import PageImages, page_image_route
from webui.source_desk import SourceDesk
from webui.source_link import link_citation, link_document, write_link
from webui.source_view import BoxKind, Note, PageNote, Target

ROWS = wrap(LONG, 400)
BOOK = [lines("清溪县年鉴", y=500, size=30), lines(*ROWS[:2], y=120), lines(*ROWS[2:]), lines()]
NOTE = "会议纪要\n\n会议于2月5日召开。\n" + "第二天休会。\n" * 20_000 + "閉會於二月九日。\n"
SHORT = "会议纪要\n\n会议于2月5日召开。\n第二天休会。\n"


class Reader:
    """A desk over a folder of its own."""

    def __init__(self, folder, images, models, note):
        (folder / "年鉴").mkdir(parents=True)
        (folder / "年鉴" / "清溪.pdf").write_bytes(make_pdf(*BOOK))
        (folder / "纪要.txt").write_text(note, "utf-8")
        self.folder = folder
        collection = Collection("", folder)
        self.answerer = Answerer.open_collection(collection, models, settings=IndexSettings())
        self.images = images
        self.desk = SourceDesk(self.answerer, images)

    def document(self, source):
        return self.answerer.document(source)

    def cite(self, source, words, highlight=""):
        document = self.document(source)
        start = document.text.index(words)
        at = document.text.index(highlight, start) if highlight else 0
        marked = Span(at, at + len(highlight)) if highlight else None
        return make_citation(document, Span(start, start + len(words)), marked)

    def open(self, *citations, index=0):
        turns = (Turn("?", make_answer(*citations)),)
        return self.desk.open(turns, {"turn": "0", "shelf": "citations", "index": str(index)})

    def act(self, view, action, value=""):
        return self.desk.act(view, {"event": "act", "action": action, "value": value})

    def follow(self, query):
        return self.desk.follow(dict(parse_qsl(query.removeprefix("?"))))


@pytest.fixture(scope="module")
def images():
    opened = PageImages()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def models():
    return Reading.load("", "")


@pytest.fixture(scope="module")
def reading(images, models, tmp_path_factory):
    return Reader(tmp_path_factory.mktemp("desk") / "documents", images, models, NOTE)


@pytest.fixture
def changing(images, models, tmp_path):
    return Reader(tmp_path / "documents", images, models, SHORT)


def kinds(view):
    return {box.kind for box in view.sheet.boxes}


# Opening.


def test_a_citation_of_a_pdf_opens_its_page_with_the_words_boxed(reading):
    view = reading.open(reading.cite("年鉴/清溪.pdf", LONG, "二〇二四年三月一日"))
    assert (view.sheet.number, view.sheet.n_pages) == (2, 4)
    assert kinds(view) == {BoxKind.QUOTE, BoxKind.WORDS}
    assert (view.note, view.page_note, view.target) == (None, None, Target.PLACE)


def test_a_quote_over_a_page_end_is_boxed_on_the_next_page_too(reading):
    view = reading.open(reading.cite("年鉴/清溪.pdf", LONG, "二〇二四年三月一日"))
    following = reading.act(view, "page", "3")
    assert following.sheet.number == 3
    assert kinds(following) == {BoxKind.QUOTE}
    assert following.opened != view.opened
    empty = reading.act(following, "page", "4")
    assert (empty.sheet.number, empty.sheet.boxes, empty.page_note) == (4, (), None)


def test_text_and_page_show_the_same_place(reading):
    view = reading.open(reading.cite("年鉴/清溪.pdf", LONG, "二〇二四年三月一日"))
    text = reading.act(view, "text")
    assert (text.sheet, text.target) == (None, Target.PLACE)
    assert reading.act(text, "page").sheet.number == 2
    third = reading.act(reading.act(view, "page", "4"), "text")
    assert third.target is Target.JUMP
    assert third.jump == reading.document("年鉴/清溪.pdf").places[3].span.start


def test_whoever_reads_as_text_goes_on_doing_so(reading):
    citation = reading.cite("年鉴/清溪.pdf", LONG, "市档案馆")
    view = reading.act(reading.open(citation, citation), "text")
    assert reading.act(view, "step", "1").sheet is None
    assert reading.act(reading.act(view, "page"), "step", "1").sheet is not None


def test_one_steps_through_citations_of_several_documents(reading):
    first = reading.cite("纪要.txt", "会议于2月5日召开。", "2月5日")
    second = reading.cite("年鉴/清溪.pdf", LONG, "市档案馆")
    view = reading.open(first, second)
    assert (view.sheet, view.document.source) == (None, "纪要.txt")
    following = reading.act(view, "step", "1")
    assert (following.document.source, following.at) == ("年鉴/清溪.pdf", 1)
    assert reading.act(following, "step", "1") is None
    assert reading.act(following, "step", "-1").citation == first


def test_a_document_of_the_list_opens_as_a_whole(reading):
    document = reading.document("年鉴/清溪.pdf")
    view = reading.desk.open((), {"event": "open", "document": document.doc_id})
    assert (view.document, view.citation, view.note) == (document, None, None)
    assert view.sheet.number == 1


@pytest.mark.parametrize(
    ("data", "note"),
    [
        *((None, Note.STALE_LINK), (7, Note.STALE_LINK), ({}, Note.STALE_LINK)),
        ({"turn": "7", "shelf": "citations", "index": "0"}, Note.STALE_LINK),
        ({"document": ["00ff"]}, Note.STALE_LINK),
        ({"document": "unknown"}, Note.GONE),
        ({"document": "../纪要.txt"}, Note.GONE),
        ({"document": "纪要.txt", "collection": "没有"}, Note.GONE),
    ],
)
def test_what_cannot_be_opened_is_told_in_words(reading, data, note):
    view = reading.desk.open((), data)
    assert (view.document, view.note) == (None, note)


# The controls.


@pytest.mark.parametrize(
    "data",
    [
        *(None, {}, {"action": "step"}, {"action": ["step"], "value": "1"}),
        *({"action": name, "value": "1"} for name in ("", "__init__", "open", "step", "match")),
        *({"action": "page", "value": value} for value in ("0", "5", "-1", "x", "9" * 5000)),
        *({"action": "jump", "value": value} for value in ("-1", "9999999", "", "nan")),
        {"action": "page", "value": 2},
    ],
)
def test_what_makes_no_sense_changes_nothing(reading, data):
    view = reading.open(reading.cite("年鉴/清溪.pdf", LONG))
    assert reading.desk.act(view, data) is None
    assert reading.desk.act(None, data) is None


def test_words_are_found_in_the_whole_of_a_long_document(reading):
    view = reading.open(reading.cite("纪要.txt", "会议于2月5日召开。"))
    assert view.shown.end < len(NOTE)
    found = reading.act(view, "find", "闭会")
    assert found.target is Target.FOUND
    (span,) = found.found.spans
    assert span.of(NOTE) == "閉會"
    assert found.shown.start <= span.start < found.shown.end
    assert reading.act(found, "find", " ").found is None


def test_matches_are_gone_through_in_a_circle(reading):
    view = reading.act(reading.open(reading.cite("纪要.txt", "会议于2月5日召开。")), "find", "会")
    count = len(view.found.spans)
    assert view.found.spans[view.found.current].start >= view.citation.span.start
    assert count > 2
    before = reading.act(view, "match", "-1")
    assert before.found.current == (view.found.current - 1) % count
    assert reading.act(before, "match", "1").found.current == view.found.current
    last = replace(view, found=replace(view.found, current=count - 1))
    assert reading.act(last, "match", "1").found.current == 0


def test_what_was_found_in_a_pdf_is_boxed_on_its_page(reading):
    view = reading.open(reading.cite("年鉴/清溪.pdf", "清溪县年鉴"))
    found = reading.act(view, "find", "檔案")
    assert found.sheet.number == 2
    assert BoxKind.CURRENT in kinds(found)
    assert found.target is Target.FOUND


def test_what_is_not_found_leaves_the_view_where_it_is(reading):
    view = reading.open(reading.cite("年鉴/清溪.pdf", LONG))
    found = reading.act(view, "find", "没有的词")
    assert found.found.spans == ()
    assert (found.sheet, found.target) == (view.sheet, view.target)


def test_a_long_document_is_gone_through_up_and_down(reading):
    view = reading.open(reading.cite("纪要.txt", "会议于2月5日召开。"))
    below = reading.act(view, "later")
    assert (below.shown.start, below.target) == (view.shown.end, Target.START)
    above = reading.act(below, "earlier")
    assert (above.shown.end, above.target) == (below.shown.start, Target.END)


def test_the_outline_leads_to_a_heading(reading):
    view = reading.open(reading.cite("年鉴/清溪.pdf", LONG))
    assert reading.act(view, "jump", "0").sheet.number == 1
    text = reading.act(reading.act(view, "text"), "jump", "0")
    assert (text.target, text.jump, text.sheet) == (Target.JUMP, 0, None)


# The file on disk.


def test_of_a_pdf_edited_since_the_text_is_shown_and_why(changing):
    path = changing.folder / "年鉴" / "清溪.pdf"
    path.write_bytes(make_pdf(*BOOK[:2]))
    view = changing.open(changing.cite("年鉴/清溪.pdf", LONG))
    assert (view.sheet, view.page_note) == (None, PageNote.FILE_CHANGED)
    assert view.citation.span.of(view.document.text) == LONG


def test_a_document_that_left_the_index_is_told(changing):
    citation = changing.cite("年鉴/清溪.pdf", LONG)
    (changing.folder / "年鉴" / "清溪.pdf").unlink()
    changing.answerer.refresh()
    assert changing.open(citation).note is Note.GONE


# Links.


def test_a_link_opens_the_same_view_as_the_click(reading):
    for source, words, marked in (
        ("年鉴/清溪.pdf", LONG, "二〇二四年三月一日"),
        ("纪要.txt", "会议于2月5日召开。", "2月5日"),
    ):
        citation = reading.cite(source, words, marked)
        clicked = reading.open(citation)
        linked = reading.follow(write_link(link_citation(citation, clicked.document)))
        assert linked.citation.span == citation.span
        assert linked.citation.highlight == citation.highlight
        assert (linked.sheet, linked.shown, linked.note) == (clicked.sheet, clicked.shown, None)


def test_a_link_survives_edits(changing):
    citation = changing.cite("纪要.txt", "会议于2月5日召开。", "2月5日")
    link = write_link(link_citation(citation, changing.document("纪要.txt")))
    (changing.folder / "纪要.txt").write_text("新的开头。\n" + SHORT, "utf-8")
    changing.answerer.refresh()
    view = changing.follow(link)
    assert view.note is Note.MOVED
    assert view.citation.quote == citation.quote
    assert view.citation.words == "2月5日"
    assert view.citation.span.start == citation.span.start + len("新的开头。\n")


def test_a_link_survives_a_new_name_of_the_file(changing):
    citation = changing.cite("纪要.txt", "会议于2月5日召开。", "2月5日")
    link = write_link(link_citation(citation, changing.document("纪要.txt")))
    (changing.folder / "纪要.txt").rename(changing.folder / "年鉴" / "会议.txt")
    changing.answerer.refresh()
    view = changing.follow(link)
    assert (view.note, view.document.source) == (Note.RENAMED, "年鉴/会议.txt")
    assert view.citation.words == "2月5日"


@pytest.mark.parametrize(
    "query", ["", "?doc=", "?hash=00", "?doc=没有.txt", "?doc=../../etc/passwd", "?doc=%00"]
)
def test_a_link_to_nothing_says_so(reading, query):
    view = reading.follow(query)
    assert view.document is None
    assert view.note in {Note.GONE, Note.STALE_LINK}


def test_a_link_leads_into_its_own_collection(reading, changing):
    (changing.folder / "纪要.txt").write_text("另一份纪要。\n", "utf-8")
    changing.answerer.refresh()
    members = []
    for name, one in (("甲", reading), ("乙", changing)):
        one.answerer.collection = name
        folder = Collection(name, one.folder, one.answerer.index_dir)
        members.append(Member(folder, one.answerer))
    try:
        desk = SourceDesk(Federation(members, lambda *_: None), reading.images)
        for name, text in (("甲", NOTE), ("乙", "另一份纪要。\n")):
            link = write_link(link_document(reading.document("纪要.txt"), name))
            view = desk.follow(dict(parse_qsl(link[1:])))
            assert (view.collection, view.document.text) == (name, text)
    finally:
        reading.answerer.collection = ""


# Pictures.


@pytest.fixture(scope="module")
def client(reading):
    route = page_image_route(reading.answerer, reading.images)
    with TestClient(Starlette(routes=[route])) as client:
        yield client


def address_of(reading, number=2):
    view = reading.open(reading.cite("年鉴/清溪.pdf", LONG))
    return re.sub(r"page=\d+", f"page={number}", "/" + view.sheet.address)


def test_the_address_of_a_page_gives_its_picture(reading, client):
    answer = client.get(address_of(reading))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "private" in answer.headers["cache-control"]
    picture = Image.open(io.BytesIO(answer.content))
    assert abs(picture.width / picture.height - 595 / 842) < 0.01
    assert client.get(address_of(reading)).content == answer.content


@pytest.mark.parametrize(
    "change",
    [
        {"doc": "0" * 16},
        *({"doc": doc} for doc in ("", "年鉴/清溪.pdf", "../清溪.pdf", "/etc/passwd", "0" * 17)),
        *({"hash": sha} for sha in ("", "0" * 16, "a", "g" * 16, "%00")),
        *({"page": page} for page in ("", "0", "-1", "1.5", "9999999", "٣", "x")),
        {"collection": "没有"},
    ],
)
def test_an_address_of_no_page_gives_nothing_of_the_machine(reading, client, change):
    parts = dict(parse_qsl(urlsplit(address_of(reading)).query, keep_blank_values=True))
    answer = client.get("/page-image", params=parts | change)
    assert answer.status_code == 404
    assert answer.text == "There is no such page."


def test_a_page_beyond_the_last_is_refused(reading, client):
    answer = client.get(address_of(reading, 5))
    assert (answer.status_code, answer.text) == (503, "This page cannot be drawn.")


def test_only_the_latest_pictures_are_kept(reading, monkeypatch):
    images = PageImages()
    drawn = []
    monkeypatch.setattr(
        images._originals, "draw", lambda *asked: (drawn.append(asked[1]), b"x" * 40)[1]
    )
    monkeypatch.setattr(page_image, "_CACHED_BYTES", 100)
    for number in (1, 2, 1, 3, 1, 2):
        images.draw(page_image.Original(reading.folder, "年鉴/清溪.pdf", "00"), number)
    assert drawn == [1, 2, 3, 2]
    images.close()
