"""Chip: a citation as an answer shows it → the button that copies the address of its place."""

from rag.datatypes import Citation
from webui.languages import Texts
from webui.languages.source import SOURCE_TEXTS
from webui.rendering import escape
from webui.source_link import link_citation, write_link

_CHAIN = (
    '<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M6.5 9.5l3-3M7 4.5l1.6-1.6a3 3 0 0 1 4.2 '
    '4.2L11.2 8.7M4.8 7.3L3.2 8.9a3 3 0 0 0 4.2 4.2L9 11.5"></path></svg>'
)


def render_link(citation: Citation, texts: Texts) -> str:
    """Render the button.

    :param citation: The citation.
    :param texts: The language.
    :return: HTML.
    """
    words = SOURCE_TEXTS[texts.code]
    return (
        f'<button type="button" class="copy link" title="{escape(words.copy_link)}" '
        f'aria-label="{escape(words.copy_link)}" data-copied="{escape(texts.copied)}" '
        f'data-copy-link="{escape(write_link(link_citation(citation)))}">{_CHAIN}</button>'
    )
