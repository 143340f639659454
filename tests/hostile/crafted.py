"""Crafted files: what a file of the folder is, and what its row in the ledger must say."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

INDEXED = "indexed"


@dataclass(frozen=True, slots=True)
class Crafted:
    """A hostile file."""

    name: str  # relative to the folder, with /
    write: Callable[[Path], object]  # makes it, whatever it is
    told: str  # a pattern of its row's error, or ``indexed``; alternatives where size decides


def of(name: str, make: Callable[[], bytes | str], told: str) -> Crafted:
    """Describe a file by a function that makes its bytes."""

    def write(path: Path) -> None:
        data = make()
        path.write_bytes(data.encode() if isinstance(data, str) else data)

    return Crafted(name, write, told)


def scaled(number: int, factor: int, least: int = 1) -> int:
    """Return a reduced number.

    :param number: In full size.
    :param factor: How much smaller.
    :param least: Never less.
    :return: The number.
    """
    return max(least, number // factor)
