"""Ledger in the terminal: what the index holds of every file → a table, or JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from index.generations import IndexDir
from index.ledger import LedgerRow, read_ledger
from webui.controls import neutralize_line
from webui.languages import Texts
from webui.terminal import make_file_table
from webui.wording import describe_format, describe_share


@dataclass(frozen=True, slots=True)
class IndexLedger:
    """The ledger of one generation."""

    generation: str
    rows: tuple[LedgerRow, ...]

    def to_dict(self) -> dict[str, object]:
        """Return the ledger as JSON-ready values."""
        return {"generation": self.generation, "files": [row.to_dict() for row in self.rows]}


def open_ledger(index_dir: Path) -> IndexLedger:
    """Read the ledger of the live generation.

    :param index_dir: The index's folder.
    :return: The ledger.
    :raises IndexMissingError: When there is no index.
    :raises IndexFormatError: When it was written in another format version.
    :raises IndexCorruptError: When it is damaged.
    """
    home = IndexDir(index_dir)
    while True:
        generation = home.require_current()
        rows = read_ledger(index_dir)
        if home.current() == generation:  # else a build published another one meanwhile
            return IndexLedger(generation, rows)


def print_ledger(console: Console, ledger: IndexLedger, texts: Texts) -> None:
    """Print every file with its figures, then what is to be known of some of them.

    :param console: Where to.
    :param ledger: The ledger.
    :param texts: The language.
    """
    console.print(_make_table(ledger, texts))
    remarks = [(row.source, remark) for row in ledger.rows for remark in _remarks(row, texts)]
    if remarks:
        n_files = len({source for source, _ in remarks})
        title = texts.remarks.format(count=f"{n_files:,}")
        console.print(make_file_table(title, remarks, texts))


def _make_table(ledger: IndexLedger, texts: Texts) -> Table:
    title = texts.ledger.format(generation=ledger.generation, count=f"{len(ledger.rows):,}")
    # Without lines between the columns every figure stays whole in 80 columns.
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(texts.column_name, overflow="fold")
    table.add_column(texts.column_format)
    figures = (
        texts.column_pages_empty,
        texts.column_chars,
        texts.column_chunks,
        texts.column_reachable,
        texts.column_seconds,
    )
    for column in figures:
        table.add_column(column, justify="right", no_wrap=True)
    for row in ledger.rows:
        table.add_row(Text(neutralize_line(row.source)), *map(Text, _figures(row)))
    return table


def _figures(row: LedgerRow) -> Sequence[str]:
    """Word a file's figures; of one that could not be read there are none."""
    known = (
        _count_pages(row),
        f"{row.n_chars:,}",
        f"{row.n_chunks:,}",
        describe_share(row.reachable),
    )
    return (
        neutralize_line(describe_format(row.source, row.media_type, row.encoding)),
        *(("",) * len(known) if row.error else known),
        f"{row.seconds:.1f}",
    )


def _count_pages(row: LedgerRow) -> str:
    pages = f"{row.n_pages:,}" if row.n_pages else ""
    return f"{pages} ({row.n_empty_pages:,})" if row.n_empty_pages else pages


def _remarks(row: LedgerRow, texts: Texts) -> Sequence[str]:
    copy = texts.copy_of.format(source=row.copy_of) if row.copy_of else ""
    return tuple(filter(None, (row.error, copy, *row.warnings)))
