"""Commands ``yiju index log``, ``diff`` and ``rollback``: the kept generations of an index."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from webui.failures import clear_errors, fail
from webui.messages import system_language
from webui.options import (
    CollectionName,
    Documents,
    Index,
    ReaderName,
    build_progress,
    choose_collection,
)

if TYPE_CHECKING:
    from rag.drift import DriftReport

_LOSSES = 1

_LOG_HELP = """列出保留的各代索引，新的在前。

List the kept generations of the index, newest first.

--json 给出每个改动的文件名。 With --json every changed file is named.

例 Example: yiju index log --documents ./docs"""

_DIFF_HELP = """比较两代索引：哪些文档新增、修改、删除、改名，答案有什么变化。

Compare two generations: the documents that came, changed, went or were renamed, and how the
answers to your questions changed.

--questions 与 yiju eval 的文件格式相同：两代各问一遍。没变、位置变了、换了说法、找不到了、
变好、变差，逐题列出。

--questions takes a file as yiju eval does and asks both generations every question.

退出码 Exit status: 0 没有变差 nothing worse, 1 有答案变差或找不到了 an answer is worse or gone,
2 出错 error.

例 Example: yiju index diff 3 5 --questions questions.jsonl"""

_ROLLBACK_HELP = """恢复较早的一代索引，作为新的一代。

Make an earlier generation live again, as a new one.

文档本身不变。之后提问不再自动更新索引，直到运行 yiju index。

The documents stay as they are. Questions are answered from the restored generation, and it is not
updated, until yiju index is run.

例 Example: yiju index rollback 3"""

AsJson = Annotated[
    bool,
    typer.Option("--json", help="只输出 JSON。 Print JSON, nothing else.", show_default=False),
]
Generation = Annotated[
    str,
    typer.Argument(
        metavar="GENERATION",
        help="哪一代，见 yiju index log。 Its number in yiju index log.",
        show_default=False,
    ),
]


def add_history_commands(group: typer.Typer) -> None:
    """Add the commands of this module to a group.

    :param group: ``yiju index``.
    """
    group.command("log", help=_LOG_HELP, short_help="各代索引。 The kept generations.")(log)
    group.command("diff", help=_DIFF_HELP, short_help="比较两代。 Compare two generations.")(diff)
    group.command(
        "rollback", help=_ROLLBACK_HELP, short_help="恢复较早的一代。 Restore an earlier one."
    )(rollback_to)


def log(
    as_json: AsJson = False,
    documents: Documents = None,
    index: Index = None,
    collection: CollectionName = "",
) -> None:
    """List the kept generations."""
    with clear_errors():
        from index.history import read_log
        from webui.generations import print_log
        from webui.terminal import TerminalConsole, print_json

        entries = read_log(choose_collection(documents, index, collection).index_dir)
        if as_json:
            print_json({"generations": [entry.to_dict() for entry in entries]})
        else:
            print_log(TerminalConsole(), entries, system_language())


def diff(  # noqa: PLR0913, PLR0917 - one parameter an option
    before: Generation,
    after: Generation,
    questions: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="两代各问一遍的问题，格式同 yiju eval。 Questions for both, as for yiju eval.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
    documents: Documents = None,
    index: Index = None,
    collection: CollectionName = "",
    reader: ReaderName = "",
) -> None:
    """Compare two generations and, when wished, their answers."""
    drift = None
    with clear_errors():
        from index.generations import IndexDir
        from index.history import diff_generations
        from webui.generations import print_diff
        from webui.terminal import TerminalConsole, print_json

        chosen = choose_collection(documents, index, collection)
        index_dir = chosen.index_dir
        home = IndexDir(index_dir)
        with home.pin(before), home.pin(after):  # both stay until the last question is asked
            difference = diff_generations(index_dir, before, after)
            if questions:
                drift = _ask_both(questions, (before, after), chosen.folder, index_dir, reader)
        if as_json:
            asked = {"questions": drift.to_dict()} if drift else {}
            print_json({**difference.to_dict(), **asked})
        else:
            print_diff(TerminalConsole(), difference, drift, system_language())
    raise typer.Exit(_LOSSES if drift and drift.has_losses else 0)


def rollback_to(
    generation: Generation,
    documents: Documents = None,
    index: Index = None,
    collection: CollectionName = "",
) -> None:
    """Make an earlier generation live again."""
    with clear_errors():
        from index import IndexSettings
        from index.history import rollback
        from webui.generations import describe_rollback

        chosen = choose_collection(documents, index, collection)
        with build_progress() as progress:
            manifest = rollback(
                chosen.folder,
                chosen.index_dir,
                generation,
                settings=IndexSettings.from_env(),
                progress=progress,
            )
        typer.echo(describe_rollback(manifest, system_language()))


def _ask_both(
    file: Path, generations: tuple[str, str], documents_dir: Path, index_dir: Path, reader: str
) -> "DriftReport":
    from rich.console import Console

    from rag.drift import GenerationAsker, compare_evaluations
    from rag.evaluation_file import QuestionFileError, read_questions
    from webui.evaluation import AskingProgress, describe_file_error

    texts = system_language()
    try:
        questions = read_questions(file)
    except QuestionFileError as exc:
        fail(describe_file_error(exc, texts))
    asker = GenerationAsker(documents_dir, index_dir, reader)
    n_questions = len(questions)
    with AskingProgress(Console(stderr=True, highlight=False, emoji=False), texts) as progress:
        before = asker.ask(
            generations[0], questions, lambda done, _: progress(done, 2 * n_questions)
        )
        after = asker.ask(
            generations[1], questions, lambda done, _: progress(n_questions + done, 2 * n_questions)
        )
    return compare_evaluations(before, after)
