"""Records: long texts and lists of lines ↔ pieces small enough for a text field."""

from collections.abc import Iterable, Iterator
from functools import partial

from index.milvus.client import Row, StoreClient
from index.milvus.schema import Slot, record_row

_MOST_BYTES = 60_000  # of a piece; a text field holds 65,535
_SLICE = 15_000  # characters that are encoded at once
_READ_AT_ONCE = 64


def piece_key(name: str, number: int) -> str:
    """Return the key of a text's piece."""
    return f"{name}/{number}"


def split_text(name: str, parts: Iterable[str]) -> Iterator[Row]:
    """Cut a text into records, between characters.

    :param name: What the keys begin with.
    :param parts: The text, however it is divided.
    :return: The rows of its pieces, at least one.
    """
    number, held = 0, b""
    slices = (part[at : at + _SLICE] for part in parts for at in range(0, len(part), _SLICE))
    for some in slices:
        held += some.encode("utf-8")
        while len(held) > _MOST_BYTES:
            cut = _MOST_BYTES
            while held[cut] & 0xC0 == 0x80:  # within a character
                cut -= 1
            yield record_row(piece_key(name, number), held[:cut].decode("utf-8"))
            number, held = number + 1, held[cut:]
    yield record_row(piece_key(name, number), held.decode("utf-8"))


class Records:
    """The records of a slot, read by their keys."""

    def __init__(self, client: StoreClient, slot: Slot) -> None:
        """Name the slot.

        :param client: The connection.
        :param slot: The slot.
        """
        self._client = client
        self._collection = slot.records

    def get(self, keys: Iterable[str]) -> dict[str, str]:
        """Read records, in messages of at most 4 MB.

        :param keys: Their keys.
        :return: Those that are there, by key.
        """
        wanted = list(dict.fromkeys(keys))
        found: dict[str, str] = {}
        for at in range(0, len(wanted), _READ_AT_ONCE):
            part = wanted[at : at + _READ_AT_ONCE]
            rows = self._client.get(self._collection, part, ["body"])
            found.update((key, str(row["body"])) for key, row in rows.items())
        return found

    def pieces(self, name: str, n_pieces: int) -> Iterator[str]:
        """Read a text.

        :param name: As it was split.
        :param n_pieces: Their number.
        :return: The pieces in order.
        :raises KeyError: When one is not there.
        """
        for first in range(0, n_pieces, _READ_AT_ONCE):
            numbers = range(first, min(first + _READ_AT_ONCE, n_pieces))
            keys = list(map(partial(piece_key, name), numbers))
            found = self.get(keys)
            yield from (found[key] for key in keys)

    def lines(self, name: str, n_pieces: int) -> Iterator[str]:
        """Read a list of lines, each of which was ended when it was written.

        :param name: As it was split.
        :param n_pieces: Their number.
        :raises KeyError: When a piece is not there.
        """
        held = ""
        for piece in self.pieces(name, n_pieces):
            *lines, held = (held + piece).split("\n")
            yield from lines
