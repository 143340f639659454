"""Damaged copies of a file: bytes changed, lost, repeated, moved in from elsewhere or cut off."""

import random
from collections.abc import Callable, Iterator, Sequence

from index.errors import DocumentError
from index.formats.extraction import Extraction


def mutations(data: bytes, n: int, inserts: Sequence[bytes] = (b"\x00",)) -> Iterator[bytes]:
    """Give ``n`` damaged copies, the same at every run."""
    source = random.Random(n)
    for _ in range(n):
        damaged = bytearray(data)
        for _ in range(source.choice((1, 1, 2, 4, 16))):
            _damage(damaged, source, inserts)
        yield bytes(damaged)


def assert_survives(
    extract: Callable[[bytes], Extraction], samples: Sequence[bytes] | Iterator[bytes]
) -> int:
    """Read each; every one gives a sound extraction or DocumentError. Return how many were read."""
    n_read = 0
    for sample in samples:
        try:
            extraction = extract(sample)
        except DocumentError as exc:
            assert str(exc).startswith("It ")
        else:
            assert_sound(extraction)
            n_read += 1
    return n_read


def assert_sound(extraction: Extraction) -> None:
    """Check the laws that every loader keeps."""
    text = extraction.text
    text.encode("utf-8")
    assert not [char for char in text if char < " " and char not in "\n\t"]
    starts = [heading.span.start for heading in extraction.headings]
    assert starts == sorted(starts)
    places = [place.span.start for place in extraction.places]
    assert places == sorted(places)
    spans = [part.span for part in (*extraction.headings, *extraction.places)]
    assert all(0 <= span.start <= span.end <= len(text) for span in spans)
    assert all(heading.level >= 1 and heading.title for heading in extraction.headings)
    assert not any("\n" in warning for warning in extraction.warnings)


def _damage(data: bytearray, source: random.Random, inserts: Sequence[bytes]) -> None:
    at = source.randrange(len(data) + 1)
    kind = source.randrange(6)
    if kind == 0:
        data[at : at + 1] = source.randbytes(1)
    elif kind == 1:
        del data[at : at + source.choice((1, 4, 50, 1000))]
    elif kind == 2:
        data[at:at] = source.randbytes(source.choice((1, 3, 9)))
    elif kind == 3:
        other = source.randrange(len(data) + 1)
        data[at:at] = data[other : other + source.choice((5, 50, 500))]
    elif kind == 4:
        data[at:at] = source.choice(inserts)
    elif source.random() < 0.2:
        del data[at:]
