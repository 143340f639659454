"""Settings of the build side, read once and passed down."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from index.errors import SettingsError
from index.pretrained import absolute_name


@dataclass(frozen=True, slots=True)
class IndexSettings:
    """How documents become an index; recorded in the manifest."""

    encoder: str = ""  # "" is the bundled one; else a sentence-transformers name or folder
    max_chunk_chars: int = 300
    max_file_bytes: int = 64 * 1024 * 1024
    keep_generations: int = 3
    lock_timeout_s: float = 600.0
    max_file_seconds: int = 60  # that reading a file may take, and 2 more for each megabyte
    max_file_memory: int = 2 * 1024**3  # bytes, of the process that reads risky formats
    n_workers: int = 0  # processes of a large build, 150 MB each or more; 0: one a core

    def __post_init__(self) -> None:
        """Check the ranges.

        :raises SettingsError: When a number is too small to work with.
        """
        for name, least in (
            ("max_chunk_chars", 20),
            ("max_file_bytes", 1),
            ("keep_generations", 1),
            ("lock_timeout_s", 0),
            ("max_file_seconds", 1),
            ("max_file_memory", 256 * 1024**2),
            ("n_workers", 0),
        ):
            if getattr(self, name) < least:
                raise SettingsError(f"{name} must be at least {least}, got {getattr(self, name)}")

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None, *, encoder: str = "") -> Self:
        """Read the settings from variables such as ``YIJU_ENCODER``.

        :param environ: The variables; the process's own when None.
        :param encoder: Goes before the variable's, unless "".
        :return: The settings, defaults where nothing is set.
        :raises SettingsError: When a number cannot be read or is out of range.
        """
        values = os.environ if environ is None else environ
        return cls(
            encoder=absolute_name(encoder or values.get("YIJU_ENCODER", "")),
            max_chunk_chars=_integer(values, "YIJU_MAX_CHUNK_CHARS", 300),
            max_file_bytes=_integer(values, "YIJU_MAX_FILE_BYTES", 64 * 1024 * 1024),
            keep_generations=_integer(values, "YIJU_KEEP_GENERATIONS", 3),
            max_file_seconds=_integer(values, "YIJU_MAX_FILE_SECONDS", 60),
            max_file_memory=_integer(values, "YIJU_MAX_FILE_MEMORY", 2 * 1024**3),
            n_workers=_integer(values, "YIJU_WORKERS", 0),
        )


def _integer(values: Mapping[str, str], name: str, default: int) -> int:
    try:
        return int(values.get(name, default))
    except ValueError as exc:
        raise SettingsError(f"{name} must be a whole number, got {values[name]!r}") from exc
