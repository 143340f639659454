"""PDF files, written object by object, that loop, lie, claim too much or try to act."""

import zlib
from collections.abc import Mapping

from tests.hostile.crafted import INDEXED, Crafted, of, scaled
from tests.index.formats.pdf_files import lines, make_pdf

_MB = 1 << 20
_FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
_RESOURCES = b"/Resources<</Font<</F1 4 0 R>>/XObject<</X 6 0 R>>>>/MediaBox[0 0 300 400]"
_WORDS = b"BT /F1 12 Tf 30 300 Td (The ferry leaves at nine.) Tj ET"
_ANY = f"damaged|crashed|longer|memory|pages|characters|{INDEXED}"


def pdfs(factor: int) -> list[Crafted]:
    """List crafted PDF files.

    :param factor: How much smaller than in full size.
    """
    many = scaled(1_000_000, factor)
    kids = b" ".join(b"%d 0 R" % n for n in range(10, 10 + scaled(99_000, factor)))
    page = b"<</Type/Page/Parent 2 0 R" + _RESOURCES + b"/Contents 5 0 R>>"
    swarm = dict.fromkeys(range(10, 10 + scaled(99_000, factor)), page)
    nest = b"[" * many + b"]" * many
    return [
        of("档/页环.pdf", lambda: _pdf({2: b"<</Type/Pages/Kids[2 0 R 3 0 R]/Count 2>>"}), _ANY),
        of("档/父环.pdf", lambda: _pdf({3: b"<</Type/Page/Parent 3 0 R/Contents 5 0 R>>"}), _ANY),
        of(
            "档/十亿页.pdf",
            lambda: _pdf({2: b"<</Type/Pages/Kids[3 0 R]/Count 1000000000>>"}),
            _ANY,
        ),
        of("档/负页.pdf", lambda: _pdf({2: b"<</Type/Pages/Kids[3 0 R]/Count -1>>"}), _ANY),
        of(
            "档/谎页.pdf",
            lambda: _pdf({2: b"<</Type/Pages/Kids[3 0 R]/Count %d>>" % scaled(99_999, factor)}),
            _ANY,
        ),
        of(
            "档/十万页.pdf",
            lambda: _pdf({2: b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, len(swarm)), **swarm}),
            _ANY,
        ),
        of(
            "档/自调.pdf",
            lambda: _pdf({5: _stream(_WORDS + b" /X Do"), 6: _form(b"/X Do " + _WORDS)}),
            _ANY,
        ),
        of("档/倍调.pdf", lambda: _doubling(scaled(1 << 24, factor**2).bit_length() - 1), _ANY),
        of("档/大图.pdf", lambda: _picture(100_000, 100_000), _ANY),
        of("档/大页.pdf", lambda: _pdf({3: page.replace(b"0 0 300 400", b"0 0 1e9 1e9")}), _ANY),
        of(
            "档/脚本.pdf",
            lambda: _pdf(
                {
                    1: _catalog(
                        b"/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>"
                        b"/AA<</WC<</S/Launch/F(/bin/sh)>>>>"
                        b"/Names<</EmbeddedFiles<</Names[(a)<</Type/Filespec/F(a.exe)>>]>>>>"
                    )
                }
            ),
            INDEXED,
        ),
        of(
            "档/启动.pdf",
            lambda: _pdf(
                {
                    1: _catalog(
                        b"/OpenAction<</S/Launch/F<</F(/usr/bin/touch)>>/P(/tmp/yiju-launched)>>"
                    )
                }
            ),
            INDEXED,
        ),
        of(
            "档/网.pdf",
            lambda: _pdf(
                {1: b"<</Type/Catalog/Pages 2 0 R/OpenAction<</S/URI/URI(http://192.0.2.1/)>>>>"}
            ),
            INDEXED,
        ),
        of("档/口令.pdf", lambda: make_pdf(lines("Secret."), password="abc"), "password"),
        of(
            "档/流弹.pdf",
            lambda: _pdf({5: _packed(b"q Q ", _MB * scaled(2048, factor) // 4)}),
            _ANY,
        ),
        of(
            "档/字弹.pdf",
            lambda: _pdf(
                {5: _packed(b"BT /F1 12 Tf (words words words) Tj ET ", scaled(6 * _MB, factor))}
            ),
            _ANY,
        ),
        of("档/套弹.pdf", lambda: _pdf({5: _twice(b" " * (64 * _MB // min(factor, 64)))}), _ANY),
        of("档/深组.pdf", lambda: _pdf({7: nest}), _ANY),
        of("档/深内容.pdf", lambda: _pdf({5: _stream(b"[" * many + _WORDS)}), _ANY),
        of("档/深q.pdf", lambda: _pdf({5: _stream(b"q " * many + _WORDS)}), _ANY),
        of(
            "档/书签环.pdf",
            lambda: _pdf(
                {
                    1: b"<</Type/Catalog/Pages 2 0 R/Outlines 8 0 R>>",
                    8: b"<</First 9 0 R/Last 9 0 R/Count 9>>",
                    9: b"<</Title(Loop)/Parent 8 0 R/First 9 0 R/Next 9 0 R/Dest[3 0 R/Fit]>>",
                }
            ),
            INDEXED,
        ),
        of(
            "档/对象流环.pdf",
            lambda: _pdf({7: _stream(b"7 0 <<>>", b"/Type/ObjStm/N 1/First 4/Extends 7 0 R")}),
            _ANY,
        ),
        of("档/前环.pdf", lambda: _pdf({}, trailer=b"/Prev 9"), _ANY),
        of(
            "档/长度.pdf",
            lambda: _pdf({5: b"<</Length 99999999999>>stream\n" + _WORDS + b"\nendstream"}),
            _ANY,
        ),
        of("档/表大.pdf", lambda: _pdf({}, trailer=b"/Size 2147483647"), _ANY),
        of(
            "档/滤镜.pdf",
            lambda: _pdf(
                {
                    5: b"<</Length 9/Filter["
                    + b"/FlateDecode " * scaled(100_000, factor)
                    + b"]>>stream\nx\nendstream"
                }
            ),
            _ANY,
        ),
        of(
            "档/叠字.pdf",
            lambda: _pdf({5: _stream(_WORDS.replace(b"30 300", b"0 0") * scaled(50_000, factor))}),
            _ANY,
        ),
        of("档/散字.pdf", lambda: _pdf({5: _scattered(scaled(30_000, factor))}), _ANY),
        of("档/残.pdf", lambda: _pdf({})[:300], "damaged"),
        of("档/头.pdf", lambda: b"%PDF-1.7\n" + b"\x00" * scaled(8 * _MB, factor), "damaged"),
        of("档/假.pdf", lambda: "<html><p>不是 PDF。</p></html>", "damaged"),
    ]


def _pdf(changed: Mapping[int, bytes], trailer: bytes = b"") -> bytes:
    """Write a file of one page, some of its objects being others."""
    objects = {
        1: b"<</Type/Catalog/Pages 2 0 R>>",
        2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        3: b"<</Type/Page/Parent 2 0 R" + _RESOURCES + b"/Contents 5 0 R>>",
        4: _FONT,
        5: _stream(_WORDS),
        **changed,
    }
    out = bytearray(b"%PDF-1.7\n")
    offsets = {}
    for number, body in objects.items():
        offsets[number] = len(out)
        out += b"%d 0 obj" % number + body + b"endobj\n"
    start, most = len(out), max(objects)
    rows = (
        b"%010d 00000 n \n" % offsets[n] if n in offsets else b"0000000000 65535 f \n"
        for n in range(most + 1)
    )
    out += b"xref\n0 %d\n" % (most + 1) + b"".join(rows)
    out += b"trailer<<%s/Root 1 0 R/Size %d>>\nstartxref\n%d\n%%%%EOF" % (trailer, most + 1, start)
    return bytes(out)


def _catalog(said: bytes) -> bytes:
    return b"<</Type/Catalog/Pages 2 0 R" + said + b">>"


def _stream(content: bytes, said: bytes = b"") -> bytes:
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (said, len(content), content)


def _form(content: bytes, said: bytes = b"") -> bytes:
    return _stream(content, b"/Type/XObject/Subtype/Form/BBox[0 0 300 400]" + (said or _RESOURCES))


def _doubling(levels: int) -> bytes:
    """Write forms of which each shows the next one twice."""
    forms = {
        10 + n: _form(b"/Y Do /Y Do", b"/Resources<</XObject<</Y %d 0 R>>>>" % (11 + n))
        for n in range(levels)
    }
    last = {10 + levels: _form(_WORDS)}
    page = b"<</Type/Page/Parent 2 0 R/Resources<</XObject<</Y 10 0 R>>>>/MediaBox[0 0 300 400]"
    return _pdf({3: page + b"/Contents 5 0 R>>", 5: _stream(b"/Y Do /Y Do"), **forms, **last})


def _picture(width: int, height: int) -> bytes:
    said = b"/Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceRGB" % (width, height)
    data = zlib.compress(b"\x00" * _MB)
    picture = _stream(data, said + b"/BitsPerComponent 8/Filter/FlateDecode")
    return _pdf({5: _stream(b"300 0 0 400 0 0 cm /X Do"), 6: picture})


def _packed(unit: bytes, times: int) -> bytes:
    """Write a stream of a unit again and again, without unpacking it here."""
    block = unit * (_MB // len(unit) + 1)
    packer = zlib.compressobj(9)
    packed = packer.compress(b" ") + packer.flush(zlib.Z_FULL_FLUSH)
    part = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    n_blocks = max(1, times * len(unit) // len(block))
    return _stream(packed + part * n_blocks, b"/Filter/FlateDecode")


def _twice(content: bytes) -> bytes:
    packed = zlib.compress(zlib.compress(content, 9), 9)
    return _stream(packed, b"/Filter[/FlateDecode/FlateDecode]")


def _scattered(times: int) -> bytes:
    """Write single letters all over a page, in no order."""
    places = ((n * 7919 % 290, n * 104_729 % 390) for n in range(times))
    return _stream(b" ".join(b"BT /F1 2 Tf %d %d Td (a) Tj ET" % place for place in places))
