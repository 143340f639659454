"""Command ``yiju index``: a documents' folder → its index, built, checked or reported on."""

from pathlib import Path
from typing import Annotated

import typer

from webui.cli_history import add_history_commands
from webui.failures import clear_errors, fail
from webui.messages import system_language
from webui.options import Documents, EncoderName, Index, build_progress, choose_documents_dir

INDEX_HELP = """为文档建立索引，或只更新有改动的部分。

Index the documents, or only what changed in them.

--report 只列出每个文件的格式、页数、字数、片段、能查到的比例、没读全之处。

With --report nothing is indexed; every file is listed with its format,
pages, characters, chunks, how much can be found, what could not be read.

退出码 Exit status: 0 完成 done, 2 出错 error.

例 Example: yiju index --documents ./docs --full    yiju index --check    yiju index --report"""

index_commands = typer.Typer(invoke_without_command=True, subcommand_metavar="[COMMAND] [ARGS]...")
add_history_commands(index_commands)


@index_commands.callback()
def index_documents(  # noqa: PLR0913, PLR0917 - one parameter an option
    context: typer.Context,
    full: Annotated[
        bool,
        typer.Option(
            "--full", help="全部重读重算。 Read and encode everything again.", show_default=False
        ),
    ] = False,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="只逐字节检查索引。 Only check every byte of the index.",
            show_default=False,
        ),
    ] = False,
    report: Annotated[
        bool,
        typer.Option(
            "--report",
            help="只列出索引里的每个文件。 Only list every file of the index.",
            show_default=False,
        ),
    ] = False,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json",
            help="--report 只输出 JSON。 Print the report as JSON, nothing else.",
            show_default=False,
        ),
    ] = False,
    documents: Documents = None,
    index: Index = None,
    encoder: EncoderName = "",
) -> None:
    """Build or update the index, check it, or report what it holds."""
    if context.invoked_subcommand:
        sources = map(context.get_parameter_source, context.params)
        if any(source and source.name == "COMMANDLINE" for source in sources):
            fail(system_language().options_after.format(command=context.invoked_subcommand))
        return
    if as_json and not report:
        fail(system_language().json_of_report)
    if sum((full, check, report)) > 1:
        fail(system_language().one_at_a_time)
    with clear_errors():
        documents_dir = choose_documents_dir(documents)
        from index import default_index_dir

        index_dir = index or default_index_dir(documents_dir)
        if report:
            _report(index_dir, as_json=as_json)
        elif check:
            _check(index_dir)
        else:
            _build(documents_dir, index_dir, encoder, full=full)


def _build(documents_dir: Path, index_dir: Path, encoder: str, *, full: bool) -> None:
    from index import IndexSettings, build_index, load_encoder
    from webui.terminal import TerminalConsole, print_report

    settings = IndexSettings.from_env(encoder=encoder)
    with build_progress() as progress:
        report = build_index(
            documents_dir,
            index_dir,
            load_encoder(settings.encoder),
            settings=settings,
            full=full,
            progress=progress,
        )
    print_report(TerminalConsole(), report, system_language())


def _check(index_dir: Path) -> None:
    from index.build import check_index

    generation = check_index(index_dir)
    typer.echo(system_language().checked.format(generation=generation))


def _report(index_dir: Path, *, as_json: bool) -> None:
    from webui.ledger import open_ledger, print_ledger
    from webui.terminal import TerminalConsole, print_json

    ledger = open_ledger(index_dir)
    if as_json:
        print_json(ledger.to_dict())
    else:
        print_ledger(TerminalConsole(), ledger, system_language())
