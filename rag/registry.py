"""Registry: the named collections of a user ↔ one file in the folder of their own data.

It holds names and places only: documents and indexes stay where they are, whatever is registered or
forgotten here.
"""

import json
import os
import tempfile
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from filelock import FileLock, Timeout

from index.build import default_index_dir
from rag.errors import RagError
from rag.user_data import user_data_dir

ALL = "all"
_FORMAT_VERSION = 1
_RESERVED = (ALL, "全部")
_MOST_CHARS = 64  # of a name
_MOST_COLLECTIONS = 100
_MOST_BYTES = 1024 * 1024  # of the file
_LOCK_TIMEOUT_S = 10.0
# What separates names from one another and from generations, and what no file may be called after.
_FORBIDDEN = frozenset('@,;/\\"')


class CollectionError(RagError):
    """Raised when a collection is not there, or cannot be registered as it is asked for."""


class RegistryError(CollectionError):
    """Raised when the registry itself cannot be read or written."""


@dataclass(frozen=True, slots=True)
class Collection:
    """A named folder of documents."""

    name: str
    folder: Path  # absolute
    index: Path | None = None  # absolute; None for its default place in the folder

    @property
    def index_dir(self) -> Path:
        """Where its index is."""
        return self.index or default_index_dir(self.folder)


class Registry:
    """The registered collections; every call reads the file anew."""

    def __init__(self, home: Path | None = None) -> None:
        """Name the place; nothing is read or made.

        :param home: The folder of the user's own data; by default :func:`user_data_dir`.
        """
        self._home = home or user_data_dir()
        self.path = self._home / "collections.json"

    def stamp(self) -> object:
        """Return what changes whenever the file does; cheap enough to be asked for every second.

        :return: To be compared; None when there is no file, or none that can be seen.
        """
        try:
            status = self.path.stat()
        except OSError:
            return None
        return status.st_ino, status.st_size, status.st_mtime_ns

    def read(self) -> tuple[Collection, ...]:
        """Return the collections in the order they were added; none when there is no file.

        :raises RegistryError: When the file cannot be read or is damaged.
        """
        try:
            with self.path.open("rb") as file:
                data = file.read(_MOST_BYTES + 1)
        except FileNotFoundError:
            return ()
        except OSError as exc:
            raise RegistryError(f"{self.path} cannot be read: {exc.strerror}.") from exc
        try:
            return _parse(data)
        except _NewerFormatError as exc:
            raise RegistryError(
                f"{self.path} has format version {exc}; this yiju reads version {_FORMAT_VERSION}. "
                "Install a newer yiju."
            ) from exc
        except (ValueError, TypeError, KeyError, RecursionError) as exc:
            raise _DamagedError(
                f"{self.path}, the list of collections, is damaged: {exc}. Repair it, or begin a "
                "new list with: yiju collections add (the damaged file is kept beside it)."
            ) from exc

    def find(self, name: str) -> Collection:
        """Return a collection by its name, in whatever case.

        :param name: The name.
        :raises CollectionError: When there is none of that name, naming those that there are.
        :raises RegistryError: When the registry cannot be read.
        """
        return _find(self.read(), name)

    def select(self, name: str) -> tuple[Collection, ...]:
        """Return the collection of a name, or every one for ``all`` and ``全部``.

        :param name: The name.
        :return: At least one collection.
        :raises CollectionError: When there is none.
        :raises RegistryError: When the registry cannot be read.
        """
        collections = self.read()
        if not is_all(name):
            return (_find(collections, name),)
        if not collections:
            raise CollectionError(
                "No collection is registered. Run: yiju collections add NAME FOLDER"
            )
        return collections

    def add(self, name: str, folder: Path, index: Path | None = None) -> Collection:
        """Register a folder. A damaged registry is moved aside, and a new one begun.

        :param name: What it is to be called.
        :param folder: The documents' folder.
        :param index: The index's; by default its place in the documents' folder.
        :return: The collection.
        :raises CollectionError: When the name or the folder cannot be taken, saying why.
        :raises RegistryError: When the registry cannot be written.
        """
        folder = folder.expanduser().resolve()
        if not folder.is_dir():
            raise CollectionError(f"There is no folder at {folder}.")
        index = index.expanduser().resolve() if index else None
        if index == default_index_dir(folder):
            index = None
        added = Collection(check_name(name), folder, index)
        with self._locked():
            try:
                known = self.read()
            except _DamagedError:
                self._set_aside()
                known = ()
            if len(known) >= _MOST_COLLECTIONS:
                raise CollectionError(f"There are {_MOST_COLLECTIONS} collections, the most.")
            for other in known:
                _refuse_same(added, other)
            self._write([*known, added])
        return added

    def remove(self, name: str) -> Collection:
        """Forget a collection; its documents and its index stay as they are.

        :param name: Its name.
        :return: What was forgotten.
        :raises CollectionError: When there is none of that name.
        :raises RegistryError: When the registry cannot be read or written.
        """
        with self._locked():
            known = self.read()
            removed = _find(known, name)
            self._write([other for other in known if other != removed])
        return removed

    def rename(self, old: str, new: str) -> Collection:
        """Give a collection another name.

        :param old: Its name.
        :param new: The name it is to have.
        :return: The collection under its new name.
        :raises CollectionError: When there is none of that name, or the new one cannot be taken.
        :raises RegistryError: When the registry cannot be read or written.
        """
        new = check_name(new)
        with self._locked():
            known = self.read()
            renamed = _find(known, old)
            others = [other for other in known if other != renamed]
            if any(name_key(other.name) == name_key(new) for other in others):
                raise CollectionError(f"There is already a collection called {new!r}.")
            changed = replace(renamed, name=new)
            self._write([changed if other == renamed else other for other in known])
        return changed

    def _set_aside(self) -> None:
        for number in range(1, 1000):
            aside = self.path.with_name(f"collections-damaged-{number}.json")
            if not aside.exists():
                self.path.rename(aside)
                return
        raise RegistryError(f"{self._home} holds too many damaged registries. Move them away.")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
            with FileLock(self._home / "collections.lock", timeout=_LOCK_TIMEOUT_S):
                yield
        except Timeout as exc:
            raise RegistryError(
                f"Another yiju is changing {self.path}. Try again when it has ended."
            ) from exc
        except OSError as exc:
            raise RegistryError(f"{self.path} cannot be written: {exc.strerror}.") from exc

    def _write(self, collections: Sequence[Collection]) -> None:
        body = {
            "format_version": _FORMAT_VERSION,
            "collections": [
                {
                    "name": one.name,
                    "folder": str(one.folder),
                    "index": str(one.index) if one.index else None,
                }
                for one in collections
            ],
        }
        # Paths that are no UTF-8 come as lone surrogates.
        data = json.dumps(body, ensure_ascii=False, indent=1).encode("utf-8", "surrogatepass")
        descriptor, name = tempfile.mkstemp(dir=self._home, prefix=".collections-", suffix=".tmp")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self.path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise


def is_all(name: str) -> bool:
    """Tell whether a name asks for every collection: ``all`` or ``全部``."""
    return name_key(name) in _RESERVED


def check_name(name: str) -> str:
    """Return a name as it is stored: NFC, single spaces.

    :param name: As somebody wrote it.
    :return: The name.
    :raises CollectionError: When no collection can be called that, saying why.
    """
    clean = unicodedata.normalize("NFC", " ".join(name.split()))
    for is_wrong, why in _NAME_RULES:
        if is_wrong(clean):
            raise CollectionError(f"No collection can be called {clean[:80]!r}: {why}.")
    return clean


def _is_unprintable(name: str) -> bool:
    return any(char != " " and unicodedata.category(char)[0] in "CZ" for char in name)


_NAME_RULES: tuple[tuple[Callable[[str], bool], str], ...] = (
    (lambda name: not name, "it is empty"),
    (lambda name: len(name) > _MOST_CHARS, f"it has more than {_MOST_CHARS} characters"),
    (_is_unprintable, "it has characters that cannot be seen"),
    (lambda name: not _FORBIDDEN.isdisjoint(name), '@ , ; / \\ and " are not allowed in it'),
    (lambda name: name[0] in "-.", "it begins with - or ."),
    (is_all, "that means every collection"),
)


class _DamagedError(RegistryError):
    pass


class _NewerFormatError(Exception):
    pass


def name_key(name: str) -> str:
    """Return what two spellings of a collection's name have in common.

    :param name: Any string.
    """
    return unicodedata.normalize("NFKC", " ".join(name.split())).casefold()


def _find(collections: Sequence[Collection], name: str) -> Collection:
    for collection in collections:
        if name_key(collection.name) == name_key(name):
            return collection
    known = ", ".join(collection.name for collection in collections)
    there_are = f"There are: {known}." if known else "None is registered."
    raise CollectionError(f"There is no collection called {name!r}. {there_are}")


def _refuse_same(added: Collection, other: Collection) -> None:
    if name_key(added.name) == name_key(other.name):
        raise CollectionError(
            f"There is already a collection called {other.name!r}, of {other.folder}."
        )
    if added.folder == other.folder:
        raise CollectionError(f"{added.folder} is already the collection {other.name!r}.")
    if added.index_dir == other.index_dir:
        raise CollectionError(
            f"The index at {added.index_dir} is that of the collection {other.name!r}."
        )


def _parse(data: bytes) -> tuple[Collection, ...]:
    if len(data) > _MOST_BYTES:
        raise ValueError("it is too large")
    body = json.loads(data.decode("utf-8", "surrogatepass"))
    if not isinstance(body, dict):
        raise TypeError("it is not an object")
    version = body.get("format_version")
    if isinstance(version, int) and version > _FORMAT_VERSION:
        raise _NewerFormatError(version)
    collections = tuple(map(_parse_collection, body["collections"]))
    if len({name_key(one.name) for one in collections}) != len(collections):
        raise ValueError("a name is there twice")
    return collections


def _parse_collection(entry: dict[str, str | None]) -> Collection:
    name, folder, index = entry["name"], entry["folder"], entry["index"]
    if not isinstance(name, str) or not isinstance(folder, str):
        raise TypeError("a collection has no name or no folder")
    try:
        check_name(name)
    except CollectionError as exc:
        raise ValueError(str(exc)) from exc
    places = [Path(place) for place in (folder, index) if place]
    if not all(place.is_absolute() for place in places):
        raise ValueError(f"the place of {name!r} is not absolute")
    return Collection(name, Path(folder), Path(index) if index else None)
