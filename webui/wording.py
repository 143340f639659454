"""Wording: numbers, places and outcomes → the words of one language, for page and terminal."""

import math
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import reduce
from pathlib import PurePosixPath

from index.datatypes import BuildReport, PlaceKind
from index.progress import Progress, Stage
from rag.datatypes import Answer, Citation, CitedPlace, DateOrigin, Role, Status
from webui.languages import Texts
from webui.languages.answers import ANSWER_TEXTS
from webui.languages.documents import LIBRARY_TEXTS
from webui.languages.library import COLLECTION_TEXTS
from webui.refusals import Refusal

_SURE = 0.75  # of answers only; a choice of words, the status being what was calibrated
_MOST_COPIES = 3  # that are named
_TOO_SOON_S = 1.0  # to tell the speed of a stage
_LONG_S = 100  # from then on the time left is told in minutes
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
    return " › ".join((f"{describe_source(citation, isolate)} · {at}", *map(isolate, heading)))


def describe_source(citation: Citation, isolate: Callable[[str], str] = str) -> str:
    """Name a citation's file, with the collection that it is in.

    :param citation: The citation.
    :param isolate: Makes safe what people call their files.
    :return: Such as ``合同/2023/租约.docx``.
    """
    source = isolate(citation.source)
    return f"{isolate(citation.collection)}/{source}" if citation.collection else source


def describe_unsearched(answer: Answer, texts: Texts, isolate: Callable[[str], str] = str) -> str:
    """Say which collections were asked and could not be searched; "" when all were.

    :param answer: The answer.
    :param texts: The language.
    :param isolate: Makes safe what people call their collections.
    """
    if not answer.unsearched:
        return ""
    words = COLLECTION_TEXTS[texts.code]
    names = words.between.join(map(isolate, answer.unsearched))
    return words.unsearched.format(names=names)


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
    return {
        Role.SAME: texts.same_elsewhere,
        Role.ALSO: texts.also,
        Role.CONFLICT: ANSWER_TEXTS[texts.code].differs.format(words=citation.words),
    }.get(citation.role, "")


def describe_dating(citation: Citation, texts: Texts) -> str:
    """Say a document's date and where it stands, or that it has none."""
    words = ANSWER_TEXTS[texts.code]
    if not citation.date:
        return words.undated
    return f"{describe_date(citation.date, texts)} · {words.origins[citation.date_origin]}"


def describe_date(date: str, texts: Texts) -> str:
    """Say a document's date as exactly as it is known.

    :param date: ISO 8601, not empty: a year, a month or a day.
    :param texts: The language.
    """
    words = ANSWER_TEXTS[texts.code]
    year, *others = date.split("-")
    pattern = (words.year, words.month, words.day)[len(others)]
    month = words.months[int(others[0]) - 1] if others else ""
    return pattern.format(year=year, month=month, day=int(others[1]) if others[1:] else "")


def newest_side(answer: Answer) -> int | None:
    """Tell which of the things that documents say has the latest date of all.

    :param answer: With several sides.
    :return: Its number from 0; None where a side has no date of its own, or none is surely later.
    """
    sides = [[one for one in side if one.date] for side in answer.sides]
    if any(not side or any(_is_of_file(one) for one in side) for side in sides):
        return None
    latest = [max(one.date for one in side) for side in sides]
    newest = max(latest)
    # 2024 may be before or after 2024-03.
    rivals = [date for date in latest if newest.startswith(date)]
    return latest.index(newest) if len(rivals) == 1 else None


def _is_of_file(citation: Citation) -> bool:
    return citation.date_origin is DateOrigin.FILE


def describe_copies(
    citation: Citation, texts: Texts, *, isolate: Callable[[str], str] = str
) -> str:
    """Say where else the cited file lies, byte for byte; "" when nowhere.

    :param citation: The citation.
    :param texts: The language.
    :param isolate: Makes safe what files are called.
    """
    if not citation.copies:
        return ""
    named = citation.copies[:_MOST_COPIES]
    more = f" (+{len(citation.copies) - len(named)})" if len(citation.copies) > len(named) else ""
    return texts.also_at.format(sources=" · ".join(map(isolate, named))) + more


def repeats_quote(citations: Sequence[Citation], at: int) -> bool:
    """Tell whether the citation before shows the same quote: items of a list share a sentence.

    :param citations: As they are shown.
    :param at: Number of the citation among them.
    """
    if at == 0:
        return False
    one, other = citations[at - 1], citations[at]
    return (one.collection, one.source, one.span) == (other.collection, other.source, other.span)


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


def describe_refusal(refusal: Refusal, detail: str, texts: Texts) -> str:
    """Say why a file was left as it was.

    :param refusal: The reason.
    :param detail: What it is about.
    :param texts: The language.
    :return: One or two sentences.
    """
    return LIBRARY_TEXTS[texts.code].refusals[refusal].format(detail=detail)


def describe_speed(progress: Progress, stage_s: float, texts: Texts) -> str:
    """Say how fast a stage of a build is and how long it will last.

    :param progress: How far it has come.
    :param stage_s: Seconds since it began.
    :param texts: The language.
    :return: "" while too little of it is done to tell.
    """
    if not progress.done or stage_s < _TOO_SOON_S:
        return ""
    words, rate = LIBRARY_TEXTS[texts.code], progress.done / stage_s
    left_s = math.ceil((progress.total - progress.done) / rate)
    is_long = left_s > _LONG_S
    left = words.minutes_left if is_long else words.seconds_left
    count = math.ceil(left_s / 60) if is_long else left_s
    shown = f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"
    return f"{words.rate.format(rate=shown)} · {left.format(count=f'{count:,}')}"


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
        added=f"{report.n_added:,}",
        changed=f"{report.n_changed:,}",
        renamed=f"{report.n_renamed:,}",
        removed=f"{report.n_removed:,}",
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


def describe_share(share: float | None) -> str:
    """Word a share in percent, rounded down: 100 % is said of nothing less.

    :param share: 0 to 1; None where it is not known, which gives "".
    """
    return "" if share is None else f"{math.floor(share * 1000) / 10:g} %"
