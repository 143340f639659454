"""Chooser: the collections of a page → the control that says which of them are asked."""

from rag.federation import Federation
from webui.languages import Texts
from webui.languages.library import COLLECTION_TEXTS
from webui.rendering import escape


def render_chooser(federation: Federation, scope: str, texts: Texts) -> str:
    """Render the choice between one collection and all.

    :param federation: The collections.
    :param scope: The name of the one that is asked; "" for all.
    :param texts: The language.
    :return: HTML; "" where there is nothing to choose.
    """
    if len(federation.names) < 2:
        return ""
    words = COLLECTION_TEXTS[texts.code]
    everything = words.everything.format(count=len(federation.names))
    options = [_render_option("", everything, is_chosen=not scope)]
    for member in federation.members:
        name = member.name
        shown = name if member.answerer else words.not_now.format(name=name)
        options.append(
            _render_option(
                name, shown, is_chosen=name == scope, is_disabled=member.answerer is None
            )
        )
    return (
        f'<p class="chooser"><label for="collection">{escape(words.collection)}</label> '
        f'<select id="collection" data-event="collection">{"".join(options)}</select></p>'
    )


def render_fallback(name: str, texts: Texts) -> str:
    """Say that a page's collection is asked no more, and what is asked instead.

    :param name: The collection's.
    :param texts: The language.
    :return: HTML.
    """
    said = COLLECTION_TEXTS[texts.code].fell_back.format(name=name)
    return f'<p class="fallback" role="status">{escape(said)}</p>'


def _render_option(value: str, shown: str, *, is_chosen: bool, is_disabled: bool = False) -> str:
    chosen = " selected" if is_chosen else ""
    disabled = " disabled" if is_disabled else ""
    return f'<option value="{escape(value)}" dir="auto"{chosen}{disabled}>{escape(shown)}</option>'
