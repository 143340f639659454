"""Encoder: texts → unit-length embedding rows.

The bundled encoder is a sentence-transformers ``StaticEmbedding`` + ``Normalize`` model: the mean
of one learned vector a token, scaled to unit length. Read here with tokenizers and numpy, because
importing sentence-transformers takes 4.5 s and 440 MB; the vectors are the same to 2e-4.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from index.errors import ModelError
from index.normalization import fold_text
from index.pretrained import check_weights, find_model, hash_model, loading

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

BUNDLED_DIR = Path(__file__).parent / "models" / "encoder"
_TENSOR = "embedding.weight"
_MODULES = "modules.json"  # what a sentence-transformers model consists of
_SURROGATE = re.compile("[\ud800-\udfff]")  # no tokenizer takes a lone one
_BATCH = 256  # texts
_MAX_CHARS = 20_000  # of one text; only a question can be longer than a chunk


class Encoder(Protocol):
    """Turns texts into vectors; equal texts give equal vectors."""

    @property
    def dim(self) -> int:
        """Width of a vector."""
        ...

    @property
    def fingerprint(self) -> str:
        """Changes whenever the vectors do."""
        ...

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Encode texts.

        :param texts: Raw texts, not folded.
        :return: (len(texts), dim) float32, unit rows; a text without tokens gives a row of zeros.
        """
        ...


class StaticEncoder:
    """The bundled encoder; works on folded text and never imports torch."""

    def __init__(
        self,
        tokenizer: Tokenizer,
        embeddings: NDArray[np.float16],
        embeddings_digest: str,
        tokenizer_digest: str,
    ) -> None:
        """Hold the loaded parts; use :meth:`load`.

        :param tokenizer: Cuts folded text into ids.
        :param embeddings: (n_tokens, dim), memory-mapped.
        :param embeddings_digest: sha256 of the embeddings' bytes; the reader is bound to it.
        :param tokenizer_digest: sha256 of the tokenizer's file.
        """
        self.tokenizer = tokenizer
        self.embeddings = embeddings
        self.embeddings_digest = embeddings_digest
        self._tokenizer_digest = tokenizer_digest

    @classmethod
    def load(cls, model_dir: Path = BUNDLED_DIR) -> Self:
        """Load a StaticEmbedding model's folder.

        :param model_dir: Holds ``model.safetensors`` and ``tokenizer.json``.
        :return: The encoder.
        :raises ModelError: When a file is missing or is not such a model.
        """
        weights_path = model_dir / "model.safetensors"
        try:
            tokenizer = Tokenizer.from_file(str(model_dir / "tokenizer.json"))
            embeddings, digest = _map_embeddings(weights_path)
            tokenizer_digest = hashlib.sha256((model_dir / "tokenizer.json").read_bytes())
            if len(embeddings) < tokenizer.get_vocab_size():
                raise ValueError("its tokenizer has more tokens than it has vectors.")
        except Exception as exc:
            # tokenizers raises bare Exception.
            raise ModelError(
                f"The encoder in {model_dir} cannot be loaded: {exc} "
                "Install yiju again, or name another encoder with YIJU_ENCODER."
            ) from exc
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return cls(tokenizer, embeddings, digest, tokenizer_digest.hexdigest())

    @property
    def dim(self) -> int:
        """Width of a vector."""
        return int(self.embeddings.shape[1])

    @property
    def fingerprint(self) -> str:
        """Both digests: equal vectors need the same embeddings and the same tokens."""
        return f"{self.embeddings_digest[:32]}-{self._tokenizer_digest[:32]}"

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Encode texts.

        :param texts: Raw texts.
        :return: (len(texts), dim) float32, unit rows; zeros for a text without tokens.
        """
        vectors = np.zeros((len(texts), self.dim), np.float32)  # (n_texts, dim)
        for start in range(0, len(texts), _BATCH):
            batch = [fold_text(text[:_MAX_CHARS]) for text in texts[start : start + _BATCH]]
            self._encode_batch(batch, vectors[start : start + _BATCH])
        return vectors

    def _encode_batch(self, folded: Sequence[str], out: NDArray[np.float32]) -> None:
        encodings = self.tokenizer.encode_batch_fast(folded, add_special_tokens=False)
        ids = [np.array(encoding.ids, np.intp) for encoding in encodings]
        rows, table = self._widen(np.concatenate(ids))
        start = 0
        for own, vector in zip(ids, out, strict=True):
            if len(own):
                # Row by row: one add.reduceat over the whole batch takes eight times as long.
                np.sum(table[rows[start : start + len(own)]], axis=0, out=vector)
                start += len(own)
        out /= np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-12)

    def _widen(self, ids: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """Take the embeddings that a batch needs: as float32, all would fill 64 MB of memory.

        :param ids: (n,) of tokens.
        :return: (n,) rows of the other, and (n_distinct, dim) embeddings.
        """
        is_needed = np.zeros(len(self.embeddings), np.bool_)
        is_needed[ids] = True
        distinct = np.flatnonzero(is_needed)
        row_of = np.empty(len(is_needed), np.intp)
        row_of[distinct] = np.arange(len(distinct))
        return row_of[ids], self.embeddings[distinct].astype(np.float32)


class SentenceTransformerEncoder:
    """Any other sentence-transformers model; it gets the raw text.

    A chunk that is longer than the model reads is represented by its beginning.
    """

    def __init__(self, model: "SentenceTransformer", fingerprint: str) -> None:
        """Hold the loaded model; use :meth:`load`.

        :param model: The loaded model.
        :param fingerprint: Of its files.
        """
        self._model = model
        self._fingerprint = fingerprint
        self._dim = int(self.encode(["依据 yiju 2026"]).shape[1])

    @classmethod
    def load(cls, name: str) -> Self:
        """Load a model that lies on this machine.

        :param name: A folder, or a name in the local model cache; nothing is downloaded.
        :return: The encoder.
        :raises ModelError: When it is not there or cannot be read.
        """
        try:
            folder = find_model(name, kind="sentence-transformers model", marker=_MODULES)
            with loading():
                from sentence_transformers import SentenceTransformer

                parts = _list_parts(folder)
                check_weights(parts)
                options = {"use_safetensors": True}
                model = SentenceTransformer(
                    str(folder), device="cpu", local_files_only=True, model_kwargs=options
                )
                return cls(model.float(), f"sentence-transformers:{hash_model(parts)}")
        except ModelError as exc:
            raise ModelError(
                f"The encoder {name!r} cannot be used: {exc} Leave --encoder and YIJU_ENCODER away "
                "to use the bundled encoder."
            ) from exc

    @property
    def dim(self) -> int:
        """Width of a vector."""
        return self._dim

    @property
    def fingerprint(self) -> str:
        """A hash of the model's files: the same model has it wherever it lies."""
        return self._fingerprint

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Encode texts.

        :param texts: Raw texts.
        :return: (len(texts), dim) float32, unit rows.
        """
        if not texts:
            return np.empty((0, self._dim), np.float32)
        vectors = self._model.encode(
            [_SURROGATE.sub("\ufffd", text[:_MAX_CHARS]) for text in texts],
            normalize_embeddings=True,
            convert_to_numpy=True,
            show_progress_bar=False,
        )
        is_blank = [not text.strip() for text in texts]
        rows = np.array(vectors, np.float32)
        rows[is_blank] = 0  # most models give their marks for "begin" and "end" a vector
        rows[np.isnan(rows).any(axis=1)] = 0  # others take the mean of no tokens
        return rows


def load_encoder(name: str = "") -> Encoder:
    """Load the encoder that the settings name.

    :param name: "" for the bundled one; else a sentence-transformers name or folder.
    :return: The encoder.
    :raises ModelError: When it cannot be loaded.
    """
    return SentenceTransformerEncoder.load(name) if name else StaticEncoder.load()


def _list_parts(folder: Path) -> list[Path]:
    """List the folders of a sentence-transformers model, the whole's first."""
    modules = json.loads((folder / _MODULES).read_text("utf-8"))
    for module in modules:
        # Older versions of the library run such code without being asked to.
        if not module["type"].startswith("sentence_transformers."):
            raise ModelError(f"it needs code of its own ({module['type']}), which is not run.")
    paths = [folder / module["path"] for module in modules if module["path"]]
    inner = [path for part in paths for path in sorted(part.rglob("*")) if path.is_dir()]
    return [folder, *(path for path in [*paths, *inner] if path.is_dir())]


def _map_embeddings(path: Path) -> tuple[NDArray[np.float16], str]:
    """Map the one tensor of a safetensors file without reading it into memory.

    The format: 8 bytes little-endian header length, a JSON header, then the tensors' bytes
    (https://huggingface.co/docs/safetensors). ``safe_open`` would copy the whole matrix (33 MB)
    where a question needs a dozen rows of it.
    """
    with path.open("rb") as file:
        n_header = int.from_bytes(file.read(8), "little")
        entry = json.loads(file.read(n_header))[_TENSOR]
        if entry["dtype"] != "F16":
            raise ValueError(f"{_TENSOR} is {entry['dtype']}, not F16.")
        begin, end = entry["data_offsets"]
        file.seek(8 + n_header + begin)
        digest = hashlib.sha256()
        while block := file.read(min(1 << 20, 8 + n_header + end - file.tell())):
            digest.update(block)
    shape = tuple(entry["shape"])  # (n_tokens, dim)
    embeddings = np.memmap(path, np.dtype("<f2"), "r", 8 + n_header + begin, shape)
    return np.asarray(embeddings), digest.hexdigest()
