"""Documents that show every kind of answer: one, two that disagree, none; texts and a PDF."""

import shutil
from pathlib import Path

from tests.conflicts.disagreement import SETS_DIR
from tests.index.formats.pdf_files import lines, make_pdf, together, wrap

CORPUS = Path(__file__).parent.parent / "corpus"
FOUND = "岚谷县茶产业振兴大会是哪天召开的？"
FOUND_IN_PDF = "公共图书馆每周开放时间不得少于多少小时？"
DISPUTED = "青岚图书馆全年接待读者多少人次？"
NOWHERE = "如何重置烤面包机的固件？"
_REGULATION = "library_regulation.txt"
_ROWS_A_PAGE = 15


def make_documents(folder: Path) -> None:
    """Fill a folder.

    :param folder: An empty one.
    """
    for name in ("tea_conference.txt", "museum.txt", "staff_handbook.txt"):
        shutil.copy(CORPUS / name, folder)
    for path in (SETS_DIR / "design" / "documents").glob("青岚*"):
        shutil.copy(path, folder)
    (folder / "公共图书馆管理办法.pdf").write_bytes(_print(CORPUS / _REGULATION))


def _print(text: Path) -> bytes:
    """Print a text on pages, its first line as their title."""
    title, *paragraphs = filter(None, text.read_text("utf-8").splitlines())
    rows = [row for one in paragraphs for row in (*_set(f"　　{one.strip()}"), "")]
    pages = []
    for at in range(0, len(rows), _ROWS_A_PAGE * 2):
        body = lines(*rows[at : at + _ROWS_A_PAGE * 2], x=68, y=720, size=13, leading=22)
        pages.append(together(lines(title, x=68, y=772, size=19), body) if at == 0 else body)
    return make_pdf(*pages, title=title)


def _set(paragraph: str) -> list[str]:
    """Cut a paragraph into lines; none begins with a stop."""
    rows: list[str] = []
    for row in wrap(paragraph, 445, size=13):
        stops = len(row) - len(row.lstrip("，、。；：）"))
        if rows and stops:
            rows[-1] += row[:stops]
        rows.append(row[stops:])
    return rows
