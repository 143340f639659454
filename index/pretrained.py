"""Pretrained models: the name or folder of somebody's model → its files on this machine, loaded.

A model is looked for in folders and in the Hugging Face cache and never downloaded. Its weights
must be safetensors, because pickles can run code, and code that comes with a model is not run.
What its library prints on loading is not shown to somebody who only asks a question.
"""

import hashlib
import logging
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from index.errors import ModelError

_OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
_LIBRARIES = ("huggingface_hub", "sentence_transformers", "transformers")
_PICKLES = "pytorch_model*.bin"
# What makes a model what it is: settings, vocabularies, merges, SentencePiece models, weights.
_HASHED = frozenset([".json", ".txt", ".model", ".safetensors"])
_MAX_REASON = 200  # characters of a library's own message


def absolute_name(name: str) -> str:
    """Give a model a name that means the same from every working folder.

    :param name: A folder or a name in the cache; may be "".
    :return: The folder's absolute path, any other name as it is.
    """
    path = _local_path(name)
    return str(path.resolve()) if name and path else name


def find_model(name: str, *, kind: str, marker: str) -> Path:
    """Find the folder that holds a model.

    :param name: A folder, or a name in the cache such as ``BAAI/bge-small-zh-v1.5``.
    :param kind: What is looked for, for messages.
    :param marker: The file that such a model always has.
    :return: The folder.
    :raises ModelError: When there is none; the message is a clause for the caller's sentence.
    """
    path = _local_path(name)
    if path is None:
        return _find_cached(name, kind, marker)
    if not path.is_dir():
        raise ModelError(f"it is a file, not the folder of a {kind}.")
    if not (path / marker).is_file():
        raise ModelError(f"the folder holds no {kind} ({marker} is missing).")
    return path


def check_weights(folders: Sequence[Path]) -> None:
    """Make sure that a model's weights can be loaded without unpickling.

    :param folders: Where its parts lie.
    :raises ModelError: When a part has its weights as a pickle only, or there are none at all.
    """
    has_any = False
    for folder in folders:
        has_safe = any(folder.glob("*.safetensors"))
        has_any |= has_safe
        pickles = [] if has_safe else sorted(path.name for path in folder.glob(_PICKLES))
        if pickles:
            raise ModelError(
                f"{folder} has its weights only as {pickles[0]}, a pickle, which can run code and "
                "is not loaded. Save the model as safetensors (save_pretrained does)."
            )
    if not has_any:
        raise ModelError(f"{folders[0]} holds no weights (model.safetensors is missing).")


def hash_model(folders: Sequence[Path]) -> str:
    """Hash everything that decides what a model says.

    :param folders: Where its parts lie.
    :return: 32 hexadecimal digits; the same wherever the folders are.
    """
    digest = hashlib.blake2b(digest_size=16)
    for number, folder in enumerate(folders):
        for path in sorted(folder.iterdir()):
            if path.suffix in _HASHED and path.is_file():
                with path.open("rb") as file:
                    content = hashlib.file_digest(file, "blake2b").hexdigest()
                digest.update(f"{number}/{path.name}\0{content}\n".encode())
    return digest.hexdigest()


@contextmanager
def loading() -> Iterator[None]:
    """Load a model inside: offline, quietly, every failure a ModelError.

    :raises ModelError: When anything goes wrong; a clause for the caller's sentence.
    """
    # Even local_files_only asks the hub's name server unless it was told before its import.
    os.environ.update(_OFFLINE)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import huggingface_hub.constants

            huggingface_hub.constants.HF_HUB_OFFLINE = True
            with _quiet():
                yield
    except ModelError:
        raise
    except Exception as exc:
        # The libraries raise whatever their parts raise: OSError, ValueError, RuntimeError ...
        reason = str(exc).strip().split("\n")[0][:_MAX_REASON]
        raise ModelError(f"it cannot be loaded ({type(exc).__name__}: {reason}).") from exc


@contextmanager
def _quiet() -> Iterator[None]:
    from transformers.utils import logging as reports

    has_bars = reports.is_progress_bar_enabled()
    loggers = [logging.getLogger(name) for name in _LIBRARIES]
    levels = [logger.level for logger in loggers]
    reports.disable_progress_bar()  # type: ignore[no-untyped-call]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        if has_bars:
            reports.enable_progress_bar()  # type: ignore[no-untyped-call]


def _local_path(name: str) -> Path | None:
    """Return the path of that name if anything is there; any string may be asked about."""
    try:
        path = Path(name).expanduser()
        path.stat()
    except (OSError, ValueError, RuntimeError):  # too long, a null character, no such user
        return None
    return path


def _find_cached(name: str, kind: str, marker: str) -> Path:
    os.environ.update(_OFFLINE)  # before the import; see loading
    from huggingface_hub import constants, try_to_load_from_cache

    caches = [constants.HF_HUB_CACHE, os.environ.get("SENTENCE_TRANSFORMERS_HOME")]
    # Names without an owner may be those of sentence-transformers' own models.
    names = [name] if "/" in name else [name, f"sentence-transformers/{name}"]
    for cache_dir in filter(None, caches):
        for repository in names:
            with suppress(ValueError):  # a string that cannot be a name
                path = try_to_load_from_cache(repository, marker, cache_dir)
                if isinstance(path, str):  # else None, or a mark that the model has no such file
                    return Path(path).parent
    raise ModelError(
        f"there is no such folder, and the cache {constants.HF_HUB_CACHE} has no {kind} of that "
        "name. Nothing is ever downloaded."
    )
