"""Intake: where files are dropped or chosen; what becomes of each is listed there by library.js."""

from collections.abc import Sequence

from index.settings import IndexSettings
from rag.federation import Member
from webui.languages import Texts
from webui.languages.documents import LIBRARY_TEXTS
from webui.rendering import escape
from webui.wording import describe_size


def render_intake(members: Sequence[Member], texts: Texts) -> str:
    """Render the place that takes files in.

    :param members: The collections that are shown; files go into one of them.
    :param texts: The language.
    :return: HTML.
    """
    words = LIBRARY_TEXTS[texts.code]
    limit = IndexSettings.from_env().max_file_bytes
    options = "".join(
        f'<option value="{escape(one.name)}" dir="auto">{escape(one.name)}</option>'
        for one in members
    )
    is_hidden = " hidden" if len(members) == 1 else ""
    return (
        f'<div class="intake" data-lang="{texts.code}" data-limit="{limit}" '
        f'data-waiting="{escape(words.waiting)}" data-sending="{escape(words.sending)}" '
        f'data-not-sent="{escape(words.not_sent)}" data-no-folders="{escape(words.no_folders)}" '
        f'data-too-large="{escape(words.too_large.format(size=describe_size(limit)))}">'
        f'<p class="drop"><label for="files">{escape(words.drop)}</label> '
        f'<button type="button" class="choose">{escape(words.choose)}</button>'
        f'<input type="file" id="files" multiple tabindex="-1">'
        f'<label class="into"{is_hidden}>{escape(words.into)} '
        f"<select>{options}</select></label></p>"
        f'<ul class="uploads" role="log" aria-live="polite"></ul></div>'
    )
