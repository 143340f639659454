"""Bad neighbours: files that nobody can read, or with names that nobody should give.

They are put beside the planted documents; each must get its sentence and cost no other file.
"""

import io
import os
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.formats.pdf_files import write_pdf
from tests.formats.plan import load_plan

_MAX_NAME_BYTES = 255


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What was put into a folder."""

    refused: dict[str, str]  # source → words of the sentence that its row must have
    odd: dict[str, str]  # source → a sentence in it: only its name is strange


def add_neighbours(folder: Path) -> Neighbours:
    """Put bad neighbours into a folder, those that the system allows."""
    refused: dict[str, str] = {}
    for name, content, words in _unreadable():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        refused[name] = words
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "坏文件" / "管道.txt")
        refused["坏文件/管道.txt"] = "not an ordinary file"
    odd: dict[str, str] = {}
    for name, sentence in _odd_names().items():
        with suppress(OSError):  # Windows forbids the quotes, encrypted folders long names
            (folder / name).write_text(sentence, "utf-8")
            odd[name] = sentence
    return Neighbours(refused, odd)


def _unreadable() -> list[tuple[str, bytes, str]]:
    whole = write_pdf(next(file for file in load_plan() if file.format == "pdf"))
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        files.writestr("照片/说明.txt", "这是压缩包，不是表格。")
    return [
        ("坏文件/残缺.pdf", whole[: len(whole) // 3], "damaged"),
        ("坏文件/加密.docx", _locked_office_file(), "protected by a password"),
        ("坏文件/空白.docx", b"", "not an Office file"),
        ("坏文件/其实是压缩包.xlsx", archive.getvalue(), "not an Office file"),
        ("坏文件/图片.txt", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00" * 20, "binary file"),
        ("坏文件/旧文档.wps", b"\xd0\xcf\x11\xe0", "save it as .docx"),
    ]


def _locked_office_file() -> bytes:
    """Make what a file with a password begins as: a compound file of an encrypted stream."""
    directory = "EncryptedPackage".encode("utf-16-le").ljust(64, b"\x00")
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(512, b"\x00") + directory.ljust(512, b"\x00")


def _odd_names() -> dict[str, str]:
    long_name = "长" * ((_MAX_NAME_BYTES - len(".txt")) // len("长".encode()))
    long_name = long_name.ljust(
        len(long_name) + _MAX_NAME_BYTES - len(f"{long_name}.txt".encode()), "a"
    )
    return {
        "引号\"和'换行\n.txt": "渡口的铁锚由船工阎大勇捐给了纪念馆。",
        f"{long_name}.txt": "灯会的主灯由纸扎匠人钮志远制作。",
    }
