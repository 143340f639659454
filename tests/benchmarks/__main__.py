"""Run an evaluation: ``python -m tests.benchmarks retrieval --data DIR``."""

import argparse
import json
from pathlib import Path

from tests.benchmarks import retrieval

RESULTS_DIR = Path(__file__).parent / "results"


def main() -> None:
    """Measure, print the table and keep the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("benchmark", choices=["retrieval"])
    parser.add_argument(
        "--data", type=Path, required=True, help="folder with qa/measure, qa/train and corpora"
    )
    options = parser.parse_args()
    results = retrieval.run(options.data)
    print(retrieval.to_markdown(results))
    RESULTS_DIR.mkdir(exist_ok=True)
    path = RESULTS_DIR / f"{options.benchmark}.json"
    path.write_text(json.dumps(results, indent=1) + "\n", "utf-8", newline="\n")


if __name__ == "__main__":
    main()
