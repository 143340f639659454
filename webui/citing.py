"""Citing: an answer → the text of it to paste elsewhere, with every quote and its place.

GB/T 7714—2015 in the numeric system: a work without a known author begins with its title (8.1.4
lets the numeric system leave the author out), an electronic one without a known place of
publication and publisher leaves those out, too (8.4.1.3, 8.4.2.3). A file of one's own folder is no
online resource and of no kind that its name could prove, so it is ``[Z/DK]``, others on a disk:

    [1] 题名[Z/DK]. 年: 页(更新日期)[引用日期]. 路径, 在其中的位置.
"""

import json
import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from index.datatypes import PlaceKind
from rag.datatypes import Answer, Citation, DateOrigin
from webui.cite_style import CiteStyle
from webui.languages import Texts
from webui.languages.answers import ANSWER_TEXTS
from webui.wording import describe_place, describe_places, describe_source

_HASH_CHARS = 12
_FULL_DATE_CHARS = len("2024-03-15")
# CommonMark's marks and those of its usual extensions: tables, maths, footnotes, mentions, links.
_MARKS = re.compile(r"([\\`*_{}\[\]<>#|~$!&^@])|(?<=[a-zA-Z])(:)(?=//)|(?<=\b[wW]{3})(\.)")
_OPENS_BLOCK = re.compile(r"^([-+=]|\d+(?=[.)]))")


def cite_answer(answer: Answer, style: CiteStyle, texts: Texts, *, today: date) -> str:
    """Write an answer with its citations.

    :param answer: The answer.
    :param style: How.
    :param texts: The language of what is not quoted.
    :param today: When it is cited.
    :return: Text that ends without a line's end; "" when nothing was found.
    """
    if not answer.citations:
        return ""
    if style is CiteStyle.MARKDOWN:
        return _cite_markdown(answer, texts)
    if style is CiteStyle.GBT7714:
        return "\n".join(
            f"[{citation.number}] {cite_gbt(citation, texts, today=today)}"
            for citation in _one_a_document(answer.citations)
        )
    return _cite_text(answer, texts)


def write_receipt(receipt: dict[str, Any]) -> str:
    """Write a receipt as its file has it (:func:`rag.receipt_file.seal_receipt`)."""
    return json.dumps(receipt, ensure_ascii=False, indent=1)


def escape_markdown(text: str) -> str:
    """Make any text one line of Markdown that says it and does nothing.

    :param text: Any string.
    :return: Markdown; runs of white space are one space.
    """
    line = " ".join(text.split())
    escaped = _MARKS.sub(lambda match: "\\" + match.group(), line)
    return _OPENS_BLOCK.sub(
        lambda match: f"{match.group()}\\" if match.group().isdigit() else "\\" + match.group(),
        escaped,
    )


def cite_gbt(citation: Citation, texts: Texts, *, today: date) -> str:
    """Write one reference after GB/T 7714—2015, without its number.

    :param citation: Of any document.
    :param texts: The language of the place in it.
    :param today: The day it is cited.
    :return: One line.
    """
    page = next((at.number for at in citation.places if at.kind is PlaceKind.PAGE), None)
    is_own = citation.date_origin is not DateOrigin.FILE  # a file's time of change is no year of it
    year = citation.date[:4] if is_own else ""
    issued = ": ".join(filter(None, (year, str(page) if page else "")))
    changed = f"({citation.date})" if len(citation.date) == _FULL_DATE_CHARS else ""
    at = "" if page else describe_places(citation.places, texts)
    at = at or ("" if page else texts.line.format(line=citation.line))
    path = ", ".join(filter(None, (describe_source(citation), at)))
    title = citation.title or citation.source
    return " ".join(f"{title}[Z/DK]. {issued}{changed}[{today.isoformat()}]. {path}.".split())


def _cite_text(answer: Answer, texts: Texts) -> str:
    words = ANSWER_TEXTS[texts.code]
    parts = [words.question.format(question=" ".join(answer.question.split()))]
    for number, side in enumerate(answer.sides):
        said = "\n".join(answer.items) if number == 0 else words.differs.format(words=side[0].words)
        parts.append(said)
        parts += [
            f"“{citation.quote}”\n— {describe_place(citation, texts)} {_hash(citation)}"
            for citation in side
        ]
    return "\n\n".join(parts)


def _cite_markdown(answer: Answer, texts: Texts) -> str:
    words = ANSWER_TEXTS[texts.code]
    lines = []
    for number, side in enumerate(answer.sides):
        marks = "".join(f"[^{citation.number}]" for citation in side)
        said = escape_markdown("; ".join(answer.items) if number == 0 else side[0].words)
        lines.append((words.differs.format(words=said) if number else said) + marks)
    notes = [
        f"[^{citation.number}]: “{escape_markdown(citation.quote)}” — "
        f"{escape_markdown(describe_place(citation, texts))} {_hash(citation)}"
        for citation in answer.citations
    ]
    return "\n\n".join([*lines, *notes])


def _hash(citation: Citation) -> str:
    return f"(sha256 {citation.sha256[:_HASH_CHARS]})"


def _one_a_document(citations: Sequence[Citation]) -> list[Citation]:
    """Take each place once: the items of a list may share it."""
    first = {(one.collection, one.source, one.places, one.line): one for one in reversed(citations)}
    return sorted(first.values(), key=lambda one: one.number)
