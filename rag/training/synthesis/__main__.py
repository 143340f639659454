"""Make training questions: ``python -m rag.training.synthesis chinese --data DIR --out FILE``."""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path


def main() -> None:
    """Make the questions that the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m rag.training.synthesis")
    parser.add_argument("language", choices=("chinese", "english", "parallel"))
    parser.add_argument("--data", type=Path, required=True, help="the folder of the corpora")
    parser.add_argument("--out", type=Path, required=True, help="the JSON lines to write")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--limit", type=int, help="only so many documents")
    options = parser.parse_args()
    module = import_module(f"rag.training.synthesis.{options.language}")
    module.generate(
        options.data,
        options.out,
        seed=options.seed,
        workers=options.workers,
        limit=options.limit,
    )


if __name__ == "__main__":
    main()
