"""App: the answerer → the Gradio page, its typed endpoint ``/answer``, and the server of both."""

import errno
import os
import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MethodType

import gradio as gr
from gradio.events import api
from starlette.middleware import Middleware

from rag import Answerer
from rag.datatypes import AnswerDict
from webui.guard import Guard, is_loopback
from webui.layout import Parts, lay_out
from webui.page import Page
from webui.refresher import Refresher

# Gradio reads these when it makes a page: report nothing to anybody, and do not draw up statistics
# of all events after each of them (10,000 events in a pandas table) for a dashboard that is off.
_GRADIO = {"GRADIO_ANALYTICS_ENABLED": "False", "GRADIO_ANALYTICS_CACHE_FREQUENCY": "1000000000"}
_STYLE_PATH = Path(__file__).parent / "style.css"
_FONTS = (
    "ui-sans-serif",
    "system-ui",
    "PingFang SC",
    "Microsoft YaHei",
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "sans-serif",
)
_MONO_FONTS = ("ui-monospace", "Consolas", "Noto Sans Mono CJK SC", "monospace")
_FIRST_PORT = 7860  # Gradio's
_CONCURRENCY = 8  # of one kind of event; the rest wait
_MOST_CHUNKS = 20  # read for one question of the endpoint
_UNSENDABLE = re.compile(r"[\ud800-\udfff]")  # JSON in UTF-8 has no lone surrogates
_ICON = (
    "data:image/svg+xml,"
    "%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E"
    "%3Crect width='32' height='32' rx='6' fill='%23a8352a'/%3E"
    "%3Cpath d='M8 9h16v3H8zM8 15h16v3H8zM8 21h9v3H8z' fill='%23fff'/%3E%3C/svg%3E"
)
_HEAD = f'<link rel="icon" href="{_ICON}"><meta name="color-scheme" content="light dark">'


@dataclass(frozen=True, slots=True)
class WebSettings:
    """How the page behaves."""

    look_s: float = 10.0  # least time between two looks for changed documents
    tick_s: float = 4.0  # between two looks of a page at the state of the index
    queue_size: int = 256  # events waiting; more are refused


def build_app(answerer: Answerer, settings: WebSettings | None = None) -> gr.Blocks:
    """Build the page.

    :param answerer: Answers its questions.
    :param settings: How it behaves.
    :return: The page, to be given to :func:`serve`.
    """
    settings = settings or WebSettings()
    os.environ.update(_GRADIO)
    refresher = Refresher(answerer, interval_s=settings.look_s)
    app = gr.Blocks(analytics_enabled=False, title="Yiju 依据", fill_height=True, fill_width=True)
    with app:
        parts = lay_out(tick_s=settings.tick_s)
        _connect(app, parts, Page(answerer, refresher, parts))
        api(_endpoint(answerer), api_name="answer")
    app.queue(max_size=settings.queue_size, default_concurrency_limit=_CONCURRENCY)
    return app


def serve(
    answerer: Answerer,
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    settings: WebSettings | None = None,
) -> gr.Blocks:
    """Build the page and serve it in the background.

    :param answerer: Answers its questions.
    :param host: A loopback address or localhost.
    :param port: The port; the first free one from 7860 when None.
    :param settings: How the page behaves.
    :return: The page; ``local_url`` is its address, ``close()`` ends it.
    :raises ValueError: When others could reach the host.
    :raises OSError: When the port is taken or not allowed, or something else cannot be opened.
    """
    if not is_loopback(host):
        raise ValueError(f"The page has no login yet, so it is served on loopback only, not {host}")
    app = build_app(answerer, settings)
    try:
        _launch(app, f"[{host}]" if ":" in host and "[" not in host else host, port)
    except OSError as exc:
        if exc.errno is not None:  # not of the port: Gradio drops those and tells no reason
            raise
        raise OSError(_explain(_refusal(host, port or _FIRST_PORT), port)) from exc
    return app


def _refusal(host: str, port: int) -> OSError:
    """Bind a port that Gradio could not, to learn why."""
    try:
        family, *_, address = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as exc:
        return exc
    return OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))  # it has become free meanwhile


def _explain(refusal: OSError, port: int | None) -> str:
    if refusal.errno == errno.EADDRINUSE:
        taken = f"Port {port} is taken" if port else "Every port from 7860 to 7959 is taken"
        return f"{taken}. Name a free one with --port."
    if refusal.errno == errno.EACCES and port:
        return f"Port {port} is not allowed for this user. Name one from 1024 with --port."
    return str(refusal)


def _launch(app: gr.Blocks, host: str, port: int | None) -> None:
    app.launch(
        server_name=host,
        server_port=port,
        prevent_thread_lock=True,
        quiet=True,
        share=False,
        inbrowser=False,
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        mcp_server=False,
        ssr_mode=False,
        pwa=False,
        max_file_size=1024,  # bytes; nothing on the page uploads
        state_session_capacity=200,
        app_kwargs={"middleware": [Middleware(Guard)]},
        theme=gr.themes.Base(font=_FONTS, font_mono=_MONO_FONTS),
        css_paths=_STYLE_PATH,
        head=_HEAD,
    )


def _endpoint(answerer: Answerer) -> Callable[[str, int], AnswerDict]:
    def answer(question: str, top_k: int = 5) -> AnswerDict:
        """Answer a question with the documents' exact words and where they stand."""
        if not isinstance(question, str):
            raise gr.Error("question must be a text", print_exception=False)
        if type(top_k) is not int or not 1 <= top_k <= _MOST_CHUNKS:
            raise gr.Error(
                f"top_k must be a whole number from 1 to {_MOST_CHUNKS}, got {top_k!r}",
                print_exception=False,
            )
        return answerer.answer(_UNSENDABLE.sub("\ufffd", question), top_k=top_k).to_dict()

    return answer


def _connect(app: gr.Blocks, parts: Parts, page: Page) -> None:
    """Say which handler hears what; only ``/answer`` is for others."""
    language, turns = parts.language, parts.turns
    talk = [parts.question, parts.conversation, turns]
    panel = [parts.source, parts.view]
    index = [parts.documents, parts.refresh, parts.seen, parts.generation]
    words = [parts.header, parts.send, parts.rebuild, parts.suggestions, language, parts.chosen]
    everything = [*words, *talk, *panel, *index]
    _hear([app.load], page.load, [parts.chosen], everything)
    _hear([parts.header.language], page.switch, [turns, parts.view, parts.suggested], everything)
    asking = [parts.question.submit, parts.send.click, parts.suggestions.ask]
    _hear(asking, page.ask, [parts.question, turns, language], talk)
    _hear([parts.suggestions.clear], page.clear, [language], [*talk, *panel])
    _hear([parts.conversation.open, parts.documents.open], page.open, [turns, language], panel)
    _hear([parts.source.back], page.back, [], panel)
    _hear([parts.rebuild.click], page.rebuild, [language], index)
    _hear([parts.timer.tick], page.tick, [parts.seen, language], index)
    suggestions = [parts.suggested, parts.suggestions]
    _hear([parts.generation.change], page.suggest, [language], suggestions)


def _hear(
    triggers: Sequence[Callable[..., object]],
    handler: Callable[..., object],
    inputs: Sequence[object],
    outputs: Sequence[object],
) -> None:
    """Make one listener of all triggers; while it is at work its page sends it nothing more.

    Two questions at once would both begin with the same turns, and the later answer would drop the
    other's.
    """
    gr.on(
        [_bind(trigger) for trigger in triggers],
        handler,
        inputs=list(inputs),
        outputs=list(outputs),
        show_progress="hidden",
        api_visibility="private",
    )


def _bind(trigger: Callable[..., object]) -> Callable[..., object]:
    # Gradio gives the events of page.js as partials, but gr.on takes bound methods only.
    return MethodType(trigger.func, trigger.args[0]) if isinstance(trigger, partial) else trigger
