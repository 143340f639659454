"""Values: what two answers say, compared.

"12月1日", "十二月一日" and "Dec 1" are one date; "1.2千克" and "1200克" one mass; "2月5日" says
less than "2月5日下午" but nothing else. Typed values only: what is not a number, a date, a name, a
version or a yes or no is never compared, for whether free text contradicts would be a guess.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from typing import TypeAlias

from rag.moments import Moment
from rag.quantities import ANY_COUNTER, Quantity


class Agreement(StrEnum):
    """What two values say to each other."""

    SAME = "same"
    COMPATIBLE = "compatible"  # one says more than the other
    DIFFERENT = "different"
    INCOMPARABLE = "incomparable"


@dataclass(frozen=True, slots=True)
class Time:
    """A date or time of day, or a stretch from one to another."""

    moment: Moment
    until: Moment | None = None


@dataclass(frozen=True, slots=True)
class Name:
    """What somebody or something is called: folded letters and digits, words a space apart."""

    words: str


@dataclass(frozen=True, slots=True)
class Version:
    """The numbers of a version, from the first."""

    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Yes or no."""

    is_yes: bool


Value: TypeAlias = Time | Quantity | Name | Version | Verdict

# Words of roles end so, names of people hardly ever: 部门经理 and 副总经理 are two.
_ROLE_ENDS = "长理任记席师员人部局处科室会院司社团校"


def agree(one: Value | None, other: Value | None) -> Agreement:
    """Compare what two answers say.

    :param one: A value, or None for words that say none.
    :param other: Another.
    :return: INCOMPARABLE when they are of two kinds or speak of different things.
    """
    if isinstance(one, Time) and isinstance(other, Time):
        return _compare_times(one, other)
    if isinstance(one, Quantity) and isinstance(other, Quantity):
        return _compare_quantities(one, other)
    if isinstance(one, Name) and isinstance(other, Name):
        return _compare_names(one.words, other.words)
    if isinstance(one, Version) and isinstance(other, Version):
        return _compare_versions(one.parts, other.parts)
    if isinstance(one, Verdict) and isinstance(other, Verdict):
        return Agreement.SAME if one == other else Agreement.DIFFERENT
    return Agreement.INCOMPARABLE


def _compare_times(one: Time, other: Time) -> Agreement:
    if bool(one.until) != bool(other.until) and one.moment != other.moment:
        return Agreement.INCOMPARABLE  # a day within a stretch contradicts nothing
    found = _compare_moments(one.moment, other.moment)
    if one.until and other.until and found in (Agreement.SAME, Agreement.COMPATIBLE):
        return max(found, _compare_moments(one.until, other.until), key=_WORSE.index)
    return Agreement.COMPATIBLE if one.until != other.until and found is Agreement.SAME else found


_WORSE = [Agreement.SAME, Agreement.COMPATIBLE, Agreement.INCOMPARABLE, Agreement.DIFFERENT]


def _compare_moments(one: Moment, other: Moment) -> Agreement:
    first, second = one.known, other.known
    shared = first.keys() & second.keys()
    if not shared or one.is_lunar != other.is_lunar:
        return Agreement.INCOMPARABLE
    if not all(first[name].overlaps(second[name]) for name in shared):
        return Agreement.DIFFERENT
    return Agreement.SAME if first == second else Agreement.COMPATIBLE


def _compare_quantities(one: Quantity, other: Quantity) -> Agreement:
    pair = _in_one_unit(one, other)
    if pair is None or (one.per and other.per and not one.per & other.per):
        return Agreement.INCOMPARABLE
    first, second = pair
    if (first.low, first.high) == (second.low, second.high):
        return Agreement.SAME if one.is_rough == other.is_rough else Agreement.COMPATIBLE
    gap = max(first.low - second.high, second.low - first.high)
    slack = max(first.step, second.step) / 2
    if one.is_rough or other.is_rough:
        slack = max(slack, max(first.high, second.high) * _ROUGHLY)
    return Agreement.COMPATIBLE if gap <= slack else Agreement.DIFFERENT


_ROUGHLY = Fraction(1, 20)
_YUAN = frozenset(["yuan", "taiwan", "hong_kong"])  # 元 may be any of them
_DAY = 86400
_MONTH_DAYS = (28, 31)


def _in_one_unit(one: Quantity, other: Quantity) -> tuple[Quantity, Quantity] | None:
    dimensions = {one.dimension, other.dimension}
    if len(dimensions) == 1 or ("yuan" in dimensions and dimensions <= _YUAN):
        return one, other
    if "" in dimensions:
        return _scale(one, other.factor), _scale(other, one.factor)
    if ANY_COUNTER in dimensions and all(len(name) == 1 for name in dimensions):
        return one, other
    if dimensions == {"months", "time"}:
        return _in_seconds(one), _in_seconds(other)
    return None


def _scale(quantity: Quantity, factor: Fraction) -> Quantity:
    """Give a number without a unit the other's."""
    if quantity.dimension:
        return quantity
    return replace(
        quantity,
        low=quantity.low * factor,
        high=quantity.high * factor,
        step=quantity.step * factor,
    )


def _in_seconds(quantity: Quantity) -> Quantity:
    if quantity.dimension == "time":
        return quantity
    shortest, longest = (days * _DAY for days in _MONTH_DAYS)
    return replace(quantity, low=quantity.low * shortest, high=quantity.high * longest)


def _compare_names(one: str, other: str) -> Agreement:
    if one == other:
        return Agreement.SAME
    short, long = sorted((one.replace(" ", ""), other.replace(" ", "")), key=len)
    if len(short) > 1 and short in long:
        return Agreement.COMPATIBLE
    if any(len(word) > 2 for word in {*one.split()} & {*other.split()}):  # A. Smith, Ann Smith
        return Agreement.COMPATIBLE
    ending = _common_ending(one, other)
    if len(ending) < 2 or ending[-1] in _ROLE_ENDS or ending.isascii():
        return Agreement.DIFFERENT
    return Agreement.COMPATIBLE if len(ending) > 2 else Agreement.INCOMPARABLE


def _common_ending(one: str, other: str) -> str:
    length = 0
    while length < min(len(one), len(other)) and one[-length - 1] == other[-length - 1]:
        length += 1
    return one[len(one) - length :]


def _compare_versions(one: tuple[str, ...], other: tuple[str, ...]) -> Agreement:
    if one == other:
        return Agreement.SAME
    n = min(len(one), len(other))
    return Agreement.COMPATIBLE if one[:n] == other[:n] else Agreement.DIFFERENT
