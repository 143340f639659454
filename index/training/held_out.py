"""The questions that no recipe trains on: a tenth of the articles of each training set.

Both recipes leave them out, so that they can tell how good the models are on questions of a known
kind over unseen documents, and the confidence can be fitted on questions that the reader has not
seen.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TRAINING_SETS = {
    "cmrc2018_train": "zh",
    "drcd_dev": "zh",
    "jsquad_valid": "ja",
    "jsquad_test": "ja",
    "policyqa_dev": "en",
    "policyqa_test": "en",
    "covidqa": "en",
}
_ONE_IN = 10


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of a set in SQuAD's format, with its questions as the file has them."""

    article: str  # unique among all sets
    context: str
    questions: list[dict[str, object]]


def read_paragraphs(data_dir: Path, name: str, *, held_out: bool) -> Iterator[Paragraph]:
    """Read a training set.

    :param data_dir: Holds ``qa/train``.
    :param name: One of TRAINING_SETS.
    :param held_out: Which part: True the tenth that is for measuring and for the calibration.
    """
    data = json.loads((data_dir / "qa" / "train" / f"{name}.json").read_text("utf-8"))
    for number, article in enumerate(data["data"]):
        paragraphs = article["paragraphs"]
        if is_held_out("".join(p["context"] for p in paragraphs)) == held_out:
            for paragraph in paragraphs:
                yield Paragraph(f"{name}/{number}", paragraph["context"], paragraph["qas"])


def is_held_out(article: str) -> bool:
    """Tell whether an article is in the held-out tenth.

    :param article: Its whole text.
    """
    return hashlib.sha256(article.encode("utf-8", "replace")).digest()[0] % _ONE_IN == 0
