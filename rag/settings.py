"""Settings of the question side."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

N_READ = 5  # hits that the reader reads unless told otherwise; the calibration is for 5


@dataclass(frozen=True, slots=True)
class RagSettings:
    """How a question is answered."""

    reader: str = ""  # "" is the bundled one; else a transformers model's name or folder
    n_candidates: int = 50  # hits taken from each channel
    n_with_neighbours: int = 10  # of these, the chunks right before and after are taken, too
    phrase_logit: float = 10.0  # for a chunk that holds all quoted words (rag.quotation)
    max_question_chars: int = 1000  # the rest of a longer question is not searched
    n_nearest: int = 3

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Read the settings from variables such as ``YIJU_READER``.

        :param environ: The variables; the process's own when None.
        :return: The settings, defaults where nothing is set.
        """
        values = os.environ if environ is None else environ
        return cls(reader=values.get("YIJU_READER", ""))
