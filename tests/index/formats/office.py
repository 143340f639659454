"""What the tests of the Office formats share: packages changed byte by byte, and their laws."""

import io
import random
import zipfile
from collections.abc import Callable, Mapping

from index.errors import DocumentError
from index.formats.extraction import Extraction


def repack(data: bytes, changed: Mapping[str, bytes | None]) -> bytes:
    """Write a package again with some parts changed; None leaves a part out."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            part = changed.get(name, old.read(name))
            if part is not None:
                new.writestr(name, part)
        for name in changed.keys() - set(old.namelist()):
            new.writestr(name, changed[name] or b"")
    return out.getvalue()


def part_of(data: bytes, name: str) -> bytes:
    """Return a part of a package."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return package.read(name)


def check_layout(extraction: Extraction) -> None:
    """Check the laws of headings and places."""
    text, end = extraction.text, 0
    assert not any(char in text for char in "\x00\r\v\f\ufeff\u00ad")
    for heading in extraction.headings:
        assert end <= heading.span.start <= heading.span.end <= len(text)
        assert heading.span.of(text) == heading.title
        end = heading.span.end
    starts = [place.span.start for place in extraction.places]
    assert starts == sorted(starts)
    assert all(
        place.span.start <= place.span.end <= len(text)
        and place.span.of(text) == place.span.of(text).strip()
        for place in extraction.places
    )


def mutate(data: bytes, rng: random.Random) -> bytes:
    """Cut a file short, or overwrite, drop and repeat some of its bytes."""
    if rng.random() < 0.2:
        return data[: rng.randrange(len(data))]
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5, 20))):
        at = rng.randrange(len(changed))
        match rng.randrange(3):
            case 0:
                changed[at] = rng.randrange(256)
            case 1:
                del changed[at : at + rng.randrange(1, 20)]
            case _:
                changed[at:at] = changed[at : at + rng.randrange(1, 200)]
    return bytes(changed)


def survives(extract: Callable[[bytes], Extraction], data: bytes) -> bool:
    """Read a file; tell whether it could be read. Anything but a DocumentError gets through."""
    try:
        check_layout(extract(data))
    except DocumentError:
        return False
    return True


def fuzz(extract: Callable[[bytes], Extraction], data: bytes, part: str, times: int) -> None:
    """Read mutations of a whole package, and packages with a mutation of one part in them."""
    rng = random.Random(20)
    inner = part_of(data, part)
    for _ in range(times):
        survives(extract, mutate(data, rng))
        survives(extract, repack(data, {part: mutate(inner, rng)}))
