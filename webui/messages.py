"""Messages: a wish (Accept-Language, a locale, a switch) → the words of one language."""

import os
from collections.abc import Mapping

from webui.languages import CATALOGUE, Texts

_BY_CODE = {texts.code: texts for texts in CATALOGUE}
_TRADITIONAL = ("zh-hant", "zh-tw", "zh-hk", "zh-mo")
DEFAULT = _BY_CODE["en"]  # for those who ask for none of ours


def texts_for(code: object) -> Texts:
    """Return a language's words.

    :param code: A code such as ``zh-Hans``; may come from a browser, so anything is accepted.
    :return: The words, English for an unknown code.
    """
    return _BY_CODE.get(code, DEFAULT) if isinstance(code, str) else DEFAULT


def choose_language(accept_language: str) -> Texts:
    """Pick the interface language from a browser's Accept-Language header (RFC 9110, 12.5.4).

    :param accept_language: The header's value, possibly empty or malformed.
    :return: The first wish that is served, English when none is.
    """
    wishes = (_parse_wish(part) for part in accept_language.split(","))
    for tag, weight in sorted(wishes, key=lambda wish: -wish[1]):
        texts = _match(tag)
        if texts and weight > 0:
            return texts
    return DEFAULT


def system_language(environ: Mapping[str, str] | None = None) -> Texts:
    """Pick the language of the command line from the locale.

    :param environ: The environment; the process's own when None.
    :return: The words of the locale's language, English when it is not served.
    """
    values = os.environ if environ is None else environ
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if values.get(name):
            return _match(values[name].partition(".")[0].replace("_", "-")) or DEFAULT
    return _match(_platform_locale()) or DEFAULT


def _platform_locale() -> str:
    """Return the user's locale where the environment has none, as on Windows."""
    import locale

    name = locale.getlocale()[0] or ""
    return {"Chinese (Simplified)": "zh", "Chinese (Traditional)": "zh-tw"}.get(
        name.partition("_")[0], name.replace("_", "-")
    )


def _parse_wish(part: str) -> tuple[str, float]:
    tag, _, parameter = part.partition(";")
    try:
        weight = float(parameter.strip().removeprefix("q=")) if parameter.strip() else 1.0
    except ValueError:
        weight = 0.0
    return tag.strip(), weight


def _match(tag: str) -> Texts | None:
    tag = tag.lower()
    if tag.startswith(_TRADITIONAL):
        return _BY_CODE["zh-Hant"]
    if tag == "zh" or tag.startswith("zh-"):
        return _BY_CODE["zh-Hans"]
    return _BY_CODE["en"] if tag == "en" or tag.startswith("en-") else None
