"""Layout: the parts of the page and where they stand; their words come later, with the language."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import gradio as gr

from webui.chat import MAX_QUESTION_CHARS
from webui.languages.notices import NOTICES
from webui.library_view import UNTOUCHED

_SCRIPT, _NOTICES_SCRIPT, _SOURCE_SCRIPT, _LIBRARY_SCRIPT = (
    (Path(__file__).parent / name).read_text("utf-8")
    for name in ("page.js", "notices.js", "source.js", "library.js")
)
_NOTICES = json.dumps({code: asdict(words) for code, words in NOTICES.items()}, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Parts:
    """The components, each filled by the page's handlers."""

    header: gr.HTML
    history: gr.HTML
    conversation: gr.HTML
    suggestions: gr.HTML
    chooser: gr.HTML
    fallback: gr.HTML  # that the chosen collection is asked no more
    question: gr.Textbox
    send: gr.Button
    source: gr.HTML
    documents: gr.HTML
    rebuild: gr.Button
    refresh: gr.HTML
    checks: gr.HTML  # what became of the judged questions
    intake: gr.HTML
    cancel: gr.Button  # of a build; seen while there is one
    timer: gr.Timer
    # what a visitor's page remembers
    chosen: gr.BrowserState  # the language picked by hand, "" if none was
    collection: gr.BrowserState  # the one chosen, "" for all
    remembered: gr.BrowserState  # the id of the conversation that was open last
    export: gr.HTML  # a file to be saved
    language: gr.State  # the code of the language shown
    scope: gr.State  # the name of the collection that is asked, "" for all
    turns: gr.State  # tuple[Turn, ...]
    talk_id: gr.State  # of the conversation; random
    view: gr.State  # SourceView | None
    browsed: gr.State  # LibraryView
    suggested: gr.State  # tuple[str, ...] | None
    seen: gr.State  # version of the refresher's state that is shown
    generation: gr.State  # of the index that is shown; a new one makes new suggestions


def lay_out(*, tick_s: float) -> Parts:
    """Make the components; to be called inside a ``gr.Blocks``.

    :param tick_s: Seconds between two looks of a page at the state of the index.
    :return: The components.
    """
    header = _html("header", f"{_SCRIPT}\nconst NOTICES = {_NOTICES};\n{_NOTICES_SCRIPT}")
    with gr.Row(elem_id="stage"):
        with gr.Column(elem_id="talk", min_width=0):
            history = _html("history")
            conversation = _html("conversation")
            suggestions = _html("suggestions")
            fallback = _html("fallback")
            chooser = _html("chooser")
            with gr.Row(elem_id="ask"):
                question = _question_box()
                send = gr.Button("", elem_id="send", variant="primary", min_width=0, scale=0)
        with gr.Column(elem_id="evidence", min_width=0):
            source = _html("source", f"{_SCRIPT}\n{_SOURCE_SCRIPT}")
            with gr.Column(elem_id="library", min_width=0):
                intake = _html("intake", f"{_SCRIPT}\n{_LIBRARY_SCRIPT}")
                documents = _html("documents", f"{_SCRIPT}\n{_LIBRARY_SCRIPT}")
                with gr.Row(elem_id="upkeep"):
                    rebuild = gr.Button("", elem_id="rebuild", size="sm", min_width=0, scale=0)
                    cancel = gr.Button("", elem_id="cancel", size="sm", min_width=0, scale=0)
                    refresh = _html("refresh")
                checks = _html("checks")
    return Parts(
        header=header,
        history=history,
        conversation=conversation,
        suggestions=suggestions,
        chooser=chooser,
        fallback=fallback,
        question=question,
        send=send,
        source=source,
        documents=documents,
        rebuild=rebuild,
        refresh=refresh,
        checks=checks,
        intake=intake,
        cancel=cancel,
        timer=gr.Timer(tick_s),
        chosen=gr.BrowserState("", storage_key="yiju-language", secret="yiju"),
        collection=gr.BrowserState("", storage_key="yiju-collection", secret="yiju"),
        remembered=gr.BrowserState("", storage_key="yiju-conversation", secret="yiju"),
        export=_html("export"),
        language=gr.State(""),
        scope=gr.State(""),
        turns=gr.State(()),
        talk_id=gr.State(""),
        view=gr.State(None),
        browsed=gr.State(UNTOUCHED),
        suggested=gr.State(None),
        seen=gr.State(0),
        generation=gr.State(""),
    )


def _question_box() -> gr.Textbox:
    return gr.Textbox(
        elem_id="question",
        container=False,
        lines=1,
        max_lines=6,
        max_length=MAX_QUESTION_CHARS,
        html_attributes=gr.InputHTMLAttributes(
            autocomplete="off", spellcheck=False, enterkeyhint="send"
        ),
    )


def _html(name: str, script: str = _SCRIPT) -> gr.HTML:
    # Only ``${value}``: a Handlebars {{value}} would be compiled again and run as a template.
    return gr.HTML(
        elem_id=name, html_template="${value}", js_on_load=script, apply_default_css=False
    )
