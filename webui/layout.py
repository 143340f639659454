"""Layout: the parts of the page and where they stand; their words come later, with the language."""

from dataclasses import dataclass
from pathlib import Path

import gradio as gr

from webui.chat import MAX_QUESTION_CHARS

_SCRIPT = (Path(__file__).parent / "page.js").read_text("utf-8")


@dataclass(frozen=True, slots=True)
class Parts:
    """The components, each filled by the page's handlers."""

    header: gr.HTML
    conversation: gr.HTML
    suggestions: gr.HTML
    question: gr.Textbox
    send: gr.Button
    source: gr.HTML
    documents: gr.HTML
    rebuild: gr.Button
    refresh: gr.HTML
    timer: gr.Timer
    # what a visitor's page remembers
    chosen: gr.BrowserState  # the language picked by hand, "" if none was
    language: gr.State  # the code of the language shown
    turns: gr.State  # tuple[Turn, ...]
    view: gr.State  # SourceView | None
    suggested: gr.State  # tuple[str, ...] | None
    seen: gr.State  # version of the refresher's state that is shown
    generation: gr.State  # of the index that is shown; a new one makes new suggestions


def lay_out(*, tick_s: float) -> Parts:
    """Make the components; to be called inside a ``gr.Blocks``.

    :param tick_s: Seconds between two looks of a page at the state of the index.
    :return: The components.
    """
    header = _html("header")
    with gr.Row(elem_id="stage"):
        with gr.Column(elem_id="talk", min_width=0):
            conversation = _html("conversation")
            suggestions = _html("suggestions")
            with gr.Row(elem_id="ask"):
                question = _question_box()
                send = gr.Button("", elem_id="send", variant="primary", min_width=0, scale=0)
        with gr.Column(elem_id="evidence", min_width=0):
            source = _html("source")
            with gr.Column(elem_id="library", min_width=0):
                documents = _html("documents")
                with gr.Row(elem_id="upkeep"):
                    rebuild = gr.Button("", elem_id="rebuild", size="sm", min_width=0, scale=0)
                    refresh = _html("refresh")
    return Parts(
        header=header,
        conversation=conversation,
        suggestions=suggestions,
        question=question,
        send=send,
        source=source,
        documents=documents,
        rebuild=rebuild,
        refresh=refresh,
        timer=gr.Timer(tick_s),
        chosen=gr.BrowserState("", storage_key="yiju-language", secret="yiju"),
        language=gr.State(""),
        turns=gr.State(()),
        view=gr.State(None),
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


def _html(name: str) -> gr.HTML:
    # Only ``${value}``: a Handlebars {{value}} would be compiled again and run as a template.
    return gr.HTML(
        elem_id=name, html_template="${value}", js_on_load=_SCRIPT, apply_default_css=False
    )
