"""How a Chinese question is filled in, opened and ended."""

from __future__ import annotations

import re
from collections.abc import Mapping
from random import Random

FIELD = re.compile(r"\{(\w+)\}")
_OPENINGS = ("请问", "请问一下", "我想知道", "告诉我")
_ENDINGS = ("?", "?", "?", "?", "呢?", "")


def fill(form: str, fields: Mapping[str, str]) -> str:
    """Return the form with each ``{name}`` replaced by the field of that name."""
    return FIELD.sub(lambda match: fields[match.group(1)], form)


def polish(question: str, random: Random) -> str:
    """Return the question with one of the ways to open and to end it."""
    if random.random() < 0.06:
        question = random.choice(_OPENINGS) + question
    return question + random.choice(_ENDINGS)
