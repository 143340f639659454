"""The styles of a Word document: style id → what it makes of a paragraph or a run."""

import re
from dataclasses import dataclass, field

from index.formats.limits import MAX_PARTS
from index.formats.office_package import (
    Attributes,
    OfficePackage,
    XmlReader,
    attribute,
    is_on,
    whole_number,
)

# Word keeps "heading 1" as the name in every language; other programs write their own.
_HEADING = re.compile(
    r"(?:heading|überschrift|titre|título|titolo|titel|заголовок|标题|標題|見出し|제목)\s*([1-9])"
)
_TITLES = frozenset({"title", "标题", "標題", "文档标题"})
_CONTENTS = re.compile(r"(?:toc|目录|目錄|目次)\s*[1-9]|toc heading|table of figures")
_MAX_CHAIN = 20  # styles that a style is based on; Word allows about ten
_MAX_LEVEL = 9
OLD_PROPERTIES = (  # what tracked changes replaced
    *("w:pPrChange", "w:rPrChange", "w:sectPrChange", "w:tblPrChange", "w:tblPrExChange"),
    *("w:tcPrChange", "w:trPrChange", "w:tblGridChange", "w:numberingChange"),
)


@dataclass(slots=True)
class Style:
    """A style; None where it says nothing and the one it is based on decides."""

    name: str = ""
    based_on: str = ""
    outline_level: int | None = None  # from 0; 9 is body text
    is_list: bool | None = None
    is_hidden: bool | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """What a style comes to with all that it is based on."""

    level: int = 0  # of a heading, from 1; 0 is none
    is_title: bool = False
    is_contents: bool = False  # a line of a table of contents
    is_list: bool = False
    is_hidden: bool = False


@dataclass(slots=True)
class Styles:
    """All styles of a document."""

    by_id: dict[str, Style] = field(default_factory=dict)
    _looks: dict[str, Look] = field(default_factory=dict)

    @classmethod
    def load(cls, package: OfficePackage, document: str) -> "Styles":
        """Read the styles.

        :param package: The file.
        :param document: Its main part.
        :return: The styles; none when the file has none.
        :raises DocumentError: When they are damaged.
        """
        reader = _StylesReader()
        if part := package.find(document, "styles"):
            package.parse(part, reader.xml())
        return cls(reader.styles)

    def look(self, style_id: str) -> Look:
        """Return what a style does.

        :param style_id: Its id; an unknown one does nothing.
        :return: The look.
        """
        if style_id not in self.by_id:
            return Look()
        if style_id not in self._looks:
            self._looks[style_id] = _resolve(self._chain(style_id))
        return self._looks[style_id]

    def _chain(self, style_id: str) -> list[Style]:
        chain: list[Style] = []
        while style_id in self.by_id and len(chain) < _MAX_CHAIN:
            chain.append(self.by_id[style_id])
            style_id = chain[-1].based_on
        return chain


class _StylesReader:
    """Gathers styles as the XML goes by."""

    def __init__(self) -> None:
        self.styles: dict[str, Style] = {}
        self._style = Style()

    def xml(self) -> XmlReader:
        starts = {
            "w:style": self._open,
            "w:name": self._set_name,
            "w:basedOn": self._set_base,
            "w:outlineLvl": self._set_level,
            "w:numId": self._set_list,
            "w:vanish": self._set_hidden,
        }
        skipped = ("w:docDefaults", "w:latentStyles", "w:tblStylePr", *OLD_PROPERTIES)
        return XmlReader(starts, skipped=skipped)

    def _open(self, attributes: Attributes) -> None:
        self._style = Style()
        if len(self.styles) < MAX_PARTS:
            self.styles[attribute(attributes, "w:styleId")] = self._style

    def _set_name(self, attributes: Attributes) -> None:
        self._style.name = attribute(attributes, "w:val").strip().lower()

    def _set_base(self, attributes: Attributes) -> None:
        self._style.based_on = attribute(attributes, "w:val")

    def _set_level(self, attributes: Attributes) -> None:
        self._style.outline_level = whole_number(attribute(attributes, "w:val"), _MAX_LEVEL)

    def _set_list(self, attributes: Attributes) -> None:
        self._style.is_list = attribute(attributes, "w:val") != "0"

    def _set_hidden(self, attributes: Attributes) -> None:
        self._style.is_hidden = is_on(attribute(attributes, "w:val"))


def _resolve(chain: list[Style]) -> Look:
    return Look(
        level=next((level for style in chain if (level := _own_level(style)) is not None), 0),
        is_title=any(style.name in _TITLES for style in chain),
        is_contents=any(_CONTENTS.fullmatch(style.name) for style in chain),
        is_list=next((style.is_list for style in chain if style.is_list is not None), False),
        is_hidden=next((style.is_hidden for style in chain if style.is_hidden is not None), False),
    )


def _own_level(style: Style) -> int | None:
    if style.outline_level is not None:
        return style.outline_level + 1 if 0 <= style.outline_level < _MAX_LEVEL else 0
    match = _HEADING.fullmatch(style.name)
    return int(match.group(1)) if match else None
