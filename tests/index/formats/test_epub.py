import io
import zipfile
from collections.abc import Mapping

import pytest

from index.errors import DocumentError
from index.formats import epub_package
from index.formats.epub import extract_epub
from index.formats.extraction import Extraction
from tests.index.formats.mutations import assert_sound, assert_survives, mutations

_CONTAINER = (
    '<?xml version="1.0"?><container xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
    '<rootfiles><rootfile full-path="OPS/book.opf"/></rootfiles></container>'
)
_OPF = """<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>山中
 手记</dc:title>{metadata}</metadata>
<manifest>
<item id="nav" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/>
<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>
<item id="two" href="text/two.xhtml" media-type="application/xhtml+xml"/>
<item id="one" href="text/one%20a.xhtml" media-type="application/xhtml+xml"/>
<item id="cover" href="cover.xhtml" media-type="application/xhtml+xml"/>
<item id="picture" href="a.svg" media-type="image/svg+xml"/>
</manifest>
<spine toc="ncx">{spine}</spine></package>"""
_SPINE = '<itemref idref="cover"/><itemref idref="one"/><itemref idref="two"/>'
_ONE = """<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head><body>
<h1>第一章 上山</h1><p>清晨六点，我们从北门出发。</p>
<h2>水源</h2><p>泉眼在第二个亭子后面。</p></body></html>"""
_TWO = """<html xmlns="http://www.w3.org/1999/xhtml"><body><p>下山比上山更难。</p></body></html>"""
_LONG = "<p>" + "a" * 5_000_000
_NAV = """<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"><body>
<nav epub:type="toc"><ol><li><a href="text/one%20a.xhtml">上山</a>
<ol><li><a href="text/two.xhtml#top">下山</a></li></ol></li></ol></nav></body></html>"""
_NCX = """<?xml version="1.0"?>
<!DOCTYPE ncx PUBLIC "-//NISO//DTD ncx 2005-1//EN" "http://www.daisy.org/z3986/2005/ncx-2005-1.dtd">
<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><docTitle><text>山中手记</text></docTitle><navMap>
<navPoint><navLabel><text>上山</text></navLabel><content src="text/one%20a.xhtml"/>
<navPoint><navLabel><text>旧目录的下山</text></navLabel><content src="text/two.xhtml"/></navPoint>
</navPoint></navMap></ncx>"""


def _book(changes: Mapping[str, str | bytes | None] | None = None, *, spine: str = _SPINE) -> bytes:
    files: dict[str, str | bytes | None] = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": _CONTAINER,
        "OPS/book.opf": _OPF.format(spine=spine, metadata=""),
        "OPS/nav.xhtml": _NAV,
        "OPS/toc.ncx": _NCX,
        "OPS/cover.xhtml": "<html><body><img src='cover.jpg' alt='cover'/></body></html>",
        "OPS/text/one a.xhtml": _ONE,
        "OPS/text/two.xhtml": _TWO,
        **(changes or {}),
    }
    return _zip({name: content for name, content in files.items() if content is not None})


def _zip(files: Mapping[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def _with_size(data: bytes, size: int) -> bytes:
    """Give the long part another size in both of its headers."""
    true = len(_LONG).to_bytes(4, "little")
    assert data.count(true) == 2
    return data.replace(true, size.to_bytes(4, "little"))


def _read(data: bytes) -> Extraction:
    extraction = extract_epub(data)
    assert_sound(extraction)
    return extraction


def test_chapters_follow_the_spine_with_their_headings() -> None:
    extraction = _read(_book())
    assert extraction.text == (
        "第一章 上山\n\n清晨六点，我们从北门出发。\n\n水源\n\n泉眼在第二个亭子后面。\n\n"
        "下山比上山更难。"
    )
    assert extraction.title == "山中 手记"
    assert extraction.media_type == "application/epub+zip"
    assert extraction.warnings == ()
    assert [(h.level, h.title, h.span.of(extraction.text)) for h in extraction.headings] == [
        (2, "第一章 上山", "第一章 上山"),
        (3, "水源", "水源"),
        (3, "下山", ""),  # only the table of contents has it
    ]
    assert extraction.text[extraction.headings[2].span.start :] == "下山比上山更难。"


def test_old_table_of_contents_serves_where_there_is_no_new_one() -> None:
    titles = [heading.title for heading in _read(_book({"OPS/nav.xhtml": None})).headings]
    assert titles == ["第一章 上山", "水源", "旧目录的下山"]


def test_contents_that_the_part_begins_with_are_its_heading() -> None:
    two = "<html><body><p>下山</p><p>路滑。</p></body></html>"
    extraction = _read(_book({"OPS/text/two.xhtml": two}))
    assert extraction.headings[-1].span.of(extraction.text) == "下山"


def test_damaged_contents_only_cost_their_titles() -> None:
    extraction = _read(_book({"OPS/nav.xhtml": None, "OPS/toc.ncx": "<ncx"}))
    assert [heading.title for heading in extraction.headings] == ["第一章 上山", "水源"]


def test_missing_part_is_named_and_the_others_are_read() -> None:
    extraction = _read(_book({"OPS/text/two.xhtml": None}))
    assert extraction.text.endswith("泉眼在第二个亭子后面。")
    assert extraction.warnings == ("1 of 3 parts cannot be read: 'OPS/text/two.xhtml'.",)


def test_part_in_another_encoding_is_read() -> None:
    two = ('<?xml version="1.0" encoding="gb2312"?>' + _TWO).encode("gb18030")
    assert _read(_book({"OPS/text/two.xhtml": two})).text.endswith("下山比上山更难。")


def test_book_of_pictures_says_so() -> None:
    picture = '<itemref idref="cover"/><itemref idref="picture"/><itemref idref="two"/>'
    assert _read(_book(spine=picture)).warnings == (
        "2 of 3 parts have no text: are they pictures?",
    )
    fixed = '<meta property="rendition:layout">pre-paginated</meta>'
    opf = _OPF.format(spine=_SPINE, metadata=fixed)
    assert _read(_book({"OPS/book.opf": opf})).warnings == (
        "1 of 3 parts have no text: are they pictures?",
    )


def test_part_named_twice_is_read_once() -> None:
    assert _read(_book(spine=_SPINE + '<itemref idref="two"/>')).text.count("下山比") == 1


def _encryption(path: str) -> str:
    return (
        '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" '
        'xmlns:e="http://www.w3.org/2001/04/xmlenc#"><e:EncryptedData><e:CipherData>'
        f'<e:CipherReference URI="{path}"/></e:CipherData></e:EncryptedData></encryption>'
    )


def test_protected_book_is_refused_but_protected_fonts_are_not_its_text() -> None:
    name = "META-INF/encryption.xml"
    with pytest.raises(DocumentError, match="DRM"):
        extract_epub(_book({name: _encryption("OPS/text/one%20a.xhtml")}))
    assert _read(_book({name: _encryption("OPS/fonts/a.otf")})).text


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(b"", "not an EPUB", id="empty"),
        pytest.param(b"PK\x03\x04 and no more", "not an EPUB", id="cut off"),
        pytest.param(_zip({"word/document.xml": "<w/>"}), "not an EPUB", id="another package"),
        pytest.param(_book({"META-INF/container.xml": "<a/>"}), "not an EPUB", id="no root"),
        pytest.param(_book({"OPS/book.opf": None}), "missing", id="no package document"),
        pytest.param(_book({"OPS/book.opf": "<package"}), "not XML", id="damaged package"),
        pytest.param(_book(spine='<itemref idref="two"/>')[:900], "not an EPUB", id="no end"),
        pytest.param(
            _book({"OPS/text/two.xhtml": None}, spine='<itemref idref="two"/>'),
            "missing",
            id="no part can be read",
        ),
        pytest.param(
            _book({"OPS/book.opf": '<!DOCTYPE a [<!ENTITY b "' + "c" * 99 + '">]><a>&b;</a>'}),
            "entities",
            id="entities",
        ),
    ],
)
def test_what_is_no_book_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(DocumentError, match=message):
        extract_epub(data)


def test_book_without_parts_says_so() -> None:
    assert _read(_book(spine="")).warnings == ("It names no parts to read.",)


def test_bomb_is_refused_before_it_is_unpacked() -> None:
    data = _with_size(_book({"OPS/text/two.xhtml": _LONG}), 2_000_000_000)
    with pytest.raises(DocumentError, match="unpacks to more than"):
        extract_epub(data)


def test_archive_of_countless_parts_is_refused_before_it_is_listed() -> None:
    with pytest.raises(DocumentError, match="more than 100,000 parts"):
        extract_epub(b"PK\x01\x02" * 100_001)


def test_sizes_that_lie_do_not_help_a_bomb() -> None:
    lied = _with_size(_book({"OPS/text/two.xhtml": _LONG}), 50)
    assert "cannot be read" in _read(lied).warnings[0]


def test_links_that_lead_outside_find_nothing() -> None:
    for link in ("../../../etc/passwd", "/etc/passwd", "file:///etc/passwd", "http://[x"):
        opf = _OPF.format(spine=_SPINE, metadata="").replace("text/two.xhtml", link)
        assert "1 of 3 parts cannot be read" in _read(_book({"OPS/book.opf": opf})).warnings[0]
    assert epub_package.resolve("OPS/a.opf", "../b/c.html#d") == "b/c.html"


_TAGS = (b"<itemref idref='two'/>", b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"</item>", b"&nbsp;")


def test_damaged_books_are_read_or_refused() -> None:
    whole = _book()
    assert_survives(extract_epub, mutations(whole, 300, (b"PK\x01\x02", b"\xff" * 4)))
    damaged_opf = mutations(_OPF.format(spine=_SPINE, metadata="").encode("utf-8"), 150, _TAGS)
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        files: dict[str, str | bytes] = {name: archive.read(name) for name in archive.namelist()}
    books = (_zip({**files, "OPS/book.opf": opf}) for opf in damaged_opf)
    assert assert_survives(extract_epub, books) > 10
