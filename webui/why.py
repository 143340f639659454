"""Why: an explanation of what was not found → HTML for the page, lines for the terminal."""

from collections.abc import Iterator

from rag.explanation import Explanation, Miss
from webui.languages import Texts
from webui.languages.why import WHY_TEXTS, WhyTexts
from webui.rendering import escape, isolate, language_of
from webui.wording import describe_place

_MOST_CHARS = 120  # of words that would have been the answer


def render_why(turn: int, explanation: Explanation | None, texts: Texts) -> str:
    """Render the button that asks why, or the explanation.

    :param turn: Number of its turn in the conversation.
    :param explanation: None until somebody asks for it.
    :param texts: The language.
    :return: HTML.
    """
    words = WHY_TEXTS[texts.code]
    if explanation is None:
        return (
            f'<p class="why"><button type="button" data-event="why" data-turn="{turn}">'
            f"{escape(words.ask)}</button></p>"
        )
    misses = "".join(_render_miss(miss, explanation, texts, words) for miss in explanation.misses)
    return (
        f'<section class="why" aria-label="{escape(words.ask)}"><h3>{escape(words.ask)}</h3>'
        f"{_render_words(explanation, words)}"
        + (f"<p>{escape(words.misses)}</p><ol>{misses}</ol>" if misses else "")
        + _render_files(explanation, words)
        + "</section>"
    )


def _render_words(explanation: Explanation, words: WhyTexts) -> str:
    if not explanation.words:
        return f"<p>{escape(words.no_words)}</p>"
    items = "".join(
        f'<li data-known="{str(word.n_chunks > 0).lower()}">{isolate(word.word)} '
        f"<span>{escape(_count(word.n_chunks, words))}</span></li>"
        for word in explanation.words
    )
    notes = _notes(explanation, words)
    told = "".join(f"<p>{escape(note)}</p>" for note in notes)
    return f'<p>{escape(words.cut)}</p><ul class="cut">{items}</ul>{told}'


def _render_miss(miss: Miss, explanation: Explanation, texts: Texts, words: WhyTexts) -> str:
    citation = miss.citation
    place = describe_place(citation, texts, has_title=False, isolate=isolate)
    reasons = " ".join(escape(reason) for reason in _reasons(miss, explanation, words))
    return (
        f'<li lang="{language_of(citation.quote)}" dir="auto">{reasons} <span>{place}</span></li>'
    )


def _render_files(explanation: Explanation, words: WhyTexts) -> str:
    if not explanation.n_files:
        return ""
    rows = "".join(
        f"<li>{isolate(file.source)}: {escape(file.message)}</li>" for file in explanation.files
    )
    left = explanation.n_files - len(explanation.files)
    more = f"<p>{escape(words.more_files.format(count=left))}</p>" if left else ""
    return f"<p>{escape(words.files.format(count=explanation.n_files))}</p><ul>{rows}</ul>{more}"


def describe_why(explanation: Explanation, texts: Texts) -> Iterator[str]:
    """Say why nothing was found, a line at a time.

    :param explanation: Of the question.
    :param texts: The language.
    :return: Lines with whatever documents and file names hold, to be neutralized.
    """
    words = WHY_TEXTS[texts.code]
    if not explanation.words:
        yield words.no_words
        return
    yield words.cut
    for word in explanation.words:
        yield f"  {word.word}: {_count(word.n_chunks, words)}"
    yield from _notes(explanation, words)
    if explanation.misses:
        yield words.misses
    for miss in explanation.misses:
        place = describe_place(miss.citation, texts, has_title=False)
        yield f"  {place}: {' '.join(_reasons(miss, explanation, words))}"
    if explanation.n_files:
        yield words.files.format(count=explanation.n_files)
    for file in explanation.files:
        yield f"  {file.source}: {file.message}"
    if left := explanation.n_files - len(explanation.files):
        yield words.more_files.format(count=left)


def _count(n_chunks: int, words: WhyTexts) -> str:
    return words.word.format(count=f"{n_chunks:,}") if n_chunks else words.word_nowhere


def _notes(explanation: Explanation, words: WhyTexts) -> Iterator[str]:
    for phrase in explanation.absent:
        yield words.absent.format(words=phrase)
    if note := words.expects[explanation.expects]:
        yield note
    if explanation.words and len(explanation.unknown) == len(explanation.words):
        yield words.all_foreign


def _reasons(miss: Miss, explanation: Explanation, words: WhyTexts) -> Iterator[str]:
    said = miss.citation.words
    cut = said if len(said) <= _MOST_CHARS else said[:_MOST_CHARS] + "…"
    yield words.would_be.format(words=cut, percent=f"{miss.confidence:.0%}")
    if not miss.is_of_type:
        yield words.not_of_type[explanation.expects]
    missing = words.separator.join(miss.missing)
    yield words.lacks.format(words=missing) if missing else words.lacks_none
