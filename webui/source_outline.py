"""Outline: a document's headings and numbered parts → short lists to jump by."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeVar

from index.datatypes import Document, Heading, Place, PlaceKind
from rag.datatypes import CitedPlace

_MOST = 200  # entries of a list; of more every tenth, hundredth … is kept
_INNER = (PlaceKind.ROW, PlaceKind.RECORD)  # parts that have no names and are many

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Outline:
    """What one may jump to; both lists are short and in text order."""

    headings: tuple[Heading, ...]
    parts: tuple[Place, ...]


def outline_document(document: Document) -> Outline:
    """Choose what to jump to.

    :param document: The document.
    :return: Its headings, of deep ones only as many levels as are few enough; its pages, slides or
        sheets, and rows or records where there is no more than one sheet.
    """
    outer = [place for place in document.places if place.kind not in _INNER]
    inner = [place for place in document.places if place.kind in _INNER]
    parts = outer if len(outer) > 1 or not inner else inner
    return Outline(_shallow(document.headings), tuple(_thin(parts)))


def name_part(place: Place) -> CitedPlace:
    """Return a part as what citations name it by."""
    return CitedPlace(place.kind, place.number, place.name)


def find_current(starts: Sequence[int], at: int) -> int:
    """Tell in which of the parts that begin at given places a place lies.

    :param starts: Rising.
    :param at: The place.
    :return: The part's number from 0; -1 before the first.
    """
    return sum(start <= at for start in starts) - 1


def _shallow(headings: Sequence[Heading]) -> tuple[Heading, ...]:
    kept: list[Heading] = []
    by_level = sorted(headings, key=lambda heading: heading.level)
    for _, group in groupby(by_level, key=lambda heading: heading.level):
        level = list(group)
        if kept and len(kept) + len(level) > _MOST:
            break
        kept += level
    return tuple(_thin(sorted(kept, key=lambda heading: heading.span)))


def _thin(entries: Sequence[T]) -> Sequence[T]:
    step = 1
    while len(entries) > _MOST * step:
        step *= 10
    return entries[::step]
