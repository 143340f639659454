"""Loaders that do what hostile files make real ones do; named to the worker as any other."""

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from index.datatypes import Heading, Place, PlaceKind, Span
from index.errors import DocumentError, UnreadableError
from index.formats.extraction import Extraction
from index.formats.frames import Frame
from index.formats.limits import MAX_TEXT_CHARS

_served: list[int] = []


def _text(text: str) -> Extraction:
    return Extraction(text, "utf-8", "text/plain")


def obey(data: bytes) -> Extraction:
    text = data.decode()
    span = Span(0, len(text))
    return Extraction(
        text,
        "utf-8",
        "application/pdf",
        "题",
        (Heading(1, "甲", Span(0, 1)),),
        (Place(PlaceKind.SHEET, 1, span, "表"), Place(PlaceKind.ROW, 2, span)),
        ("One thing was left out.",),
    )


def sleep(data: bytes) -> Extraction:
    time.sleep(600)
    return _text("")


def spin(data: bytes) -> Extraction:
    """Hold the interpreter's lock in one call that lasts for years."""
    return _text(str(2 ** (10**12)) if data else "")


def eat_memory(data: bytes) -> Extraction:
    hoard = []
    while True:
        hoard.append(bytearray(2**24))


def be_killed(data: bytes) -> Extraction:
    os.kill(os.getpid(), signal.SIGKILL)
    return _text("")


def segfault(data: bytes) -> Extraction:
    ctypes.string_at(0)
    return _text("")


def abort(data: bytes) -> Extraction:
    os.abort()


def leave(data: bytes) -> Extraction:
    sys.exit(3)


def raise_key_error(data: bytes) -> Extraction:
    raise KeyError("surprise")


def refuse(data: bytes) -> Extraction:
    raise DocumentError("It is not a file of this kind.")


def be_unreadable(data: bytes) -> Extraction:
    raise UnreadableError("It needs a package that is not here.")


def print_much(data: bytes) -> Extraction:
    """Print as C libraries do, and read what is not for it."""
    os.write(1, b"warning: bad xref\n" * 1000)
    sys.stdout.write("more\n")
    sys.stdout.flush()
    return _text(f"printed, and read {os.read(0, 10)!r}")


def write_everywhere(data: bytes) -> Extraction:
    """Write what is no frame to every pipe there is."""
    for number in range(3, 20):
        try:
            os.write(number, b"HTTP/1.1 200 OK\r\n\r\n" * 100)
        except OSError:
            continue
    return _text("never seen")


def give_nothing(data: bytes) -> None:
    return None


def point_outside(data: bytes) -> Extraction:
    return Extraction("短", "utf-8", "text/plain", headings=(Heading(1, "短", Span(0, 5)),))


def point_backwards(data: bytes) -> Extraction:
    places = (Place(PlaceKind.PAGE, 2, Span(1, 2)), Place(PlaceKind.PAGE, 1, Span(0, 1)))
    return Extraction("甲乙", "utf-8", "text/plain", places=places)


def give_surrogates(data: bytes) -> Extraction:
    return _text("\ud800")


def give_a_title_of_surrogates(data: bytes) -> Extraction:
    return Extraction("甲", "utf-8", "text/plain", "\ud800")


def give_too_much(data: bytes) -> Extraction:
    return _text("x" * (MAX_TEXT_CHARS + 1))


def crash_the_second_time(data: bytes) -> Extraction:
    _served.append(1)
    if len(_served) > 1:
        os.abort()
    return _text("fresh")


def leave_a_child(data: bytes) -> Extraction:
    """Crash while a program that was started, as for text recognition, goes on; note its id."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    Path(data.decode()).write_text(f"{child.pid}\n")
    os.abort()


def tell_where_it_is(data: bytes) -> Extraction:
    open_files = [str(path.readlink()) for path in Path("/proc/self/fd").iterdir() if path.exists()]
    return _text(
        json.dumps(
            {
                "pid": os.getpid(),
                "session": os.getsid(0),
                "path": sys.path,
                "modules": sorted(sys.modules),
                "files": open_files,
            }
        )
    )


# Functions that take arguments and answer with a frame.


def hang_with_arguments(data: bytes, number: int) -> Frame:
    time.sleep(600)
    return Frame({})


def give_no_picture(data: bytes, number: int) -> Frame:
    return Frame({}, b"<svg onload=alert(1)>")


def give_no_frame(data: bytes, number: int) -> object:
    return {"width": 1}
