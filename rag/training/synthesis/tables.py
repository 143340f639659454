"""Word lists and question forms of the recipes: TOML files that lie beside the modules."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any


@cache
def load_table(file_name: str) -> dict[str, Any]:
    """Return what a TOML file of this folder holds; read once, never to be changed."""
    return tomllib.loads((Path(__file__).parent / file_name).read_text(encoding="utf-8"))


def load_words(file_name: str, part: str, name: str) -> tuple[str, ...]:
    """Return the words of an entry that lists them with white space between."""
    return tuple(load_table(file_name)[part][name].split())


def load_characters(file_name: str, part: str, name: str) -> str:
    """Return the characters of an entry, without its white space."""
    return "".join(load_table(file_name)[part][name].split())
