"""Reading pictures of pages with the system's Tesseract, where the extra ``ocr`` is installed.

The picture goes through a pipe and comes back as lines with their places; nothing is written.
"""

import csv
import io
import os
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from importlib.util import find_spec
from statistics import median
from typing import TYPE_CHECKING

from index.formats.pdf_glyphs import Line

if TYPE_CHECKING:
    import pypdfium2

_LANGUAGES = "chi_sim+eng"
_DPI = 300
_MAX_PIXELS = 40_000_000  # A3 at 300 dpi has 17 million
_POINTS = 72
_FILE_SECONDS = 60  # where YIJU_MAX_FILE_SECONDS does not say
_SHARE_OF_TIME = 0.7
_MIN_CONFIDENCE = 30.0  # percent; specks on the paper are below
_NAME = re.compile(r"[A-Za-z0-9_/+-]{1,200}")
_CJK = r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]"
_BESIDE_CJK = re.compile(f"(?<={_CJK}) | (?={_CJK})")


@dataclass(frozen=True, slots=True)
class Ocr:
    """A Tesseract that can be run for one document."""

    program: str
    languages: str  # joined with +
    deadline: float  # by time.monotonic()

    def is_late(self) -> bool:
        """Tell whether there is no time left for another page."""
        return time.monotonic() >= self.deadline


def find_ocr() -> Ocr | None:
    """Look for Tesseract with its languages: ``YIJU_OCR_LANGUAGES``, or chi_sim+eng.

    :return: It; None when the extra, the program or a language is missing.
    """
    program = shutil.which("tesseract")
    languages = os.environ.get("YIJU_OCR_LANGUAGES") or _LANGUAGES
    if program is None or find_spec("PIL") is None or not _NAME.fullmatch(languages):
        return None
    listed = _run([program, "--list-langs"], b"", 20)
    if listed is None or not set(languages.split("+")) <= set(listed.split()):
        return None
    return Ocr(program, languages, time.monotonic() + _seconds())


def _seconds() -> float:
    """Return how long a document's pages may take: a part of what the whole file may."""
    limit = os.environ.get("YIJU_MAX_FILE_SECONDS", "")
    return _SHARE_OF_TIME * (int(limit) if limit.isdecimal() else _FILE_SECONDS)


def read_picture(ocr: Ocr, page: "pypdfium2.PdfPage", number: int) -> list[Line]:
    """Read the words in the picture of a page.

    :param ocr: The Tesseract to run.
    :param page: The page.
    :param number: Its number, from 0.
    :return: Its lines in reading order; [] when there are none, or it took too long.
    """
    width, height = page.get_size()
    square = max(width * height, 1.0)
    scale = min(_DPI / _POINTS, (_MAX_PIXELS / square) ** 0.5)
    bitmap = page.render(scale=scale, grayscale=True)
    try:
        picture = io.BytesIO()
        bitmap.to_pil().save(picture, "PNG", compress_level=1)
    finally:
        bitmap.close()
    dpi = str(round(scale * _POINTS))
    command = [ocr.program, "stdin", "stdout", "-l", ocr.languages, "--dpi", dpi, "tsv"]
    table = _run(command, picture.getvalue(), max(1.0, ocr.deadline - time.monotonic()))
    return _lines(table or "", scale, height, number)


def _run(command: list[str], data: bytes, timeout_s: float) -> str | None:
    # One thread: several fight over the memory and are slower on few cores.
    environ = {**os.environ, "OMP_THREAD_LIMIT": "1"}
    try:
        done = subprocess.run(
            command, input=data, capture_output=True, timeout=timeout_s, env=environ, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "ignore") if done.returncode == 0 else None


def _lines(table: str, scale: float, height: float, number: int) -> list[Line]:
    rows = csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE)
    words: dict[tuple[str, str, str], list[dict[str, str]]] = {}
    for row in rows:
        if row["level"] == "5" and row["text"].strip() and float(row["conf"]) >= _MIN_CONFIDENCE:
            key = (row["block_num"], row["par_num"], row["line_num"])
            words.setdefault(key, []).append(row)
    sizes = [int(row["height"]) / scale for group in words.values() for row in group]
    # The words' own heights vary with their letters; one size for all keeps paragraphs together.
    size = median(sizes) if sizes else 0.0
    lines = []
    for order, group in enumerate(words.values()):
        left = min(int(row["left"]) for row in group)
        right = max(int(row["left"]) + int(row["width"]) for row in group)
        bottom = median(int(row["top"]) + int(row["height"]) for row in group)
        y = height - bottom / scale
        text = _BESIDE_CJK.sub("", " ".join(row["text"].strip() for row in group))
        lines.append(
            Line(text, left / scale, right / scale, y, size, order, number, 0, y / max(height, 1.0))
        )
    return lines
