"""Command ``yiju collections``: folders ↔ the names they are asked by."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from webui.controls import neutralize_line
from webui.failures import clear_errors, fail
from webui.languages.library import COLLECTION_TEXTS, CollectionTexts
from webui.messages import system_language

if TYPE_CHECKING:
    from index.manifest import Manifest
    from rag.registry import Collection

COLLECTIONS_HELP = """给文档文件夹登记名字，之后用名字提问。

Register folders of documents under names, and ask them by name.

不带子命令时列出已登记的。登记只记名字和位置，不移动、不修改文档。
提问时 --collection 名字 只查一个，--collection all 全部一起查。

Without a command it lists them. Only names and places are kept; documents are
neither moved nor changed. Ask one with --collection NAME, all of them together
with --collection all.

例 Example: yiju collections add 合同 ~/contracts
yiju ask "租期多久？" --collection 合同"""

collection_commands = typer.Typer(invoke_without_command=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="名字。 The name.", show_default=False)]


@dataclass(frozen=True, slots=True)
class _Row:
    """What is known of a collection without loading it."""

    collection: "Collection"
    manifest: "Manifest | None"
    state: str  # ready | restored | no_index | no_folder | unusable
    reason: str = ""  # why it is not usable

    def to_dict(self) -> dict[str, object]:
        return {
            "name": self.collection.name,
            "folder": str(self.collection.folder),
            "index": str(self.collection.index_dir),
            "documents": self.manifest.n_documents if self.manifest else None,
            "generation": self.manifest.generation if self.manifest else None,
            "state": self.state,
            "reason": self.reason,
        }


@collection_commands.callback()
def list_collections(
    context: typer.Context,
    as_json: Annotated[
        bool,
        typer.Option("--json", help="只输出 JSON。 Print JSON, nothing else.", show_default=False),
    ] = False,
) -> None:
    """List the registered collections."""
    if context.invoked_subcommand:
        if as_json:
            fail(system_language().options_after.format(command=context.invoked_subcommand))
        return
    with clear_errors():
        from rag.registry import Registry
        from webui.terminal import print_json

        rows = [_look(collection) for collection in Registry().read()]
        if as_json:
            print_json({"collections": [row.to_dict() for row in rows]})
        elif rows:
            _print(rows, _words())
        else:
            typer.echo(_words().none, err=True)


@collection_commands.command(short_help="登记文件夹。 Register a folder.")
def add(
    name: Name,
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER", help="文档所在的文件夹。 The documents' folder.", show_default=False
        ),
    ],
    index: Annotated[
        Path | None,
        typer.Option(
            help="索引的位置，默认在文档文件夹里。 The index's folder, by default .yiju in the "
            "documents' one.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """登记一个文件夹；名字不分大小写。 Register a folder; case does not matter in names."""
    with clear_errors():
        from rag.registry import Registry

        added = Registry().add(name, folder, index)
        quoted = shlex.quote(added.name)
        _say(_words().added.format(name=added.name, folder=added.folder, quoted=quoted))


@collection_commands.command(short_help="去掉登记，不删文档。 Forget one; nothing is deleted.")
def remove(name: Name) -> None:
    """去掉登记；文档和索引都不删除。 Forget a collection; documents and index stay."""
    with clear_errors():
        from rag.registry import Registry

        gone = Registry().remove(name)
        _say(_words().removed.format(name=gone.name, folder=gone.folder, index=gone.index_dir))


@collection_commands.command(short_help="改名。 Give one another name.")
def rename(
    old: Annotated[str, typer.Argument(metavar="OLD", help="原名。 Its name.", show_default=False)],
    new: Annotated[
        str, typer.Argument(metavar="NEW", help="新名。 The new name.", show_default=False)
    ],
) -> None:
    """改名。 Give a collection another name."""
    with clear_errors():
        from rag.registry import Registry

        renamed = Registry().rename(old, new)
        _say(_words().renamed.format(old=old, new=renamed.name))


def _look(collection: "Collection") -> _Row:
    from index.errors import IndexingError, IndexMissingError
    from index.generations import IndexDir
    from index.manifest import check_folder, read_manifest

    if not collection.folder.is_dir():
        return _Row(collection, None, "no_folder")
    try:
        with IndexDir(collection.index_dir).pin_current() as pin:
            manifest = read_manifest(pin.paths)
        check_folder(manifest, collection.folder, collection.index_dir)
    except IndexMissingError:
        return _Row(collection, None, "no_index")
    except (IndexingError, OSError) as exc:
        return _Row(collection, None, "unusable", str(exc))
    return _Row(collection, manifest, "restored" if manifest.restored_from else "ready")


def _print(rows: Sequence[_Row], words: CollectionTexts) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from webui.terminal import TerminalConsole

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(words.collection, overflow="fold")
    table.add_column(words.column_folder, overflow="fold")
    table.add_column(words.column_documents, justify="right", no_wrap=True)
    table.add_column(words.column_generation, no_wrap=True)
    table.add_column(words.column_state, overflow="fold")
    for row in rows:
        table.add_row(*(Text(neutralize_line(cell)) for cell in _cells(row, words)))
    TerminalConsole().print(table)


def _cells(row: _Row, words: CollectionTexts) -> tuple[str, ...]:
    folder = str(row.collection.folder)
    if row.collection.index:
        folder += f"\n{words.index_at.format(index=row.collection.index)}"
    return (
        row.collection.name,
        folder,
        f"{row.manifest.n_documents:,}" if row.manifest else "",
        row.manifest.generation if row.manifest else "",
        {
            "ready": words.ready,
            "restored": words.restored,
            "no_index": words.no_index,
            "no_folder": words.no_folder,
            "unusable": words.unusable.format(reason=row.reason),
        }[row.state],
    )


def _words() -> CollectionTexts:
    return COLLECTION_TEXTS[system_language().code]


def _say(line: str) -> None:
    typer.echo(neutralize_line(line))
