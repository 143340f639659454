"""Documents panel: a manifest and the state of the refresher → HTML."""

from collections.abc import Sequence

from index.datatypes import DocumentInfo, Problem
from index.manifest import Manifest
from index.progress import Progress
from webui.languages import Texts
from webui.refresher import RefreshState
from webui.rendering import escape, isolate, language_of
from webui.wording import (
    describe_format,
    describe_pages,
    describe_report,
    describe_size,
    describe_stage,
    describe_time,
)

_MOST_ROWS = 500  # of the table; a page of thousands of rows is slow and read by nobody


def render_documents(manifest: Manifest, texts: Texts) -> str:
    """Render what the live index holds and what it had to leave out.

    :param manifest: Of the live generation.
    :param texts: The language.
    :return: HTML.
    """
    counts = " · ".join(
        (
            texts.n_documents.format(count=f"{len(manifest.documents):,}"),
            texts.n_chunks.format(count=f"{manifest.n_chunks:,}"),
        )
    )
    time = texts.indexed_at.format(time=describe_time(manifest.created_at))
    return (
        f'<section class="documents" aria-labelledby="documents-title">'
        f'<h2 id="documents-title">{escape(texts.documents)}</h2>'
        f'<p class="about"><span>{escape(counts)}</span> <time '
        f'datetime="{escape(manifest.created_at)}">{escape(time)}</time></p>'
        f"{_render_restored(manifest, texts)}"
        f"{_render_problems(manifest.problems, texts)}"
        f"{_render_warnings(manifest.documents, texts)}"
        f"{_render_table(manifest.documents, texts)}</section>"
    )


def render_refresh(state: RefreshState, texts: Texts) -> str:
    """Render the running build's progress, or what the last one did.

    :param state: Of the refresher.
    :param texts: The language.
    :return: HTML.
    """
    if state.is_running:
        notice = f"<p>{escape(texts.refreshing)}</p>" if state.is_noticed else ""
        return notice + _render_progress(state.progress, texts)
    if state.has_failed:
        reason = f'<br><span lang="en">{escape(state.reason)}</span>' if state.reason else ""
        return f'<p class="outcome failed" role="status">{escape(texts.build_failed)}{reason}</p>'
    if state.report:
        outcome = describe_report(state.report, texts)
        return f'<p class="outcome" role="status">{escape(outcome)}</p>'
    return f'<p class="hint">{escape(texts.rebuild_hint)}</p>'


def _render_progress(progress: Progress | None, texts: Texts) -> str:
    stage = escape(describe_stage(progress.stage if progress else None, texts))
    if progress is None or not progress.total:
        bar, count = "<progress></progress>", ""
    else:
        bar = f'<progress max="{progress.total}" value="{progress.done}"></progress>'
        count = f"{progress.done:,} / {progress.total:,}"
    name = escape(progress.name) if progress else ""
    return (
        f'<div class="progress" role="status"><p><span class="stage">{stage}</span> '
        f'<span class="count">{count}</span></p>{bar}<p class="file"><bdi>{name}</bdi></p></div>'
    )


def _render_table(documents: Sequence[DocumentInfo], texts: Texts) -> str:
    columns = (
        texts.column_name,
        texts.column_format,
        texts.column_size,
        texts.column_pages,
        texts.column_chars,
        texts.column_chunks,
    )
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
    rows = "".join(_render_row(document, columns, texts) for document in documents[:_MOST_ROWS])
    left = len(documents) - _MOST_ROWS
    more = texts.more_documents.format(count=f"{left:,}") if left > 0 else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>" + (
        f'<p class="hint">{escape(more)}</p>' if more else ""
    )


def _render_row(document: DocumentInfo, columns: Sequence[str], texts: Texts) -> str:
    cells = (
        describe_format(document.source, document.media_type, document.encoding),
        describe_size(document.size),
        describe_pages(document.n_pages, document.n_empty_pages, texts),
        f"{document.n_chars:,}",
        f"{document.n_chunks:,}",
    )
    rest = "".join(
        f'<td data-label="{escape(label)}">{escape(cell)}</td>'
        for label, cell in zip(columns[1:], cells, strict=True)
    )
    return (
        f'<tr><th scope="row"><button type="button" class="document" data-event="open" '
        f'data-document="{escape(document.doc_id)}" title="{escape(texts.open_source)}" '
        f'lang="{language_of(document.source)}"><bdi>{escape(document.source)}</bdi></button></th>'
        f"{rest}</tr>"
    )


def _render_restored(manifest: Manifest, texts: Texts) -> str:
    if not manifest.restored_from:
        return ""
    return f'<p class="hint">{escape(texts.restored.format(generation=manifest.restored_from))}</p>'


def _render_problems(problems: Sequence[Problem], texts: Texts) -> str:
    return _render_remarks(
        texts.problems, [(problem.source, (problem.message,)) for problem in problems]
    )


def _render_warnings(documents: Sequence[DocumentInfo], texts: Texts) -> str:
    return _render_remarks(
        texts.read_in_part,
        [(document.source, document.warnings) for document in documents if document.warnings],
    )


def _render_remarks(summary: str, remarks: Sequence[tuple[str, Sequence[str]]]) -> str:
    """Render files with the sentences to be said of each; "" without any."""
    if not remarks:
        return ""
    items = "".join(
        f"<li>{isolate(source)}"
        + "".join(f'<span lang="en">{escape(sentence)}</span>' for sentence in sentences)
        + "</li>"
        for source, sentences in remarks[:_MOST_ROWS]
    )
    count = summary.format(count=f"{len(remarks):,}")
    return f'<details class="problems"><summary>{escape(count)}</summary><ul>{items}</ul></details>'
