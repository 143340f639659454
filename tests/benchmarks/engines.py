"""Engines: how fast files become batches in this process, and on a Ray cluster of this machine.

    python -m tests.benchmarks.engines [--files 2000] [--chars 4000] [--workers 1,2]

All are measured in one run over the same files; compare the rates, not the seconds. Ray takes some
seconds to start, which are told apart: a cluster that runs already does not need them.
"""

import argparse
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from index.encoder import load_encoder
from index.file_batches import Engine, LocalEngine
from index.loading import FoundFile, scan_documents
from index.ray_engine import RayEngine
from index.settings import IndexSettings

_CORPUS = Path(__file__).parents[1] / "corpus"


def write_documents(folder: Path, n_files: int, n_chars: int) -> tuple[FoundFile, ...]:
    """Write files of so many characters, cut from the test documents at other places each."""
    texts = (path.read_text("utf-8") for path in sorted(_CORPUS.glob("*.*")))
    text = "\n\n".join(texts)
    folder.mkdir()
    for number in range(n_files):
        start = number * 997 % len(text)
        turned = text[start:] + text[:start]
        piece = (turned * (n_chars // len(text) + 1))[:n_chars]
        (folder / f"{number:06}.txt").write_text(piece, "utf-8")
    return scan_documents(folder, 2**26).files


def measure(engine: Engine, files: Iterable[FoundFile]) -> dict[str, float]:
    """Make all batches; the rates count from the first of them.

    :return: ``start_s`` until the first batch, ``files`` and ``chunks`` a second after it.
    """
    started = time.perf_counter()
    first = 0.0
    n_files = n_chunks = 0
    for batch in engine.run(files):
        assert not batch.error, batch.error
        if not first:
            first = time.perf_counter()
            continue
        n_files += 1
        n_chunks += len(batch.chunks)
        last = time.perf_counter()
    return {
        "start_s": first - started,
        "files": n_files / (last - first),
        "chunks": n_chunks / (last - first),
    }


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--chars", type=int, default=4000)
    parser.add_argument("--workers", default="1,2")
    options = parser.parse_args()
    encoder, settings = load_encoder(), IndexSettings()
    engines: dict[str, Engine] = {"this process": LocalEngine(encoder, settings)}
    for workers in map(int, options.workers.split(",")):
        name = f"Ray, {workers} worker{'s' * (workers > 1)}"
        engines[name] = RayEngine(encoder, settings, n_workers=workers)
    with tempfile.TemporaryDirectory() as folder:
        files = write_documents(Path(folder) / "documents", options.files, options.chars)
        measure(engines["this process"], files[:50])  # what is loaded once is loaded
        print("| engine | files/s | chunks/s | to the first batch, s |\n| --- | --: | --: | --: |")
        for name, engine in engines.items():
            got = measure(engine, files)
            row = f"{got['files']:,.0f} | {got['chunks']:,.0f} | {got['start_s']:.1f}"
            print(f"| {name} | {row} |", flush=True)


if __name__ == "__main__":
    main()
