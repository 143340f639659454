"""Verification in the terminal: what has become of a receipt → lines, or JSON."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from rich.console import Console
from rich.text import Text

from rag.datatypes import Citation, Status
from rag.receipt_records import Receipt
from rag.verification import (
    Access,
    CitationCheck,
    CollectionCheck,
    Outcome,
    SearchedCheck,
    Verification,
)
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
    kept = ("created_at", "yiju_version", "question", "text", "status", "confidence", "unsearched")
    shown = {key: body[key] for key in kept}
    return {"receipt": {**shown, "generation": receipt.generation}, **verification.to_dict()}


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
    if receipt.unsearched:
        names = words.between_files.join(receipt.unsearched)
        _print(console, Text(neutralize_line(words.unsearched.format(names=names)), "dim"))
    collections = {check.collection: check for check in verification.collections}
    for check in verification.citations:
        _print_check(console, check, collections.get(check.citation.collection), texts)
    if not verification.citations:
        for line in _describe_collections(verification.collections, words):
            _print(console, Text(neutralize_line(line)))
    _print_problems(console, verification, texts)
    if any(check.access is Access.UNKNOWN for check in verification.collections):
        how = words.how_one if len(receipt.searched) == 1 else words.how_several
        _print(console, Text(f"\n{how}"))
    if len(verification.citations) > 1:
        _print(console, Text(f"\n{_count(verification, words)}", "bold"))


def _print_check(
    console: Console, check: CitationCheck, collection: CollectionCheck | None, texts: Texts
) -> None:
    words = RECEIPT_TEXTS[texts.code]
    places = [_place(check.citation, texts)]
    if check.found:  # as it is now, also where nothing changed: a receipt may say anything
        now = _place(check.found, texts)
        places = [*places, now] if check.outcome is Outcome.MOVED and now not in places else [now]
    line = Text(words.outcomes[check.outcome], _STYLES[check.outcome])
    number = describe_number(check.citation, texts)
    line.append(f" {number} {neutralize_line(' → '.join(places))}", "not bold cyan")
    barrier = _describe_barrier(collection, words) if collection else ""
    if remarks := [barrier] if barrier else _remarks(check, words):
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


def _print_problems(console: Console, verification: Verification, texts: Texts) -> None:
    problems = [
        ("/".join(filter(None, (check.collection, problem.source))), problem.message)
        for check in verification.collections
        for problem in check.problems
    ]
    if problems:
        title = RECEIPT_TEXTS[texts.code].problems.format(count=f"{len(problems):,}")
        console.print(make_file_table(title, problems, texts))


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


def _describe_barrier(check: CollectionCheck, words: ReceiptTexts) -> str:
    """Say why a collection was not checked; "" when it was."""
    if check.access is Access.UNKNOWN:
        return words.unknown.format(name=check.collection)
    return words.no_folder.format(folder=check.folder) if check.access is Access.NO_FOLDER else ""


def _describe_collections(checks: Sequence[CollectionCheck], words: ReceiptTexts) -> list[str]:
    """Say what became of all that was searched in vain."""
    lines = []
    for check in checks:
        barrier = words.remark.format(remark=_describe_barrier(check, words))
        not_checked = [words.outcomes[Outcome.UNREADABLE] + barrier]
        said = _describe_searched(check.searched, words) if check.searched else not_checked
        pattern = words.of_collection if check.collection else "{said}"
        lines += [pattern.format(name=check.collection, said=line) for line in said]
    return lines


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
