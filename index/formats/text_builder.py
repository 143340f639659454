"""Text builder: the pieces a loader finds, in reading order → one text with headings and places."""

import re
from dataclasses import replace

from index.datatypes import Heading, Place, PlaceKind, Span
from index.errors import DocumentError
from index.formats.extraction import Extraction
from index.formats.limits import MAX_TEXT_CHARS

PARAGRAPH = "\n\n"  # between paragraphs: a chunk may end here
LINE = "\n"  # between rows of a table and items of a list, which belong together
_BREAKS = re.compile(r"\r\n|[\r\v\f\x85\u2028\u2029]")
# Control characters, soft hyphens, byte order marks, lone surrogates and non-characters: nothing
# of them is seen, and a word that holds one is not found.
_UNSEEN = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\ufeff\ud800-\udfff\ufffe\uffff]")
_SPACES = re.compile(r"\s+")


class TextBuilder:
    """Gathers a text piece by piece and knows where each stands."""

    def __init__(self) -> None:
        """Start with an empty text."""
        self._pieces: list[str] = []
        self._length = 0
        self._headings: list[Heading] = []
        self._places: list[Place] = []

    def __len__(self) -> int:
        """Return the number of code points gathered."""
        return self._length

    def add(self, piece: str, separator: str = PARAGRAPH) -> Span:
        """Append a piece.

        :param piece: Its words, already clean.
        :param separator: What stands before it, unless it is the first.
        :return: Where it stands.
        :raises DocumentError: When the text grows too long.
        """
        if self._length:
            self._pieces.append(separator)
            self._length += len(separator)
        span = Span(self._length, self._length + len(piece))
        refuse_too_much(span.end)
        self._pieces.append(piece)
        self._length = span.end
        return span

    def add_heading(self, title: str, level: int, separator: str = PARAGRAPH) -> Span:
        """Append a heading as a line of its own.

        :param title: Its words; line breaks in it become spaces.
        :param level: From 1.
        :param separator: What stands before it, unless it is the first.
        :return: Where it stands.
        """
        line = one_line(title)
        span = self.add(line, separator)
        self._headings.append(Heading(level, line, span))
        return span

    def add_place(self, kind: PlaceKind, number: int, span: Span, name: str = "") -> None:
        """Note where a part stands, after the parts before it."""
        self._places.append(Place(kind, number, span, name))

    def open_place(self, kind: PlaceKind, number: int, name: str = "") -> int:
        """Begin a part that may hold others.

        :param kind: What the format calls it.
        :param number: From 1.
        :param name: A sheet's.
        :return: What ``close_place`` needs.
        """
        self._places.append(Place(kind, number, Span(self._length, self._length), name))
        return len(self._places) - 1

    def close_place(self, opened: int) -> bool:
        """End a part where the text ends now.

        :param opened: What ``open_place`` gave.
        :return: Whether it holds any text.
        """
        place = self._places[opened]
        start = place.span.start
        if start == self._length:
            return False
        if start:  # the part begins after what separates it from the one before
            start += len(PARAGRAPH)
        self._places[opened] = replace(place, span=Span(start, self._length))
        return True

    def extraction(
        self, media_type: str, title: str, warnings: list[str], encoding: str = "utf-8"
    ) -> Extraction:
        """Return everything gathered."""
        return Extraction(
            text="".join(self._pieces),
            encoding=encoding,
            media_type=media_type,
            title=title,
            headings=tuple(self._headings),
            places=tuple(self._places),
            warnings=tuple(warnings),
        )


def clean_text(text: str) -> str:
    r"""Drop what is not seen and write every line break as \\n."""
    if text.isprintable():
        return text
    return _UNSEEN.sub("", _BREAKS.sub("\n", text))


def one_line(text: str) -> str:
    """Write every run of white space as one space, without any at the ends."""
    return _SPACES.sub(" ", text).strip()


def refuse_too_much(n_chars: int) -> None:
    """Refuse a text that nobody could index.

    :param n_chars: The code points of it known so far.
    :raises DocumentError: When they are too many.
    """
    if n_chars > MAX_TEXT_CHARS:
        raise DocumentError(f"It has more than {MAX_TEXT_CHARS:,} characters of text; split it.")
