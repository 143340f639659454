"""Command ``yiju index``: a documents' folder → its index, built, checked or reported on."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from webui.cli_feedback import recheck_judged
from webui.cli_history import add_history_commands
from webui.controls import neutralize
from webui.engines import EngineName, choose_engine, refuse_engine_alone
from webui.failures import clear_errors, fail
from webui.languages.library import COLLECTION_TEXTS
from webui.messages import system_language
from webui.options import (
    CollectionName,
    Documents,
    EncoderName,
    Index,
    build_progress,
    choose_collections,
    is_typed,
    require_one,
)
from webui.stores import StoreName, build_in_store

if TYPE_CHECKING:
    from index.datatypes import BuildReport, Problem
    from index.encoder import Encoder
    from index.file_batches import Engine
    from index.milvus.address import StoreAddress
    from index.settings import IndexSettings
    from rag.registry import Collection

_FAILED = 2

INDEX_HELP = """为文档建立索引，或只更新有改动的部分。

Index the documents, or only what changed in them.

网页上判断过的问题会重问一遍，列出变好和变坏的；见 yiju feedback。

The questions judged on the page are asked again, and those that broke or
were mended are listed; see yiju feedback.

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
    collection: CollectionName = "",
    encoder: EncoderName = "",
    store: StoreName = "",
    engine: EngineName = "",
) -> None:
    """Build or update the index, check it, or report what it holds."""
    if context.invoked_subcommand:
        sources = map(context.get_parameter_source, context.params)
        if any(source and source.name == "COMMANDLINE" for source in sources):
            fail(system_language().options_after.format(command=context.invoked_subcommand))
        return
    _refuse_mixed(full or watch, check, report, as_json=as_json)
    refuse_engine_alone(engine, store)
    if store and (check or report or is_typed(index, "YIJU_INDEX")):
        fail(system_language().not_of_store)
    with clear_errors():
        chosen = choose_collections(documents, index, collection)
        if watch or store:
            require_one(chosen)  # before anything is built
        if report:
            _report(chosen, as_json=as_json)
        elif check:
            _each(chosen, _check)
        else:
            jobs = _make_jobs(chosen, encoder, store, engine)
            _build(jobs, encoder, full=full)
            if watch:
                _follow(jobs[require_one(chosen)])


def _refuse_mixed(*actions: bool, as_json: bool) -> None:
    if as_json and not actions[-1]:
        fail(system_language().json_of_report)
    if sum(actions) > 1:
        fail(system_language().one_at_a_time)


def _each(collections: "Sequence[Collection]", do: "Callable[[Collection], None]") -> None:
    """Do something for every collection; what stops it for one does not stop it for the others.

    :raises IndexingError: When there is only one and it fails.
    :raises Exit: With status 2, at the end, when one of several failed.
    """
    from index.errors import IndexingError

    words = COLLECTION_TEXTS[system_language().code]
    if len(collections) == 1:
        do(collections[0])
        return
    has_failed = False
    for one in collections:
        typer.echo(neutralize(words.building.format(name=one.name)), err=True)
        try:
            do(one)
        except (IndexingError, OSError) as exc:
            typer.echo(neutralize(words.failed.format(name=one.name, reason=exc)), err=True)
            has_failed = True
    if has_failed:
        raise typer.Exit(_FAILED)


@dataclass(frozen=True, slots=True)
class _Job:
    """What is built again and again."""

    collection: "Collection"
    encoder: "Encoder"
    settings: "IndexSettings"
    store: "StoreAddress | None"
    engine: "Engine"

    def build(self, *, full: bool = False, automatic: bool = False) -> "BuildReport":
        from index import build_index

        if self.store:
            made_with = (self.encoder, self.settings)
            folder = self.collection.folder
            return build_in_store(folder, self.store, self.engine, made_with, full=full)
        with build_progress() as progress:
            return build_index(
                self.collection.folder,
                self.collection.index_dir,
                self.encoder,
                settings=self.settings,
                full=full,
                automatic=automatic,
                progress=progress,
            )


def _make_jobs(
    collections: "Sequence[Collection]", encoder: str, store: str, engine: str
) -> "dict[Collection, _Job]":
    from index import IndexSettings, load_encoder
    from index.milvus.address import StoreAddress

    address = StoreAddress.parse(store) if store else None
    settings = IndexSettings.from_env(encoder=encoder)
    model = load_encoder(settings.encoder)
    makes = choose_engine(engine, model, settings)
    return {one: _Job(one, model, settings, address, makes) for one in collections}


def print_changes(report: "BuildReport") -> None:
    """Print what a build did, at once also into a pipe."""
    from webui.terminal import TerminalConsole, print_report

    print_report(TerminalConsole(), report, system_language())
    sys.stdout.flush()


def _build(jobs: "dict[Collection, _Job]", encoder: str, *, full: bool) -> None:
    reports: list[BuildReport] = []

    def build(one: "Collection") -> None:
        reports.append(jobs[one].build(full=full))
        print_changes(reports[-1])

    try:
        _each(tuple(jobs), build)
    finally:  # one that fails does not keep the others' questions from being asked
        # Judged answers are asked of local indexes.
        local = tuple(one for one, job in jobs.items() if job.store is None)
        if local and any(report.is_new for report in reports):
            recheck_judged(local, encoder)


def _follow(job: _Job) -> None:
    """Build after every change; what stops one build does not stop the watch."""
    from index.errors import IndexingError
    from index.watch import watch_documents

    documents_dir, index_dir = job.collection.folder, job.collection.index_dir
    typer.echo(system_language().watching.format(folder=documents_dir), err=True)
    problems: tuple[Problem, ...] | None = None
    for _ in watch_documents(documents_dir, index_dir):
        try:
            report = job.build(automatic=True)
        except IndexingError as exc:
            typer.echo(neutralize(str(exc)), err=True)
            continue
        if report.is_new or (problems is not None and report.problems != problems):
            print_changes(report)
        if report.is_new and job.store is None:
            recheck_judged([job.collection], job.settings.encoder)
        problems = report.problems


def _check(collection: "Collection") -> None:
    from index.build import check_index

    generation = check_index(collection.index_dir)
    typer.echo(system_language().checked.format(generation=generation))


def _report(collections: "Sequence[Collection]", *, as_json: bool) -> None:
    from webui.ledger import open_ledger, print_ledger
    from webui.terminal import TerminalConsole, print_json

    bodies: list[dict[str, object]] = []

    def report(one: "Collection") -> None:
        ledger = open_ledger(one.index_dir)
        if as_json:
            named = {"collection": one.name} if len(collections) > 1 else {}
            bodies.append({**named, **ledger.to_dict()})
        else:
            print_ledger(TerminalConsole(), ledger, system_language())

    try:
        _each(collections, report)
    finally:
        if as_json and bodies:
            print_json(bodies[0] if len(collections) == 1 else {"collections": bodies})
