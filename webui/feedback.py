"""Feedback: judgements and the questions asked again → the HTML under answers and by the index."""

from collections.abc import Sequence
from dataclasses import dataclass

from rag.datatypes import Answer, Status
from webui.cases import Case, Outcome
from webui.datatypes import Turn
from webui.evaluation import describe_expected
from webui.history_records import Fault, Judgement, Verdict
from webui.judgements import MAX_COMMENT_CHARS, MAX_EXPECTED_CHARS
from webui.languages import Texts
from webui.languages.feedback import FEEDBACK_TEXTS, FeedbackTexts
from webui.rechecking import RecheckState
from webui.rendering import escape, language_of

_MOST_LISTED = 50  # of each list
_MOST_CHARS = 120  # of an answer in a list
_THUMB = (
    "M7 22V10l5-8c1.6 0 2.5 1.1 2.2 2.6L13.4 9H20c1.3 0 2.2 1.2 1.9 2.4l-2.2 9c-.2.9-1 1.6-2 1.6H7z"
)
_HAND = "M2 10h3v12H2z"


@dataclass(frozen=True, slots=True)
class Checks:
    """What the page shows of the judged questions."""

    cases: tuple[Case, ...]  # everybody's
    state: RecheckState


def render_feedback(number: int, turn: Turn, texts: Texts) -> str:
    """Render the buttons that judge an answer, and what may be said of it once it is judged.

    :param number: The turn's in the conversation.
    :param turn: Answered.
    :param texts: The language.
    :return: HTML; "" for a turn without an answer.
    """
    if turn.answer is None:
        return ""
    words = FEEDBACK_TEXTS[texts.code]
    verdict = turn.judgement.verdict
    buttons = "".join(
        _render_button(number, one, said, is_pressed=verdict is one)
        for one, said in ((Verdict.GOOD, words.good), (Verdict.BAD, words.bad))
    )
    kept = {Verdict.GOOD: words.kept_good, Verdict.BAD: words.kept_bad, Verdict.NONE: ""}
    note = words.lost if turn.is_judgement_lost else kept[verdict]
    return (
        f'<div class="feedback"><div class="judging" role="group" '
        f'aria-label="{escape(words.ask)}">{buttons}'
        + (f'<span class="hint" role="status">{escape(note)}</span>' if note else "")
        + f"</div>{_render_form(number, turn.answer, turn.judgement, words)}</div>"
    )


def _render_button(number: int, verdict: Verdict, said: str, *, is_pressed: bool) -> str:
    turned = ' transform="rotate(180 12 12)"' if verdict is Verdict.BAD else ""
    return (
        f'<button type="button" class="judge" id="judge-{number}-{verdict.value}" '
        f'data-event="judge" data-turn="{number}" data-verdict="{verdict.value}" '
        f'aria-pressed="{str(is_pressed).lower()}" title="{escape(said)}">'
        f'<svg viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d="{_HAND}"{turned}>'
        f'</path><path d="{_THUMB}"{turned}></path></svg>'
        f'<span class="unseen">{escape(said)}</span></button>'
    )


def _render_form(number: int, answer: Answer, judgement: Judgement, words: FeedbackTexts) -> str:
    if judgement.verdict is Verdict.NONE:
        return ""
    wrong = _render_faults(answer, judgement, words)
    return (
        f'<form class="judgement" data-event="judge" data-turn="{number}" '
        f'data-verdict="{judgement.verdict.value}">'
        + (wrong if judgement.verdict is Verdict.BAD else "")
        + f"<label><span>{escape(words.comment)}</span>"
        f'<textarea name="comment" rows="1" dir="auto" maxlength="{MAX_COMMENT_CHARS}">'
        f"\n{escape(judgement.comment)}</textarea></label>"
        f'<button id="judge-{number}-save">{escape(words.save)}</button></form>'
    )


def _render_faults(answer: Answer, judgement: Judgement, words: FeedbackTexts) -> str:
    faults = possible_faults(answer)
    options = "".join(
        f'<label><input type="radio" name="fault" value="{fault.value}"'
        f"{' checked' if fault is judgement.fault else ''}> "
        f"{escape(words.faults[fault.value])}</label>"
        for fault in faults
    )
    chosen = (
        f'<fieldset class="faults"><legend>{escape(words.what)}</legend>{options}</fieldset>'
        if len(faults) > 1
        else f'<p class="faults">{escape(words.faults[faults[0].value])}</p>'
    )
    return (
        f'{chosen}<label class="expected"><span>{escape(words.expected)}</span>'
        f'<textarea name="expected" rows="1" dir="auto" maxlength="{MAX_EXPECTED_CHARS}" '
        f'placeholder="{escape(words.expected_hint)}">\n{escape(judgement.expected)}</textarea>'
        "</label>"
    )


def possible_faults(answer: Answer) -> tuple[Fault, ...]:
    """List what can be wrong with an answer, the likeliest first.

    :param answer: The answer.
    """
    if answer.status is Status.NOT_FOUND:
        return (Fault.MISSING,)
    return (Fault.WRONG, Fault.UNWARRANTED)


def render_checks(checks: Checks, user: str, texts: Texts) -> str:
    """Render what became of the judged questions; "" as long as there are none.

    :param checks: Everybody's.
    :param user: Whose questions may be shown; the others are only counted.
    :param texts: The language.
    :return: HTML.
    """
    words = FEEDBACK_TEXTS[texts.code]
    cases = checks.cases
    if not cases:
        return ""
    right = sum(case.now.is_right for case in cases)
    broken = [case for case in cases if case.is_broken]
    mended = [case for case in cases if case.is_mended]
    failing = [case for case in cases if not case.now.is_right and not case.is_broken]
    told = words.holds.format(right=right, count=len(cases))
    quiet = "" if broken or mended or not any(case.stamp for case in cases) else words.unchanged
    return (
        f'<section class="checks" aria-label="{escape(words.heading)}">'
        f"{_render_state(checks.state, words)}"
        f'<p role="status">{escape(" ".join(filter(None, (told, quiet))))}</p>'
        + _render_list("broken", words.broken, broken, user, texts)
        + _render_list("mended", words.mended, mended, user, texts)
        + _render_list("failing", words.failing, failing, user, texts)
        + "</section>"
    )


def _render_state(state: RecheckState, words: FeedbackTexts) -> str:
    if state.is_running:
        said = words.running.format(done=state.done, count=state.total)
        return (
            f'<p class="running">{escape(said)} <button type="button" data-event="checks" '
            f'data-action="stop">{escape(words.stop)}</button></p>'
        )
    return f"<p>{escape(words.stopped)}</p>" if state.is_stopped else ""


def _render_list(kind: str, heading: str, cases: Sequence[Case], user: str, texts: Texts) -> str:
    if not cases:
        return ""
    words = FEEDBACK_TEXTS[texts.code]
    own = [case for case in cases if case.user == user]
    items = "".join(_render_case(case, texts) for case in reversed(own[-_MOST_LISTED:]))
    others = len(cases) - len(own)
    is_open = "" if kind == "failing" else " open"
    return (
        f'<details class="{kind}"{is_open}><summary>'
        f"{escape(heading.format(count=len(cases)))}</summary>"
        + (f"<ul>{items}</ul>" if items else "")
        + (f"<p>{escape(words.others.format(count=others))}</p>" if others else "")
        + "</details>"
    )


def _render_case(case: Case, texts: Texts) -> str:
    question = case.gold.question
    said = FEEDBACK_TEXTS[texts.code].again.format(question=question)
    change = _render_outcome(case.now, texts)
    if case.is_broken or case.is_mended:
        change = f"{_render_outcome(case.before, texts)} → {change}"
    expected = "" if case.now.is_right else f" · {escape(describe_expected(case.gold, texts))}"
    return (
        f'<li><button type="button" data-event="ask" data-question="{escape(question)}" '
        f'title="{escape(said)}" dir="auto" lang="{language_of(question)}">{escape(question)}'
        f'</button> <span class="change">{change}<bdi>{expected}</bdi></span></li>'
    )


def _render_outcome(outcome: Outcome, texts: Texts) -> str:
    text = outcome.text or texts.not_found
    cut = text if len(text) <= _MOST_CHARS else f"{text[:_MOST_CHARS]}…"
    mark = "✓" if outcome.is_right else "✗"
    return (
        f'<span data-right="{str(outcome.is_right).lower()}">{mark} <bdi>{escape(cut)}</bdi></span>'
    )
