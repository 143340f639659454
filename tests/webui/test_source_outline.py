from dataclasses import replace

import pytest

from index.datatypes import Heading, Place, PlaceKind, Span
from tests.webui.samples import make_document, make_sheet
from webui.source_outline import find_current, outline_document


def headed(*levels):
    text = "\n".join(f"标题{number}" for number in range(len(levels)))
    headings, start = [], 0
    for number, level in enumerate(levels):
        title = f"标题{number}"
        headings.append(Heading(level, title, Span(start, start + len(title))))
        start += len(title) + 1
    return replace(make_document(text), headings=tuple(headings))


def test_headings_are_kept_in_their_order():
    outline = outline_document(headed(1, 2, 1, 3))
    assert [(one.level, one.title) for one in outline.headings] == [
        (1, "标题0"),
        (2, "标题1"),
        (1, "标题2"),
        (3, "标题3"),
    ]


def test_of_very_many_headings_the_deep_ones_are_left_out():
    outline = outline_document(headed(*([1] + [2] * 50) * 5))
    assert [one.level for one in outline.headings] == [1] * 5


@pytest.mark.parametrize(("count", "step"), [(200, 1), (201, 10), (2001, 100)])
def test_of_very_many_parts_every_tenth_or_hundredth_is_kept(count, step):
    outline = outline_document(make_sheet(*["甲"] * count))
    numbers = [part.number for part in outline.parts]
    assert numbers == list(range(1, count + 1, step))
    assert len(numbers) <= 200


def test_of_several_sheets_the_sheets_are_listed_and_not_their_rows():
    places = (
        Place(PlaceKind.SHEET, 1, Span(0, 1), "甲"),
        Place(PlaceKind.ROW, 1, Span(0, 1)),
        Place(PlaceKind.SHEET, 2, Span(2, 3), "乙"),
        Place(PlaceKind.ROW, 1, Span(2, 3)),
    )
    outline = outline_document(make_document("甲\n乙", places=places))
    assert [part.name for part in outline.parts] == ["甲", "乙"]


@pytest.mark.parametrize(("at", "number"), [(0, -1), (5, 0), (9, 0), (10, 1), (99, 2)])
def test_a_place_lies_in_the_last_part_that_begins_before_it(at, number):
    assert find_current([5, 10, 20], at) == number
