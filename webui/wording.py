"""Wording: numbers, places and outcomes → the words of one language, for page and terminal."""

from datetime import datetime

from index.datatypes import BuildReport
from index.progress import Stage
from rag.datatypes import Answer, Citation, Role, Status
from webui.languages import Texts

_SURE = 0.75  # of answers only; a choice of words, the status being what was calibrated
_UNITS = ("B", "KB", "MB", "GB")


def describe_confidence(answer: Answer, texts: Texts) -> str:
    """Say in words how sure an answer is.

    :param answer: Answered or uncertain.
    :param texts: The language.
    :return: Words; the number is in :func:`describe_percent`.
    """
    if answer.status is not Status.ANSWERED:
        return texts.unsure
    return texts.sure if answer.confidence >= _SURE else texts.fairly_sure


def describe_percent(answer: Answer) -> str:
    """Say the confidence as a percentage, never 100."""
    return f"{min(99, round(answer.confidence * 100))}%"


def describe_number(citation: Citation, texts: Texts) -> str:
    """Give a citation its number; what is only close to the question has none."""
    if citation.role is Role.NEAREST:
        return "¶"
    return texts.reference.format(number=citation.number)


def describe_place(citation: Citation, texts: Texts, *, has_title: bool = False) -> str:
    """Say where a citation stands: its source, page or line, and headings.

    :param citation: The citation.
    :param texts: The language.
    :param has_title: Whether the document's title stands beside it, and need not be repeated.
    :return: Such as ``report.md · 第 12 行 › 第二章 › 收入``.
    """
    at = (
        texts.line.format(line=citation.line)
        if citation.page is None
        else texts.page.format(page=citation.page)
    )
    heading = citation.heading
    if has_title and heading[:1] == (citation.title,):
        heading = heading[1:]
    return " › ".join((f"{citation.source} · {at}", *heading))


def describe_role(citation: Citation, texts: Texts) -> str:
    """Say why a citation beside the answer's own is there; "" for the others."""
    return texts.same_elsewhere if citation.role is Role.SAME else ""


def describe_stage(stage: Stage | None, texts: Texts) -> str:
    """Name a part of a build; None is the look for changes before it."""
    return {
        None: texts.stage_check,
        Stage.WAIT: texts.stage_wait,
        Stage.READ: texts.stage_read,
        Stage.ENCODE: texts.stage_encode,
        Stage.DENSE: texts.stage_dense,
        Stage.LEXICAL: texts.stage_lexical,
        Stage.PUBLISH: texts.stage_publish,
    }[stage]


def describe_report(report: BuildReport, texts: Texts) -> str:
    """Say what a build did.

    :param report: Of the build.
    :param texts: The language.
    :return: One or two sentences.
    """
    if not report.is_new:
        return texts.unchanged
    outcome = texts.built.format(
        documents=f"{report.n_documents:,}",
        chunks=f"{report.n_chunks:,}",
        seconds=f"{report.seconds:.1f}",
    )
    changes = texts.built_changes.format(
        added=len(report.added), changed=len(report.changed), removed=len(report.removed)
    )
    return f"{outcome} · {changes}"


def describe_size(n_bytes: int) -> str:
    """Say a file's size in units of 1024, such as ``12.3 KB``."""
    size = float(n_bytes)
    for unit in _UNITS[:-1]:
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} {_UNITS[-1]}"


def describe_time(created_at: str) -> str:
    """Say a manifest's time on this machine's clock, to the minute."""
    return datetime.fromisoformat(created_at).astimezone().strftime("%Y-%m-%d %H:%M")
