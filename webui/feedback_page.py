"""Feedback page: a judgement of an answer, a new generation → what changes on the page."""

import logging
import time
from collections.abc import Iterator
from dataclasses import replace

import gradio as gr

from rag.federation import Federation
from webui.datatypes import Turn
from webui.feedback import Checks, possible_faults, render_checks
from webui.history_page import Changes
from webui.history_records import Fault, HistoryError, Judgement, Verdict
from webui.judgements import MAX_COMMENT_CHARS, MAX_EXPECTED_CHARS, Judgements
from webui.layout import Parts
from webui.messages import texts_for
from webui.rechecking import Rechecker, folders_of
from webui.turns import render_conversation

logger = logging.getLogger(__name__)

_POLL_S = 0.3  # while questions are asked again


class FeedbackPage:
    """The handlers of judging; they hold nothing of any visitor."""

    def __init__(self, federation: Federation, judgements: Judgements | None, parts: Parts) -> None:
        """Join the parts to what fills them.

        :param federation: That gives the answers.
        :param judgements: Keeps what is thought of them; None keeps nothing.
        :param parts: The components.
        """
        self._federation = federation
        self._judgements = judgements
        self._parts = parts
        self._rechecker = Rechecker(federation, judgements)

    def judge(  # noqa: PLR0913, PLR0917 - what a visitor's page remembers
        self,
        turns: tuple[Turn, ...],
        talk_id: str,
        code: str,
        scope: str,
        event: gr.EventData,
        request: gr.Request,
    ) -> object:
        """Keep what a visitor thinks of an answer; the same button again takes it back."""
        sent = event._data if isinstance(event._data, dict) else {}
        data = {str(name): value for name, value in sent.items() if isinstance(value, str)}
        number = data.get("turn", "")
        index = int(number) if number.isascii() and number.isdecimal() and len(number) < 5 else -1
        if not 0 <= index < len(turns):
            return gr.skip()
        judgement = _read_judgement(turns[index], data)
        if judgement is None:
            return gr.skip()
        is_kept = self._keep(turns[index], judgement, talk_id, scope, request.username or "")
        judged = replace(
            turns[index],
            judgement=judgement if is_kept else turns[index].judgement,
            is_judgement_lost=not is_kept,
        )
        after = (*turns[:index], judged, *turns[index + 1 :])
        if is_kept:
            self._rechecker.look(is_judged=True)
        return {
            self._parts.turns: after,
            self._parts.conversation: render_conversation(after, texts_for(code)),
        }

    def check(self, code: str, request: gr.Request) -> Iterator[Changes]:
        """Ask the judged questions again if there are new generations, and show how that goes."""
        self._rechecker.look()
        while self._rechecker.state.is_running:
            yield self._show(code, request)
            time.sleep(_POLL_S)
        yield self._show(code, request)

    def stop(self, code: str, request: gr.Request) -> Changes:
        """Ask no more of the judged questions."""
        self._rechecker.stop()
        return self._show(code, request)

    def _keep(self, turn: Turn, judgement: Judgement, talk_id: str, scope: str, user: str) -> bool:
        if self._judgements is None or turn.answer is None:
            return False
        folders = folders_of(self._federation, turn.answer)

        def keep(judgements: Judgements) -> bool:
            return judgements.judge(user, talk_id, turn.key, judgement, folders=folders)

        try:
            if keep(self._judgements):
                return True
            # Judged before the turn itself was kept, which comes after it is shown.
            self._judgements.history.keep(user, talk_id, turn, collection=scope)
            return keep(self._judgements)
        except HistoryError:
            logger.exception("A judgement could not be kept")
            return False

    def _show(self, code: str, request: gr.Request) -> Changes:
        try:
            checks = Checks(self._rechecker.cases, self._rechecker.state)
        except HistoryError:
            logger.exception("Judgements cannot be read")
            checks = Checks((), self._rechecker.state)
        shown = render_checks(checks, request.username or "", texts_for(code))
        return {self._parts.checks: shown}


def _read_judgement(turn: Turn, data: dict[str, str]) -> Judgement | None:
    """Read what was clicked or sent; None where it is no judgement of this turn."""
    if turn.answer is None or data.get("verdict") not in {Verdict.GOOD, Verdict.BAD}:
        return None
    verdict, before = Verdict(data["verdict"]), turn.judgement
    comment = data.get("comment", before.comment)[:MAX_COMMENT_CHARS]
    if "comment" not in data and verdict is before.verdict:
        return Judgement()  # the pressed button again
    if verdict is Verdict.GOOD:
        return Judgement(verdict, comment)
    faults = possible_faults(turn.answer)
    fault = next((one for one in faults if one.value == data.get("fault")), faults[0])
    expected = data.get("expected", before.expected)[:MAX_EXPECTED_CHARS]
    return Judgement(verdict, comment, fault, "" if fault is Fault.UNWARRANTED else expected)
