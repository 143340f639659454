"""Cite style: the ways in which an answer is written down elsewhere (see :mod:`webui.citing`)."""

from enum import StrEnum


class CiteStyle(StrEnum):
    """How an answer is written down."""

    TEXT = "text"
    MARKDOWN = "markdown"  # with footnotes
    GBT7714 = "gbt7714"  # the references alone, after GB/T 7714-2015
