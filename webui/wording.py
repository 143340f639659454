"""Wording: numbers, places and outcomes → the words of one language, for page and terminal."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import reduce
from pathlib import PurePosixPath

from index.datatypes import BuildReport, PlaceKind
from index.progress import Stage
from rag.datatypes import Answer, Citation, CitedPlace, Role, Status
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


def describe_place(
    citation: Citation,
    texts: Texts,
    *,
    has_title: bool = False,
    isolate: Callable[[str], str] = str,
) -> str:
    """Say where a citation stands: its source, its place in it, and headings.

    :param citation: The citation.
    :param texts: The language.
    :param has_title: Whether the document's title stands beside it, and need not be repeated.
    :param isolate: Makes safe what documents themselves are called and say.
    :return: Such as ``report.md · 第 12 行 › 第二章 › 收入``.
    """
    at = describe_places(citation.places, texts, isolate=isolate)
    at = at or texts.line.format(line=citation.line)
    heading = citation.heading
    if has_title and heading[:1] == (citation.title,):
        heading = heading[1:]
    return " › ".join((f"{isolate(citation.source)} · {at}", *map(isolate, heading)))


def describe_places(
    places: Sequence[CitedPlace], texts: Texts, *, isolate: Callable[[str], str] = str
) -> str:
    """Say which parts of a document words stand in.

    :param places: The parts, outermost first.
    :param texts: The language.
    :param isolate: Makes safe what the document calls its parts.
    :return: Such as ``工作表“员工” 第 5 行``; "" without parts.
    """
    words = [_describe_part(place, texts, isolate) for place in places]
    return reduce(lambda outer, inner: texts.within.format(outer=outer, inner=inner), words or [""])


def _describe_part(place: CitedPlace, texts: Texts, isolate: Callable[[str], str]) -> str:
    pattern = {
        PlaceKind.PAGE: texts.page,
        PlaceKind.SLIDE: texts.slide,
        PlaceKind.SHEET: texts.named_sheet if place.name else texts.sheet,
        PlaceKind.ROW: texts.row,
        PlaceKind.RECORD: texts.record,
    }[place.kind]
    name = isolate(place.name) if place.name else ""
    return pattern.format(number=place.number, name=name)


def describe_role(citation: Citation, texts: Texts) -> str:
    """Say why a citation beside the answer's own is there; "" for the others."""
    return {Role.SAME: texts.same_elsewhere, Role.ALSO: texts.also}.get(citation.role, "")


def repeats_quote(citations: Sequence[Citation], at: int) -> bool:
    """Tell whether the citation before shows the same quote: items of a list share a sentence.

    :param citations: As they are shown.
    :param at: Number of the citation among them.
    """
    if at == 0:
        return False
    one, other = citations[at - 1], citations[at]
    return (one.source, one.span) == (other.source, other.span)


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


def describe_format(source: str, media_type: str, encoding: str) -> str:
    """Name a file's format after the ending that decided it, with a text's encoding.

    :param source: The file.
    :param media_type: Of the file; "" when unknown.
    :param encoding: What a text was decoded from; other formats settle that themselves.
    :return: Such as ``TXT · gb18030`` or ``PDF``; "" for a name without an ending.
    """
    ending = PurePosixPath(source).suffix.removeprefix(".").upper()
    is_text = media_type.startswith("text/")
    return " · ".join(filter(None, (ending, encoding if is_text else "")))


def describe_pages(n_pages: int, n_empty_pages: int, texts: Texts) -> str:
    """Say how many pages a file has, and how many of them without text; "" for no pages."""
    if not n_pages:
        return ""
    if not n_empty_pages:
        return f"{n_pages:,}"
    return texts.empty_pages.format(pages=f"{n_pages:,}", empty=f"{n_empty_pages:,}")


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
