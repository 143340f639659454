"""Files of the planted folder: planned documents → the bytes of every format."""

import csv
import email.policy
import html
import io
import json
import textwrap
import zipfile
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

from tests.formats.office_files import write_docx, write_pptx, write_xlsx
from tests.formats.pdf_files import write_pdf
from tests.formats.plan import Part, PlannedFile, Table

_CONTAINER = (
    '<?xml version="1.0"?><container version="1.0" '
    'xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile '
    'full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/>'
    "</rootfiles></container>"
)
_PACKAGE = """<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="id">planted</dc:identifier>
<dc:title>{title}</dc:title></metadata><manifest>{items}</manifest><spine>{spine}</spine></package>
"""
_CHAPTER = """<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml"><head><title>{heading}</title></head>
<body><h1>{heading}</h1>{paragraphs}</body></html>"""
_PAGE = """<!DOCTYPE html>
<html><head><meta charset="{encoding}"><title>{title}</title>
<style>h2 {{ color: navy }}</style><script>var page = "<p>menu</p>";</script></head>
<body><nav><a href="/">Home</a> <a href="/map">Map</a></nav>
<main><h1>{title}</h1>
{sections}
</main><footer>&copy; 2024</footer></body></html>
"""


def write_folder(folder: Path, plan: tuple[PlannedFile, ...]) -> None:
    """Write every planned document to its place in a folder."""
    for file in plan:
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(write_file(file))


def write_file(file: PlannedFile) -> bytes:
    """Return the bytes of a planned document."""
    return _WRITERS[file.format](file)


def _write_text(file: PlannedFile) -> bytes:
    blocks = [file.title]
    for part in file.parts:
        blocks += [part.heading, *part.paragraphs]
    if file.wrap:
        blocks = [textwrap.fill(block, file.wrap) for block in blocks]
    return _encoded(file, "\n\n".join(blocks) + "\n")


def _write_markdown(file: PlannedFile) -> bytes:
    blocks = [f"# {file.title}"]
    for part in file.parts:
        blocks += [f"## {part.heading}", *part.paragraphs]
        if part.table:
            rows = ["| " + " | ".join(cell.shown for cell in row) + " |" for row in part.table.rows]
            blocks.append("\n".join([rows[0], "|---" * len(part.table.labels) + "|", *rows[1:]]))
    return _encoded(file, "\n\n".join(blocks) + "\n")


def _write_csv(file: PlannedFile) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter="\t" if file.format == "tsv" else ",", lineterminator="\n")
    writer.writerows([cell.shown for cell in row] for row in file.parts[0].table.rows)
    return _encoded(file, out.getvalue())


def _write_html(file: PlannedFile) -> bytes:
    sections = "\n".join(_section(part) for part in file.parts)
    return _encoded(
        file, _PAGE.format(encoding=file.encoding, title=html.escape(file.title), sections=sections)
    )


def _section(part: Part) -> str:
    table = _html_table(part.table) if part.table else ""
    return f"<h2>{html.escape(part.heading)}</h2>\n{_paragraphs(part)}\n{table}"


def _paragraphs(part: Part) -> str:
    return "\n".join(f"<p>{html.escape(paragraph)}</p>" for paragraph in part.paragraphs)


def _html_table(table: Table) -> str:
    rows = []
    for at, row in enumerate(table.rows):
        tag = "td" if at else "th"
        cells = "".join(f"<{tag}>{html.escape(cell.shown)}</{tag}>" for cell in row)
        rows.append(f"<tr>{cells}</tr>")
    return "<table>\n" + "\n".join(rows) + "\n</table>"


def _write_epub(file: PlannedFile) -> bytes:
    names = [f"chapter{number}.xhtml" for number in range(1, len(file.parts) + 1)]
    items = "".join(
        f'<item id="{name}" href="{name}" media-type="application/xhtml+xml"/>' for name in names
    )
    spine = "".join(f'<itemref idref="{name}"/>' for name in names)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        book.writestr("META-INF/container.xml", _CONTAINER)
        package = _PACKAGE.format(title=html.escape(file.title), items=items, spine=spine)
        book.writestr("OEBPS/content.opf", package)
        for name, part in zip(names, file.parts, strict=True):
            heading = html.escape(part.heading)
            chapter = _CHAPTER.format(heading=heading, paragraphs=_paragraphs(part))
            book.writestr(f"OEBPS/{name}", chapter)
    return out.getvalue()


def _write_eml(file: PlannedFile) -> bytes:
    message = EmailMessage(policy=email.policy.SMTP)
    message["Subject"] = file.title
    for name in ("from", "to", "date"):
        message[name.title()] = file.mail[name]
    (part,) = file.parts
    if file.mail.get("body") == "html":
        page = f"<html><body>{_paragraphs(part)}</body></html>"
        message.set_content(page, subtype="html", charset=file.encoding)
    else:
        message.set_content("\n".join(part.paragraphs) + "\n", charset=file.encoding)
    return message.as_bytes()


def _write_json(file: PlannedFile) -> bytes:
    if any(part.heading for part in file.parts):
        value = {part.heading: _records(part.table) for part in file.parts}
        return _encoded(file, json.dumps({"title": file.title, **value}, ensure_ascii=False))
    return _encoded(file, json.dumps(_records(file.parts[0].table), ensure_ascii=False, indent=2))


def _write_jsonl(file: PlannedFile) -> bytes:
    records = _records(file.parts[0].table)
    return _encoded(file, "".join(json.dumps(record) + "\n" for record in records))


def _records(table: Table) -> list[dict]:
    return [_record(table.labels, [cell.shown for cell in row]) for row in table.rows[1:]]


def _record(labels: tuple[str, ...], values: list[str]) -> dict:
    record: dict = {}
    for label, value in zip(labels, values, strict=True):
        outer, _, inner = label.partition("/")
        if inner:
            record.setdefault(outer, {})[inner] = value
        else:
            record[outer] = value
    return record


def _encoded(file: PlannedFile, text: str) -> bytes:
    return text.replace("\n", file.newline).encode(file.encoding)


_WRITERS: dict[str, Callable[[PlannedFile], bytes]] = {
    "csv": _write_csv,
    "docx": write_docx,
    "eml": _write_eml,
    "epub": _write_epub,
    "htm": _write_html,
    "html": _write_html,
    "json": _write_json,
    "jsonl": _write_jsonl,
    "md": _write_markdown,
    "pdf": write_pdf,
    "pptx": write_pptx,
    "tsv": _write_csv,
    "txt": _write_text,
    "xlsx": write_xlsx,
}
