"""Names of people, places and organisations for composed passages: from documents, or made."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from random import Random
from typing import NamedTuple

from rag.training.synthesis.chinese_phrasing import FIELD
from rag.training.synthesis.chinese_spans import Candidate
from rag.training.synthesis.chinese_text import COUNTRIES, Analysis
from rag.training.synthesis.tables import load_characters, load_table

_TABLE = "chinese_names.toml"
_SURNAMES = load_characters(_TABLE, "characters", "surnames")
_GIVEN = load_characters(_TABLE, "characters", "given")
_LISTS: dict[str, list[str]] = {
    name: words.split() for name, words in load_table(_TABLE)["words"].items()
}
_NUMBER = re.compile(r"\{(\d+)\.\.(\d+)\}")


class Names(NamedTuple):
    """Names found in some documents."""

    people: tuple[str, ...]
    places: tuple[str, ...]
    organizations: tuple[str, ...]
    books: tuple[str, ...]

    def draw(self, form: str, random: Random) -> str:
        """Return the form with ``{1..60}`` replaced by such a number and ``{name}`` by a name.

        :param form: Names are those of the methods' kinds (person, company, city, school, body,
            book, country) and of the word lists in ``chinese_names.toml``.
        :raises KeyError: when there is no list of that name.
        """
        numbered = _NUMBER.sub(lambda m: str(random.randint(int(m[1]), int(m[2]))), form)
        return FIELD.sub(lambda match: self._draw_one(match[1], random), numbered)

    def _draw_one(self, name: str, random: Random) -> str:
        if name in _LISTS:
            return _pick(name, random)
        drawers: dict[str, Callable[[Random], str]] = {
            "person": self._person,
            "company": _company,
            "body": self._body,
            "book": self._book,
            "country": lambda random: random.choice(COUNTRIES),
            "city": lambda random: _pick("cities", random),
            "school": lambda random: _pick("cities", random) + _pick("school_ends", random),
        }
        return drawers[name](random)

    def _body(self, random: Random) -> str:
        return self._known(self.organizations, random) or _company(random)

    def _book(self, random: Random) -> str:
        return random.choice(self.books) if self.books else f"《{_pick('events', random)}》"

    def _person(self, random: Random) -> str:
        given = "".join(random.sample(_GIVEN, random.choice((1, 2, 2, 2))))
        return self._known(self.people, random) or random.choice(_SURNAMES) + given

    @staticmethod
    def _known(names: tuple[str, ...], random: Random) -> str:
        return random.choice(names) if names and random.random() < 0.5 else ""


def _company(random: Random) -> str:
    city = _pick("cities", random) if random.random() < 0.35 else ""
    field = _pick("fields", random) if random.random() < 0.75 else ""
    return city + _pick("brands", random) + field + _pick("company_ends", random)


def _pick(name: str, random: Random) -> str:
    return random.choice(_LISTS[name])


def gather_names(found: Iterable[tuple[Analysis, list[Candidate]]]) -> Names:
    """Collect the distinct names among the candidates of passages."""
    kept: dict[str, dict[str, None]] = {"person": {}, "place": {}, "organization": {}, "title": {}}
    for analysis, candidates in found:
        for candidate in candidates:
            text = analysis.text[candidate.start : candidate.end]
            if candidate.kind in kept and 2 <= len(text) <= 14 and "、" not in text:
                kept[candidate.kind][text] = None
    books = tuple(text for text in kept["title"] if text[0] == "《" and text[-1] == "》")
    return Names(tuple(kept["person"]), tuple(kept["place"]), tuple(kept["organization"]), books)
