"""App: a folder or collections → the Gradio page and its typed endpoint ``/answer``, served."""

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MethodType

import gradio as gr
from gradio.events import Dependency, api
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from index.errors import SelectionError
from index.settings import IndexSettings
from rag.datatypes import AnswerDict
from rag.federation import Federation, Library
from rag.registry import CollectionError
from webui.accounts import Accounts
from webui.feedback_page import FeedbackPage
from webui.frontend import Frontend, precompile
from webui.guard import ROUTES, Guard, Route
from webui.history import History
from webui.history_page import HistoryPage, open_history
from webui.judgements import Judgements
from webui.layout import Parts, lay_out
from webui.login import ROUTES as LOGIN_ROUTES
from webui.login import USER, Login
from webui.page import Page
from webui.page_image import PageImages, page_image_route
from webui.refresher import Refresher
from webui.server import Address, Server, describe_exposure
from webui.source_desk import SourceDesk
from webui.uploading import open_upload, upload_route

# Gradio reads these when it makes a page: report nothing to anybody, and do not draw up statistics
# of all events after each of them (10,000 events in a pandas table) for a dashboard that is off.
_GRADIO = {"GRADIO_ANALYTICS_ENABLED": "False", "GRADIO_ANALYTICS_CACHE_FREQUENCY": "1000000000"}
_STYLE_PATHS = [Path(__file__).parent / name for name in ("style.css", "source.css")]
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
_PAGES = 200  # whose state is kept
_CONCURRENCY = 8  # of one kind of event; the rest wait
_MOST_CHUNKS = 20  # read for one question of the endpoint
_UNSENDABLE = re.compile(r"[\ud800-\udfff]")  # JSON in UTF-8 has no lone surrogates
_ICON = (
    "data:image/svg+xml,"
    "%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E"
    "%3Crect width='32' height='32' rx='6' fill='%23a8352a'/%3E"
    "%3Cpath d='M8 9h16v3H8zM8 15h16v3H8zM8 21h9v3H8z' fill='%23fff'/%3E%3C/svg%3E"
)
_HEAD = (
    f'<link rel="icon" href="{_ICON}"><meta name="color-scheme" content="light dark">'
    "<title>Yiju 依据</title>"
)


@dataclass(frozen=True, slots=True)
class WebSettings:
    """How the page behaves."""

    look_s: float = 10.0  # least time between two looks for changed documents
    tick_s: float = 4.0  # between two looks of a page at the state of the index
    queue_size: int = 256  # events waiting; more are refused


def build_app(
    library: Library,
    settings: WebSettings | None = None,
    images: PageImages | None = None,
    history: History | None = None,
) -> gr.Blocks:
    """Build the page.

    :param library: Answers its questions.
    :param settings: How it behaves.
    :param images: Draws the pages of PDFs.
    :param history: Keeps the conversations; None keeps none.
    :return: The page, to be given to :func:`serve`.
    """
    settings = settings or WebSettings()
    os.environ.update(_GRADIO)
    federation = _federate(library)
    refresher = Refresher(federation, interval_s=settings.look_s)
    app = gr.Blocks(analytics_enabled=False, title="Yiju 依据", fill_height=True, fill_width=True)
    with app:
        parts = lay_out(tick_s=settings.tick_s)
        desk = SourceDesk(federation, images or PageImages())
        kept = HistoryPage(history, parts)
        _connect(app, parts, Page(federation, refresher, parts, desk, kept), kept)
        judgements = Judgements(history) if history else None
        _connect_feedback(parts, FeedbackPage(federation, judgements, parts))
        api(_endpoint(federation), api_name="answer")
    app.queue(max_size=settings.queue_size, default_concurrency_limit=_CONCURRENCY)
    return app


def serve(
    library: Library,
    address: Address | None = None,
    *,
    accounts: Accounts | None = None,
    settings: WebSettings | None = None,
) -> "Site":
    """Build the page and serve it in the background.

    :param library: Answers its questions.
    :param address: Where; on loopback when None.
    :param accounts: Who may use it; anybody who can reach it when None.
    :param settings: How the page behaves.
    :return: What is served.
    :raises ValueError: When others can reach it and there are no accounts.
    :raises OSError: When it cannot be served there.
    """
    address = address or Address()
    if accounts is None and (exposure := describe_exposure(address)):
        raise ValueError(f"Accounts are needed: {exposure.value}")
    images = PageImages(IndexSettings.from_env())
    history = open_history()
    federation = _federate(library)
    app = build_app(federation, settings, images, history)
    own = [page_image_route(federation, images), upload_route(federation)]
    inner: ASGIApp = _mount(app, own, has_accounts=accounts is not None)
    routes: tuple[Route, ...] = (*ROUTES, open_upload(IndexSettings.from_env()))
    if accounts:
        inner = Login(inner, accounts=accounts, passive=_passive_events(app))
        routes += LOGIN_ROUTES
    server = Server.start(Guard(inner, hosts=address.names, routes=routes), address)
    return Site(app, server, images, history)


class Site:
    """A page that is being served."""

    def __init__(
        self, app: gr.Blocks, server: Server, images: PageImages, history: History | None
    ) -> None:
        """Hold what runs; made by :func:`serve`.

        :param app: The page.
        :param server: Its server.
        :param images: Draws the pages of PDFs.
        :param history: Keeps the conversations.
        """
        self._history = history
        self._images = images
        self._app = app
        self._server = server
        self.local_url = server.url

    def close(self) -> None:
        """End it, and the questions at hand."""
        self._app._queue.close()  # type: ignore[no-untyped-call]
        self._app.is_running = False  # ends the streams of events
        self._server.close()
        self._images.close()
        if self._history:
            self._history.close()


def _federate(library: Library) -> Federation:
    return library if isinstance(library, Federation) else Federation.of(library)


def _mount(app: gr.Blocks, own: Sequence[BaseRoute], *, has_accounts: bool) -> Starlette:
    """Make an ASGI application of the page and the routes that are not Gradio's."""
    site = Starlette(routes=own)
    frontend = Middleware(Frontend, head=_HEAD, script=precompile(app))
    app.state_session_capacity = _PAGES
    gr.mount_gradio_app(
        site,
        app,
        "/",
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        mcp_server=False,
        ssr_mode=False,
        pwa=False,
        show_error=False,
        max_file_size=1024,  # bytes; files come by a route of our own
        app_kwargs={"middleware": [frontend], "openapi_url": None},
        auth_dependency=_user_of if has_accounts else None,
        theme=gr.themes.Base(font=_FONTS, font_mono=_MONO_FONTS),
        css_paths=_STYLE_PATHS,
    )
    return site


def _user_of(request: Request) -> str | None:
    """Tell Gradio whose a request is, as its handlers' ``gr.Request.username``."""
    user = request.scope.get(USER)
    return user if isinstance(user, str) else None


def _passive_events(app: gr.Blocks) -> list[int]:
    """List the events that come without anybody doing anything."""
    return [
        number
        for number, event in app.fns.items()
        if all(name in {"tick", "change"} for _, name in event.targets)
    ]


def _endpoint(federation: Federation) -> Callable[[str, int, str, str], AnswerDict]:
    def answer(question: str, top_k: int = 5, collection: str = "", within: str = "") -> AnswerDict:
        """Answer a question with the documents' exact words and where they stand.

        ``within`` is a file's or folder's path, or a pattern such as ``*.pdf``; several on lines.
        """
        if not isinstance(question, str):
            raise gr.Error("question must be a text", print_exception=False)
        if type(top_k) is not int or not 1 <= top_k <= _MOST_CHUNKS:
            raise gr.Error(
                f"top_k must be a whole number from 1 to {_MOST_CHUNKS}, got {top_k!r}",
                print_exception=False,
            )
        try:
            asked = federation.select(collection if isinstance(collection, str) else "?")
        except CollectionError as exc:
            raise gr.Error(str(exc), print_exception=False) from exc
        if not isinstance(within, str):
            raise gr.Error("within must be a text, one pattern a line", print_exception=False)
        asked_of = tuple(filter(None, map(str.strip, within.splitlines())))
        if within and not asked_of:
            raise gr.Error("within names no document", print_exception=False)
        try:
            answer = asked.answer(_UNSENDABLE.sub("\ufffd", question), top_k=top_k, within=asked_of)
        except SelectionError as exc:
            raise gr.Error(str(exc), print_exception=False) from exc
        return answer.to_dict()

    return answer


def _connect(app: gr.Blocks, parts: Parts, page: Page, history: HistoryPage) -> None:
    """Say which handler hears what; only ``/answer`` is for others."""
    language, turns = parts.language, parts.turns
    talk = [parts.question, parts.conversation, turns]
    panel = [parts.source, parts.view]
    kept = [parts.history, parts.talk_id, parts.remembered]
    index = [parts.documents, parts.refresh, parts.seen, parts.generation, parts.scope]
    index += [parts.chooser, parts.intake]
    words = [parts.header, parts.send, parts.rebuild, parts.suggestions, language, parts.chosen]
    words.append(parts.cancel)
    everything = [*words, *talk, *panel, *index, *kept, parts.browsed, parts.fallback]
    loaded = [parts.chosen, parts.collection, parts.remembered]
    _hear([app.load], page.load, loaded, everything)
    switched = [turns, parts.view, parts.suggested, parts.scope, parts.talk_id]
    _hear([parts.header.language], page.switch, switched, everything)
    suggestions = [parts.suggested, parts.suggestions]
    choosing = [*index, parts.collection, *suggestions, parts.browsed, parts.fallback]
    _hear([parts.chooser.collection], page.choose, [language], choosing)
    asking = [parts.question.submit, parts.send.click, parts.suggestions.ask]
    asking += [parts.conversation.understand, parts.checks.ask]
    answered = [*talk, parts.scope, parts.fallback]
    asked = _hear(asking, page.ask, [parts.question, turns, language, parts.scope], answered)
    _then(asked, history.keep, [turns, parts.talk_id, language, parts.scope], [parts.history])
    _hear([parts.suggestions.clear], page.clear, [language], [*talk, *panel, *kept])
    acted = [*talk, *panel, *kept, parts.export]
    _hear([parts.history.history], history.act, [turns, parts.talk_id, language], acted)
    whys = [turns, language, parts.scope]
    _hear([parts.conversation.why], page.explain, whys, [parts.conversation, turns])
    _hear([parts.conversation.open, parts.documents.open], page.open, [turns, language], panel)
    _hear([parts.source.follow], page.follow, [language], panel)
    _hear([parts.source.act], page.act, [parts.view, language], panel)
    _hear([parts.source.back], page.back, [], panel)
    shown = [language, parts.scope]
    looked = [parts.seen, *shown, parts.browsed]
    lists = [*index, parts.browsed, parts.fallback]
    _hear([parts.timer.tick], page.tick, looked, lists)
    rebuilt = _hear([parts.rebuild.click], page.rebuild, shown, [parts.refresh])
    _then(rebuilt, page.tick, looked, lists)
    _hear([parts.cancel.click], page.cancel, shown, [parts.refresh])
    keeping = [parts.documents.library, parts.intake.library]
    changed = _hear(keeping, page.keep, [parts.browsed, *shown], [*index, parts.browsed])
    watched = _then(changed, page.watch, shown, [parts.refresh])
    _then(watched, page.tick, looked, lists)
    _hear([parts.generation.change], page.suggest, [language, parts.scope], suggestions)


def _connect_feedback(parts: Parts, feedback: FeedbackPage) -> None:
    language, shown = parts.language, [parts.checks]
    judging = [parts.turns, parts.talk_id, language, parts.scope]
    conversation = [parts.conversation, parts.turns]
    judged = _hear([parts.conversation.judge], feedback.judge, judging, conversation)
    _then(judged, feedback.check, [language], shown)
    _hear([parts.generation.change, language.change], feedback.check, [language], shown)
    _hear([parts.checks.checks], feedback.stop, [language], shown)


def _hear(
    triggers: Sequence[Callable[..., object]],
    handler: Callable[..., object],
    inputs: Sequence[object],
    outputs: Sequence[object],
) -> Dependency:
    """Make one listener of all triggers; while it is at work its page sends it nothing more.

    Two questions at once would both begin with the same turns, and the later answer would drop the
    other's.
    """
    heard: Dependency = gr.on(
        [_bind(trigger) for trigger in triggers],
        handler,
        inputs=list(inputs),
        outputs=list(outputs),
        show_progress="hidden",
        api_visibility="private",
    )
    return heard


def _then(
    before: Dependency,
    handler: Callable[..., object],
    inputs: Sequence[object],
    outputs: Sequence[object],
) -> Dependency:
    """Make a listener of another's end."""
    heard: Dependency = before.then(
        handler,
        list(inputs),
        list(outputs),
        show_progress="hidden",
        api_visibility="private",
    )
    return heard


def _bind(trigger: Callable[..., object]) -> Callable[..., object]:
    # Gradio gives the events of page.js as partials, but gr.on takes bound methods only.
    return MethodType(trigger.func, trigger.args[0]) if isinstance(trigger, partial) else trigger
