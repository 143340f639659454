"""Command line: ``yiju web``, ``ask``, ``index``, ``eval``, ``verify``, ``users`` and others.

Exit codes: 0 answered or uncertain, 1 not found, 2 any error, 130 Ctrl-C. Heavy modules load in the
command that needs them, so that the help comes at once and ``ask`` never loads gradio or torch.
"""

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from webui.cite_style import CiteStyle
from webui.cli_collections import COLLECTIONS_HELP, collection_commands
from webui.cli_feedback import FEEDBACK_HELP, User, feedback_commands, read_cases
from webui.cli_index import INDEX_HELP, index_commands
from webui.cli_mcp import MCP_HELP, serve_mcp
from webui.cli_users import USERS_HELP, users_commands
from webui.cli_verify import VERIFY_HELP, ReceiptFile, check_receipt_path, keep_receipt, verify
from webui.cli_web import (
    AllowHost,
    Certificate,
    Host,
    Key,
    Login,
    Port,
    Proxy,
    open_accounts,
)
from webui.evaluation_help import EVALUATION_HELP
from webui.failures import clear_errors, fail, report_crash
from webui.heaps import use_one_heap
from webui.languages.feedback import FEEDBACK_TEXTS
from webui.messages import system_language
from webui.options import (
    CollectionName,
    Documents,
    EncoderName,
    Index,
    ReaderName,
    choose_collections,
    followed_registry,
)
from webui.stores import StoreName, open_store, refuse_beside_store

if TYPE_CHECKING:
    from rag.federation import Library

_NOT_FOUND = 1

_HELP = """依据：用你自己文档里的原话回答问题，并指出出处。

Yiju answers questions with the exact words of your own documents, and says where they stand.

例 Example: yiju ask "大会是哪一天召开的？" --documents ./docs"""

_WEB_HELP = """打开网页界面。

Open the web page.

例 Example: yiju web --documents ./docs --port 8080

别的机器也能用（要登录） For other machines, too (with a login):
yiju users add alice; yiju web --host 0.0.0.0 --allow-host docs.example.com"""

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
commands.add_typer(
    collection_commands,
    name="collections",
    help=COLLECTIONS_HELP,
    short_help="登记文档集。 Register collections.",
)
commands.add_typer(
    feedback_commands,
    name="feedback",
    help=FEEDBACK_HELP,
    short_help="网页上判断过的问题。 Questions judged on the page.",
)
commands.add_typer(
    users_commands,
    name="users",
    help=USERS_HELP,
    short_help="管理账号。 Manage the accounts.",
)
commands.command("mcp", help=MCP_HELP, short_help="给别的程序用。 Tools for other programs.")(
    serve_mcp
)
commands.command(help=VERIFY_HELP, short_help="核对凭据。 Check a receipt.")(verify)


@commands.command(help=_WEB_HELP, short_help="打开网页界面。 Open the web page.")
def web(  # noqa: PLR0913, PLR0917 - one parameter an option
    documents: Documents = None,
    index: Index = None,
    collection: CollectionName = "",
    encoder: EncoderName = "",
    reader: ReaderName = "",
    host: Host = "127.0.0.1",
    port: Port = None,
    allow_host: AllowHost = None,
    login: Login = False,
    ssl_certfile: Certificate = None,
    ssl_keyfile: Key = None,
    trusted_proxy: Proxy = "",
) -> None:
    """Open the web page."""
    from webui.server import Address

    texts = system_language()
    names = tuple(allow_host or ())
    address = Address(host, port, names, ssl_certfile, ssl_keyfile, trusted_proxy)
    with clear_errors():
        accounts = open_accounts(address, login=login)
        typer.echo(texts.loading, err=True)
        os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # before gradio is imported
        # One thread a question: two fight over the cores when several people ask at once (six times
        # the work on a busy two-core machine) and gain 6 ms of 33 when one person does.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy is imported
        chosen = choose_collections(documents, index, collection)
        registry = followed_registry(chosen, documents, index, collection)
        from webui.opening import open_collections

        opened = open_collections(
            chosen, encoder=encoder, reader=reader, as_it_is=True, registry=registry
        )
        from webui.app import serve

        site = serve(opened, address, accounts=accounts)
    typer.echo(texts.serving.format(url=site.local_url))
    typer.echo(texts.stop_hint, err=True)
    try:
        while True:
            time.sleep(3600)
    finally:
        site.close()


@commands.command(help=_ASK_HELP, short_help="回答一个问题。 Answer a question.")
def ask(  # noqa: PLR0913, PLR0917 - one parameter an option
    question: Annotated[str, typer.Argument(help="问题。 The question.", show_default=False)],
    as_json: Annotated[
        bool, typer.Option("--json", help="只输出 JSON。 Print the answer as JSON, nothing else.")
    ] = False,
    cite: Annotated[
        CiteStyle | None,
        typer.Option(
            help="按引用的格式输出，可直接粘贴。 Print the answer as it is cited, "
            "to paste elsewhere.",
            show_default=False,
        ),
    ] = None,
    why: Annotated[
        bool,
        typer.Option(
            "--why",
            help="没有找到时说明原因。 When nothing is found, say why: how the "
            "question was cut, what the closest passages lack.",
            show_default=False,
        ),
    ] = False,
    within: Annotated[
        list[str] | None,
        typer.Option(
            "--in",
            metavar="PATH",
            help="只问这些文档：文件、文件夹或 '*.pdf' 这样的式样；可多次。 Only these documents: "
            "a file, a folder or a pattern such as '*.pdf'; may be repeated.",
            show_default=False,
        ),
    ] = None,
    receipt: ReceiptFile = None,
    documents: Documents = None,
    index: Index = None,
    collection: CollectionName = "",
    encoder: EncoderName = "",
    reader: ReaderName = "",
    store: StoreName = "",
) -> None:
    """Answer a question."""
    with clear_errors():
        if store:
            refuse_beside_store(documents, index, collection)
        chosen = () if store else choose_collections(documents, index, collection)
        if receipt:
            check_receipt_path(receipt, [one.folder for one in chosen], is_of_all=not within)
        from rag import Status
        from rag.explanation import explain
        from webui.opening import open_collections, tell_restored
        from webui.terminal import (
            TerminalConsole,
            print_answer,
            print_cited,
            print_json,
            print_why,
        )

        opened: Library = (
            open_store(store, encoder=encoder, reader=reader)
            if store
            else open_collections(chosen, encoder=encoder, reader=reader)
        )
        tell_restored(opened)
        asked_of = tuple(within or ())
        answer = opened.answer(question, within=asked_of)
        asks_why = why and answer.status is Status.NOT_FOUND
        explanation = explain(opened, answer.interpreted, asked_of) if asks_why else None
        if as_json:
            reason = {"why": explanation.to_dict()} if explanation else {}
            print_json({**answer.to_dict(), **reason})
        elif cite and answer.citations:
            print_cited(TerminalConsole(), answer, cite, system_language())
        else:
            print_answer(TerminalConsole(), answer, system_language())
            if explanation:
                print_why(TerminalConsole(), explanation, system_language())
        if receipt:
            keep_receipt(opened, answer, receipt)
    raise typer.Exit(_NOT_FOUND if answer.status is Status.NOT_FOUND else 0)


@commands.command(
    "eval", help=EVALUATION_HELP, short_help="用自己的问题检验。 Evaluate on your own questions."
)
def evaluate_file(  # noqa: PLR0913, PLR0917 - one parameter an option
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE",
            help="问题和答案，JSONL 或 CSV。 Questions and answers, JSONL or CSV.",
            show_default=False,
        ),
    ] = None,
    feedback: Annotated[
        bool,
        typer.Option(
            "--feedback",
            help="问网页上判断过的问题。 Ask the questions judged on the page.",
            show_default=False,
        ),
    ] = False,
    user: User = "",
    as_json: Annotated[
        bool, typer.Option("--json", help="只输出 JSON。 Print the figures as JSON, nothing else.")
    ] = False,
    documents: Documents = None,
    index: Index = None,
    collection: CollectionName = "",
    encoder: EncoderName = "",
    reader: ReaderName = "",
) -> None:
    """Evaluate the answers to a user's own questions."""
    with clear_errors():
        chosen = choose_collections(documents, index, collection)
        from webui.evaluation import ask_file, ask_questions, print_evaluation
        from webui.opening import open_collections, tell_restored
        from webui.terminal import TerminalConsole, print_json

        texts = system_language()
        words = FEEDBACK_TEXTS[texts.code]
        if feedback == bool(file) or (user and not feedback):
            fail(words.one_source)
        cases = read_cases(chosen, user) if feedback else ()
        if feedback and not cases:
            fail(words.none)

        def load() -> "Library":
            opened = open_collections(chosen, encoder=encoder, reader=reader)
            tell_restored(opened)
            return opened

        if file:
            evaluation = ask_file(file, load, texts)
        else:
            evaluation = ask_questions([case.gold for case in cases], load(), texts)
        if as_json:
            print_json(evaluation.to_dict())
        else:
            print_evaluation(TerminalConsole(), evaluation, texts)


def main() -> None:
    """Run the command line; the entry point of ``yiju``."""
    sys.excepthook = report_crash
    use_one_heap()
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:  # a console of another encoding shows ? rather than failing
            reconfigure(errors="replace")
    # Not commands(): that would put typer's own report of crashes, and status 1, in place of ours.
    typer.main.get_command(commands).main(prog_name="yiju")


if __name__ == "__main__":
    main()
