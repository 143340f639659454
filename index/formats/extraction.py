"""What every format's loader returns."""

from dataclasses import dataclass

from index.datatypes import Heading, Place


@dataclass(frozen=True, slots=True)
class Extraction:
    """A file's text with its layout; all spans are into ``text``."""

    text: str
    encoding: str
    media_type: str
    title: str = ""  # "" when the text does not tell
    headings: tuple[Heading, ...] = ()
    places: tuple[Place, ...] = ()
    warnings: tuple[str, ...] = ()  # what could not be taken over, one sentence each
