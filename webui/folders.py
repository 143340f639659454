"""Folders: what went wrong with files → the same sentence without where they lie."""

from collections.abc import Iterable
from pathlib import Path


def hide_folders(text: str, folders: Iterable[Path]) -> str:
    """Name folders by their last part only.

    :param text: A sentence that may name paths.
    :param folders: Those that nobody at another machine needs to know.
    :return: The sentence.
    """
    named = [folder for folder in folders if folder.name]  # not the root, which is in every path
    spellings = {str(spelling): folder.name for folder in named for spelling in _spellings(folder)}
    for spelling in sorted(spellings, key=len, reverse=True):
        text = text.replace(spelling, spellings[spelling])
    return text


def _spellings(folder: Path) -> Iterable[Path]:
    return (folder, folder.absolute(), folder.resolve())
