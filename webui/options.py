"""Options: what the commands share: folders, collections, models, a build's progress."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from webui.failures import fail
from webui.languages.library import COLLECTION_TEXTS
from webui.messages import system_language

if TYPE_CHECKING:
    from rag.registry import Collection, Registry
    from webui.terminal import BuildProgress

Documents = Annotated[
    Path | None,
    typer.Option(
        envvar="YIJU_DOCUMENTS",
        help="文档所在的文件夹；默认用登记的文档集，没有则用 ./seeds。 The documents' folder, by "
        "default the registered collections, or without any ./seeds.",
        show_default=False,
    ),
]
Index = Annotated[
    Path | None,
    typer.Option(
        envvar="YIJU_INDEX",
        help="索引的位置，默认在文档文件夹里。 The index's folder, by default "
        ".yiju in the documents' one.",
        show_default=False,
    ),
]
CollectionName = Annotated[
    str,
    typer.Option(
        "--collection",
        metavar="NAME",
        help="登记过的文档集，或 all（全部）；见 yiju collections。 A registered collection, or "
        "all of them; see yiju collections.",
        show_default=False,
    ),
]
EncoderName = Annotated[
    str,
    typer.Option(
        "--encoder",
        envvar="YIJU_ENCODER",
        help="换用别的编码器：本机上 sentence-transformers 模型的名字或文件夹，不会下载；"
        "换了就重建索引。 Another encoder: the name or folder of a sentence-transformers model on "
        "this machine. Nothing is downloaded; an index made with another one is made anew.",
        show_default=False,
    ),
]
ReaderName = Annotated[
    str,
    typer.Option(
        "--reader",
        envvar="YIJU_READER",
        help="换用别的阅读器：本机上 transformers 抽取式问答模型的名字或文件夹；"
        "它给的把握未经校准。 Another reader: the name or folder of a transformers "
        "question-answering model on this machine. Its confidence is not calibrated.",
        show_default=False,
    ),
]


def choose_collections(
    documents: Path | None, index: Path | None, name: str
) -> "tuple[Collection, ...]":
    """Return what to answer from.

    A collection named on the command line goes before a folder named in the environment.

    :param documents: The folder asked for, if any.
    :param index: The index's place asked for, if any.
    :param name: The collection asked for, ``all``, or "".
    :return: The collections; a folder that was asked for, or ./seeds where none is registered, as
        the only one, without a name.
    :raises CollectionError: When there is no such collection, or the registry cannot be read.
    :raises Exit: With status 2, when both a collection and a folder were named.
    """
    from rag.registry import Collection, Registry

    if name:
        if is_typed(documents, "YIJU_DOCUMENTS") or is_typed(index, "YIJU_INDEX"):
            fail(COLLECTION_TEXTS[system_language().code].not_both)
        return Registry().select(name)
    if documents or index:
        return (Collection("", documents or _seeds(), index),)
    return Registry().read() or (Collection("", _seeds()),)


def followed_registry(
    collections: "Sequence[Collection]", documents: Path | None, index: Path | None, name: str
) -> "Registry | None":
    """Return the registry where all of it was chosen, so that what runs on can follow it.

    :param collections: From :func:`choose_collections`.
    :param documents: As there.
    :param index: As there.
    :param name: As there.
    :return: The registry; None where one folder or one collection was asked for.
    """
    from rag.registry import Registry, is_all

    is_everything = is_all(name) if name else not (documents or index)
    return Registry() if is_everything and collections[0].name else None


def choose_collection(documents: Path | None, index: Path | None, name: str) -> "Collection":
    """Return the one folder that a command is about.

    :param documents: As for :func:`choose_collections`.
    :param index: As there.
    :param name: As there.
    :return: The only one.
    :raises Exit: With status 2, when there are several.
    """
    return require_one(choose_collections(documents, index, name))


def require_one(collections: "Sequence[Collection]") -> "Collection":
    """Refuse several collections where a command can only be about one.

    :param collections: From :func:`choose_collections`.
    :return: The only one.
    :raises Exit: With status 2, when there are several.
    """
    if len(collections) > 1:
        words = COLLECTION_TEXTS[system_language().code]
        names = words.between.join(one.name for one in collections)
        fail(words.one_only.format(names=names))
    return collections[0]


def is_typed(value: Path | None, variable: str) -> bool:
    """Tell whether an option was written, not taken from its variable.

    :param value: The option's.
    :param variable: Its name in the environment.
    """
    return value is not None and str(value) != os.environ.get(variable)


def _seeds() -> Path:
    """Return ./seeds, or the seeds of an editable install."""
    bundled = Path(__file__).resolve().parent.parent / "seeds"
    here = Path("seeds")
    return bundled if bundled.is_dir() and not here.is_dir() else here


@contextmanager
def build_progress() -> Iterator["BuildProgress"]:
    """Show builds on the standard error.

    :return: To be called with every step.
    """
    from rich.console import Console

    from webui.terminal import BuildProgress

    with BuildProgress(Console(stderr=True, highlight=False), system_language()) as progress:
        yield progress
