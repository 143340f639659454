"""Turns: the turns of a conversation → their HTML."""

from collections.abc import Sequence

from rag.datatypes import Answer, Status
from webui.answer_card import render_card, render_references
from webui.datatypes import Shelf, Turn
from webui.feedback import render_feedback
from webui.languages import Texts
from webui.languages.conversations import CONVERSATION_TEXTS
from webui.rendering import escape, isolate, language_of
from webui.why import render_why
from webui.wording import describe_unsearched


def render_conversation(turns: Sequence[Turn], texts: Texts) -> str:
    """Render all turns; new ones are announced politely to screen readers.

    :param turns: Oldest first.
    :param texts: The language.
    :return: HTML.
    """
    body = "".join(_render_turn(index, turn, texts) for index, turn in enumerate(turns))
    if not turns:
        body = (
            f'<div class="welcome"><h2>{escape(texts.welcome)}</h2>'
            f"<p>{escape(texts.welcome_more)}</p></div>"
        )
    is_pending = bool(turns) and turns[-1].answer is None and not turns[-1].has_failed
    return (
        f'<div class="conversation" role="log" aria-live="polite" tabindex="0" '
        f'aria-label="{escape(texts.conversation)}" data-settle="{len(turns)}{is_pending:d}">'
        f"{body}</div>"
    )


def _render_turn(index: int, turn: Turn, texts: Texts) -> str:
    if turn.answer:
        body = _render_answer(index, turn, turn.answer, texts)
        body += render_feedback(index, turn, texts)
    elif turn.has_failed:
        body = f'<p class="plain">{escape(texts.failed)}</p>'
    else:
        body = f'<p class="pending">{escape(texts.searching)}</p>'
    status = turn.answer.status.value if turn.answer else "none"
    return (
        f'<section class="turn" data-status="{status}">'
        f'<h2 class="question"><span class="asked">{escape(texts.asked)}</span>'
        f'<span dir="auto" lang="{language_of(turn.question)}">{escape(turn.question)}</span></h2>'
        f"{body}</section>"
    )


def _render_answer(index: int, turn: Turn, answer: Answer, texts: Texts) -> str:
    why = ""
    if answer.status is Status.NOT_FOUND:
        why = render_why(index, turn.explanation, texts)
        parts = [
            f'<p class="plain">{escape(texts.not_found)}</p>',
            f'<p class="hint">{escape(texts.not_found_more)}</p>' if answer.nearest else "",
        ]
    else:
        parts = [render_card(index, answer, turn.receipt, texts)]
    understood = _render_understood(index, answer, texts)
    said = describe_unsearched(answer, texts, isolate)
    unsearched = f'<p class="hint unsearched">{said}</p>' if said else ""
    return understood + "".join(parts) + _render_nearest(index, answer, texts) + why + unsearched


def _render_understood(index: int, answer: Answer, texts: Texts) -> str:
    """Render how a question was understood, if not as it was asked, with a field to change it."""
    interpreted = answer.interpreted
    if interpreted.strip() == answer.question.strip():
        return ""
    words = CONVERSATION_TEXTS[texts.code]
    understood = texts.interpreted.format(question=interpreted)
    return (
        f'<details class="understood"><summary><span class="interpreted" dir="auto" '
        f'lang="{language_of(interpreted)}">{escape(understood)}</span> '
        f'<span class="edit">{escape(words.edit)}</span></summary>'
        f'<form data-event="understand" data-turn="{index}">'
        f'<input type="text" name="interpreted" maxlength="1000" autocomplete="off" dir="auto" '
        f'aria-label="{escape(words.edit_label)}" value="{escape(interpreted)}">'
        f"<button>{escape(words.ask_again)}</button></form></details>"
    )


def _render_nearest(index: int, answer: Answer, texts: Texts) -> str:
    if answer.status is Status.ANSWERED or answer.conflicting:
        return ""
    if not answer.nearest:
        note = texts.nothing_near if answer.status is Status.NOT_FOUND else ""
        return f'<p class="hint">{escape(note)}</p>' if note else ""
    heading = texts.nearest if answer.status is Status.NOT_FOUND else texts.nearest_also
    return (
        f'<h3 class="near">{escape(heading)}</h3>'
        f"{render_references(index, Shelf.NEAREST, answer.nearest, texts)}"
    )
