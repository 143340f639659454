"""Options: what the commands share: folders, models, the index's place, a build's progress."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from webui.messages import system_language

if TYPE_CHECKING:
    from webui.terminal import BuildProgress

Documents = Annotated[
    Path | None,
    typer.Option(
        envvar="YIJU_DOCUMENTS",
        help="文档所在的文件夹，默认 ./seeds。 The documents' folder, by default ./seeds.",
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


def choose_documents_dir(documents: Path | None) -> Path:
    """Return the folder to answer from.

    :param documents: The one asked for, if any.
    :return: It, or ./seeds, or the seeds of an editable install.
    """
    if documents:
        return documents
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
