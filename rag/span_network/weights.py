"""The reader's weights file: one safetensors file in, checked tensors and layers out."""

from collections.abc import Mapping
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from rag.span_network.batch import Floats
from rag.span_network.layers import ConvBlock, LayerNorm, Linear

FORMAT_VERSION = "2"
WEIGHTS_NAME = "model.safetensors"


class WeightsFile:
    """Tensors by name; notes what is missing or misshapen, to report all of it at once."""

    def __init__(
        self, path: Path, tensors: Mapping[str, NDArray[np.generic]], metadata: Mapping[str, str]
    ) -> None:
        """Hold what was read; use :meth:`open`.

        :param path: the file, for messages.
        :param tensors: its tensors.
        :param metadata: its header's own keys.
        """
        self.path = path
        self.encoder_fingerprint = metadata.get("encoder_fingerprint", "")
        self._tensors = tensors
        self._problems: list[str] = []

    @classmethod
    def open(cls, model_dir: Path) -> Self:
        """Read the file of a model's folder.

        :param model_dir: the folder.
        :return: its tensors.
        :raises FileNotFoundError: when there is no such file.
        :raises ValueError: when it is not a safetensors file of this format.
        """
        path = model_dir / WEIGHTS_NAME
        if not path.is_file():
            raise FileNotFoundError(f"No reader weights at {path}.")
        try:
            with safe_open(path, framework="numpy") as file:
                metadata = file.metadata() or {}
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except SafetensorError as exc:
            raise ValueError(f"{path} is not a readable safetensors file: {exc}.") from exc
        version = metadata.get("format_version")
        if version != FORMAT_VERSION:
            raise ValueError(
                f"{path} has format_version {version!r}; this version of yiju reads "
                f"{FORMAT_VERSION!r}."
            )
        return cls(path, tensors, metadata)

    def check(self) -> None:
        """Report what was asked for in vain.

        :raises ValueError: when any tensor was missing or of another shape.
        """
        if self._problems:
            raise ValueError(f"{self.path} does not fit: {'; '.join(self._problems)}.")

    def floats(self, name: str, *shape: int) -> Floats:
        """Return a tensor in float32.

        :param name: its name.
        :param shape: its shape.
        :return: the tensor.
        """
        return self._tensor(name, shape).astype(np.float32)

    def bytes(self, name: str, *shape: int) -> NDArray[np.int8]:
        """Return a tensor of bytes as it is stored.

        :param name: its name.
        :param shape: its shape.
        :return: the tensor.
        """
        return self._tensor(name, shape).astype(np.int8, copy=False)

    def integers(self, name: str, *shape: int) -> NDArray[np.int16]:
        """Return a tensor of small integers.

        :param name: its name.
        :param shape: its shape.
        :return: the tensor.
        """
        return self._tensor(name, shape).astype(np.int16)

    def linear(self, name: str, n_in: int, n_out: int) -> Linear:
        """Return a linear layer.

        :param name: the layer's name.
        :param n_in: width of its input.
        :param n_out: width of its output.
        :return: the layer.
        """
        weight = self.floats(f"{name}.weight", n_out, n_in)
        return Linear(np.ascontiguousarray(weight.T), self.floats(f"{name}.bias", n_out))

    def norm(self, name: str, width: int) -> LayerNorm:
        """Return a layer norm.

        :param name: the layer's name.
        :param width: of its rows.
        :return: the layer.
        """
        return LayerNorm(self.floats(f"{name}.weight", width), self.floats(f"{name}.bias", width))

    def conv_block(self, name: str, dilation: int, sizes: tuple[int, int, int]) -> ConvBlock:
        """Return a convolution block.

        :param name: the block's name.
        :param dilation: tokens between its taps.
        :param sizes: width of its rows, inner channels, taps.
        :return: the block.
        """
        width, inner, kernel = sizes
        taps = self.floats(f"{name}.conv.weight", inner, width, kernel)
        conv = Linear(
            np.ascontiguousarray(taps.transpose(2, 1, 0).reshape(kernel * width, inner)),
            self.floats(f"{name}.conv.bias", inner),
        )
        output = self.linear(f"{name}.output", inner, width)
        return ConvBlock(self.norm(f"{name}.norm", width), conv, output, dilation)

    def _tensor(self, name: str, shape: tuple[int, ...]) -> NDArray[np.generic]:
        """Return a tensor as it is stored; zeros, and a problem noted, where it does not fit."""
        tensor = self._tensors.get(name)
        if tensor is not None and tensor.shape == shape:
            return tensor
        found = "missing" if tensor is None else f"of shape {tensor.shape}"
        self._problems.append(f"{name} is {found}, not of shape {shape}")
        return np.zeros(shape, dtype=np.float32)
