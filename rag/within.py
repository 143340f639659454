"""Within: patterns of paths → the knowledge base in which only their documents are found."""

from collections.abc import Sequence
from typing import TypeAlias

from index.errors import SelectionError
from rag.joined import JoinedBase, Knowledge

Within: TypeAlias = str | Sequence[str]  # one pattern, or several of which any may match


def keep_within(knowledge_base: Knowledge, within: Within) -> Knowledge:
    """Have only some documents found.

    :param knowledge_base: One or several.
    :param within: Paths of files or folders, or patterns (:mod:`index.selection`).
    :return: What is to be asked: of several, those that have such a document; terms weigh what
        they do in all documents of these.
    :raises SelectionError: When no document matches, or they are no patterns.
    """
    patterns = (within,) if isinstance(within, str) else tuple(within)
    if not all(isinstance(pattern, str) for pattern in patterns):
        raise SelectionError("A path or pattern must be a text.")
    if isinstance(knowledge_base, JoinedBase):
        parts = {name: base.within(patterns) for name, base in knowledge_base.members.items()}
        kept = {name: part for name, part in parts.items() if part}
        if kept:
            return JoinedBase(kept)
    elif part := knowledge_base.within(patterns):
        return part
    named = ", ".join(pattern[:80] for pattern in patterns[:3])
    raise SelectionError(
        f"No indexed document matches {named}. Give a file's or folder's path as citations have "
        "it, or a pattern such as *.pdf."
    )
