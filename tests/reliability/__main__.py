"""The suite that people run: ``python -m tests.reliability [NAME…] [--seed N] [--count N]``.

Exit status: 0 when every promise held, 1 when one broke, 2 when the command line is wrong.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from tests.reliability.children import Crew
from tests.reliability.parts import COUNTS, PARTS
from tests.reliability.report import Report, run_part


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m tests.reliability", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(PARTS)}; all")
    parser.add_argument("--seed", type=int, default=0, help="of all random numbers; 0")
    parser.add_argument("--count", type=int, help="of cases in each part; by part")
    parser.add_argument("--json", action="store_true", help="print JSON, one part a line")
    parser.add_argument("--keep", action="store_true", help="keep the folders, to look at them")
    arguments = parser.parse_args()
    if unknown := [name for name in arguments.names if name not in PARTS]:
        parser.error(f"no part {unknown[0]}; there are {', '.join(PARTS)}")
    return arguments


def _print(report: Report) -> None:
    print(f"{report.part} (seed {report.seed}, {report.seconds:.0f} s)")
    for what, number in sorted(report.counts.items()):
        print(f"  {number:8,}  {what}")
    for reason in report.skipped:
        print(f"   skipped  {reason}")
    for failure in report.failures:
        print(f"    BROKEN  {failure}")


def main() -> int:
    """Run the parts asked for."""
    arguments = _arguments()
    folder = Path(tempfile.mkdtemp(prefix="yiju-reliability-"))
    broken = 0
    try:
        with Crew() as crew:
            for name in arguments.names or PARTS:
                report = Report(name, arguments.seed)
                run_part(PARTS[name], report, arguments.count or COUNTS[name], folder, crew)
                broken += len(report.failures)
                if arguments.json:
                    print(json.dumps(report.to_dict(), ensure_ascii=False), flush=True)
                else:
                    _print(report)
                    sys.stdout.flush()
    finally:
        if arguments.keep:
            print(f"Kept: {folder}", file=sys.stderr)
        else:
            shutil.rmtree(folder)
    return 1 if broken else 0


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(main())
