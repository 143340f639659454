"""Train the bundled reader: ``python -m rag.training.train --prepared DIR --out DIR``.

Every example is a question and one passage: where the answer begins, where it ends given its
beginning, and whether the passage answers at all. The examples change over the run: at first mostly
synthetic questions, at the end mostly questions that people wrote.

AdamW, warm-up and cosine decay, averaged weights, bfloat16. Each of ``--processes`` computes the
gradients of its own batch on one core, which takes two thirds of the time of one process with two
threads. A run that was stopped goes on from its last checkpoint.
"""

import argparse
import math
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, distributed
from torch.multiprocessing.spawn import spawn
from torch.nn import functional

from index.encoder import BUNDLED_DIR, StaticEncoder
from rag.training.batches import ExampleSampler, Neighbours, TrainingBatch
from rag.training.examples import load_examples
from rag.training.network import ReaderNetwork

_SIZE = 48  # examples in a process's batch
_WARM_UP = 200  # steps
_WEIGHT_DECAY = 0.02
_AVERAGE = 0.998  # of the weights, a step
_GRADIENT = 2.0  # greatest norm
_RELEVANCE_WEIGHT = 0.5
_LAST_RATE = 0.03  # of the learning rate, at the end
_STAGE = 40  # batches for which the weights of the groups stay
_CHECKPOINT_SECONDS = 300

# Shares of the groups at the beginning and at the end of a run; see `examples` for the names.
_BEGINNING = {
    "zh-zh": 0.50, "none-zh": 0.08, "en-en": 0.13, "none-en": 0.03, "en-zh": 0.09, "zh-en": 0.06,
    "set-zh": 0.05, "set-ja": 0.03, "set-en": 0.03, "each-zh": 0.05,
}  # fmt: skip
_END = {
    "zh-zh": 0.24, "none-zh": 0.05, "en-en": 0.09, "none-en": 0.02, "en-zh": 0.09, "zh-en": 0.04,
    "set-zh": 0.34, "set-ja": 0.06, "set-en": 0.07, "each-zh": 0.05,
}  # fmt: skip
# In a second run, from the first one's weights: more of every kind, then what people ask.
_AGAIN = {
    "zh-zh": 0.24, "none-zh": 0.06, "en-en": 0.14, "none-en": 0.03, "en-zh": 0.12, "zh-en": 0.06,
    "set-zh": 0.13, "set-ja": 0.04, "set-en": 0.06, "item-zh": 0.12, "each-zh": 0.05,
}  # fmt: skip
_LAST = {
    "zh-zh": 0.08, "none-zh": 0.04, "en-en": 0.08, "none-en": 0.02, "en-zh": 0.09, "zh-en": 0.04,
    "set-zh": 0.46, "set-ja": 0.05, "set-en": 0.08, "item-zh": 0.06, "each-zh": 0.05,
}  # fmt: skip
_OTHER = 0.002  # of each other pair of languages


def group_weights(
    groups: tuple[str, ...], progress: float, *, is_second: bool = False
) -> dict[str, float]:
    """Return the shares of the groups.

    :param groups: Their names.
    :param progress: 0 to 1, how far the run is.
    :param is_second: Whether it is the second run.
    """
    first, last = (_AGAIN, _LAST) if is_second else (_BEGINNING, _END)
    return {
        name: (1 - progress) * first.get(name, _OTHER) + progress * last.get(name, _OTHER)
        for name in groups
    }


def reading_loss(network: ReaderNetwork, batch: TrainingBatch) -> tuple[Tensor, Tensor, Tensor]:
    """Compute what is wrong with a reading.

    :param network: The network.
    :param batch: What to read.
    :return: The losses of starts, ends and relevance.
    """
    with torch.autocast("cpu", torch.bfloat16):
        output = network(batch.pairs, batch.hidden)
        ends = network.score_ends(output, batch.start)
    answered = batch.is_answered
    n_answered = answered.sum().clamp(min=1)
    start = functional.cross_entropy(output.starts.float(), batch.start, reduction="none")
    end = functional.cross_entropy(ends.float(), batch.last - batch.start, reduction="none")
    relevance = functional.binary_cross_entropy_with_logits(output.relevance.float(), answered)
    return (start * answered).sum() / n_answered, (end * answered).sum() / n_answered, relevance


@dataclass(slots=True)
class Averages:
    """Running means of what is reported."""

    values: dict[str, float] = field(default_factory=dict)

    def add(self, **values: float) -> None:
        """Take in values."""
        for name, value in values.items():
            self.values[name] = 0.98 * self.values.get(name, value) + 0.02 * value


class Training:
    """The network with the state of its optimizer; it can be kept and taken up again."""

    def __init__(self, network: ReaderNetwork, n_steps: int, learning_rate: float) -> None:
        """Set up the optimizer.

        :param network: What to train.
        :param n_steps: In all.
        :param learning_rate: The highest.
        """
        self.network, self.n_steps, self.step = network, n_steps, 0
        self._learning_rate = learning_rate
        decayed = [p for name, p in network.named_parameters() if _is_decayed(name, p)]
        others = [p for name, p in network.named_parameters() if not _is_decayed(name, p)]
        self._optimizer = torch.optim.AdamW(
            [
                {"params": decayed, "weight_decay": _WEIGHT_DECAY},
                {"params": others, "weight_decay": 0.0},
            ],
            lr=learning_rate, betas=(0.9, 0.98), fused=True,
        )  # fmt: skip
        self.average = {name: p.detach().clone() for name, p in network.named_parameters()}

    def run_step(self, batch: TrainingBatch) -> tuple[float, float, float]:
        """Take a step, and return the three losses.

        :param batch: The examples.
        """
        progress = self.step / self.n_steps
        decay = 0.5 * (1 + math.cos(math.pi * progress)) * (1 - _LAST_RATE) + _LAST_RATE
        for group in self._optimizer.param_groups:
            group["lr"] = self._learning_rate * min(1.0, (self.step + 1) / _WARM_UP) * decay
        self.network.train()
        start, end, relevance = reading_loss(self.network, batch)
        self._optimizer.zero_grad(set_to_none=True)
        (start + end + _RELEVANCE_WEIGHT * relevance).backward()  # type: ignore[no-untyped-call]
        _share_gradients(self.network)
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), _GRADIENT)
        self._optimizer.step()
        self.step += 1
        keep = min(_AVERAGE, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for name, parameter in self.network.named_parameters():
                self.average[name].lerp_(parameter, 1 - keep)
        return float(start.detach()), float(end.detach()), float(relevance.detach())

    def save(self, path: Path) -> None:
        """Keep everything in a file.

        :param path: Written beside and moved there.
        """
        tensors = {"step": torch.tensor(self.step)}
        for name, parameter in self.network.named_parameters():
            state = self._optimizer.state[parameter]
            tensors |= {
                f"now.{name}": parameter.detach(),
                f"average.{name}": self.average[name],
                f"first.{name}": state["exp_avg"],
                f"second.{name}": state["exp_avg_sq"],
            }
        beside = path.with_suffix(".tmp")
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, beside)
        beside.replace(path)

    def load(self, path: Path) -> None:
        """Take up what `save` kept.

        :param path: The file.
        """
        tensors = load_file(path)
        self.step = int(tensors["step"])
        for name, parameter in self.network.named_parameters():
            parameter.data.copy_(tensors[f"now.{name}"])
            self.average[name].copy_(tensors[f"average.{name}"])
            self._optimizer.state[parameter] = {
                "step": torch.tensor(float(self.step)),
                "exp_avg": tensors[f"first.{name}"],
                "exp_avg_sq": tensors[f"second.{name}"],
            }

    def begin_from(self, path: Path) -> None:
        """Take over the averaged weights of another run.

        :param path: Its checkpoint.
        """
        tensors = load_file(path)
        for name, parameter in self.network.named_parameters():
            parameter.data.copy_(tensors[f"average.{name}"])
            self.average[name].copy_(parameter.data)

    def averaged_state(self) -> Mapping[str, Tensor]:
        """Return the averaged weights and the tables, as they are kept for use."""
        return {**self.network.state_dict(), **self.average}


def _is_decayed(name: str, parameter: Tensor) -> bool:
    return parameter.ndim > 1 and not name.endswith("change.weight")


_MERGED = ("embedding.first", "embedding.change.weight", "embedding.frequent")


def save_reader(state: Mapping[str, Tensor], model_dir: Path, embeddings_digest: str) -> None:
    """Write the weights as the reader loads them.

    :param state: Of the network.
    :param model_dir: The folder.
    :param embeddings_digest: sha256 of the embeddings that they were trained with.
    """
    model_dir.mkdir(parents=True, exist_ok=True)
    tensors = {
        name: tensor.half() if tensor.is_floating_point() else tensor
        for name, tensor in state.items()
        if name not in _MERGED
    }
    own = state["embedding.first"] + state["embedding.change.weight"][state["embedding.frequent"]]
    scale = (own.abs().amax(1).clamp(min=1e-6) / 127).half()  # (n_tokens,)
    tensors["embedding.token.rows"] = (own / scale.float()[:, None]).round().to(torch.int8)
    tensors["embedding.token.scale"] = scale
    metadata = {"format_version": "2", "encoder_fingerprint": embeddings_digest}
    contiguous = {name: tensor.contiguous() for name, tensor in tensors.items()}
    save_file(contiguous, model_dir / "model.safetensors", metadata)


def _share_gradients(network: ReaderNetwork) -> None:
    """Give every process the mean of all gradients."""
    if not distributed.is_initialized():
        return
    gradients = [p.grad for p in network.parameters() if p.grad is not None]
    flat = torch.cat([gradient.flatten() for gradient in gradients]).bfloat16()
    distributed.all_reduce(flat)
    flat /= distributed.get_world_size()
    sizes = [gradient.numel() for gradient in gradients]
    parts = flat.split(sizes)  # type: ignore[no-untyped-call]
    for gradient, part in zip(gradients, parts, strict=True):
        gradient.copy_(part.view_as(gradient))


def main() -> None:
    """Train and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prepared", type=Path, required=True, help="folder made by prepare")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--encoder", type=Path, default=BUNDLED_DIR)
    parser.add_argument("--steps", type=int, default=4500)
    parser.add_argument("--rate", type=float, default=1.8e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--after", type=Path, help="checkpoint of a run; this is the second one")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    meeting = (options.out / "meeting").absolute()  # where the processes find each other
    meeting.unlink(missing_ok=True)
    spawn(work, (options, meeting), options.processes)  # type: ignore[no-untyped-call]


def work(rank: int, options: argparse.Namespace, meeting: Path) -> None:
    """Train as one of the processes; the first one reports and writes.

    :param rank: Its number.
    :param options: Of the command.
    :param meeting: A file that only this run uses.
    """
    torch.set_num_threads(1)
    distributed.init_process_group(
        "gloo", init_method=f"file://{meeting}", rank=rank, world_size=options.processes
    )
    torch.manual_seed(options.seed)  # every process begins with the same weights
    encoder = StaticEncoder.load(options.encoder)
    network = ReaderNetwork(torch.from_numpy(np.array(encoder.embeddings)))
    network.load_state_dict(load_file(options.prepared / "start.safetensors"), strict=False)
    examples = load_examples(options.prepared / "examples.npz")
    neighbours = Neighbours.of(network.tables, encoder.tokenizer)
    training = Training(network, options.steps, options.rate)
    checkpoint = options.out / "checkpoint.safetensors"
    if checkpoint.exists():
        training.load(checkpoint)
    elif options.after:
        training.begin_from(options.after)
    seed = hash((options.seed, rank, training.step))
    torch.manual_seed(seed)
    sampler = ExampleSampler(examples, neighbours, network.tables, abs(seed))
    weigh = partial(group_weights, examples.groups, is_second=bool(options.after))
    run(training, sampler, weigh, checkpoint if rank == 0 else None)
    if rank == 0:
        training.save(checkpoint)
        save_reader(training.averaged_state(), options.out, encoder.embeddings_digest)
    distributed.destroy_process_group()


def run(
    training: Training,
    sampler: ExampleSampler,
    weigh: Callable[[float], Mapping[str, float]],
    checkpoint: Path | None,
) -> None:
    """Take the steps that are left.

    :param training: As far as it is.
    :param sampler: Of the examples.
    :param weigh: Gives the shares of their groups, by how far the run is.
    :param checkpoint: Where the state is kept every five minutes; None: somebody else reports.
    """
    began = kept = time.monotonic()
    first, averages = training.step, Averages()
    while training.step < training.n_steps:
        weights = weigh(training.step / training.n_steps)
        n_batches = min(_STAGE, training.n_steps - training.step)
        for batch in sampler.batches(weights, n_batches, _SIZE):
            start, end, relevance = training.run_step(batch)
            averages.add(start=start, end=end, relevance=relevance)
        if checkpoint is not None:
            pace = _SIZE * (training.step - first) / (time.monotonic() - began)
            means = {name: round(value, 3) for name, value in averages.values.items()}
            print(training.step, f"{pace:.0f} examples/s a process", means, file=sys.stderr)  # noqa: T201
        if checkpoint is not None and time.monotonic() - kept > _CHECKPOINT_SECONDS:
            training.save(checkpoint)
            kept = time.monotonic()


if __name__ == "__main__":
    main()
