"""Scripts: a folded text → how much of it is written in each script."""

import re

# In the characters of scripts without spaces between words, in the words of the others: a Chinese
# character is about a word.
_UNITS = (
    re.compile(r"[\u3040-\u30ff\u3400-\u9fff]"),  # Han and kana
    re.compile(r"[\uac00-\ud7af]"),  # Hangul
    re.compile(r"[a-z\u00df-\u024f]+"),  # Latin
    re.compile(r"[\u0400-\u04ff]+"),  # Cyrillic
)
N_SCRIPTS = len(_UNITS)


def count_scripts(folded: str) -> list[int]:
    """Count the units of each script.

    :param folded: Folded text.
    :return: N_SCRIPTS counts; all zero for a text in other scripts or in none.
    """
    return [len(units.findall(folded)) for units in _UNITS]
