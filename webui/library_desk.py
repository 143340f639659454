"""Library desk: what is asked of the documents' folders, by a control or an upload → done, told."""

from collections.abc import Callable
from dataclasses import replace

from index.settings import IndexSettings
from rag.federation import Federation
from webui.library import DocumentFolder, Stamp
from webui.library_view import Deed, LibraryView, Note
from webui.refresher import Refresher
from webui.refusals import LibraryError, Refusal

_MOST_WANTED = 100  # characters of a search
_MOST_PAGES = 10**7


def folder_of(federation: Federation, collection: str) -> DocumentFolder:
    """Return a collection's folder.

    :param federation: The collections.
    :param collection: The name of one.
    :raises LibraryError: When there is none of that name.
    """
    for member in federation.members:
        if member.name == collection:
            return DocumentFolder(
                member.collection.folder,
                max_file_bytes=IndexSettings.from_env().max_file_bytes,
                excluded=member.collection.index_dir,
            )
    raise LibraryError(Refusal.NO_FOLDER)


class LibraryDesk:
    """Acts on the folders of a federation; holds nothing of any visitor."""

    def __init__(self, federation: Federation, refresher: Refresher) -> None:
        """Join the folders to what keeps their indexes up to date.

        :param federation: Whose folders.
        :param refresher: Is told of every change.
        """
        self._federation = federation
        self._refresher = refresher

    def act(self, view: LibraryView, data: object) -> LibraryView:
        """Do what a control of the lists asks for.

        :param view: What the page shows.
        :param data: What the click sent, which may be anything.
        :return: What it shows then.
        """
        asked = _Asked(data)
        actions: dict[str, Callable[[LibraryView, _Asked], LibraryView]] = {
            "search": lambda _, one: LibraryView(one.text("wanted").strip()[:_MOST_WANTED]),
            "page": _turn,
            "uploaded": self._take_in,
            "rename": self._rename,
            "delete": self._delete,
            "undo": self._undo,
        }
        action = actions.get(asked.text("action"))
        if action is None:
            return view
        try:
            return action(replace(view, note=None), asked)
        except LibraryError as exc:
            return replace(view, note=Note(exc.refusal, exc.detail))

    def _take_in(self, view: LibraryView, asked: "_Asked") -> LibraryView:
        folder_of(self._federation, asked.collection)  # there is one of that name
        self._refresher.rebuild([asked.collection])
        return view

    def _rename(self, view: LibraryView, asked: "_Asked") -> LibraryView:
        source, stem = asked.text("source"), asked.text("stem")
        new = folder_of(self._federation, asked.collection).rename(source, stem, asked.seen)
        return self._tell(view, asked, Note(Deed.RENAMED, new))

    def _delete(self, view: LibraryView, asked: "_Asked") -> LibraryView:
        deleted = folder_of(self._federation, asked.collection).delete(
            asked.text("source"), asked.seen
        )
        note = Note(Deed.DELETED, deleted.source, deleted.token, asked.collection)
        return self._tell(view, asked, note)

    def _undo(self, view: LibraryView, asked: "_Asked") -> LibraryView:
        source = folder_of(self._federation, asked.collection).restore(asked.text("token"))
        return self._tell(view, asked, Note(Deed.RESTORED, source))

    def _tell(self, view: LibraryView, asked: "_Asked", note: Note) -> LibraryView:
        self._refresher.rebuild([asked.collection])
        return replace(view, note=note)


class _Asked:
    """What a click sent."""

    def __init__(self, data: object) -> None:
        self._data = data if isinstance(data, dict) else {}

    def text(self, name: str) -> str:
        value = self._data.get(name)
        # No name that the index lists has lone surrogates, nor can SQLite look for them.
        return value.encode("utf-8", "ignore").decode() if isinstance(value, str) else ""

    @property
    def collection(self) -> str:
        return self.text("collection")

    @property
    def seen(self) -> Stamp | None:
        size, _, mtime_ns = self.text("seen").partition("-")
        is_stamp = _is_number(size, mtime_ns.removeprefix("-"))  # which is below 0 before 1970
        return Stamp(int(size), int(mtime_ns)) if is_stamp else None


def _turn(view: LibraryView, asked: _Asked) -> LibraryView:
    number = asked.text("page")
    page = int(number) if _is_number(number) else 1
    return replace(view, collection=asked.collection, page=max(1, min(page, _MOST_PAGES)))


def _is_number(*texts: str) -> bool:
    return all(text.isascii() and text.isdecimal() and len(text) < 20 for text in texts)
