"""A build of a folder in a process of its own, which tells how much memory it needed at most."""

import json
import sys
from pathlib import Path

from index.build import build_index, default_index_dir
from index.encoder import load_encoder
from index.settings import IndexSettings
from tests.memory import own_peak_mb
from webui.heaps import use_one_heap


def main() -> None:
    """Build the folder by as many processes as the command line names; print one line of JSON."""
    use_one_heap()  # as yiju index does
    folder, n_workers = Path(sys.argv[1]), int(sys.argv[2])
    settings = IndexSettings(n_workers=n_workers)
    report = build_index(folder, default_index_dir(folder), load_encoder(""), settings=settings)
    figures = {
        "chunks": report.n_chunks,
        "seconds": round(report.seconds, 1),
        "peak_mb": round(own_peak_mb(), 1),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
