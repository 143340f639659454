"""History rendering: a user's conversations → their HTML."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from webui.history_records import Conversation
from webui.languages import Texts
from webui.languages.conversations import CONVERSATION_TEXTS, ConversationTexts
from webui.rendering import escape

MOST_LISTED = 50


@dataclass(frozen=True, slots=True)
class HistoryView:
    """What the panel of conversations shows."""

    conversations: Sequence[Conversation] = ()
    current: str = ""  # id of the one on the page
    wanted: str = ""  # what was searched for
    deleted: Conversation | None = None  # that can be brought back
    note: str = ""  # what went wrong


def render_history(view: HistoryView, texts: Texts) -> str:
    """Render the panel of conversations.

    :param view: What it shows.
    :param texts: The language.
    :return: HTML.
    """
    words = CONVERSATION_TEXTS[texts.code]
    none = words.none_found if view.wanted else words.none
    listed = view.conversations[:MOST_LISTED]
    items = "".join(
        _render_conversation(one, words, is_current=one.id == view.current) for one in listed
    )
    more = words.more.format(count=MOST_LISTED) if len(view.conversations) > MOST_LISTED else ""
    count = f"{min(len(view.conversations), MOST_LISTED)}{'+' if more else ''}"
    return (
        f'<details class="history"><summary>{escape(words.history)} '
        f'<span class="count">{escape(words.count.format(count=count))}</span></summary>'
        f'<div class="history-body">{_render_search(view.wanted, words)}'
        f"{_render_notes(view, words)}"
        + (f"<ul>{items}</ul>" if items else f'<p class="hint">{escape(none)}</p>')
        + (f'<p class="hint">{escape(more)}</p>' if more else "")
        + "</div></details>"
    )


def render_export(name: str, text: str) -> str:
    """Render a file that the page hands to its visitor.

    :param name: The file's.
    :param text: What it holds.
    :return: HTML that is not seen.
    """
    settled = escape(f"{name}{datetime.now().timestamp()}")  # another than before
    return (
        f'<pre class="export" hidden data-settle="{settled}" data-name="{escape(name)}">'
        f"\n{escape(text)}</pre>"
    )


def _render_search(wanted: str, words: ConversationTexts) -> str:
    return (
        f'<form class="search" role="search" aria-label="{escape(words.search_hint)}" '
        'data-event="history" data-action="search">'
        f'<input type="search" name="wanted" maxlength="100" autocomplete="off" dir="auto" '
        f'aria-label="{escape(words.search_hint)}" placeholder="{escape(words.search_hint)}" '
        f'value="{escape(wanted)}"><button>{escape(words.search)}</button></form>'
    )


def _render_notes(view: HistoryView, words: ConversationTexts) -> str:
    notes = f'<p class="note" role="status">{escape(view.note)}</p>' if view.note else ""
    if view.deleted:
        said = words.deleted.format(title=view.deleted.title)
        notes += (
            f'<p class="note" role="status"><bdi>{escape(said)}</bdi> '
            f"{_button('undo', view.deleted.id, words.undo)}</p>"
        )
    return notes


def _render_conversation(one: Conversation, words: ConversationTexts, *, is_current: bool) -> str:
    when = datetime.fromtimestamp(one.updated).astimezone().strftime("%Y-%m-%d %H:%M")
    current = ' aria-current="true"' if is_current else ""
    about = words.n_turns.format(count=one.n_turns)
    mark = f'<span class="current">{escape(words.current)}</span> ' if is_current else ""
    return (
        f'<li{current}><button type="button" class="title" dir="auto" data-event="history" '
        f'data-action="open" data-id="{one.id}">{escape(one.title)}</button>'
        f'<span class="about">{mark}{when} · {escape(about)}</span>'
        f'<details class="more"><summary aria-label="'
        f'{escape(words.actions.format(title=one.title))}">⋯</summary><div class="actions">'
        f'<form data-event="history" data-action="rename" data-id="{one.id}">'
        f'<input type="text" name="title" maxlength="80" autocomplete="off" dir="auto" '
        f'aria-label="{escape(words.title)}" value="{escape(one.title)}">'
        f"<button>{escape(words.rename)}</button></form>"
        f"{_button('markdown', one.id, words.export_markdown)}"
        f"{_button('json', one.id, words.export_json)}"
        f"{_button('delete', one.id, words.delete)}</div></details></li>"
    )


def _button(action: str, conversation: str, words: str) -> str:
    return (
        f'<button type="button" data-event="history" data-action="{action}" '
        f'data-id="{conversation}">{escape(words)}</button>'
    )
