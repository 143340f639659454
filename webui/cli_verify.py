"""Command ``yiju verify`` and ``yiju ask --receipt``: an answer → its receipt, checked years later.

Exit codes of ``verify``: 0 every quote is still there, 1 one is not, 2 any error.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from webui.controls import neutralize_line
from webui.failures import clear_errors, fail
from webui.messages import system_language
from webui.options import (
    CollectionName,
    Documents,
    Index,
    build_progress,
    choose_collections,
)

if TYPE_CHECKING:
    from rag import Answer
    from rag.federation import Library
    from rag.receipt_records import Receipt
    from rag.registry import Collection

_NOT_AS_IT_WAS = 1
_NOT_CHECKED = 2

VERIFY_HELP = """核对凭据：每条引文的原话还在不在文档里，在哪里。

Check a receipt: whether each quote still stands in the documents, and where.

凭据由 yiju ask --receipt 存下。核对只读文档本身，不需要索引、模型和网络。
结果：未变（文件每个字节都一样），还在（位置变了或文件改过），改了（文件还在，
原话不在），没了（都不在）。没有找到答案的凭据，核对查过的文件是否还一样。
几个文档集一起给出的回答，每条引文按文档集的名字到它的文件夹里核对；文档集没有
登记、文件夹不在，就是无法核对。校验和能看出凭据损坏或被随手改过，但它不是签名。

Receipts are saved by yiju ask --receipt. Only the documents are read; no
index, model or network is needed. Outcomes: unchanged (the same file to the
byte), moved (the words stand elsewhere or in an edited file), changed (the
file is there, the words are not), gone (neither is). For an answer not
found: whether the files searched are the same. Of an answer from several
collections each quote is checked in the folder of its collection, by its
name; what is not registered, or whose folder is gone, cannot be checked. The
receipt's checksum shows damage and careless edits; it is no signature.

退出码 Exit status: 0 都在 all unchanged or moved, 1 有改了或没了的 some
changed or gone, 2 出错或无法核对 error or not checked.

例 Example: yiju verify receipt.json --documents ./docs
yiju verify receipt.json --collection all"""

ReceiptFile = Annotated[
    Path | None,
    typer.Option(
        "--receipt",
        metavar="FILE",
        help="把回答存成凭据，供 yiju verify 核对；不覆盖已有文件。 Save the answer as a "
        "receipt for yiju verify, never over an existing file.",
        show_default=False,
    ),
]


def verify(
    receipt: Annotated[
        Path, typer.Argument(metavar="RECEIPT", help="凭据。 The receipt.", show_default=False)
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="只输出 JSON。 Print the outcome as JSON, nothing else.")
    ] = False,
    documents: Documents = None,
    index: Index = None,
    collection: CollectionName = "",
) -> None:
    """Check a receipt against the documents."""
    with clear_errors():
        from index import IndexSettings
        from rag.receipts import load_receipt, verify_receipt
        from rag.registry import is_all
        from webui.terminal import TerminalConsole, print_json
        from webui.verification import print_verification, to_json

        chosen = choose_collections(documents, index, collection)
        kept = load_receipt(receipt)
        is_named = bool(documents or index or (collection and not is_all(collection)))
        given = _match(kept, chosen, is_named=is_named)
        with build_progress() as progress:
            verification = verify_receipt(
                kept, given, settings=IndexSettings.from_env(), progress=progress
            )
        if as_json:
            print_json(to_json(kept, verification))
        else:
            print_verification(TerminalConsole(), kept, verification, system_language())
    if not verification.is_complete:
        raise typer.Exit(_NOT_CHECKED)
    raise typer.Exit(0 if verification.stands else _NOT_AS_IT_WAS)


def _match(
    receipt: "Receipt", chosen: "Sequence[Collection]", *, is_named: bool
) -> "Sequence[Collection]":
    """Return what a receipt is to be checked in, by the names that it has for it.

    One folder that was asked for stands in for the only one of a receipt, whatever it is called
    now; without any the names have to be the same.

    :param receipt: The receipt.
    :param chosen: From :func:`webui.options.choose_collections`.
    :param is_named: Whether they were asked for.
    :return: The collections.
    :raises Exit: With status 2, when one folder is given for several collections, or several for
        one folder.
    """
    from webui.languages.receipts import RECEIPT_TEXTS

    words = RECEIPT_TEXTS[system_language().code]
    names = [one.collection for one in receipt.searched]
    if len(names) > 1:
        if is_named and not chosen[0].name:
            listed = neutralize_line(words.between_files.join(names))
            fail(words.of_several.format(names=listed))
        return chosen
    if len(chosen) == 1 and (is_named or not names[0]):
        return [replace(chosen[0], name=names[0])]
    if not names[0]:
        fail(words.of_folder.format(names=words.between_files.join(one.name for one in chosen)))
    return chosen


def check_receipt_path(path: Path, folders: Iterable[Path], *, is_of_all: bool = True) -> None:
    """Refuse a receipt, or its place, before anything is asked.

    :param path: Where it is to be saved.
    :param folders: Of the documents.
    :param is_of_all: Whether all documents are asked, as a receipt says.
    :raises ReceiptError: When there is a file.
    :raises Exit: With status 2, when the receipt would lie among the documents or say too much.
    """
    from rag.receipt_file import refuse_existing
    from webui.languages.receipts import RECEIPT_TEXTS

    refuse_existing(path)
    if not is_of_all:
        fail(RECEIPT_TEXTS[system_language().code].of_all)
    if any(path.resolve().is_relative_to(folder.resolve()) for folder in folders):
        fail(RECEIPT_TEXTS[system_language().code].among_documents.format(path=path))


def keep_receipt(library: "Library", answer: "Answer", path: Path) -> None:
    """Save the receipt of an answer just given, and say so on the standard error.

    :param library: The folder or collections that gave it.
    :param answer: The answer.
    :param path: The file.
    :raises ReceiptError: When it cannot be made or written.
    """
    from rag.receipts import make_receipt, save_receipt
    from webui.languages.receipts import RECEIPT_TEXTS

    save_receipt(make_receipt(answer, library), path)
    said = RECEIPT_TEXTS[system_language().code].saved.format(path=path)
    typer.echo(neutralize_line(said), err=True)
