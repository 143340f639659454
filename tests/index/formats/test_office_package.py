import io
import struct
import tracemalloc
import zipfile

import docx
import pytest

from index.errors import DocumentError
from index.formats import office_package
from index.formats.docx import extract_docx
from index.formats.limits import MAX_PARTS, MAX_UNPACKED_BYTES
from index.formats.office_package import OfficePackage, XmlReader, whole_number
from index.formats.pptx import extract_pptx
from index.formats.xlsx import extract_xlsx
from tests.index.formats.office import part_of, repack

_MAIN = "word/document.xml"
_EXTRACTORS = [extract_docx, extract_pptx, extract_xlsx]


def _document(text: str = "会议于2月5日召开。") -> bytes:
    document = docx.Document()
    document.add_paragraph(text)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _with_size(data: bytes, name: str, size: int) -> bytes:
    """Write another unpacked size into a member's central and local headers."""
    changed = bytearray(data)
    encoded = name.encode()
    central = data.rindex(encoded) - 46
    local = data.index(encoded) - 30
    assert data[central : central + 4] == b"PK\x01\x02"
    assert data[local : local + 4] == b"PK\x03\x04"
    struct.pack_into("<I", changed, central + 24, size)
    struct.pack_into("<I", changed, local + 22, size)
    return bytes(changed)


@pytest.mark.parametrize("extract", _EXTRACTORS)
@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"%PDF-1.7", bytes(1000)])
def test_what_is_no_package_is_refused(extract, data):
    with pytest.raises(DocumentError, match="not an Office file"):
        extract(data)


@pytest.mark.parametrize("extract", _EXTRACTORS)
def test_a_file_under_a_password_says_so(extract):
    data = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le")

    with pytest.raises(DocumentError, match="protected by a password"):
        extract(data)


def test_the_old_binary_format_says_what_to_do():
    with pytest.raises(DocumentError, match="save it in the new one"):
        extract_docx(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))


def test_an_encrypted_member_says_that_there_is_a_password():
    data = bytearray(_document())
    central = bytes(data).rindex(_MAIN.encode()) - 46
    data[central + 8] |= 1

    with pytest.raises(DocumentError, match="password"):
        extract_docx(bytes(data))


@pytest.mark.parametrize("extract", [extract_pptx, extract_xlsx])
def test_another_kind_of_office_file_is_refused(extract):
    with pytest.raises(DocumentError, match="another kind"):
        extract(_document())


def test_a_bomb_is_refused_by_what_it_declares():
    with pytest.raises(DocumentError, match="unpacks to more than"):
        extract_docx(_with_size(_document(), _MAIN, MAX_UNPACKED_BYTES + 1))


def test_a_bomb_that_lies_about_its_size_is_not_unpacked():
    bomb = repack(_document(), {_MAIN: b"<" + bytes(16 << 20)})
    lying = _with_size(bomb, _MAIN, 1000)
    tracemalloc.start()
    with pytest.raises(DocumentError):
        extract_docx(lying)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 8 << 20


def test_a_part_read_again_and_again_meets_the_limit(monkeypatch):
    monkeypatch.setattr(office_package, "MAX_UNPACKED_BYTES", 2 << 20)
    data = repack(_document(), {_MAIN: b"<a>" + b" " * (900 << 10) + b"</a>"})
    package = OfficePackage(data)

    with pytest.raises(DocumentError, match="unpacks to more than"):
        for _ in range(8):
            package.parse(_MAIN, XmlReader({}))


def test_too_many_members_are_refused_before_they_are_listed():
    with pytest.raises(DocumentError, match="parts"):
        extract_docx(b"PK\x01\x02" * (MAX_PARTS + 1))


def test_entities_are_refused():
    lines = [f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10)]
    bomb = f'<!DOCTYPE x [<!ENTITY e0 "ha">{"".join(lines)}]><w:document>&e9;</w:document>'

    with pytest.raises(DocumentError, match="document type"):
        extract_docx(repack(_document(), {_MAIN: bomb.encode()}))


def test_an_external_entity_is_refused():
    bomb = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><x>&e;</x>'

    with pytest.raises(DocumentError, match="document type"):
        extract_docx(repack(_document(), {_MAIN: bomb.encode()}))


def test_an_endless_tag_is_refused():
    tag = b"<a b='" + b"x" * (20 << 20) + b"'/>"

    with pytest.raises(DocumentError, match="endless tag"):
        extract_docx(repack(_document(), {_MAIN: tag}))


def test_a_million_open_elements_do_no_harm():
    main = part_of(_document(), _MAIN).decode()
    deep = "<w:sdt>" * 1_000_000 + "</w:sdt>" * 1_000_000
    data = repack(_document(), {_MAIN: main.replace("<w:body>", "<w:body>" + deep).encode()})

    assert extract_docx(data).text == "会议于2月5日召开。"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_parts_in_other_encodings_are_read(encoding):
    main = part_of(_document(), _MAIN).decode()
    main = main[main.index("?>") + 2 :].strip()

    data = repack(_document(), {_MAIN: main.encode(encoding)})

    assert extract_docx(data).text == "会议于2月5日召开。"


def test_an_unknown_encoding_is_a_document_error():
    main = b'<?xml version="1.0" encoding="klingon"?><a/>'

    with pytest.raises(DocumentError, match="not XML"):
        extract_docx(repack(_document(), {_MAIN: main}))


@pytest.mark.parametrize("missing", [_MAIN, "_rels/.rels"])
def test_a_package_without_its_main_part_is_refused(missing):
    with pytest.raises(DocumentError, match="no main part"):
        extract_docx(repack(_document(), {missing: None}))


@pytest.mark.parametrize(
    "missing", ["word/styles.xml", "docProps/core.xml", "word/_rels/document.xml.rels"]
)
def test_other_parts_may_be_missing(missing):
    assert extract_docx(repack(_document(), {missing: None})).text == "会议于2月5日召开。"


def test_other_ways_of_packing_are_refused():
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(_document())) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name), zipfile.ZIP_LZMA)

    with pytest.raises(DocumentError, match="unpacked"):
        extract_docx(out.getvalue())


@pytest.mark.parametrize(
    ("text", "number"),
    [("7", 7), (" -3 ", -3), ("", 5), ("²", 5), ("1.5", 5), ("9" * 5000, 1 << 31), ("--1", 5)],
)
def test_a_number_in_a_file_never_fails(text, number):
    assert whole_number(text, 5) == number
