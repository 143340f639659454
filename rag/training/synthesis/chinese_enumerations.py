"""Passages that enumerate many alike items, composed from names, and questions for one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from random import Random
from typing import NamedTuple

from rag.training.synthesis.chinese_names import Names
from rag.training.synthesis.chinese_phrasing import FIELD, fill, polish
from rag.training.synthesis.chinese_short_names import shorten
from rag.training.synthesis.tables import load_table
from rag.training.synthesis.writing import Question

Fields = Mapping[str, str]
Places = Mapping[str, tuple[int, int]]
_MIN_ITEMS = 4
EACH = "each_"  # begins the kind of a question that is there once for each of its answers
ITEM = "item_"  # begins the kind of a question for one item
_ALL_SHARE, _MOST_EACH = 0.5, 6
_UNEVEN_SHARE = 0.3  # of enumerations, whose items are not all written alike
_TABLE_SHARE = 0.25  # of them, written as rows or records, as loaders of tables write them
_SHORT_SHARE = 0.45  # of questions, which call an organisation by a short name
_SHORTENED = ("organization",)


class Scheme(NamedTuple):
    """A kind of enumeration.

    :param fields: For each field the ways to make it.
    :param forms: Ways to write an item; one is used for a whole enumeration.
    :param asks: For each field that can be asked for, questions that name the others.
    :param several: For some fields, questions that every item answers.
    :param leads: Ways to open; ``{n}`` is the number of items.
    :param ends: Ways to close after the last item.
    """

    weight: float
    fields: Mapping[str, Sequence[str]]
    forms: Sequence[str]
    asks: Mapping[str, Sequence[str]]
    several: Mapping[str, Sequence[str]]
    leads: Sequence[str]
    ends: Sequence[str]

    def draw(self, names: Names, random: Random) -> Fields:
        """Make the fields of one item."""
        return {
            field: names.draw(random.choice(ways), random) for field, ways in self.fields.items()
        }


@cache
def load_schemes() -> tuple[Scheme, ...]:
    """Return the kinds of enumerations that ``chinese_schemes.toml`` lists."""
    table = load_table("chinese_schemes.toml")

    def expand(forms: list[str]) -> tuple[str, ...]:
        lists = (table["shared"][form[1:]] if form[:1] == "@" else [form] for form in forms)
        return tuple(form for listed in lists for form in listed)

    return tuple(
        Scheme(
            weight=scheme["weight"],
            fields=scheme["fields"],
            forms=expand(scheme["forms"]),
            asks={field: expand(asks) for field, asks in scheme["asks"].items()},
            several={field: expand(asks) for field, asks in scheme.get("several", {}).items()},
            leads=expand(scheme["leads"]),
            ends=expand(scheme["ends"]),
        )
        for scheme in table["scheme"]
    )


class _Item(NamedTuple):
    """An item of an enumeration and where its fields stand."""

    fields: Fields
    places: Places


class Composed(NamedTuple):
    """A composed enumeration with its questions, and questions for items that it lacks."""

    text: str
    questions: tuple[Question, ...]
    unanswerable: tuple[str, ...]


def compose(scheme: Scheme, names: Names, room: int, random: Random) -> Composed | None:
    """Compose one enumeration of 4 to 20 items in at most ``room`` characters.

    Only fields that tell the items apart are named in a question.

    :return: None where fewer than four items have room.
    """
    style = (
        _tabulate(scheme, random) if random.random() < _TABLE_SHARE else _write_out(scheme, random)
    )
    n_wanted = random.choice((4, 5, 6, 7, 8, 10, 12, 15, 20))
    text = style.lead.replace("{n}", str(n_wanted))
    scheme = style.scheme
    items: list[_Item] = []
    for fields in _draw_apart(scheme, FIELD.findall(style.forms[0])[0], n_wanted, names, random):
        glue = style.separator if items else ""
        written, places = _write(random.choice(style.forms), fields, len(text) + len(glue))
        if len(text) + len(glue) + len(written) + len(style.end) > room:
            break
        text += glue + written
        items.append(_Item(fields, places))
    if len(items) < _MIN_ITEMS:
        return None
    absent = [scheme.draw(names, random) for _ in range(2)]
    missing = [_ask_absent(scheme, items, fields, random) for fields in absent]
    questions = (*_ask_items(scheme, items, random), *_ask_all(scheme, items, random))
    return Composed(text + style.end, questions, tuple(asked for asked in missing if asked))


class _Style(NamedTuple):
    """How one enumeration is written.

    :param scheme: With all questions that can be asked of it.
    :param forms: Of its items; all have the same fields.
    """

    scheme: Scheme
    forms: Sequence[str]
    lead: str
    separator: str
    end: str


def _write_out(scheme: Scheme, random: Random) -> _Style:
    form = random.choice(scheme.forms)
    forms = [form]
    if random.random() < _UNEVEN_SHARE:
        fields = sorted(FIELD.findall(form))
        forms = [other for other in scheme.forms if sorted(FIELD.findall(other)) == fields]
    separator = random.choice(";;;、" if any("," in form for form in forms) else "、、、,,,;;")
    lead, end = random.choice(scheme.leads), random.choice(scheme.ends) + "。"
    return _Style(scheme, forms, lead, separator, end)


def _tabulate(scheme: Scheme, random: Random) -> _Style:
    """Write items as rows or records of labels and values, and ask by label, too."""
    known = load_table("chinese_schemes.toml")["labels"]
    labels = {field: random.choice(known[field]) for field in scheme.fields}
    fields = random.sample(list(labels), len(labels))
    cells = [f"{labels[field]}: {{{field}}}" for field in fields]
    asks = {
        field: [*forms, *_ask_by_label(fields, labels, field)]
        for field, forms in scheme.asks.items()
    }
    scheme = scheme._replace(asks=asks)
    if random.random() < 0.5:
        return _Style(scheme, ["\n".join(cells)], "\n", "\n\n", "\n")
    lead = "\n" + " | ".join(labels[field] for field in fields) + "\n"
    return _Style(scheme, [" | ".join(cells)], lead, "\n", "\n")


def _ask_by_label(fields: Sequence[str], labels: Mapping[str, str], wanted: str) -> Iterator[str]:
    if wanted not in labels:  # two fields at once
        return
    for key in fields:
        if key != wanted:
            yield f"{{{key}}}的{labels[wanted]}是什么"
            yield f"{{{key}}}的{labels[wanted]}"


def _draw_apart(
    scheme: Scheme, field: str, n_items: int, names: Names, random: Random
) -> Iterator[Fields]:
    """Draw items that differ in a field."""
    seen = set()
    for _ in range(n_items):
        fields = scheme.draw(names, random)
        if fields[field] not in seen:
            seen.add(fields[field])
            yield fields


def _write(form: str, fields: Fields, at: int) -> tuple[str, Places]:
    """Return an item's text and where its fields stand when it begins at ``at``."""
    text, places, end = "", {}, 0
    for match in FIELD.finditer(form):
        text += form[end : match.start()]
        value = fields[match[1]]
        places[match[1]] = (at + len(text), at + len(text) + len(value))
        text += value
        end = match.end()
    return text + form[end:], places


def _ask_items(scheme: Scheme, items: list[_Item], random: Random) -> Iterator[Question]:
    n_asked = min(len(items), random.randint(2, 5))
    for item in random.sample(items, n_asked):
        asks = _asks_of(scheme, items, item)
        if asks:
            field = random.choice(sorted(asks))
            called = _call_short(items, item, random)
            asked = polish(fill(random.choice(asks[field]), called), random)
            span = _span_of(field, item.places)
            if span:
                yield Question(asked, *span, ITEM + field.replace("+", "_"))


def _call_short(items: list[_Item], item: _Item, random: Random) -> Fields:
    """Return an item's fields with short names, unless another item could be meant by one."""
    called = dict(item.fields)
    for field in _SHORTENED:
        if field in called and random.random() < _SHORT_SHARE:
            short = shorten(called[field], random)
            if sum(short in other.fields[field] for other in items) == 1:
                called[field] = short
    return called


def _ask_all(scheme: Scheme, items: list[_Item], random: Random) -> Iterator[Question]:
    """Ask for a field of all items, once for each: the reader learns to see them all as likely."""
    fields = [
        field
        for field in scheme.several
        if all(_span_of(field, item.places) for item in items)
        and len({item.fields[field] for item in items}) == len(items)
    ]
    if not fields or random.random() > _ALL_SHARE:
        return
    field = random.choice(fields)
    asked = polish(random.choice(scheme.several[field]), random)
    for item in random.sample(items, min(len(items), _MOST_EACH)):
        yield Question(asked, *item.places[field], EACH + field)


def _asks_of(scheme: Scheme, items: list[_Item], item: _Item) -> dict[str, list[str]]:
    """Return the questions that only this item answers, by what they ask for."""
    found: dict[str, list[str]] = {}
    for field, asks in scheme.asks.items():
        if _span_of(field, item.places) is None:
            continue
        for ask in asks:
            named = FIELD.findall(ask)
            n_alike = sum(_is_alike(named, item.fields, other.fields) for other in items)
            if n_alike == 1 and all(name in item.places for name in named):
                found.setdefault(field, []).append(ask)
    return found


def _span_of(field: str, places: Places) -> tuple[int, int] | None:
    """Return where a field stands; ``a+b`` is both and what lies between, if side by side."""
    first, _, last = field.partition("+")
    if not last:
        return places.get(first)
    if first in places and last in places and 0 <= places[last][0] - places[first][1] <= 1:
        return places[first][0], places[last][1]
    return None


def _is_alike(named: list[str], one: Fields, other: Fields) -> bool:
    return all(one[name] in other[name] or other[name] in one[name] for name in named)


def _ask_absent(scheme: Scheme, items: list[_Item], fields: Fields, random: Random) -> str | None:
    """Return a question for an item that is not among the items, though half of it may be."""
    ask = random.choice(scheme.asks[random.choice(sorted(scheme.asks))])
    named = FIELD.findall(ask)
    mixed = dict(fields)
    if len(named) > 1:
        mixed[named[0]] = random.choice(items).fields[named[0]]
    if any(_is_alike(named, mixed, item.fields) for item in items):
        return None
    return polish(fill(ask, mixed), random)
