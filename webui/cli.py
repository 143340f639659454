"""Command line: ``yiju web``, ``ask``, ``index``, ``eval`` and ``verify``.

Exit codes: 0 answered or uncertain, 1 not found, 2 any error, 130 Ctrl-C. Heavy modules load in the
command that needs them, so that the help comes at once and ``ask`` never loads gradio or torch.
"""

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from webui.cli_history import tell_restored
from webui.cli_index import INDEX_HELP, index_commands
from webui.cli_verify import VERIFY_HELP, ReceiptFile, check_receipt_path, keep_receipt, verify
from webui.evaluation_help import EVALUATION_HELP
from webui.failures import clear_errors, fail, report_crash
from webui.messages import system_language
from webui.options import (
    Documents,
    EncoderName,
    Index,
    ReaderName,
    build_progress,
    choose_documents_dir,
)

if TYPE_CHECKING:
    from rag import Answerer

_NOT_FOUND = 1

_HELP = """依据：用你自己文档里的原话回答问题，并指出出处。

Yiju answers questions with the exact words of your own documents, and says where they stand.

例 Example: yiju ask "大会是哪一天召开的？" --documents ./docs"""

_WEB_HELP = """打开网页界面。

Open the web page.

例 Example: yiju web --documents ./docs --port 8080"""

_ASK_HELP = """用文档里的原话回答一个问题；文档有改动会先更新索引。

Answer a question with the documents' exact words; changed documents are indexed first.

退出码 Exit status: 0 找到 answered or uncertain, 1 没找到 not found, 2 出错 error.

例 Example: yiju ask "大会是哪一天召开的？" --json"""

commands = typer.Typer(
    help=_HELP, add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False
)
commands.add_typer(
    index_commands,
    name="index",
    help=INDEX_HELP,
    short_help="建立或更新索引。 Build or update the index.",
)
commands.command(help=VERIFY_HELP, short_help="核对凭据。 Check a receipt.")(verify)


@commands.command(help=_WEB_HELP, short_help="打开网页界面。 Open the web page.")
def web(  # noqa: PLR0913, PLR0917 - one parameter an option
    documents: Documents = None,
    index: Index = None,
    encoder: EncoderName = "",
    reader: ReaderName = "",
    host: Annotated[
        str, typer.Option(help="只能是本机地址。 A loopback address only.")
    ] = "127.0.0.1",
    port: Annotated[
        int | None,
        typer.Option(
            help="端口，默认从 7860 起第一个空闲的。 The port, by default the first free one "
            "from 7860.",
            min=1,
            max=65535,
            show_default=False,
        ),
    ] = None,
) -> None:
    """Open the web page."""
    from webui.guard import is_loopback

    texts = system_language()
    with clear_errors():
        if not is_loopback(host):
            fail(texts.refuse_host.format(host=host))
        typer.echo(texts.loading, err=True)
        os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # before gradio is imported
        # One thread a question: two fight over the cores when several people ask at once (six times
        # the work on a busy two-core machine) and gain 6 ms of 33 when one person does.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy is imported
        _bypass_proxies()
        answerer = _load_answerer(
            choose_documents_dir(documents), index, encoder=encoder, reader=reader
        )
        from webui.app import serve

        app = serve(answerer, host=host, port=port)
    typer.echo(texts.serving.format(url=app.local_url))
    typer.echo(texts.stop_hint, err=True)
    try:
        while True:
            time.sleep(3600)
    finally:
        app.close(verbose=False)


@commands.command(help=_ASK_HELP, short_help="回答一个问题。 Answer a question.")
def ask(  # noqa: PLR0913, PLR0917 - one parameter an option
    question: Annotated[str, typer.Argument(help="问题。 The question.", show_default=False)],
    as_json: Annotated[
        bool, typer.Option("--json", help="只输出 JSON。 Print the answer as JSON, nothing else.")
    ] = False,
    receipt: ReceiptFile = None,
    documents: Documents = None,
    index: Index = None,
    encoder: EncoderName = "",
    reader: ReaderName = "",
) -> None:
    """Answer a question."""
    with clear_errors():
        from rag import Answerer, Status
        from webui.terminal import TerminalConsole, print_answer, print_json

        documents_dir = choose_documents_dir(documents)
        if receipt:
            check_receipt_path(receipt, documents_dir)
        with build_progress() as progress:
            answerer = Answerer.open(
                documents_dir, index, encoder=encoder, reader=reader, progress=progress
            )
            tell_restored(answerer.manifest)
            answer = answerer.answer(question)
        if as_json:
            print_json(answer.to_dict())
        else:
            print_answer(TerminalConsole(), answer, system_language())
        if receipt:
            keep_receipt(answerer, answer, receipt, reader=reader)
    raise typer.Exit(_NOT_FOUND if answer.status is Status.NOT_FOUND else 0)


@commands.command(
    "eval", help=EVALUATION_HELP, short_help="用自己的问题检验。 Evaluate on your own questions."
)
def evaluate_file(  # noqa: PLR0913, PLR0917 - one parameter an option
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="问题和答案，JSONL 或 CSV。 Questions and answers, JSONL or CSV.",
            show_default=False,
        ),
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="只输出 JSON。 Print the figures as JSON, nothing else.")
    ] = False,
    documents: Documents = None,
    index: Index = None,
    encoder: EncoderName = "",
    reader: ReaderName = "",
) -> None:
    """Evaluate the answers to a user's own questions."""
    with clear_errors():
        from rag import Answerer
        from webui.evaluation import ask_file, print_evaluation
        from webui.terminal import TerminalConsole, print_json

        texts = system_language()

        def load() -> Answerer:
            with build_progress() as progress:
                answerer = Answerer.open(
                    choose_documents_dir(documents),
                    index,
                    encoder=encoder,
                    reader=reader,
                    progress=progress,
                )
            tell_restored(answerer.manifest)
            return answerer

        evaluation = ask_file(file, load, texts)
        if as_json:
            print_json(evaluation.to_dict())
        else:
            print_evaluation(TerminalConsole(), evaluation, texts)


def main() -> None:
    """Run the command line; the entry point of ``yiju``."""
    sys.excepthook = report_crash
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:  # a console of another encoding shows ? rather than failing
            reconfigure(errors="replace")
    # Not commands(): that would put typer's own report of crashes, and status 1, in place of ours.
    typer.main.get_command(commands).main(prog_name="yiju")


def _load_answerer(
    documents_dir: Path, index_dir: Path | None, *, encoder: str = "", reader: str = ""
) -> "Answerer":
    """Load the index as it is, or make it; the page itself brings it up to date later."""
    from index import default_index_dir
    from index.errors import IndexFormatError, IndexMissingError
    from rag import Answerer

    index_dir = index_dir or default_index_dir(documents_dir)
    try:
        if _has_settings(index_dir, encoder):
            return Answerer.load(index_dir, documents_dir=documents_dir, reader=reader)
    except (IndexMissingError, IndexFormatError):
        pass
    with build_progress() as progress:
        return Answerer.open(
            documents_dir, index_dir, encoder=encoder, reader=reader, progress=progress
        )


def _has_settings(index_dir: Path, encoder: str) -> bool:
    """Tell whether an index was made as it is asked for now, before any encoder is loaded."""
    from index import IndexSettings
    from index.generations import IndexDir
    from index.manifest import read_manifest

    settings = IndexSettings.from_env(encoder=encoder)
    with IndexDir(index_dir).pin_current() as pin:
        manifest = read_manifest(pin.paths)
    made_with = (manifest.encoder, manifest.max_chunk_chars)
    return made_with == (settings.encoder, settings.max_chunk_chars)


def _bypass_proxies() -> None:
    """Keep Gradio's request to its own server, made at the start, away from any proxy."""
    for name in ("NO_PROXY", "no_proxy"):
        known = [entry for entry in os.environ.get(name, "").split(",") if entry]
        os.environ[name] = ",".join(dict.fromkeys([*known, "127.0.0.1", "localhost", "::1"]))


if __name__ == "__main__":
    main()
