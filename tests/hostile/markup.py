"""Pages, mails, tables, records and plain texts that are too deep, too long or in no encoding."""

import json
import random

from tests.hostile.crafted import INDEXED, Crafted, of, scaled

_MB = 1 << 20
_OUTSIDE = "<!DOCTYPE html [<!ENTITY a 'ha'><!ENTITY b SYSTEM 'file:///etc/passwd'>]>"
_SLOW = f"longer|memory|{INDEXED}"


def pages(factor: int) -> list[Crafted]:
    """List crafted HTML pages.

    :param factor: How much smaller than in full size.
    """
    many = scaled(1_000_000, factor)

    def deep(name: str, times: int = many) -> str:
        return f"<{name}>" * times + "底" + f"</{name}>" * times

    return [
        of("页/深层.html", lambda: deep("div"), INDEXED),
        of("页/深表.html", lambda: "<table><tr><td>" * (many // 3) + "底", INDEXED),
        of("页/深列.html", lambda: "<ul><li>" * (many // 2) + "底", INDEXED),
        of("页/格式.html", lambda: "<b><i><a>" * (many // 3) + "底", INDEXED),
        of("页/错嵌.html", lambda: "<a><p></a>底<b><div></b>" * (many // 4), _SLOW),
        of("页/模板.html", lambda: "<template><div>" * (many // 2) + "底", f"{_SLOW}"),
        of("页/图.html", lambda: "<svg><g/><desc><div>" * (many // 4) + "底", _SLOW),
        of("页/选.html", lambda: "<select><option><optgroup>底" * (many // 4), _SLOW),
        of("页/长属性.html", lambda: f'<p title="{"长" * (10 * _MB // factor)}">文</p>', INDEXED),
        of(
            "页/多属性.html",
            lambda: "<p " + " ".join(f"a{n}=1" for n in range(many)) + ">文",
            _SLOW,
        ),
        of("页/长题.html", lambda: f"<title>{'题' * many}</title><p>文</p>", INDEXED),
        of("页/注.html", lambda: "<!--" * many + "<p>文</p>", INDEXED),
        of("页/尖.html", lambda: "文" + "<" * (10 * many), INDEXED),
        of("页/引用.html", lambda: "&#x4e2d;&#0;&#xD800;&#x110000;&nbsp" * (many // 4), INDEXED),
        of(
            "页/外部.html",
            lambda: '<p>文</p><img src="file:///etc/passwd"><iframe src="http://192.0.2.1/">',
            INDEXED,
        ),
        of(
            "页/实体.xhtml",
            lambda: f"<?xml version='1.0'?>{_OUTSIDE}<html><body>文&a;&b;</body></html>",
            INDEXED,
        ),
        of(
            "页/谎编码.html",
            lambda: '<meta charset="utf-8"><p>港口潮位表</p>'.encode("gbk") * 40,
            INDEXED,
        ),
        of("页/UTF7.html", lambda: '<meta charset="utf-7"><p>+ADw-script+AD4-</p>', INDEXED),
    ]


def mails(factor: int) -> list[Crafted]:
    """List crafted messages.

    :param factor: How much smaller than in full size.
    """
    many = scaled(10_000, factor)
    head = "Subject: x\r\n"

    def nested(depth: int, lines: int = 0) -> str:
        opened = (
            f'Content-Type: multipart/mixed; boundary="b{n}"\r\n\r\n--b{n}\r\n'
            for n in range(depth)
        )
        return head + "".join(opened) + "Content-Type: text/plain\r\n\r\n" + "行\r\n" * lines

    return [
        of("信/万层.eml", lambda: nested(many), f"damaged|no text|{INDEXED}"),
        of("信/深且长.eml", lambda: nested(scaled(900, factor), 100 * many), f"damaged|{_SLOW}"),
        of(
            "信/转发万层.eml",
            lambda: head + "Content-Type: message/rfc822\r\n\r\nSubject: y\r\n" * many,
            f"damaged|{INDEXED}",
        ),
        of(
            "信/长头.eml",
            lambda: f"Subject: {'长' * (1000 * many)}\r\n\r\n文",
            f"characters|{INDEXED}",
        ),
        of("信/多头.eml", lambda: head + "X-A: b\r\n" * (100 * many) + "\r\n文", INDEXED),
        of(
            "信/长题编码.eml",
            lambda: "Subject: " + "=?utf-8?B?5Zu+?= " * (100 * many) + "\r\n\r\n文",
            INDEXED,
        ),
        of("信/折行.eml", lambda: "Subject: a" + "\r\n " * (100 * many) + "\r\n\r\n文", INDEXED),
        of(
            "信/多部分.eml",
            lambda: (
                head
                + "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
                + "--b\r\n\r\nx\r\n" * (20 * many)
            ),
            f"more than 100,000 parts|{INDEXED}",
        ),
        of(
            "信/多参数.eml",
            lambda: head + "Content-Type: text/plain" + "; a*0*=x" * (10 * many) + "\r\n\r\n文",
            f"damaged|{_SLOW}",
        ),
        of(
            "信/uu.eml",
            lambda: (
                head
                + "Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 a\r\n"
                + "M" * (100 * many)
            ),
            f"no text|{INDEXED}",
        ),
    ]


def tables(factor: int) -> list[Crafted]:
    """List crafted tables of commas and records.

    :param factor: How much smaller than in full size.
    """
    many = scaled(10_000_000, factor)
    deep = scaled(100_000, factor, 1000)
    wide = "k" * scaled(_MB, factor)
    return [
        of(
            "表/一格.csv",
            lambda: '姓名,说明\n甲,"' + "长" * (2 * many) + '"\n',
            f"characters|{INDEXED}",
        ),
        of("表/大格.csv", lambda: "a,b\n" + "x" * (6 * many), f"characters|{INDEXED}"),
        of(
            "表/万列.csv",
            lambda: ",".join("列" * 1 for _ in range(many)),
            f"columns|characters|memory|{INDEXED}",
        ),
        of("表/空列.csv", lambda: "," * (4 * many), f"columns|memory|{INDEXED}"),
        of("表/空行.csv", lambda: "a,b\n" + "\n" * (5 * many), INDEXED),
        of("表/引号.csv", lambda: '"' * (2 * many), _SLOW),
        of("表/不闭.csv", lambda: 'a,"b\n' * (many // 4), f"rows|characters|{_SLOW}"),
        of("表/单字行.csv", lambda: "a\n" * many, f"more than 2,000,000 rows|{INDEXED}"),
        of("录/深.json", lambda: "[" * deep + "]" * deep, "nested more than"),
        of("录/深未闭.json", lambda: '{"a":' * deep, "nested more than|not valid JSON"),
        of(
            "录/长键.json",
            lambda: (
                f'{{"{wide}": [[{", ".join("1" for _ in range(scaled(100_000, factor)))}], {{}}]}}'
            ),
            f"characters|memory|{INDEXED}",
        ),
        of(
            "录/长键众.json",
            lambda: json.dumps({"x": {wide: {f"{n}": 1 for n in range(scaled(100_000, factor))}}}),
            f"characters|memory|{INDEXED}",
        ),
        of("录/空组.json", lambda: "[" + "[]," * (many // 2) + "[]]", f"records|memory|{INDEXED}"),
        of("录/长行.jsonl", lambda: '{"a": "' + "x" * (5 * many) + '"}\n', f"characters|{INDEXED}"),
        of("录/长坏行.jsonl", lambda: '{"a": ' * (5 * many // 6), "none of its lines"),
        of("录/多行.jsonl", lambda: "1\n" * many, f"more than 2,000,000 records|{INDEXED}"),
        of("录/大数.json", lambda: "1" * many, INDEXED),
        of("录/半对.json", lambda: '{"\\ud800": "\\udfff甲"}', INDEXED),
    ]


def texts(factor: int) -> list[Crafted]:
    """List crafted plain texts.

    :param factor: How much smaller than in full size.
    """
    many = scaled(60 * _MB, factor)
    noise = random.Random(8)
    big = f"characters|headings|lines|longer|memory|{INDEXED}"
    binary = "binary|not text|damaged|looks like"
    return [
        of("文/零.txt", lambda: b"\x00" * 5000, binary),
        of("文/空.txt", lambda: b"", INDEXED),
        of("文/控制.txt", lambda: bytes(range(32)) * 100, binary),
        of("文/夹零.txt", lambda: "会议纪要。\x00大会召开。" * 20, binary),
        of(
            "文/转义.txt",
            lambda: "\x1b]0;改题\x07\x1b[2J会议在三楼召开。" + "正文。" * 300,
            INDEXED,
        ),
        of("文/谎BOM.txt", lambda: b"\xef\xbb\xbf" + "港口潮位表".encode("gbk"), binary),
        of(
            "文/谎BOM16.txt",
            lambda: b"\xff\xfe" + "奇数字节。".encode() + b"x",
            f"{binary}|{INDEXED}",
        ),
        of("文/谎BOM32.txt", lambda: b"\xff\xfe\x00\x00" + "四字节".encode(), binary),
        of(
            "文/半字.txt", lambda: "港口潮位表。".encode() * 50 + b"\xe6\xb8", f"{binary}|{INDEXED}"
        ),
        of(
            "文/混码.txt",
            lambda: "港口".encode() * 99 + "潮位".encode("gbk") * 99,
            f"not text|{INDEXED}",
        ),
        of("文/随机.txt", lambda: noise.randbytes(scaled(40 * _MB, factor)), binary),
        of(
            "文/高位.txt",
            lambda: bytes(128 + byte % 128 for byte in noise.randbytes(scaled(8 * _MB, factor))),
            f"{binary}|{INDEXED}",
        ),
        of("文/一行.txt", lambda: b"a" * many, big),
        of("文/一行字.txt", lambda: "字" * (many // 3), big),
        of("文/一行空.txt", lambda: b" " * many, big),
        of("文/叠音.txt", lambda: "e" + "\u0301" * (many // 4), big),
        of("文/家庭.txt", lambda: "👩\u200d" * (many // 14), big),
        of("文/换行.txt", lambda: b"\n" * many, big),
        of("文/短行.txt", lambda: b"a\n" * (many // 2), big),
        of("文/孤行.txt", lambda: b"a\n\n" * (many // 3), big),
        of("文/题.md", lambda: b"# a\nb.\n" * (many // 7), big),
        of("文/栏.md", lambda: b"```\n" * (many // 4), big),
        of("文/点.txt", lambda: b"." * (many // 2) + "…".encode() * (many // 6), big),
        of("文/句.txt", lambda: "。」" * (many // 12) + ".'" * (many // 4), big),
        of("文/双向.txt", lambda: "\u202e\u2066\u200f" * (many // 9), big),
        of("文/UTF16.txt", lambda: ("字\n" * (many // 4)).encode("utf-16"), big),
        of(
            "文/GB.txt", lambda: "港口潮位表，第一章 总则。\n".encode("gb18030") * (many // 26), big
        ),
    ]
