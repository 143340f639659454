"""Verification in the terminal: what has become of a receipt → lines, or JSON."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from rich.console import Console
from rich.text import Text

from rag.datatypes import Citation, Status
from rag.receipt_records import Receipt
from rag.verification import CitationCheck, Outcome, SearchedCheck, Verification
from webui.controls import neutralize, neutralize_line
from webui.languages import Texts
from webui.languages.receipts import RECEIPT_TEXTS, ReceiptTexts
from webui.terminal import make_file_table
from webui.wording import describe_number, describe_place

_STYLES = {
    Outcome.UNCHANGED: "bold green",
    Outcome.MOVED: "bold yellow",
    Outcome.CHANGED: "bold red",
    Outcome.GONE: "bold red",
    Outcome.UNREADABLE: "bold magenta",
}
_WORDS_STYLE = "bold underline"
_MOST_FILES = 20


def to_json(receipt: Receipt, verification: Verification) -> dict[str, Any]:
    """Return a verification with what it is of as JSON-ready values.

    :param receipt: What was checked.
    :param verification: What became of it.
    """
    body = receipt.to_dict()
    kept = ("created_at", "yiju_version", "question", "text", "status", "confidence", "generation")
    return {"receipt": {key: body[key] for key in kept}, **verification.to_dict()}


def print_verification(
    console: Console, receipt: Receipt, verification: Verification, texts: Texts
) -> None:
    """Print what has become of each quote.

    :param console: Where to.
    :param receipt: What was checked.
    :param verification: What became of it.
    :param texts: The language.
    """
    words = RECEIPT_TEXTS[texts.code]
    intact = words.intact.format(time=receipt.created_at, generation=receipt.generation)
    _print(console, Text(neutralize_line(intact), "dim"))
    _print(console, Text(neutralize_line(words.question.format(question=receipt.question))))
    found = texts.not_found if receipt.status is Status.NOT_FOUND else receipt.text
    _print(console, Text(neutralize_line(words.answer.format(answer=found)), "bold"))
    for check in verification.citations:
        _print_check(console, check, texts)
    if verification.searched:
        for line in _describe_searched(verification.searched, words):
            _print(console, Text(neutralize_line(line)))
    if verification.problems:
        problems = [(problem.source, problem.message) for problem in verification.problems]
        title = words.problems.format(count=f"{len(problems):,}")
        console.print(make_file_table(title, problems, texts))
    if len(verification.citations) > 1:
        _print(console, Text(f"\n{_count(verification, words)}", "bold"))


def _print_check(console: Console, check: CitationCheck, texts: Texts) -> None:
    words = RECEIPT_TEXTS[texts.code]
    places = [_place(check.citation, texts)]
    if check.found:  # as it is now, also where nothing changed: a receipt may say anything
        now = _place(check.found, texts)
        places = [*places, now] if check.outcome is Outcome.MOVED and now not in places else [now]
    line = Text(words.outcomes[check.outcome], _STYLES[check.outcome])
    number = describe_number(check.citation, texts)
    line.append(f" {number} {neutralize_line(' → '.join(places))}", "not bold cyan")
    if remarks := _remarks(check, words):
        remark = words.remark.format(remark=words.between_remarks.join(remarks))
        line.append(neutralize_line(remark), "not bold default")
    _print(console, Text())
    _print(console, line)
    _print_quote(console, check.found or check.citation)
    if check.closest:
        closest = words.closest.format(place=_place(check.closest, texts))
        _print(console, Text(neutralize_line(closest), "dim"))
        _print_quote(console, check.closest)


def _print_quote(console: Console, citation: Citation) -> None:
    quote = Text(neutralize(citation.quote))
    if citation.highlight:
        start = citation.highlight.start - citation.span.start
        quote.stylize(_WORDS_STYLE, start, start + len(citation.highlight))
    _print(console, quote)


def _place(citation: Citation, texts: Texts) -> str:
    return describe_place(replace(citation, heading=()), texts)


def _remarks(check: CitationCheck, words: ReceiptTexts) -> list[str]:
    if check.outcome is Outcome.GONE:
        return [words.nowhere]
    if check.reason and not check.found:
        return [words.not_read.format(reason=check.reason.rstrip("."))]
    if check.found is None:
        return [words.not_there]
    remarks = [_describe_move(check, check.found, words)] if check.outcome is Outcome.MOVED else []
    return remarks if check.has_same_context else [*remarks, words.other_context]


def _describe_move(check: CitationCheck, found: Citation, words: ReceiptTexts) -> str:
    is_same_name = found.source == check.citation.source
    if check.has_same_bytes:
        return words.read_otherwise if is_same_name else words.renamed
    if not is_same_name:
        return words.other_file
    if check.has_same_text:
        return words.saved_again
    return words.edited_elsewhere if found.span == check.citation.span else words.edited


def _describe_searched(check: SearchedCheck, words: ReceiptTexts) -> list[str]:
    if check.is_same:
        return [words.searched_same.format(count=f"{check.n_then:,}")]
    lines = [words.searched_differs.format(then=f"{check.n_then:,}", now=f"{check.n_now:,}")]
    for pattern, files in (
        (words.added, check.added),
        (words.changed, check.changed),
        (words.removed, check.removed),
    ):
        if files:
            lines.append(pattern.format(files=_list_files(files, words)))
    return lines


def _list_files(files: Sequence[str], words: ReceiptTexts) -> str:
    shown = list(files[:_MOST_FILES])
    if more := len(files) - len(shown):
        shown.append(words.more_files.format(count=f"{more:,}"))
    return words.between_files.join(shown)


def _count(verification: Verification, words: ReceiptTexts) -> str:
    outcomes = [check.outcome for check in verification.citations]
    return " · ".join(
        words.count.format(outcome=words.outcomes[outcome], count=outcomes.count(outcome))
        for outcome in Outcome
        if outcome in outcomes
    )


def _print(console: Console, text: Text) -> None:
    """Print without wrapping, so that quotes stay whole when they are copied or piped."""
    console.print(text, soft_wrap=True)
