"""Receipt checking: a Receipt and the documents' folders as they are now → what has become of it.

Only the files themselves are trusted: they are read and extracted anew, no index is opened. Files
are found by walking the folder and never by a path that a receipt names.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from index.datatypes import Document, Span
from index.errors import DocumentError, IndexMissingError, UnreadableError
from index.isolation import IsolatedExtractor
from index.loading import FoundFile, hash_bytes, printable, scan_documents
from index.progress import Progress, ProgressCallback, Stage
from index.settings import IndexSettings
from rag.datatypes import Citation
from rag.quotes import QuoteAnchor, QuoteMatch, find_closest, find_quote, match_in_place
from rag.receipt_folder import Folder
from rag.receipt_records import CitedQuote, Receipt, SearchedCollection, hash_files
from rag.reciting import cite_again
from rag.registry import Collection, name_key
from rag.verification import (
    Access,
    CitationCheck,
    CollectionCheck,
    Outcome,
    SearchedCheck,
    Verification,
)

_LEAST_EVIDENCE = 24  # bytes of UTF-8: eight Han characters, four or five English words


def verify_receipt(
    receipt: Receipt,
    collections: Iterable[Collection],
    *,
    settings: IndexSettings | None = None,
    progress: ProgressCallback | None = None,
) -> Verification:
    """Check every quote of a receipt against the files of its collection.

    A quote is looked for where it stood, then in files with the same bytes, then in every file of
    the collection; the last reads them all, and only happens for a quote found in neither.

    :param receipt: From :func:`rag.receipt_file.load_receipt`.
    :param collections: Where the documents are now, under the names that the receipt has for them.
    :param settings: How large a file may be, and what reading it may take.
    :param progress: Told of each file that is read to find a quote.
    :return: What became of each citation; for an answer that was not found, of the files. What
        cannot be checked, because a collection or its folder is not there, is told as that.
    """
    settings = settings or IndexSettings()
    limit = settings.max_file_bytes
    given = {name_key(one.name): one for one in collections}
    searches = [_Search(cited) for cited in receipt.citations]
    checks = []
    with IsolatedExtractor(settings) as extractor:

        def open_folder(collection: Collection) -> Folder:
            scan = scan_documents(collection.folder, limit, excluded=collection.index)
            return Folder(scan, limit, extractor.extract)

        for searched in receipt.searched:
            own = [one for one in searches if one.collection == searched.collection]
            if own or not searches:
                found = given.get(name_key(searched.collection))
                checks.append(_check_collection(searched, own, found, open_folder, progress))
    return Verification(tuple(map(_conclude, searches)), tuple(checks))


def _check_collection(
    searched: SearchedCollection,
    searches: Sequence["_Search"],
    collection: Collection | None,
    open_folder: Callable[[Collection], Folder],
    progress: ProgressCallback | None,
) -> CollectionCheck:
    if collection is None:
        return CollectionCheck(searched.collection, Access.UNKNOWN)
    place = printable(str(collection.folder))
    try:
        folder = open_folder(collection)
    except IndexMissingError:
        return CollectionCheck(searched.collection, Access.NO_FOLDER, place)
    _look_where_it_stood(folder, searches)
    _look_in_copies(folder, _lost(searches))
    _look_everywhere(folder, _lost(searches), progress or (lambda _: None))
    return CollectionCheck(
        searched.collection,
        Access.CHECKED,
        place,
        searched=None if searches else _compare_files(searched, folder),
        problems=folder.problems,
    )


@dataclass(frozen=True, slots=True)
class _Find:
    """Where a quote stands now."""

    citation: Citation  # as of the document that it stands in now
    match: QuoteMatch
    is_same_text: bool


@dataclass(slots=True)
class _Search:
    """The search for one quote."""

    cited: CitedQuote
    find: _Find | None = None
    is_there: bool = False  # a file of that name
    reason: str = ""  # why that file's text is not known; "" when it is, or there is no such file
    is_unknown: bool = True  # not looked for, or what hinders lies with this machine
    closest: Citation | None = None  # passage of that file

    @property
    def collection(self) -> str:
        """The name of the collection that it was in."""
        return self.cited.citation.collection

    @property
    def anchor(self) -> QuoteAnchor:
        """What finds the quote."""
        cited = self.cited
        return QuoteAnchor(
            cited.citation.quote, cited.prefix, cited.suffix, cited.citation.span.start
        )

    def take(self, document: Document, match: QuoteMatch) -> None:
        """Remember a place of the quote unless a better one is known."""
        if self.find and len(self.find.match.context) >= len(match.context):
            return
        words = self.cited.citation.highlight
        shift = match.span.start - self.cited.citation.span.start
        highlight = Span(words.start + shift, words.end + shift) if words else None
        self.find = _Find(
            cite_again(self.cited.citation, document, match.span, highlight),
            match,
            hash_bytes(document.text.encode("utf-8")) == self.cited.text_sha256,
        )


def _lost(searches: Iterable[_Search]) -> list[_Search]:
    return [search for search in searches if search.find is None]


def _look_where_it_stood(folder: Folder, searches: Sequence[_Search]) -> None:
    for source, group in _grouped(searches, lambda search: search.cited.citation.source).items():
        file = folder.files.get(source)
        if file is None:
            for search in group:
                search.reason = folder.why_missing(source)
                search.is_unknown = bool(search.reason)
        else:
            _look_into(folder, file, group)


def _look_into(folder: Folder, file: FoundFile, searches: Sequence[_Search]) -> None:
    sha256 = ""
    try:
        data = folder.read(file)
        sha256 = hash_bytes(data)
        document: Document | None = folder.extract(file, data)
        reason, is_unknown = "", False
    except DocumentError as exc:
        document, reason, is_unknown = None, str(exc), isinstance(exc, UnreadableError)
    for search in searches:
        search.is_there = True
        search.reason = reason
        # The same bytes were once read: this machine, or another version, fails to.
        search.is_unknown = is_unknown or (
            document is None and sha256 == search.cited.citation.sha256
        )
        if document:
            _look_into_text(document, search)


def _look_into_text(document: Document, search: _Search) -> None:
    match = None
    if document.sha256 == search.cited.citation.sha256:  # then its own place comes first
        match = match_in_place(document.text, search.anchor)
    if match := match or find_quote(document.text, search.anchor):
        search.take(document, match)
    elif span := find_closest(document.text, search.anchor):
        search.closest = cite_again(search.cited.citation, document, span, None)


def _look_in_copies(folder: Folder, searches: Sequence[_Search]) -> None:
    """Find the quotes of a file that was renamed or moved: the same bytes under another name."""
    for sha256, group in _grouped(searches, lambda search: search.cited.citation.sha256).items():
        for size in sorted({search.cited.size for search in group}):
            for file in folder.of_size(size):
                if folder.sha256(file) == sha256 and (document := folder.document(file)):
                    _take_from(document, group, least=0)
                    break


def _look_everywhere(
    folder: Folder, searches: Sequence[_Search], progress: ProgressCallback
) -> None:
    """Find quotes that were taken over into other files."""
    sources = {search.cited.citation.source for search in searches}
    files = list(folder.files.values()) if searches else []
    for done, file in enumerate(files):
        if all(search.find and search.find.match.is_whole for search in searches):
            break
        progress(Progress(Stage.READ, done, len(files), file.source))
        if sources != {file.source} and (document := folder.document(file)):
            _take_from(document, searches, least=_LEAST_EVIDENCE)


def _take_from(document: Document, searches: Iterable[_Search], *, least: int) -> None:
    for search in searches:
        match = find_quote(document.text, search.anchor)
        if match and (match.is_whole or _n_bytes(search, match) >= least):
            search.take(document, match)


def _n_bytes(search: _Search, match: QuoteMatch) -> int:
    """Measure how much is alike: a short quote alone stands in files that know nothing of it."""
    return len((search.cited.citation.quote + match.context).encode("utf-8"))


def _conclude(search: _Search) -> CitationCheck:
    cited, find = search.cited.citation, search.find
    if find is None:
        if search.is_unknown:
            outcome = Outcome.UNREADABLE
        else:
            outcome = Outcome.CHANGED if search.is_there else Outcome.GONE
        return CitationCheck(cited, outcome, closest=search.closest, reason=search.reason)
    now = find.citation
    is_same_file = now.sha256 == cited.sha256
    is_unchanged = is_same_file and (now.source, now.span) == (cited.source, cited.span)
    return CitationCheck(
        cited,
        Outcome.UNCHANGED if is_unchanged else Outcome.MOVED,
        found=now,
        has_same_bytes=is_same_file,
        has_same_text=find.is_same_text,
        has_same_context=find.match.is_whole,
    )


def _compare_files(searched: SearchedCollection, folder: Folder) -> SearchedCheck:
    """Tell whether what was searched in vain is what the folder holds now."""
    now = {source: folder.sha256(file) for source, file in folder.files.items()}
    is_same = hash_files(now.items()) == searched.sha256
    if is_same or not searched.is_listed:
        return SearchedCheck(is_same=is_same, n_then=searched.n_files, n_now=len(now))
    then = {file.source: file.sha256 for file in searched.files}
    unreadable = {source for source in then if then[source] and _is_unreadable(folder, source)}
    # Content that is there under another name was searched, too.
    known, kept = set(then.values()) - {""}, set(now.values()) - {""}
    shared = then.keys() & now.keys()
    added = {source for source in now.keys() - shared if now[source] not in known}
    removed = {source for source in then.keys() - shared if then[source] not in kept}
    changed = {
        source
        for source in shared
        if now[source] != then[source] and not (now[source] in known and then[source] in kept)
    }
    return SearchedCheck(
        is_same=not (added or changed or removed or unreadable),
        n_then=len(then),
        n_now=len(now),
        added=tuple(sorted(added)),
        changed=tuple(sorted(changed - unreadable)),
        removed=tuple(sorted(removed - unreadable)),
    )


def _is_unreadable(folder: Folder, source: str) -> bool:
    """Tell whether a file cannot be looked at although it is, or may be, there."""
    if file := folder.files.get(source):
        return not folder.sha256(file)
    return folder.is_passed_over(source)


def _grouped(
    searches: Iterable[_Search], key: Callable[[_Search], str]
) -> dict[str, list[_Search]]:
    groups: dict[str, list[_Search]] = {}
    for search in searches:
        groups.setdefault(key(search), []).append(search)
    return groups
