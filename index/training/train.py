"""Train the bundled encoder: ``python -m index.training.train --data DIR --out DIR``.

One vector a token, a text's vector their mean; trained so that a question is nearest to its passage
among those of the batch (InfoNCE, van den Oord et al. 2018, arXiv:1807.03748), in both directions
and for the first 64 and 128 dimensions too (Matryoshka, Kusupati et al. 2022, arXiv:2205.13147).

DIR holds ``corpora/*.jsonl.xz`` and ``qa/train/*.json``. Half an hour on two cores. A run that was
stopped goes on from its last checkpoint.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from index.encoder import BUNDLED_DIR
from index.normalization import fold_text
from index.training.contrast import BagMean, InBatchContrast
from index.training.glossing import GlossedQuestions, read_glossaries
from index.training.held_out import TRAINING_SETS, read_paragraphs
from index.training.passages import (
    Parallel,
    Passages,
    Translations,
    read_documents,
    read_parallel,
    tokenize,
)
from index.training.sampling import (
    CutQuestions,
    Pairs,
    Questions,
    QuestionWords,
    TranslatedLines,
    cut_questions,
)

DIM = 256
_NESTED = (64, 128)  # dimensions that must do alone; one of them a step
_NESTED_WEIGHT = 0.3
_LEARNING_RATE = 0.02
_WARM_UP = 100  # steps
_A_GROUP = 4  # passages of one document in a batch
_EVERY = 100  # steps between reports
_CHECKPOINT_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Task:
    """A kind of pairs."""

    name: str
    weight: float  # share of the steps, of their sum
    draw: Callable[[np.random.Generator], Pairs]


def load_tokenizer(model_dir: Path) -> Tokenizer:
    """Load a tokenizer as the encoder uses it.

    :param model_dir: Holds ``tokenizer.json``.
    """
    tokenizer = Tokenizer.from_file(str(model_dir / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def make_tasks(
    documents: Passages,
    parallel: Sequence[Parallel],
    translations: Sequence[Translations],
    questions: Sequence[Questions],
    tokenizer: Tokenizer,
) -> list[Task]:
    """Weigh the kinds of pairs.

    :param documents: Chinese documents.
    :param parallel: Passages in two languages.
    :param translations: Lines in two languages.
    :param questions: Written questions, a set of one language each.
    :param tokenizer: The encoder's.
    """
    chinese = CutQuestions(documents, documents, QuestionWords("zh", tokenizer))
    tasks = [Task("documents", 0.28, partial(chinese.draw, 4096, _A_GROUP))]
    ways = cut_questions(parallel, tokenizer)
    shares = np.array([way.n_groups**0.5 for way in ways])
    for way, share in zip(ways, 0.34 * shares / shares.sum(), strict=True):
        tasks.append(Task("parallel", share, partial(way.draw, 2048, _A_GROUP)))
    for share, glossed in zip(
        (0.14, 0.04), _glossed(documents, parallel, translations, tokenizer), strict=True
    ):
        tasks.append(Task("glossed", share, partial(glossed.draw, 2048, _A_GROUP)))
    for lines in map(TranslatedLines, translations):
        share = 0.14 / len(translations)
        tasks.append(Task("lines", share, partial(lines.draw, 2048)))
    for asked in questions:
        share = 0.06 / len(questions)
        tasks.append(Task("questions", share, partial(asked.draw, 2048)))
    return tasks


def _glossed(
    documents: Passages,
    parallel: Sequence[Parallel],
    translations: Sequence[Translations],
    tokenizer: Tokenizer,
) -> tuple[GlossedQuestions, GlossedQuestions]:
    """Make English questions over Chinese documents, and Chinese ones over English passages."""
    dictionary = next(lines for lines in translations if lines.name == "cedict")
    to_english, to_chinese = read_glossaries(dictionary, tokenizer)
    sides = [(pair.languages[at], pair.sides[at]) for pair in parallel for at in (0, 1)]
    in_english = [side for language, side in sides if language == "en"]
    english = max(in_english, key=lambda side: len(side.passages))
    tokens = [str(tokenizer.id_to_token(i)) for i in range(tokenizer.get_vocab_size())]
    is_latin = np.array([token[0] < "\u0250" for token in tokens])
    is_han = np.array([token[0] >= "\u3400" or token[0].isdigit() for token in tokens])
    return (
        GlossedQuestions(
            CutQuestions(documents, documents, QuestionWords("en", tokenizer)), to_english, is_latin
        ),
        GlossedQuestions(
            CutQuestions(english, english, QuestionWords("zh", tokenizer)), to_chinese, is_han
        ),
    )


def read_questions(data_dir: Path, tokenizer: Tokenizer) -> list[Questions]:
    """Read the training sets, one collection a language.

    :param data_dir: Holds ``qa/train``.
    :param tokenizer: The encoder's.
    """
    collections = []
    for language in sorted(set(TRAINING_SETS.values())):
        paragraphs = [
            paragraph
            for name, of in TRAINING_SETS.items()
            if of == language
            for paragraph in read_paragraphs(data_dir, name, held_out=False)
        ]
        articles = {paragraph.article: None for paragraph in paragraphs}
        numbers = {article: number for number, article in enumerate(articles)}
        collections.append(
            Questions(
                tokenize(
                    tokenizer,
                    (fold_text(str(q["question"])) for p in paragraphs for q in p.questions),
                ),
                tokenize(tokenizer, (fold_text(p.context) for p in paragraphs)),
                np.repeat(np.arange(len(paragraphs)), [len(p.questions) for p in paragraphs]),
                np.array([numbers[p.article] for p in paragraphs]),
            )
        )
    return collections


def contrast(table: Tensor, pairs: Pairs, nested: int) -> Tensor:
    """Compute the loss of a batch.

    :param table: (n_tokens, DIM) the vectors of the tokens.
    :param pairs: n of them.
    :param nested: How many of the first dimensions must do alone, too.
    :return: A scalar.
    """
    queries = BagMean.apply(table, pairs.queries)  # type: ignore[no-untyped-call]  # (n, DIM)
    passages = BagMean.apply(table, pairs.passages)  # type: ignore[no-untyped-call]
    loss = torch.zeros(())
    for dim, weight in ((DIM, 1.0), (nested, _NESTED_WEIGHT)):
        left = functional.normalize(queries[:, :dim], dim=1)
        right = functional.normalize(passages[:, :dim], dim=1)
        contrasted = InBatchContrast.apply(left, right)  # type: ignore[no-untyped-call]
        loss = loss + weight * contrasted
    return loss


class Training:
    """The weights with the state of their optimizer; it can be kept and taken up again."""

    def __init__(self, n_tokens: int, n_steps: int) -> None:
        """Draw the first weights.

        :param n_tokens: Rows of the table.
        :param n_steps: Steps in all: the learning rate falls to nothing with them.
        """
        self.table = torch.nn.Parameter(torch.randn(n_tokens, DIM) * 0.1)
        self._optimizer = torch.optim.Adam([self.table], betas=(0.9, 0.99), fused=True)
        self.n_steps = n_steps
        self.step = 0

    def run_step(self, pairs: Pairs, nested: int) -> float:
        """Take a step down the loss of a batch, and return the loss.

        :param pairs: The batch.
        :param nested: As in `contrast`.
        """
        rate = _LEARNING_RATE * min(1.0, self.step / _WARM_UP) * (1 - self.step / self.n_steps)
        self._optimizer.param_groups[0]["lr"] = rate
        loss = contrast(self.table, pairs, nested)
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        self.step += 1
        return float(loss.detach())

    def save(self, path: Path) -> None:
        """Keep everything in a file.

        :param path: Written beside and moved there.
        """
        state = self._optimizer.state[self.table]
        tensors = {"table": self.table.data, **{k: state[k] for k in ("exp_avg", "exp_avg_sq")}}
        beside = path.with_suffix(".tmp")
        save_file({**tensors, "step": torch.tensor(self.step)}, beside)
        beside.replace(path)

    def load(self, path: Path) -> None:
        """Take up what `save` kept.

        :param path: The file.
        """
        tensors = load_file(path)
        self.step = int(tensors.pop("step"))
        self.table.data.copy_(tensors.pop("table"))
        self._optimizer.state[self.table] = {"step": torch.tensor(float(self.step)), **tensors}


def save_model(table: Tensor, model_dir: Path, tokenizer_dir: Path) -> None:
    """Write a sentence-transformers model: StaticEmbedding and Normalize, in float16.

    :param table: (n_tokens, DIM).
    :param model_dir: The folder.
    :param tokenizer_dir: Whose tokenizer and configuration it gets.
    """
    model_dir.mkdir(parents=True, exist_ok=True)
    for name in ("tokenizer.json", "modules.json", "config_sentence_transformers.json"):
        (model_dir / name).write_bytes((tokenizer_dir / name).read_bytes())
    weights = table.detach() / table.detach().norm(dim=1).median()  # no float16 row overflows
    save_file({"embedding.weight": weights.half().contiguous()}, model_dir / "model.safetensors")


def main() -> None:
    """Read the data, train, and write the model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, default=BUNDLED_DIR)
    parser.add_argument("--steps", type=int, default=3200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    tokenizer = load_tokenizer(options.tokenizer)
    documents = read_documents(options.data / "corpora" / "zh_documents.jsonl.xz", tokenizer)
    parallel = read_parallel(options.data / "corpora" / "parallel.jsonl.xz", tokenizer)
    questions = read_questions(options.data, tokenizer)
    tasks = make_tasks(documents, *parallel, questions, tokenizer)
    training = Training(tokenizer.get_vocab_size(), options.steps)
    options.out.mkdir(parents=True, exist_ok=True)
    checkpoint = options.out / "checkpoint.safetensors"
    if checkpoint.exists():
        training.load(checkpoint)
    run(training, tasks, checkpoint, options.seed)
    save_model(training.table, options.out, options.tokenizer)


def run(training: Training, tasks: Sequence[Task], checkpoint: Path, seed: int) -> None:
    """Take the steps that are left.

    :param training: As far as it is.
    :param tasks: What to draw from.
    :param checkpoint: Where the state is kept every five minutes.
    :param seed: Of the batches, with the number of the step.
    """
    weights = np.array([task.weight for task in tasks])
    began = kept = time.monotonic()
    losses: dict[str, list[float]] = {}
    first = training.step
    while training.step < training.n_steps:
        random = np.random.default_rng((seed, training.step))
        task = tasks[int(random.choice(len(tasks), p=weights / weights.sum()))]
        pairs = task.draw(random)
        loss = training.run_step(pairs, int(random.choice(_NESTED)))
        losses.setdefault(task.name, []).append(loss)
        if training.step % _EVERY == 0:
            means = {name: round(float(np.mean(of)), 3) for name, of in sorted(losses.items())}
            pace = (time.monotonic() - began) / (training.step - first)
            report = f"{training.step} {pace:.3f} s a step {json.dumps(means)}"
            print(report, file=sys.stderr)  # noqa: T201
            losses = {}
        if time.monotonic() - kept > _CHECKPOINT_SECONDS:
            training.save(checkpoint)
            kept = time.monotonic()


if __name__ == "__main__":
    main()
