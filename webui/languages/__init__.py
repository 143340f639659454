"""One module a language, each with all words of the interface."""

from webui.languages import en, zh_hans, zh_hant
from webui.languages.texts import Texts

CATALOGUE = (zh_hans.TEXTS, zh_hant.TEXTS, en.TEXTS)

__all__ = ["CATALOGUE", "Texts"]
