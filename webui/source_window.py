"""Window: a long document and a place in it → the part of its text that is shown at once."""

from index.datatypes import Span

WHOLE_CHARS = 100_000  # a longer document is shown in part
_AROUND_CHARS = 30_000  # before and after a place


def show_around(text: str, place: Span) -> Span:
    """Choose what is shown of a document: all, or the lines around a place.

    :param text: The document's.
    :param place: In it; of a long one at least the beginning is shown.
    :return: Whole lines where there are some.
    """
    if len(text) <= WHOLE_CHARS:
        return Span(0, len(text))
    place = Span(place.start, min(place.end, place.start + _AROUND_CHARS))
    return _in_lines(text, Span(place.start - _AROUND_CHARS, place.end + _AROUND_CHARS), place)


def show_before(text: str, shown: Span) -> Span:
    """Choose what is shown instead of a part when one goes on upwards.

    :param text: The document's.
    :param shown: What was shown.
    :return: What stands right before it.
    """
    end = Span(shown.start, shown.start)
    return _in_lines(text, Span(shown.start - 2 * _AROUND_CHARS, shown.start), end)


def show_after(text: str, shown: Span) -> Span:
    """Choose what is shown instead of a part when one goes on downwards.

    :param text: The document's.
    :param shown: What was shown.
    :return: What stands right after it.
    """
    start = Span(shown.end, shown.end)
    return _in_lines(text, Span(shown.end, shown.end + 2 * _AROUND_CHARS), start)


def _in_lines(text: str, part: Span, place: Span) -> Span:
    """Cut a part to whole lines, as far as some end between its ends and a place in it."""
    start, end = max(0, part.start), min(len(text), part.end)
    if 0 < start < place.start:
        start = max(start, text.find("\n", start, place.start) + 1)  # find() gives -1 for none
    if place.end < end < len(text):
        line_end = text.rfind("\n", place.end, end)
        end = line_end + 1 if line_end >= 0 else end
    return Span(start, end)
