"""Office files and books that are bombs, lie about themselves or never end."""

from tests.hostile.crafted import INDEXED, Crafted, of, scaled
from tests.hostile.samples import pack, samples, unpack
from tests.hostile.zips import Member, archive, member, repeated

_GB = 1 << 30
_MB = 1 << 20
_HEAD = (
    '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>'
)
_TAIL = "</w:body></w:document>"
_LAUGHS = "<!DOCTYPE l [<!ENTITY a0 'ha'>{}]>".format(
    "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 11))
)
_OUTSIDE = "<!DOCTYPE l [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"
_TOO_LARGE = "unpacks to more than"
_DOCTYPE = "document type|entities"
_BROKEN = "damaged|not an Office|not an EPUB"


def offices(factor: int) -> list[Crafted]:
    """List crafted Office files and books.

    :param factor: How much smaller than in full size.
    """
    return [
        *_bombs(factor),
        *_lies(factor),
        *_entities(),
        *_deep(factor),
        *_sheets(factor),
        *_macros(),
    ]


def docx(body: str, **parts: str | bytes) -> bytes:
    """Write a Word document with a body of its own."""
    base = {name: part for name, part in _base("docx").items() if "footnotes" not in name}
    return pack({**base, "word/document.xml": _HEAD + body + _TAIL, **parts})


def _base(name: str) -> dict[str, bytes]:
    return unpack(samples()[name][-1])


def _members(name: str, without: str) -> list[Member]:
    return [member(key, part) for key, part in _base(name).items() if key != without]


def _bombs(factor: int) -> list[Crafted]:
    main = "word/document.xml"

    def huge(
        unit: str, n_bytes: int, head: str = "<w:p><w:r><w:t>", tail: str = "</w:t></w:r></w:p>"
    ):
        block = (unit * (_MB // len(unit.encode()))).encode()
        times = max(1, n_bytes // len(block))
        bomb = repeated(
            main, block, times, head=(_HEAD + head).encode(), tail=(tail + _TAIL).encode()
        )
        return archive([*_members("docx", main), bomb])

    def overlapping() -> bytes:
        kernel = member("a", b"0" * 20_000)
        entries = [Member(f"f{n}", kernel.packed, 20_000, kernel.crc) for n in range(3)]
        copies = [
            Member(f"c{n}", b"", 20_000, kernel.crc, at=0) for n in range(scaled(60_000, factor))
        ]
        return archive([*entries, *copies])

    def nested() -> bytes:
        inner = pack({"0.dll": b"\x00" * _MB})
        for _ in range(4):
            inner = pack({f"lib {n}.zip": inner for n in range(16)})
        return inner

    times = scaled(10 * 1024, factor, 1025)
    return [
        of("弹/10G.docx", lambda: huge("啊" * 1000, times * _MB), _TOO_LARGE),
        of("弹/10G.xlsx", lambda: _bomb_of("xlsx", "xl/worksheets/sheet1.xml", times), _TOO_LARGE),
        of("弹/10G.pptx", lambda: _bomb_of("pptx", "ppt/slides/slide1.xml", times), _TOO_LARGE),
        of("弹/10G.epub", lambda: _bomb_of("epub", "O/c.xhtml", times), _TOO_LARGE),
        of(
            "弹/字.docx",
            lambda: huge("字词 ", 900 * _MB // factor),
            f"characters|{INDEXED}",
        ),
        of(
            "弹/段.docx",
            lambda: huge("<w:p/>", 900 * _MB // factor, "", ""),
            f"paragraphs|{INDEXED}",
        ),
        of(
            "弹/空元素.docx", lambda: huge("<x/>", 900 * _MB // factor, "", ""), f"longer|{INDEXED}"
        ),
        of("弹/42.docx", nested, "not an Office file"),
        of("弹/重叠.docx", overlapping, f"{_TOO_LARGE}|not an Office file"),
        of(
            "弹/百万成员.docx",
            lambda: archive([Member(f"{n}", b"", 0) for n in range(scaled(300_000, factor))]),
            "more than 100,000 parts|not an Office file",
        ),
    ]


def _bomb_of(name: str, part: str, times: int) -> bytes:
    return archive([*_members(name, part), repeated(part, b"<x>" + b" " * (_MB - 3), times)])


def _lies(factor: int) -> list[Crafted]:
    main = "word/document.xml"
    words = (_HEAD + "<w:p><w:r><w:t>谎</w:t></w:r></w:p>" * 1000 + _TAIL).encode()
    others = _members("docx", main)
    rest = [(one.name, one) for one in others]
    evil = (
        "/etc/cron.d/x",
        "../../../../tmp/yiju-escaped",
        "C:\\x",
        "..\\..\\x",
        "a/../../b",
        "\x00",
    )

    def zip64(n_members: int) -> bytes:
        body = archive([*others, member(main, words)])
        end = body.rfind(b"PK\5\6")
        record = b"PK\6\6" + (44).to_bytes(8, "little") + b"\x2d\0\x2d\0" + bytes(8)
        record += n_members.to_bytes(8, "little") * 2 + n_members.to_bytes(8, "little") + bytes(8)
        locator = b"PK\6\7" + bytes(4) + end.to_bytes(8, "little") + b"\1\0\0\0"
        last = bytearray(body[end:])
        last[8:20] = b"\xff" * 12
        return body[:end] + record + locator + bytes(last)

    return [
        of("谎/称零.docx", lambda: archive([*others, member(main, words, size=0)]), _BROKEN),
        of("谎/称小.docx", lambda: archive([*others, member(main, words, size=99)]), _BROKEN),
        of(
            "谎/称小的弹.docx",
            lambda: archive(
                [*others, Member(main, repeated("", b" " * _MB, scaled(2048, factor)).packed, 99)]
            ),
            _BROKEN,
        ),
        of(
            "谎/称4G.docx",
            lambda: archive([*others, member(main, words, size=2**32 - 1)]),
            _TOO_LARGE,
        ),
        of("谎/校验.docx", lambda: archive([*others, member(main, words, crc=1)]), _BROKEN),
        of("谎/zip64.docx", lambda: zip64(2**63 - 1), _BROKEN),
        of("谎/zip64空.docx", lambda: zip64(0), _BROKEN),
        of("谎/计数.docx", lambda: archive([*others, member(main, words)], n_said=1), INDEXED),
        of(
            "谎/重名.docx",
            lambda: archive([member(main, b"<x"), *others, member(main, words), *others]),
            INDEXED,
        ),
        of(
            "谎/外逃.docx",
            lambda: archive([*(member(name, b"x") for name in evil), *others, member(main, words)]),
            INDEXED,
        ),
        of(
            "谎/加密成员.docx", lambda: archive([*others, member(main, words, flags=1)]), "password"
        ),
        of("谎/LZMA.docx", lambda: archive([*others, member(main, words, method=14)]), _BROKEN),
        of("谎/偏移.docx", lambda: archive([*others, member(main, words, at=2**31)]), _BROKEN),
        of(
            "谎/自指.docx",
            lambda: _links(
                dict(rest), '<Relationship Id="a" Type="/officeDocument" Target="_rels/.rels"/>'
            ),
            "another kind",
        ),
        of(
            "谎/外链.docx",
            lambda: _links(
                dict(rest),
                '<Relationship Id="a" Type="/officeDocument" '
                'TargetMode="External" Target="file:///etc/passwd"/>',
            ),
            "names no main part",
        ),
        of("谎/残.docx", lambda: samples()["docx"][0][:20_000], "not an Office file"),
        of("谎/残.epub", lambda: samples()["epub"][0][:-30], "not an EPUB"),
    ]


def _links(parts: dict, links: str) -> bytes:
    head = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    base = {name: part for name, part in _base("docx").items() if name in parts}
    return pack({**base, "_rels/.rels": f"{head}{links}</Relationships>"})


def _entities() -> list[Crafted]:
    def changed(name: str, part: str, doctype: str, use: str) -> bytes:
        parts = _base(name)
        text = parts[part].decode()
        at = text.index("?>") + 2 if text.startswith("<?xml") else 0
        end = text.rindex("</")
        return pack({**parts, part: text[:at] + doctype + text[at:end] + use + text[end:]})

    main = {
        "docx": "word/document.xml",
        "pptx": "ppt/slides/slide1.xml",
        "xlsx": "xl/worksheets/sheet1.xml",
        "epub": "O/b.opf",
    }
    bombs = [
        of(f"实体/笑.{name}", lambda n=name, p=part: changed(n, p, _LAUGHS, "&a10;"), _DOCTYPE)
        for name, part in main.items()
    ]
    outside = [
        of(f"实体/外.{name}", lambda n=name, p=part: changed(n, p, _OUTSIDE, "&x;"), _DOCTYPE)
        for name, part in main.items()
    ]
    # Chapters are read as pages are: their entities are words that nobody expands.
    chapter = of(
        "实体/章.epub",
        lambda: changed("epub", "O/a b.xhtml", _LAUGHS, "&a10;"),
        f"{_DOCTYPE}|{INDEXED}",
    )
    links = of("实体/链.docx", lambda: changed("docx", "_rels/.rels", _LAUGHS, "&a10;"), _DOCTYPE)
    return [*bombs, *outside, chapter, links]


def _deep(factor: int) -> list[Crafted]:
    depth, many = scaled(10_000, factor), scaled(1_000_000, factor)
    cell = "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>层</w:t></w:r></w:p>"
    two = "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>左</w:t></w:r></w:p></w:tc><w:tc>"

    def groups(words: str) -> bytes:
        parts = _base("pptx")
        slide = parts["ppt/slides/slide1.xml"].decode()
        tree = "<p:grpSp>" * depth + words + "</p:grpSp>" * depth
        end = slide.index("</p:spTree>")
        return pack({**parts, "ppt/slides/slide1.xml": slide[:end] + tree + slide[end:]})

    shape = "<p:sp><p:txBody><a:p><a:r><a:t>形</a:t></a:r></a:p></p:txBody></p:sp>"
    nested = f"deep|characters|longer|memory|{INDEXED}"
    return [
        of("深/表.docx", lambda: docx(cell * depth + "</w:tc></w:tr></w:tbl>" * depth), nested),
        of("深/两格表.docx", lambda: docx(two * depth + "</w:tc></w:tr></w:tbl>" * depth), nested),
        of("深/未知.docx", lambda: docx("<x>" * many + "</x>" * many), f"empty|{INDEXED}"),
        of(
            "深/文本框.docx",
            lambda: docx("<w:p><w:txbxContent>" * depth + "</w:txbxContent></w:p>" * depth),
            f"deep|{INDEXED}",
        ),
        of(
            "深/属性.docx",
            lambda: docx(f'<w:p a="{"A" * (20 * many)}"/>'),
            f"endless tag|{INDEXED}",
        ),
        of(
            "深/多属性.docx",
            lambda: docx("<w:p " + " ".join(f'a{n}=""' for n in range(many)) + "/>"),
            f"endless|{INDEXED}",
        ),
        of("深/组.pptx", lambda: groups(shape), nested),
        of("深/组多形.pptx", lambda: groups(shape * depth), nested),
    ]


def _sheets(factor: int) -> list[Crafted]:
    rows, many = scaled(1_048_576, factor), scaled(1_000_000, factor)
    head = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'

    def sheet(data: str, after: str = "", **parts: str | bytes) -> bytes:
        xml = f"{head}<sheetData>{data}</sheetData>{after}</worksheet>"
        return pack({**_base("xlsx"), "xl/worksheets/sheet1.xml": xml, **parts})

    def words(number: int) -> str:
        return f'<c t="inlineStr"><is><t>{number}</t></is></c>'

    strings = (
        '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        + "".join(f"<si><t>词{n}</t></si>" for n in range(many))
        + "</sst>"
    )
    corner = '<row r="1048576"><c r="XFD1048576"><v>7</v></c></row>'
    merges = "".join(f'<mergeCell ref="A{n}:XFD{n}"/>' for n in range(1, scaled(200_000, factor)))
    many_cells = "".join(map(words, range(scaled(2_000_000, factor))))
    return [
        of("表/空行.xlsx", lambda: sheet("<row/>" * rows), INDEXED),
        of("表/行.xlsx", lambda: sheet("<row><c><v>1</v></c></row>" * rows), INDEXED),
        of("表/末角.xlsx", lambda: sheet(corner), INDEXED),
        of(
            "表/列外.xlsx",
            lambda: sheet('<row r="99999999999"><c r="ZZZZ1"><v>7</v></c></row>'),
            INDEXED,
        ),
        of("表/字串.xlsx", lambda: sheet(corner, **{"xl/sharedStrings.xml": strings}), INDEXED),
        of("表/合并.xlsx", lambda: sheet(corner, f"<mergeCells>{merges}</mergeCells>"), INDEXED),
        of(
            "表/宽行.xlsx",
            lambda: sheet(f"<row>{many_cells}</row>"),
            f"more than 16,384 cells|{INDEXED}",
        ),
    ]


def _macros() -> list[Crafted]:
    """Files with macros, which are never looked at."""
    macro = {"vbaProject.bin": b"\xd0\xcf\x11\xe0" * 100}

    def with_macro(name: str, folder: str) -> bytes:
        return pack({**_base(name), **{f"{folder}/{key}": part for key, part in macro.items()}})

    return [
        of("宏/文.docm", lambda: with_macro("docx", "word"), INDEXED),
        of("宏/演.pptm", lambda: with_macro("pptx", "ppt"), INDEXED),
        of("宏/表.xlsm", lambda: with_macro("xlsx", "xl"), INDEXED),
    ]
