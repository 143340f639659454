"""Command ``yiju index``: a documents' folder → its index, built, checked or reported on."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from webui.cli_history import add_history_commands
from webui.controls import neutralize
from webui.failures import clear_errors, fail
from webui.messages import system_language
from webui.options import Documents, EncoderName, Index, build_progress, choose_documents_dir

if TYPE_CHECKING:
    from index.datatypes import BuildReport, Problem
    from index.encoder import Encoder
    from index.settings import IndexSettings

INDEX_HELP = """为文档建立索引，或只更新有改动的部分。

Index the documents, or only what changed in them.

--report 只列出每个文件的格式、页数、字数、片段、能查到的比例、没读全之处。

With --report nothing is indexed; every file is listed with its format,
pages, characters, chunks, how much can be found, what could not be read.

退出码 Exit status: 0 完成 done, 2 出错 error.

例 Example: yiju index --documents ./docs --full    yiju index --watch    yiju index --report"""

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
    watch: Annotated[
        bool,
        typer.Option(
            "--watch",
            help="更新后守着文件夹，有改动就再更新，直到按 Ctrl-C。 "
            "Then follow the folder and index every change, until Ctrl-C.",
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
    if sum((full or watch, check, report)) > 1:
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
            from index import IndexSettings, load_encoder

            settings = IndexSettings.from_env(encoder=encoder)
            model = load_encoder(settings.encoder)
            job = _Job(documents_dir, index_dir, model, settings)
            print_changes(job.build(full=full))
            if watch:
                _follow(job)


@dataclass(frozen=True, slots=True)
class _Job:
    """What is built again and again."""

    documents_dir: Path
    index_dir: Path
    encoder: "Encoder"
    settings: "IndexSettings"

    def build(self, *, full: bool = False, automatic: bool = False) -> "BuildReport":
        from index import build_index

        with build_progress() as progress:
            return build_index(
                self.documents_dir,
                self.index_dir,
                self.encoder,
                settings=self.settings,
                full=full,
                automatic=automatic,
                progress=progress,
            )


def print_changes(report: "BuildReport") -> None:
    """Print what a build did, at once also into a pipe."""
    from webui.terminal import TerminalConsole, print_report

    print_report(TerminalConsole(), report, system_language())
    sys.stdout.flush()


def _follow(job: _Job) -> None:
    """Build after every change; what stops one build does not stop the watch."""
    from index.errors import IndexingError
    from index.watch import watch_documents

    typer.echo(system_language().watching.format(folder=job.documents_dir), err=True)
    problems: tuple[Problem, ...] | None = None
    for _ in watch_documents(job.documents_dir, job.index_dir):
        try:
            report = job.build(automatic=True)
        except IndexingError as exc:
            typer.echo(neutralize(str(exc)), err=True)
            continue
        if report.is_new or (problems is not None and report.problems != problems):
            print_changes(report)
        problems = report.problems


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
