"""Command ``yiju verify`` and ``yiju ask --receipt``: an answer → its receipt, checked years later.

Exit codes of ``verify``: 0 every quote is still there, 1 one is not, 2 any error.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from webui.failures import clear_errors, fail
from webui.messages import system_language
from webui.options import CollectionName, Documents, Index, build_progress, choose_collection

if TYPE_CHECKING:
    from rag import Answer, Answerer

_NOT_AS_IT_WAS = 1
_NOT_CHECKED = 2

VERIFY_HELP = """核对凭据：每条引文的原话还在不在文档里，在哪里。

Check a receipt: whether each quote still stands in the documents, and where.

凭据由 yiju ask --receipt 存下。核对只读文档本身，不需要索引、模型和网络。
结果：未变（文件每个字节都一样），还在（位置变了或文件改过），改了（文件还在，
原话不在），没了（都不在）。没有找到答案的凭据，核对查过的文件是否还一样。
校验和能看出凭据损坏或被随手改过，但它不是签名。

Receipts are saved by yiju ask --receipt. Only the documents are read; no
index, model or network is needed. Outcomes: unchanged (the same file to the
byte), moved (the words stand elsewhere or in an edited file), changed (the
file is there, the words are not), gone (neither is). For an answer not
found: whether the files searched are the same. The receipt's checksum shows
damage and careless edits; it is no signature.

退出码 Exit status: 0 都在 all unchanged or moved, 1 有改了或没了的 some
changed or gone, 2 出错或无法核对 error or not checked.

例 Example: yiju verify receipt.json --documents ./docs"""

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
        from webui.terminal import TerminalConsole, print_json
        from webui.verification import print_verification, to_json

        chosen = choose_collection(documents, index, collection)
        kept = load_receipt(receipt)
        with build_progress() as progress:
            verification = verify_receipt(
                kept,
                chosen.folder,
                settings=IndexSettings.from_env(),
                excluded=chosen.index,
                progress=progress,
            )
        if as_json:
            print_json(to_json(kept, verification))
        else:
            print_verification(TerminalConsole(), kept, verification, system_language())
    if not verification.is_complete:
        raise typer.Exit(_NOT_CHECKED)
    raise typer.Exit(0 if verification.stands else _NOT_AS_IT_WAS)


def check_receipt_path(path: Path, documents_dir: Path) -> None:
    """Refuse a place for a receipt before anything is asked.

    :param path: Where it is to be saved.
    :param documents_dir: The documents' folder.
    :raises ReceiptError: When there is a file.
    :raises Exit: With status 2, when the receipt would lie among the documents.
    """
    from rag.receipt_file import refuse_existing
    from webui.languages.receipts import RECEIPT_TEXTS

    refuse_existing(path)
    if path.resolve().is_relative_to(documents_dir.resolve()):
        fail(RECEIPT_TEXTS[system_language().code].among_documents.format(path=path))


def keep_receipt(answerer: "Answerer", answer: "Answer", path: Path, *, reader: str) -> None:
    """Save the receipt of an answer just given, and say so on the standard error.

    :param answerer: That gave it.
    :param answer: The answer.
    :param path: The file.
    :param reader: The name of the reader asked for; "" for the one of the environment.
    :raises ReceiptError: When it cannot be made or written.
    """
    from rag.receipts import bundled_reader_sha256, make_receipt, save_receipt
    from rag.settings import RagSettings
    from webui.controls import neutralize_line
    from webui.languages.receipts import RECEIPT_TEXTS

    is_bundled = not (reader or RagSettings.from_env().reader)
    receipt = make_receipt(
        answer,
        answerer.knowledge_base,
        reader_sha256=bundled_reader_sha256() if is_bundled else "",
    )
    save_receipt(receipt, path)
    said = RECEIPT_TEXTS[system_language().code].saved.format(path=path)
    typer.echo(neutralize_line(said), err=True)
