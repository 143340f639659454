import base64
import quopri
import time
from email.message import EmailMessage

import pytest

from index.errors import DocumentError
from index.formats.email_message import extract_eml
from index.formats.extraction import Extraction
from tests.index.formats.mutations import assert_sound, assert_survives, mutations

_HEAD = "Subject: 船期\nFrom: a@example.org\n"


def _message(subject: str = "船期调整") -> EmailMessage:
    message = EmailMessage()
    message["Date"] = "Mon, 06 May 2024 09:30:00 +0800"
    message["From"] = "王小渡 <wang@example.org>"
    message["To"] = "李四 <li@example.org>, team@example.org"
    message["Subject"] = subject
    return message


def _read(data: bytes) -> Extraction:
    extraction = extract_eml(data)
    assert_sound(extraction)
    return extraction


def _body(data: bytes) -> str:
    return _read(data).text.partition("\n\n")[2]


def test_message_is_read_as_a_mail_program_shows_it() -> None:
    message = _message()
    message.set_content("各位好：\n\n五月十日起末班船改为晚上八点半。\n")
    extraction = _read(message.as_bytes())
    assert extraction.text == (
        "Subject: 船期调整\nFrom: 王小渡 <wang@example.org>\n"
        "To: 李四 <li@example.org>, team@example.org\nDate: Mon, 06 May 2024 09:30:00 +0800\n\n"
        "各位好：\n\n五月十日起末班船改为晚上八点半。"
    )
    assert extraction.title == "船期调整"
    assert extraction.media_type == "message/rfc822"
    assert extraction.encoding == "utf-8"
    assert extraction.warnings == ()
    heading = extraction.headings[0]
    assert (heading.level, heading.title) == (1, "船期调整")
    assert heading.span.of(extraction.text) == "Subject: 船期调整"


def test_plain_form_is_preferred_and_attachments_are_named() -> None:
    message = _message()
    message.set_content("纯文本。")
    message.add_alternative("<p>网页。</p>", subtype="html")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="船期表.pdf")
    message.add_attachment("附件的内容", filename="说明.txt")
    extraction = _read(message.as_bytes())
    assert extraction.text.endswith("\n\n纯文本。")
    assert "网页" not in extraction.text
    assert extraction.warnings == ("It has attachments, which are not read: 船期表.pdf, 说明.txt.",)


def test_web_form_is_read_where_the_plain_one_is_blank() -> None:
    message = _message()
    message.set_content(" \n")
    message.add_alternative("<h2>通知</h2><p>停<b>航</b>一天。</p><img src=cid:a>", subtype="html")
    related = message.get_payload()
    assert isinstance(related, list)
    related[1].add_related(b"GIF89a", "image", "gif", cid="<a>")
    extraction = _read(message.as_bytes())
    assert extraction.text.endswith("\n\n通知\n\n停航一天。")
    assert [(h.level, h.title) for h in extraction.headings] == [(1, "船期调整"), (3, "通知")]
    assert extraction.warnings == ()  # a picture of the page is no attachment


def test_forwarded_message_is_read_with_its_own_subject() -> None:
    inner = _message("原来的邮件")
    inner.set_content("里面的正文。")
    outer = _message("转发")
    outer.set_content("请看。")
    outer.add_attachment(inner)
    extraction = _read(outer.as_bytes())
    assert [(h.level, h.title) for h in extraction.headings] == [(1, "转发"), (2, "原来的邮件")]
    assert extraction.text.endswith("里面的正文。")
    assert extraction.title == "转发"


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [
        ("gb2312", "gb18030"),
        ("big5", "big5"),
        ("utf-8", "utf-8"),
        ("iso-2022-jp", "iso-2022-jp"),
        ("shift_jis", "cp932"),
        ("x-unknown", "utf-8"),
        ("", "utf-8"),
        ("us-ascii", "utf-8"),
    ],
)
@pytest.mark.parametrize("transfer", ["base64", "quoted-printable", "8bit"])
def test_charsets_and_transfers(charset: str, encoding: str, transfer: str) -> None:
    words = (
        "大雨の日は船が出ません。"
        if charset in ("iso-2022-jp", "shift_jis")
        else "大雨之日，船不出港。"
    )
    data = words.encode(encoding)
    packed = {"base64": base64.encodebytes, "quoted-printable": quopri.encodestring}
    kind = f"text/plain; charset={charset}" if charset else "text/plain"
    head = f"{_HEAD}Content-Type: {kind}\nContent-Transfer-Encoding: {transfer}\n\n"
    assert _body(head.encode() + packed.get(transfer, bytes)(data)) == words


@pytest.mark.parametrize(
    ("raw", "subject"),
    [
        ("=?gb2312?B?1tDOxA==?=", "中文"),
        ("=?GBK?Q?=D6=D0_=CE=C4?=", "中 文"),
        ("=?utf-8*zh?q?caf=C3=A9?= bar", "café bar"),
        ("=?utf-8?B?5Lit?=\r\n =?utf-8?B?5paH?=", "中文"),
        ("=?utf-8?B?5Li?= =?utf-8?B?reaWhw==?=", "中文"),  # a character cut in two
        ("=?gb2312?B?1tA=?= =?utf-8?B?5paH?=", "中文"),
        ("a =?utf-8?q?b?= c", "a b c"),
        ("中文直接写", "中文直接写"),
        ("=?utf-8?B?!?= x", "x"),
        ("=?no-such?B?YWJj?=", "abc"),
        ("folded\r\n  line", "folded line"),
    ],
)
def test_subjects(raw: str, subject: str) -> None:
    assert _read(f"Subject: {raw}\r\nFrom: a\r\n\r\nb".encode()).title == subject


def test_subject_in_raw_gbk_is_decoded() -> None:
    data = "Subject: 关于船期的通知\nFrom: a\n\nb".encode("gb18030")
    assert _read(data).title == "关于船期的通知"


def test_web_mail_without_charset_is_read_by_its_own_declaration() -> None:
    page = "<meta charset=gb2312><p>码头维修，请绕行南岸。</p>".encode("gb18030")
    assert _body(f"{_HEAD}Content-Type: text/html\n\n".encode() + page) == "码头维修，请绕行南岸。"


def test_flowed_lines_are_joined() -> None:
    body = "> The ferry \n> leaves.\nIt is \nlate.\n-- \nsign"
    head = f"{_HEAD}Content-Type: text/plain; format=flowed\n\n"
    assert _body((head + body).encode()) == "> The ferry leaves.\nIt is late.\n--\nsign"
    spaced = f"{_HEAD}Content-Type: text/plain; format=flowed; delsp=yes; charset=utf-8\n\n"
    assert _body((spaced + "渡船 \n停航。").encode()) == "渡船停航。"


def test_hidden_copies_and_technical_fields_are_not_shown() -> None:
    head = "Received: by x\nBcc: secret@example.org\nX-Spam: no\n"
    assert _read(f"{head}{_HEAD}\nwords".encode()).text == (
        "Subject: 船期\nFrom: a@example.org\n\nwords"
    )


def test_message_without_a_body_says_so() -> None:
    assert _read(_HEAD.encode()).warnings == ("It has no text besides its headers.",)


def test_encrypted_message_says_so() -> None:
    head = f"{_HEAD}Content-Type: application/pkcs7-mime; name=smime.p7m\n\n"
    assert "It is encrypted; save a decrypted copy." in _read(head.encode() + b"MII").warnings


def test_charset_that_is_no_word_is_passed_over() -> None:
    head = f"{_HEAD}Content-Type: text/plain; charset*=x'y'%ff\n\n"
    assert _body(f"{head}渡船停航。".encode()) == "渡船停航。"


def test_part_in_no_known_encoding_is_counted() -> None:
    noise = base64.encodebytes(bytes(range(256)) * 20).decode()
    head = f"{_HEAD}Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n"
    assert "no known encoding" in _read((head + noise).encode()).warnings[0]


@pytest.mark.parametrize("data", [b"", b"just words\n", b"{}", "没有头的文字\n\n正文".encode()])
def test_what_is_no_message_is_refused(data: bytes) -> None:
    with pytest.raises(DocumentError, match="not an e-mail message"):
        extract_eml(data)


def test_parts_in_parts_are_read_to_a_depth() -> None:
    def nested(depth: int) -> bytes:
        heads = "".join(
            f"Content-Type: multipart/mixed; boundary=b{at}\n\n--b{at}\n" for at in range(depth)
        )
        return f"{_HEAD}{heads}Content-Type: text/plain\n\nwords\n".encode()

    assert _body(nested(20)) == "words"
    assert "Parts nested more than 30 deep are not read." in _read(nested(40)).warnings
    with pytest.raises(DocumentError):
        extract_eml(nested(3000))


def test_message_of_countless_parts_is_refused() -> None:
    with pytest.raises(DocumentError, match="more than 100,000 parts"):
        extract_eml(_HEAD.encode() + b"\n--b" * 100_001)


def test_long_headers_take_linear_time() -> None:
    started = time.process_time()
    to = ", ".join(f'"=?utf-8?q?n{at}?=" <{at}@example.org>' for at in range(50_000))
    assert "<49999@example.org>" in _read(f"To: {to}\n\nwords".encode()).text
    _read(f"Subject: {'=?' * 100_000}\n\nwords".encode())
    _read(f"Subject: {'=?a?q?' * 50_000}\n\nwords".encode())
    assert time.process_time() - started < 20


def test_damaged_messages_are_read_or_refused() -> None:
    message = _message()
    message.set_content("正文第一句。", charset="gb2312")
    message.add_alternative("<p>正文</p>", subtype="html")
    message.add_attachment(b"abc", maintype="image", subtype="png", filename="图.png")
    outer = _message("外层")
    outer.set_content("see")
    outer.add_attachment(message)
    inserts = (
        b"=?gb2312?B?1tA=?=",
        b"=?utf-8?q?=e4?=",
        b'Content-Type: text/html; charset="x"\n',
        b"Content-Transfer-Encoding: uuencode\n",
        b"\n\n",
        b"--===",
        b"filename*0*=utf-8''%E4",
        b"charset*=x'y'%ff",
        b"Content-Disposition: attachment; filename*=\n",
        b';;="',
    )
    samples = mutations(outer.as_bytes(), 500, inserts)
    assert assert_survives(extract_eml, samples) > 300


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        (b'filename="\xb4\xac\xc6\xda.pdf"', "船期.pdf"),
        (b"filename*=gbk''%B4%AC%C6%DA.pdf", "船期.pdf"),
        (b"filename*0*=gbk''%B4; filename*1*=%AC%C6%DA.pdf", "船期.pdf"),
        (b"filename*=utf-8''\xff%ff.pdf", ".pdf"),
        (b'filename="=?gbk?B?tKzG2g==?=.pdf"', "船期.pdf"),
    ],
)
def test_names_of_attachments_are_decoded_and_never_filled_with_replacements(disposition, name):
    head = b"Subject: a\nContent-Type: application/pdf\nContent-Disposition: attachment; "

    warnings = extract_eml(head + disposition + b"\n\nx").warnings

    assert warnings[0] == f"It has attachments, which are not read: {name}."


def test_a_type_of_odd_bytes_is_named_without_replacements():
    extraction = extract_eml(b"Subject: a\nContent-Type: text/\x80\n\nx")

    assert extraction.warnings[0] == "It has attachments, which are not read: text/."


@pytest.mark.parametrize(
    "field",
    [
        "Content-Disposition: attachment; filename*=a; filename*1=b",
        "Content-Type: text/plain; charset*=utf-8; charset*1=x",
        "Content-Type: text/plain; format*=flowed; format*1=x",
        "Content-Type: text/plain; name*=a; name*1=b",
    ],
)
def test_a_parameter_in_pieces_of_which_some_have_no_number_is_none(field):
    message = f"Subject: Regatta\n{field}\n\nThe race begins at noon.\n".encode()
    assert "Regatta" in extract_eml(message).text


def test_a_boundary_in_such_pieces_is_an_error():
    message = b"Subject: x\nContent-Type: multipart/mixed; boundary*=a; boundary*1=b\n\n--a\n"
    with pytest.raises(DocumentError):
        extract_eml(message)
