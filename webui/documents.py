"""Documents panel: a manifest and the state of the refresher → HTML."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from index.datatypes import DocumentInfo, Problem
from index.history import measure
from index.ledger import reachable_share
from index.manifest import Manifest
from index.store import ChunkStore
from rag.answerer import Answerer
from rag.federation import Member
from rag.joined import SingleBase
from webui.document_rows import PER_PAGE, Rows, delete_button, render_rows, render_search
from webui.languages import Texts
from webui.languages.documents import LIBRARY_TEXTS
from webui.languages.library import COLLECTION_TEXTS
from webui.library_view import UNTOUCHED, Deed, LibraryView, Note
from webui.refresher import RefreshState
from webui.rendering import escape, isolate
from webui.wording import (
    describe_refusal,
    describe_report,
    describe_size,
    describe_speed,
    describe_stage,
    describe_time,
)

_MEASURED_CHARS = 1_000_000  # 30 ms
_MOST_REMARKS = 500  # of files that were left out or not read wholly


@dataclass(frozen=True, slots=True)
class Contents:
    """What of a generation is listed, and the numbers of all."""

    manifest: Manifest
    rows: Rows
    documents_bytes: int = 0
    index_bytes: int = 0
    warned: tuple[DocumentInfo, ...] = ()  # those that could not be read wholly
    n_warned: int = 0
    problems: tuple[Problem, ...] = ()
    n_problems: int = 0


def render_collections(
    members: Sequence[Member], texts: Texts, view: LibraryView = UNTOUCHED
) -> str:
    """Render what the indexes of several collections hold, or what that of the only one holds.

    :param members: The collections that are asked.
    :param texts: The language.
    :param view: Which part of the lists, and what is to be said of the last deed.
    :return: HTML.
    """
    top = f"{_render_note(view.note, texts)}{render_search(view.wanted, texts)}"
    if len(members) == 1 and members[0].answerer:
        contents = read_contents(members[0].answerer, view)
        return f"{top}{render_documents(contents, texts, collection=members[0].name)}"
    words = COLLECTION_TEXTS[texts.code]
    parts = []
    for number, member in enumerate(members):
        if member.answerer is None:
            said = escape(words.left_out).format(name=isolate(member.name))
            parts.append(f'<p class="left-out">{said}</p>')
            continue
        contents = read_contents(member.answerer, view)
        count = texts.n_documents.format(count=f"{contents.manifest.n_documents:,}")
        listed = render_documents(contents, texts, collection=member.name, number=number)
        parts.append(
            f'<details class="collection"><summary>{isolate(member.name)} '
            f"<span>{escape(count)}</span></summary>{listed}</details>"
        )
    return f'{top}<div class="collections">{"".join(parts)}</div>'


def read_contents(answerer: Answerer, view: LibraryView) -> Contents:
    """Read what of a collection's live generation is listed.

    :param answerer: The collection's.
    :param view: Which part of the list.
    """
    knowledge_base = answerer.knowledge_base
    files = knowledge_base.files
    return Contents(
        knowledge_base.manifest,
        rows=_read_rows(knowledge_base, view, answerer.collection),
        documents_bytes=files.n_bytes(),
        index_bytes=_measure(answerer.index_dir),
        warned=tuple(files.document_infos(only_warned=True, limit=_MOST_REMARKS)),
        n_warned=files.n_warned(),
        problems=tuple(files.problems(_MOST_REMARKS)),
        n_problems=files.n_problems(),
    )


def render_documents(
    contents: Contents, texts: Texts, *, collection: str = "", number: int = 0
) -> str:
    """Render what the live index holds and what it had to leave out.

    :param contents: Of the live generation.
    :param texts: The language.
    :param collection: Its name; "" where it has none.
    :param number: Tells the lists of a page apart.
    :return: HTML.
    """
    title = isolate(collection) if collection else escape(texts.documents)
    manifest = contents.manifest
    counts = " · ".join(
        (
            texts.n_documents.format(count=f"{manifest.n_documents:,}"),
            texts.n_chunks.format(count=f"{manifest.n_chunks:,}"),
            LIBRARY_TEXTS[texts.code].disk.format(
                documents=describe_size(contents.documents_bytes),
                index=describe_size(contents.index_bytes),
            ),
        )
    )
    time = texts.indexed_at.format(time=describe_time(manifest.created_at))
    return (
        f'<section class="documents" aria-labelledby="documents-{number}">'
        f'<h2 id="documents-{number}">{title}</h2>'
        f'<p class="about"><span>{escape(counts)}</span> <time '
        f'datetime="{escape(manifest.created_at)}">{escape(time)}</time></p>'
        f"{_render_restored(manifest, texts)}"
        f"{_render_problems(contents, collection, texts)}"
        f"{_render_warnings(contents, texts)}"
        f"{render_rows(contents.rows, collection, number, texts)}</section>"
    )


def render_refreshes(states: Mapping[str, RefreshState], texts: Texts) -> str:
    """Render what becomes of the indexes of several collections, or of the only one's.

    :param states: Of the refresher, by the names of the collections that are shown.
    :param texts: The language.
    :return: HTML.
    """
    if len(states) == 1:
        return render_refresh(next(iter(states.values())), texts)
    told = {name: state for name, state in states.items() if state != RefreshState()}
    if not told:
        return render_refresh(RefreshState(), texts)
    return "".join(
        f'<div class="refreshed"><h3>{isolate(name)}</h3>{render_refresh(state, texts)}</div>'
        for name, state in told.items()
    )


def render_refresh(state: RefreshState, texts: Texts) -> str:
    """Render the running build's progress, or what the last one did.

    :param state: Of the refresher.
    :param texts: The language.
    :return: HTML.
    """
    if state.is_running:
        notice = f"<p>{escape(texts.refreshing)}</p>" if state.is_noticed else ""
        return notice + _render_progress(state, texts)
    if state.is_cancelled:
        words = LIBRARY_TEXTS[texts.code]
        return f'<p class="outcome" role="status">{escape(words.cancelled)}</p>'
    if state.has_failed:
        reason = f'<br><span lang="en">{escape(state.reason)}</span>' if state.reason else ""
        return f'<p class="outcome failed" role="status">{escape(texts.build_failed)}{reason}</p>'
    if state.report:
        outcome = describe_report(state.report, texts)
        return f'<p class="outcome" role="status">{escape(outcome)}</p>'
    return f'<p class="hint">{escape(texts.rebuild_hint)}</p>'


def _read_rows(knowledge_base: SingleBase, view: LibraryView, collection: str) -> Rows:
    files = knowledge_base.files
    n_matching = files.n_documents(view.wanted)
    last = max(1, -(-n_matching // PER_PAGE))
    page = min(view.page_of(collection), last)  # others may have deleted what was on the last one
    documents = files.document_infos(
        wanted=view.wanted, offset=(page - 1) * PER_PAGE, limit=PER_PAGE
    )
    shown = tuple(documents)
    return Rows(shown, n_matching, page, view.wanted, _measure_reach(shown, files))


def _measure_reach(documents: Iterable[DocumentInfo], files: ChunkStore) -> dict[str, float]:
    """Measure what share of documents can be found, of as many as take no time to read."""
    n_chars, shares = 0, {}
    for document in documents:
        n_chars += document.n_chars
        if n_chars <= _MEASURED_CHARS:
            shares[document.doc_id] = reachable_share(document.doc_id, files)
    return shares


def _measure(index_dir: Path) -> int:
    try:
        return measure(index_dir, set())
    except OSError:  # a build takes away what is no longer needed, meanwhile
        return 0


def _render_note(note: Note | None, texts: Texts) -> str:
    """Render what is to be said of the last deed, with what undoes it."""
    if note is None:
        return ""
    words = LIBRARY_TEXTS[texts.code]
    if not isinstance(note.said, Deed):
        said = describe_refusal(note.said, note.name, texts)
        return f'<p class="note refused" role="alert"><bdi>{escape(said)}</bdi></p>'
    said = words.deeds[note.said].format(name=note.name)
    undo = (
        '<button type="button" data-event="library" data-action="undo" data-focus="undo" '
        f'data-collection="{escape(note.collection)}" data-token="{note.token}">'
        f"{escape(words.undo)}</button>"
    )
    return (
        f'<p class="note" role="status"><bdi>{escape(said)}</bdi> {undo if note.token else ""}</p>'
    )


def _render_progress(state: RefreshState, texts: Texts) -> str:
    progress = state.progress
    stage = escape(describe_stage(progress.stage if progress else None, texts))
    if progress is None or not progress.total:
        bar, count = "<progress></progress>", ""
    else:
        bar = f'<progress max="{progress.total}" value="{progress.done}"></progress>'
        count = f"{progress.done:,} / {progress.total:,}"
    name = escape(progress.name) if progress else ""
    if state.is_cancelled:
        speed = LIBRARY_TEXTS[texts.code].cancelling
    else:
        speed = describe_speed(progress, state.stage_s, texts) if progress else ""
    return (
        f'<div class="progress" role="status"><p><span class="stage">{stage}</span> '
        f'<span class="count">{count}</span></p>{bar}<p class="file"><bdi>{name}</bdi> '
        f'<span class="speed">{escape(speed)}</span></p></div>'
    )


def _render_restored(manifest: Manifest, texts: Texts) -> str:
    if not manifest.restored_from:
        return ""
    return f'<p class="hint">{escape(texts.restored.format(generation=manifest.restored_from))}</p>'


def _render_problems(contents: Contents, collection: str, texts: Texts) -> str:
    summary = texts.problems.format(count=f"{contents.n_problems:,}")
    remarks = [(problem.source, (problem.message,)) for problem in contents.problems]
    buttons = [delete_button(source, "", collection, texts) for source, _ in remarks]
    return _render_remarks(summary, remarks, buttons)


def _render_warnings(contents: Contents, texts: Texts) -> str:
    summary = texts.read_in_part.format(count=f"{contents.n_warned:,}")
    remarks = [(one.source, one.warnings) for one in contents.warned]
    return _render_remarks(summary, remarks, [""] * len(remarks))


def _render_remarks(
    summary: str, remarks: Sequence[tuple[str, Sequence[str]]], tools: Sequence[str]
) -> str:
    """Render files with the sentences to be said of each and its tools; "" without any."""
    if not remarks:
        return ""
    items = "".join(
        f"<li>{isolate(source)} {tool}"
        + "".join(f'<span lang="en">{escape(sentence)}</span>' for sentence in sentences)
        + "</li>"
        for (source, sentences), tool in zip(remarks, tools, strict=True)
    )
    head = escape(summary)
    return f'<details class="problems"><summary>{head}</summary><ul>{items}</ul></details>'
