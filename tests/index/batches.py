"""Batches in tests: whether two of them are the same to the last byte."""

from collections.abc import Iterable

from index.file_batches import FileBatch


def by_source(batches: Iterable[FileBatch]) -> dict[str, FileBatch]:
    """Key batches by their file; fail when a file has two."""
    made = list(batches)
    keyed = {batch.file.source: batch for batch in made}
    assert len(keyed) == len(made), "a file has two batches"
    return keyed


def assert_same(made: dict[str, FileBatch], wanted: dict[str, FileBatch]) -> None:
    """Compare batches of the same files field by field, vectors byte by byte."""
    assert made.keys() == wanted.keys()
    for source, batch in made.items():
        other = wanted[source]
        assert batch.vectors.dtype == other.vectors.dtype
        assert batch.vectors.shape == other.vectors.shape
        assert batch.vectors.tobytes() == other.vectors.tobytes()
        assert _rest(batch) == _rest(other)


def _rest(batch: FileBatch) -> tuple:
    return (batch.file, batch.sha256, batch.error, batch.loaded, batch.chunks, batch.terms)
