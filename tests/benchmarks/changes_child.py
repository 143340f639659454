"""A build of a folder in a process of its own, which tells how much memory it needed at most."""

import json
import resource
import sys
from pathlib import Path

from index.build import build_index, default_index_dir
from index.encoder import load_encoder
from index.settings import IndexSettings

_KB = 1024 if sys.platform == "darwin" else 1  # macOS counts bytes


def main() -> None:
    """Build the folder that the command line names and print one line of JSON."""
    folder = Path(sys.argv[1])
    report = build_index(
        folder, default_index_dir(folder), load_encoder(""), settings=IndexSettings()
    )
    peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KB
    figures = {
        "chunks": report.n_chunks,
        "seconds": round(report.seconds, 1),
        "peak_mb": round(peak_kb / 1024, 1),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
