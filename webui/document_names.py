"""Document names: what somebody calls a file → a name that every system takes, or a refusal."""

import re
import unicodedata
from pathlib import PurePath, PurePosixPath

from index.errors import DocumentError
from index.formats.registry import find_loader
from index.loading import PASSED_OVER
from webui.refusals import LibraryError, Refusal

MOST_BYTES = 255  # of a name, in UTF-8
_FOR_NUMBER = 8  # bytes kept free for " (1000)"
_FORBIDDEN = re.compile(r'[<>:"|?*]')  # on Windows
# What cannot be seen or reorders what stands beside it; joiners stay, which scripts need.
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])", re.I)


def clean_name(name: str) -> str:
    """Make a file's name one that can be used here.

    :param name: With the folders it came from, perhaps.
    :return: One part in NFC, of at most 255 bytes, its ending kept.
    :raises LibraryError: When nothing is left of it, or it would be hidden.
    """
    last = re.split(r"[/\\]", name)[-1]
    shown = "".join(char for char in last if not _is_unseen(char))
    clean = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", shown)).strip().rstrip(". ")
    if clean.startswith(PASSED_OVER):
        raise LibraryError(Refusal.HIDDEN, clean)
    path = PurePosixPath(clean)
    stem = path.stem.rstrip(". ")
    if not stem:
        raise LibraryError(Refusal.NAME, clean)
    if _RESERVED.fullmatch(stem.split(".")[0].rstrip()):
        stem = f"_{stem}"
    room = MOST_BYTES - _FOR_NUMBER - len(path.suffix.encode())
    short = _cut(stem, room).rstrip(". ")
    if not short:
        raise LibraryError(Refusal.NAME, clean)
    return f"{short}{path.suffix}"


def check_format(name: str) -> None:
    """Refuse a file that no index would read.

    :param name: Its name.
    :raises LibraryError: When it has no loader.
    """
    try:
        find_loader(PurePosixPath(name))
    except DocumentError as exc:
        raise LibraryError(Refusal.FORMAT, PurePosixPath(name).suffix) from exc


def check_path(source: str) -> None:
    """Refuse a path that does not name a document below the folder.

    :param source: Relative to the folder, with /.
    :raises LibraryError: When it leads elsewhere or to something hidden.
    """
    parts = source.split("/")
    # Windows knows other separators, and drives.
    is_plain = PurePath(source).parts == tuple(parts) and "\0" not in source
    if not is_plain or any(part.startswith(PASSED_OVER) for part in parts):
        raise LibraryError(Refusal.GONE, source)


def renamed(source: str, stem: str) -> str:
    """Return the source that a file has under another name.

    :param source: Relative to the folder, with /.
    :param stem: The name, with or without its ending, which stays.
    :raises LibraryError: When no file can be called that.
    """
    check_path(source)
    path = PurePosixPath(source)
    wanted = stem.strip()
    if "/" in wanted or "\\" in wanted:
        raise LibraryError(Refusal.NAME, wanted)
    if path.suffix and wanted.lower().endswith(path.suffix.lower()):
        wanted = wanted[: -len(path.suffix)]
    if not wanted.rstrip(". "):
        raise LibraryError(Refusal.NAME, stem)
    return str(path.with_name(clean_name(f"{wanted}{path.suffix}")))


def numbered(name: str, number: int) -> str:
    """Return a name, from the second on with its number.

    :param name: From :func:`clean_name`.
    :param number: From 1.
    """
    path = PurePosixPath(name)
    if number == 1:
        return name
    mark = f" ({number})"
    room = MOST_BYTES - len(mark) - len(path.suffix.encode("utf-8", "surrogateescape"))
    return f"{_cut(path.stem, room)}{mark}{path.suffix}"


def _is_unseen(char: str) -> bool:
    return char in _BIDI or unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"}


def _cut(text: str, n_bytes: int) -> str:
    data = text.encode("utf-8", "surrogateescape")[: max(n_bytes, 0)]
    return data.decode("utf-8", "ignore")
