"""Command ``yiju feedback``, and what other commands do with the questions judged on the page."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from webui.controls import neutralize, neutralize_line
from webui.failures import clear_errors, fail
from webui.languages.feedback import FEEDBACK_TEXTS
from webui.messages import system_language
from webui.options import CollectionName, Documents, Index, choose_collections

if TYPE_CHECKING:
    from rag.registry import Collection
    from webui.cases import Case, Outcome

FEEDBACK_HELP = """网页上点过 👍👎 的问题。

The questions judged with 👍 and 👎 on the page.

点 👍：以后也该这样答。点 👎：不该再这样答；写了正确的原话，就该答那个。每次更新索引都会重问一遍
（最新的 200 个），列出变好和变坏的；yiju eval --feedback 随时检验。

A 👍 means that the answer ought to stay; a 👎 that it ought not to come again, and that the right
words are expected if they were given. After every update of the index the newest 200 are asked
again, and those that broke or were mended are listed; yiju eval --feedback asks them any time.

例 Example: yiju feedback export questions.jsonl --documents ./docs"""

feedback_commands = typer.Typer(no_args_is_help=True)

User = Annotated[
    str,
    typer.Option(
        "--user",
        metavar="NAME",
        help="谁的判断；不要登录的网页不用写。 Whose judgements; not needed for a page "
        "without a login.",
        show_default=False,
    ),
]


@feedback_commands.callback()
def _feedback() -> None:
    """Keep ``export`` a subcommand though it is the only one."""


@feedback_commands.command(short_help="写成 yiju eval 的文件。 Write a file for yiju eval.")
def export(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE.jsonl", help="新文件。 A new file.", show_default=False),
    ],
    user: User = "",
    documents: Documents = None,
    index: Index = None,
    collection: CollectionName = "",
) -> None:
    """把判断过的问题写成 yiju eval 的文件。 Write the judged questions as yiju eval reads them."""
    with clear_errors():
        import json

        from webui.cases import write_case

        words = FEEDBACK_TEXTS[system_language().code]
        chosen = choose_collections(documents, index, collection)
        if file.suffix.lower() != ".jsonl":
            fail(words.wrong_name.format(path=file))
        if any(file.resolve().is_relative_to(one.folder.resolve()) for one in chosen):
            fail(words.among_documents.format(path=file))
        cases = read_cases(chosen, user)
        if not cases:
            fail(words.none)
        try:
            with file.open("x", encoding="utf-8") as opened:
                opened.writelines(
                    f"{json.dumps(write_case(case), ensure_ascii=False)}\n" for case in cases
                )
        except FileExistsError:
            fail(words.exists.format(path=file))
        typer.echo(neutralize(words.exported.format(count=len(cases), path=file)))


def read_cases(collections: "Sequence[Collection]", user: str) -> "tuple[Case, ...]":
    """Read the judged questions about some collections.

    :param collections: The collections.
    :param user: Whose; "" where nobody logs in.
    :return: The cases; none where nobody has judged anything yet.
    :raises HistoryError: When they cannot be read.
    """
    from webui.history import History
    from webui.judgements import Judgements
    from webui.user_database import user_database_path

    if not user_database_path().exists():
        return ()
    history = History()
    try:
        folders = [str(one.folder.resolve()) for one in collections]
        return Judgements(history).cases(folders, user=user)
    finally:
        history.close()


def recheck_judged(collections: "Sequence[Collection]", encoder: str) -> None:
    """Ask the judged questions again after a build, and print what broke or was mended.

    What stops that is said on the standard error; the build is done all the same.

    :param collections: All those that the command is about.
    :param encoder: The name of the encoder that was asked for.
    """
    from index.errors import IndexingError
    from rag.errors import RagError

    try:
        _recheck(collections, encoder)
    except (IndexingError, RagError, OSError) as exc:
        typer.echo(neutralize(str(exc)), err=True)


def _recheck(collections: "Sequence[Collection]", encoder: str) -> None:
    if not read_cases(collections, ""):
        return
    from webui.history import History
    from webui.judgements import Judgements
    from webui.opening import open_collections
    from webui.rechecking import recheck

    opened = open_collections(collections, encoder=encoder, reader="", as_it_is=True)
    history = History()
    try:
        cases = recheck(opened, Judgements(history), user="")
    finally:
        history.close()
    for line in describe_cases(cases):
        typer.echo(neutralize_line(line))


def describe_cases(cases: "Sequence[Case]") -> list[str]:
    """Say what became of judged questions, a line each.

    :param cases: At least one.
    :return: Lines with whatever questions and documents hold, to be neutralized.
    """
    words = FEEDBACK_TEXTS[system_language().code]
    right = sum(case.now.is_right for case in cases)
    lines = [words.holds.format(right=right, count=len(cases))]
    broken = [case for case in cases if case.is_broken]
    mended = [case for case in cases if case.is_mended]
    for heading, changed in ((words.broken, broken), (words.mended, mended)):
        if changed:
            lines.append(heading.format(count=len(changed)))
        for case in changed:
            change = " → ".join(map(_describe_outcome, (case.before, case.now)))
            lines.append(f"  {case.gold.question}  {change}")
    return lines


def _describe_outcome(outcome: "Outcome") -> str:
    return f"{'✓' if outcome.is_right else '✗'} {outcome.text or system_language().not_found}"
