"""Good files: what stands beside the hostile ones and must be found as if they were not there."""

import io
from dataclasses import dataclass
from pathlib import Path

import docx
import openpyxl

from index.build import default_index_dir
from rag import Answerer
from tests.index.formats.pdf_files import lines, make_pdf


@dataclass(frozen=True, slots=True)
class Planted:
    """A sentence of a good file."""

    source: str
    question: str
    answer: str
    quote: str  # that the citation must hold


GOOD = (
    Planted("好/灯塔.txt", "北角灯塔的塔高是多少？", "三十一米", "北角灯塔的塔高是三十一米。"),
    Planted("好/章程.docx", "渔会的会费每年多少元？", "一百二十元", "渔会的会费每年一百二十元。"),
    Planted("好/码头.pdf", "二号码头何时停用？", "周三上午", "二号码头周三上午停用。"),
    Planted("好/名册.xlsx", "林晓在哪个部门？", "采编部", "姓名: 林晓 | 部门: 采编部 | 电话: 8012"),
    Planted(
        "好/航线.html",
        "Which island does the ferry Petrel serve?",
        "Skarv",
        "The ferry Petrel serves the island of Skarv.",
    ),
)


def write_good(folder: Path) -> None:
    """Write the good files into a folder."""
    (folder / "好").mkdir(parents=True)
    text, letter, pdf, book, page = GOOD
    (folder / text.source).write_text(f"北角志\n\n{text.quote}灯光每十二秒闪两次。\n", "utf-8")
    document = docx.Document()
    document.add_heading("渔会章程", 1)
    document.add_paragraph(f"渔会设会长一人。{letter.quote}逾期另收滞纳金。")
    document.save(str(folder / letter.source))
    (folder / pdf.source).write_bytes(make_pdf(lines("港务通知", pdf.quote, "船只改泊八号码头。")))
    table = openpyxl.Workbook()
    for row in (["姓名", "部门", "电话"], ["林晓", "采编部", 8012], ["何平", "财务部", 8013]):
        table.active.append(row)
    out = io.BytesIO()
    table.save(out)
    (folder / book.source).write_bytes(out.getvalue())
    (folder / page.source).write_text(
        f"<title>Ferries</title><h1>Ferries</h1><p>{page.quote} It sails twice a day.</p>", "utf-8"
    )


def not_found(folder: Path) -> list[Planted]:
    """Ask for every sentence of the good files.

    :param folder: The built folder.
    :return: Those that are not answered with their words, or cited wrongly.
    """
    answerer = Answerer.load(default_index_dir(folder))
    return [planted for planted in GOOD if not _is_found(answerer, planted)]


def _is_found(answerer: Answerer, planted: Planted) -> bool:
    answer = answerer.answer(planted.question)
    shown = (*answer.citations, *answer.nearest)
    cited = any(one.source == planted.source and planted.quote in one.quote for one in shown)
    return cited and planted.answer in answer.text
