"""Store the answers anew: ``python -m tests.golden.update``; review the diff before it is kept."""

import tempfile
from pathlib import Path

from rag.answerer import Answerer
from tests.golden.answers import CORPUS_DIR, ask_all, copy_corpus, read_stored, write_stored


def main() -> None:
    """Ask every question and say how many answers changed."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        answers = ask_all(Answerer.open(copy_corpus(CORPUS_DIR, Path(folder) / "corpus")))
    try:
        before = read_stored()
    except FileNotFoundError:
        before = {}
    write_stored(answers)
    after = read_stored()
    changed = sum(before.get(name) != row for name, row in after.items())
    print(f"{changed} of {len(after)} answers changed; look at them: git diff tests/golden")


if __name__ == "__main__":
    main()
