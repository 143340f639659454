"""Generations in the terminal: their log, and the difference of two → tables and lines."""

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from index.changes import DocumentChanges
from index.history import GenerationDiff, LogEntry
from index.manifest import Manifest
from rag.datatypes import Status
from rag.drift import Drift, Drifted, DriftReport
from rag.evaluation import Asked
from webui.controls import neutralize_line
from webui.languages import Texts
from webui.languages.history import HISTORY_TEXTS, HistoryTexts
from webui.wording import describe_places, describe_size, describe_time


def print_log(console: Console, entries: Sequence[LogEntry], texts: Texts) -> None:
    """Print the kept generations.

    :param console: Where to.
    :param entries: Newest first.
    :param texts: The language.
    """
    words = HISTORY_TEXTS[texts.code]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(words.generation)
    table.add_column(words.time)
    for head in (words.documents, words.chunks):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column(words.changes)
    table.add_column(words.size, justify="right", no_wrap=True)
    for entry in entries:
        table.add_row(*map(Text, _cells(entry, words)))
    console.print(table)
    total = describe_size(sum(entry.n_bytes for entry in entries))
    _print(console, words.total.format(size=total))


def print_diff(
    console: Console, difference: GenerationDiff, drift: DriftReport | None, texts: Texts
) -> None:
    """Print what is different in one generation from another.

    :param console: Where to.
    :param difference: Of the documents and chunks.
    :param drift: Of the answers, when questions were asked.
    :param texts: The language.
    """
    words = HISTORY_TEXTS[texts.code]
    head = words.difference.format(before=difference.before, after=difference.after)
    _print(console, head, "bold")
    changes = difference.documents
    _print(console, _describe_changes(changes, words))
    lines = [(source, f"+ {source}") for source in changes.added]
    lines += [(source, f"- {source}") for source in changes.removed]
    lines += [(source, f"~ {source}") for source in changes.edited]
    lines += [(entry.before, f"> {entry.before} → {entry.after}") for entry in changes.renamed]
    for _, line in sorted(lines):
        _print(console, f"  {line}")
    counts = {"added": difference.n_chunks_added, "removed": difference.n_chunks_removed}
    shown = {name: f"{count:,}" for name, count in counts.items()}
    _print(console, words.chunk_changes.format(**shown))
    if drift:
        _print_drift(console, drift, texts)


def describe_rollback(manifest: Manifest, texts: Texts) -> str:
    """Say what a rollback did and what it means for later changes.

    :param manifest: Of the new generation.
    :param texts: The language.
    """
    return HISTORY_TEXTS[texts.code].rolled_back.format(
        generation=manifest.generation, restored=manifest.restored_from
    )


def _cells(entry: LogEntry, words: HistoryTexts) -> tuple[str, ...]:
    name = f"{entry.generation} {words.live}" if entry.is_live else entry.generation
    size = describe_size(entry.n_bytes)
    if entry.problem:
        return name, "", "", "", neutralize_line(entry.problem), size
    changes = _describe_changes(entry.changes, words) if entry.changes else words.unknown_changes
    if entry.restored_from:
        restored = words.restored_from.format(generation=entry.restored_from)
        changes = f"{restored}{words.between}{changes}"
    counts = (f"{entry.n_documents:,}", f"{entry.n_chunks:,}")
    return name, describe_time(entry.created_at), *counts, changes, size


def _describe_changes(changes: DocumentChanges, words: HistoryTexts) -> str:
    counts = (
        (words.added, changes.added),
        (words.edited, changes.edited),
        (words.removed, changes.removed),
        (words.renamed, changes.renamed),
    )
    said = [pattern.format(count=f"{len(names):,}") for pattern, names in counts if names]
    return words.between.join(said) or words.no_changes


def _print_drift(console: Console, drift: DriftReport, texts: Texts) -> None:
    words = HISTORY_TEXTS[texts.code]
    _print(console, "\n" + words.answers.format(count=f"{len(drift.results):,}"), "bold")
    for kind in Drift:
        if count := len(drift.with_drift(kind)):
            _print(console, f"  {words.drifts[kind]} {count:,}")
    for kind in Drift:
        if kind is not Drift.UNCHANGED:
            for entry in drift.with_drift(kind):
                _print_drifted(console, entry, texts)


def _print_drifted(console: Console, entry: Drifted, texts: Texts) -> None:
    words = HISTORY_TEXTS[texts.code]
    gold = entry.after.gold
    line = texts.line.format(line=gold.line)
    _print(console, f"\n{words.drifts[entry.drift]} · {line} · {gold.question}", "bold")
    _print(console, f"  {words.answer_before} {_describe_answer(entry.before, texts)}")
    _print(console, f"  {words.answer_after} {_describe_answer(entry.after, texts)}")


def _describe_answer(asked: Asked, texts: Texts) -> str:
    answer = asked.answer
    if answer.status is Status.NOT_FOUND:
        return texts.not_found
    first = answer.citations[0]
    at = describe_places(first.places, texts) or texts.line.format(line=first.line)
    return f"{answer.text}  ({first.source} · {at})"


def _print(console: Console, line: str, style: str = "") -> None:
    """Print without wrapping, so that lines can be searched and piped."""
    text = Text("\n" * line.startswith("\n") + neutralize_line(line.lstrip("\n")), style)
    console.print(text, soft_wrap=True)
