"""Stores: the option ``--store`` → an index in an engine, built or opened."""

from typing import TYPE_CHECKING, Annotated

import typer

from webui.failures import fail
from webui.messages import system_language
from webui.options import build_progress, is_typed

if TYPE_CHECKING:
    from pathlib import Path

    from index.datatypes import BuildReport
    from index.encoder import Encoder
    from index.file_batches import Engine
    from index.milvus.address import StoreAddress
    from index.settings import IndexSettings
    from rag.store_answerer import StoreAnswerer

StoreName = Annotated[
    str,
    typer.Option(
        "--store",
        metavar="ADDRESS",
        help="索引放在 Milvus 里：milvus:./file.db（Milvus Lite）或 milvus://host:19530/name；"
        "登录用环境变量 YIJU_MILVUS_TOKEN。 Keep the index in Milvus: a local file of Milvus Lite, "
        "or a server that other machines can ask, too; its login is in YIJU_MILVUS_TOKEN.",
        show_default=False,
    ),
]


def build_in_store(
    documents_dir: "Path",
    address: "StoreAddress",
    engine: "Engine",
    made_with: "tuple[Encoder, IndexSettings]",
    *,
    full: bool,
) -> "BuildReport":
    """Bring a folder's index in a store up to date, showing how far it is.

    :param documents_dir: The folder.
    :param address: The store's.
    :param engine: Reads the files.
    :param made_with: The encoder, and how to build.
    :param full: Read and encode everything again.
    :return: What was done.
    :raises IndexingError: When it cannot be done.
    """
    from index.milvus.build import build_store

    encoder, settings = made_with
    with build_progress() as progress:
        return build_store(
            documents_dir,
            address,
            encoder,
            settings=settings,
            full=full,
            engine=engine,
            progress=progress,
        )


def open_store(store: str, *, encoder: str, reader: str) -> "StoreAnswerer":
    """Open an index in a store as it is.

    :param store: Its address.
    :param encoder: The one it must have been made with; "" for any.
    :param reader: The reader's name; "" for the one of the environment, or the bundled one.
    :return: What answers from it.
    :raises IndexingError: When it cannot be asked.
    """
    from rag.store_answerer import StoreAnswerer

    return StoreAnswerer.load_store(store, encoder=encoder, reader=reader)


def refuse_beside_store(documents: "Path | None", index: "Path | None", collection: str) -> None:
    """End the command when it was told to ask something else than the store, too.

    :param documents: The option ``--documents``.
    :param index: The option ``--index``.
    :param collection: The option ``--collection``.
    :raises Exit: With status 2.
    """
    is_folder = is_typed(documents, "YIJU_DOCUMENTS") or is_typed(index, "YIJU_INDEX")
    if is_folder or collection:
        fail(system_language().only_store)
