"""Ray worker: a group of files → their batches, in a process that Ray started on some machine.

Ray finds this module by its name, so yiju must be installed wherever Ray runs. The encoder is
loaded once a process, and the process that reads risky formats is started once, too; it ends with
its worker however that ends (``index.isolation``).
"""

import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from index.encoder import Encoder, load_encoder
from index.errors import ModelError
from index.file_batches import FileBatch, make_batch
from index.isolation import IsolatedExtractor
from index.loading import FoundFile
from index.settings import IndexSettings


@dataclass(frozen=True, slots=True)
class GroupReply:
    """What a worker gives back."""

    machine: str  # its name
    batches: tuple[FileBatch, ...]  # of the files, in their order
    unseen: tuple[Path, ...]  # files that are not there for this machine


def make_batches(
    files: Sequence[FoundFile], settings: IndexSettings, fingerprint: str
) -> GroupReply:
    """Make the batches of a group of files.

    :param files: With absolute paths.
    :param settings: How to load and chunk; they name the encoder.
    :param fingerprint: Of the encoder that the index is made with.
    :return: A batch for every file.
    :raises ModelError: When this machine has another encoder, or none.
    """
    machine = socket.gethostname()
    tools = _load_tools(settings)
    if tools.encoder.fingerprint != fingerprint:
        raise ModelError(
            f"The encoder {settings.encoder or '(bundled)'} on the machine {machine} is another "
            f"one: its fingerprint is {tools.encoder.fingerprint}, not {fingerprint}. Install the "
            "same version of yiju and of the model on all machines."
        )
    batches = tuple(make_batch(file, tools.encoder, settings, tools.extractor) for file in files)
    unseen = [file.path for file, batch in zip(files, batches, strict=True) if not batch.sha256]
    return GroupReply(machine, batches, tuple(path for path in unseen if not path.exists()))


@dataclass(frozen=True, slots=True)
class _Tools:
    """What a process keeps from one group to the next."""

    encoder: Encoder
    extractor: IsolatedExtractor


@cache
def _load_tools(settings: IndexSettings) -> _Tools:
    # Ray starts as many workers as there are cores.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    return _Tools(load_encoder(settings.encoder), IsolatedExtractor(settings))
