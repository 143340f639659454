"""The models that are measured: the bundled ones, or candidates in folders of their own."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from index.encoder import StaticEncoder
from rag.calibration import Calibration
from rag.reader import BUNDLED_DIR, SpanReader


@dataclass(frozen=True, slots=True)
class Models:
    """An encoder with the reader and the calibration that belong to it."""

    encoder: StaticEncoder
    reader: SpanReader | None  # None: only the encoder is a candidate, it has no reader yet
    calibration: Calibration

    @classmethod
    def load(cls, encoder_dir: Path | None, reader_dir: Path | None) -> Self:
        """Load from folders of candidates.

        :param encoder_dir: Holds ``model.safetensors`` and ``tokenizer.json``; None: the bundled.
        :param reader_dir: Holds ``model.safetensors`` and, where it was calibrated,
            ``calibration.json``; None: the bundled, unless the encoder is another.
        """
        encoder = StaticEncoder.load(encoder_dir) if encoder_dir else StaticEncoder.load()
        if encoder_dir and not reader_dir:
            return cls(encoder, None, Calibration.load())
        fitted = (reader_dir or BUNDLED_DIR) / "calibration.json"
        return cls(
            encoder,
            SpanReader.load(encoder, reader_dir or BUNDLED_DIR),
            Calibration.load(fitted) if fitted.is_file() else Calibration.load(),
        )

    def require_reader(self) -> SpanReader:
        """Return the reader.

        :raises ValueError: When there is none.
        """
        if self.reader is None:
            raise ValueError("An encoder of your own needs its reader: --reader DIR.")
        return self.reader
