"""Controls: any text → the same text without what a terminal would act upon."""

import re

# C0 and C1 controls could move the cursor or recolour the screen, the others could reorder it, and
# lone surrogates cannot be written at all.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def neutralize_line(text: str) -> str:
    """Make one line of a text that is meant to be one: a file's name, a heading.

    :param text: Any string.
    :return: The text without controls and with spaces for line feeds and tabs.
    """
    return re.sub(r"\s", " ", neutralize(text))


def neutralize(text: str) -> str:
    """Replace what a terminal would act upon, one character for one, so that offsets stay.

    :param text: Any string; line feeds and tabs are kept.
    :return: The text with U+FFFD for every other control character.
    """
    return _CONTROLS.sub("\ufffd", text.replace("\r\n", " \n"))


def escape_controls(text: str) -> str:
    """Write what a terminal would act upon as JSON's escapes.

    :param text: JSON, in which such characters stand only in strings.
    :return: JSON of the same value.
    """
    return _CONTROLS.sub(lambda match: f"\\u{ord(match.group()):04x}", text)
