"""Texts of any size for the speed benchmark: real ones as far as they reach, then new from old.

With a data folder the texts are those of ``corpora/zh_documents.jsonl.xz``; when they are used up,
their sentences are put together anew in random order. Without one, sentences are made of invented
two-character words whose frequencies follow Zipf's law, as those of real words do.
"""

import itertools
import json
import lzma
import random
from collections.abc import Iterator
from pathlib import Path

_N_WORDS = 30_000
_FIRST_HAN, _N_HAN = 0x4E00, 3500
_SENTENCES = (2, 12)  # in a paragraph
_KEPT = 400_000  # sentences to recombine
_PER_FILE = 12_000  # characters


def write_texts(folder: Path, n_chars: int, data_dir: Path | None) -> int:
    """Write text files of so many characters in all.

    :param folder: Where to.
    :param n_chars: At least so many.
    :param data_dir: Holds ``corpora``; None for invented words.
    :return: Number of characters written.
    """
    paragraphs = _recombined(_real(data_dir)) if data_dir else _recombined(_invented())
    written = number = 0
    while written < n_chars:
        part, size = [f"# 卷{number}"], 0
        while size < min(_PER_FILE, n_chars - written):
            part.append(next(paragraphs))
            size += len(part[-1])
        path = folder / f"{number // 500:03}" / f"{number:06}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n\n".join(part), "utf-8", newline="")
        written += size
        number += 1
    return written


def _real(data_dir: Path) -> Iterator[str]:
    with lzma.open(data_dir / "corpora" / "zh_documents.jsonl.xz", "rt", encoding="utf-8") as file:
        for line in file:
            document = json.loads(line)
            yield f"## {document['title']}"
            for heading, paragraphs in document["secs"]:
                yield from ([f"### {heading}"] if heading else [])
                yield from paragraphs


def _invented() -> Iterator[str]:
    rng = random.Random(1)
    words = [
        "".join(chr(_FIRST_HAN + rng.randrange(_N_HAN)) for _ in range(2)) for _ in range(_N_WORDS)
    ]
    weights = list(itertools.accumulate(1 / (rank + 3) for rank in range(_N_WORDS)))
    for _ in range(_KEPT // sum(_SENTENCES)):
        drawn = rng.choices(words, cum_weights=weights, k=rng.randrange(40, 140))
        ends = ("，", "，", "。")
        yield "".join(
            word + (rng.choice(ends) if not at % 7 else "") for at, word in enumerate(drawn)
        )


def _recombined(paragraphs: Iterator[str]) -> Iterator[str]:
    """Go through paragraphs, then through new ones of their sentences, for ever."""
    rng, sentences = random.Random(0), list[str]()
    for paragraph in paragraphs:
        if len(sentences) < _KEPT and not paragraph.startswith("#"):
            sentences += [part + "。" for part in paragraph.split("。") if part]
        yield paragraph
    while True:
        yield "".join(rng.choices(sentences, k=rng.randint(*_SENTENCES)))
