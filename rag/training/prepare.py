"""Make the reader's training data: ``python -m rag.training.prepare --data DIR --synthetic FILE``.

Writes ``examples.npz``, the questions as tokens with mined negatives, and ``start.safetensors``,
the constants of the tokens and their first vectors. DIR holds ``corpora`` and ``qa/train``; the
files of synthetic questions, one or more, are made by ``python -m rag.training.synthesis``.
"""

import argparse
import sys
import time
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from index.encoder import BUNDLED_DIR, StaticEncoder
from index.training.passages import read_documents, read_parallel
from rag.training.examples import (
    RawPassage,
    read_sets,
    read_synthetic,
    save_examples,
    tokenize_examples,
)
from rag.training.layers import N_FREQUENT
from rag.training.mining import add_negatives
from rag.training.network import ReaderNetwork
from rag.training.tables import fill_tables, number_frequent
from rag.training.token_vectors import neighbour_vectors

_EVERY = 20_000  # passages between reports
_MINED = 150_000  # synthetic examples that get negatives; all those that people wrote do


def main() -> None:
    """Prepare both files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--synthetic", type=Path, nargs="+", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--encoder", type=Path, default=BUNDLED_DIR)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    encoder = StaticEncoder.load(options.encoder)
    prepare_examples(options.data, options.synthetic, options.out, encoder, options.seed)
    prepare_start(options.data, options.out, encoder)


def prepare_examples(
    data_dir: Path, synthetic: Iterable[Path], out: Path, encoder: StaticEncoder, seed: int
) -> None:
    """Write ``examples.npz``.

    :param data_dir: Holds ``qa/train``.
    :param synthetic: Files of synthetic questions.
    :param out: The folder.
    :param encoder: Whose tokens and embeddings to use.
    :param seed: Of the synthetic questions that get negatives.
    """
    passages = chain(read_sets(data_dir), *map(read_synthetic, synthetic))
    examples = tokenize_examples(_counted(passages), encoder.tokenizer)
    counts = np.bincount(examples.group, minlength=len(examples.groups))
    _report(dict(zip(examples.groups, counts.tolist(), strict=True)))
    by_people = np.array([name.startswith("set-") for name in examples.groups])[examples.group]
    others = np.random.default_rng(seed).permutation(np.flatnonzero(~by_people))[:_MINED]
    chosen = np.sort(np.concatenate([np.flatnonzero(by_people), others]))
    examples = add_negatives(examples, encoder.embeddings, chosen)
    _report("negatives", int((examples.negatives[:, 0] >= 0).sum()))
    save_examples(examples, out / "examples.npz")


def prepare_start(data_dir: Path, out: Path, encoder: StaticEncoder) -> None:
    """Write ``start.safetensors``.

    :param data_dir: Holds ``corpora``.
    :param out: The folder.
    :param encoder: Whose tokens to count.
    """
    documents = read_documents(data_dir / "corpora" / "zh_documents.jsonl.xz", encoder.tokenizer)
    parallel, _ = read_parallel(data_dir / "corpora" / "parallel.jsonl.xz", encoder.tokenizer)
    texts = [documents, *(side for pair in parallel for side in pair.sides)]
    network = ReaderNetwork(torch.from_numpy(np.array(encoder.embeddings)))
    fill_tables(network.tables, encoder.tokenizer, texts)
    _report("tables")
    vectors = neighbour_vectors(texts, len(encoder.embeddings))
    tensors = {k: v for k, v in network.state_dict().items() if k.startswith("tables.")}
    tensors["embedding.first"] = torch.from_numpy(vectors)
    tensors["embedding.frequent"] = number_frequent(network.tables.idf, N_FREQUENT)
    save_file(tensors, out / "start.safetensors")


def _counted(passages: Iterable[RawPassage]) -> Iterator[RawPassage]:
    for number, passage in enumerate(passages, 1):
        yield passage
        if number % _EVERY == 0:
            _report(number, "passages")


def _report(*what: object) -> None:
    print(time.strftime("%X"), *what, file=sys.stderr)  # noqa: T201 - a command's output


if __name__ == "__main__":
    main()
