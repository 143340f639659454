"""Command ``python -m tests.hostile``: fuzz, replay, crafted or tiny."""

import argparse
import itertools
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from index.isolation import IsolatedExtractor
from tests.hostile.folder import (
    FAMILIES,
    Built,
    build,
    check_texts,
    complaints,
    lay,
    print_ledger,
    unprintable,
)
from tests.hostile.fuzzing import FORMATS, LIMITS, Finding, Fuzzer, cases, minimise, save
from tests.hostile.good import not_found
from tests.hostile.tiny import measure

_MB = 2**20
_FINDINGS = Path(tempfile.gettempdir()) / "yiju-fuzz"


def main() -> int:
    """Run what the command line asks for; 1 when something did not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile", description=__doc__)
    commands = parser.add_subparsers(required=True)
    fuzz = commands.add_parser("fuzz", help="damage sample files of every format and read them")
    fuzz.add_argument("--cases", type=int, default=10_000)
    fuzz.add_argument("--seed", type=int, default=1)
    fuzz.add_argument("--format", nargs="+", choices=FORMATS, default=FORMATS, dest="formats")
    fuzz.add_argument("--seconds", type=float, default=float("inf"), help="stop after as many")
    fuzz.add_argument("--ocr", action="store_true", help="recognise text in scans too; slow")
    fuzz.add_argument("--save", type=Path, default=_FINDINGS, help="for what is found")
    fuzz.set_defaults(run=_fuzz)
    replay = commands.add_parser("replay", help="read saved files again")
    replay.add_argument("files", type=Path, nargs="+")
    replay.set_defaults(run=_replay)
    crafted = commands.add_parser("crafted", help="index a folder of bombs, lies and odd names")
    crafted.add_argument("--big", action="store_true", help="in full size; else a tenth")
    crafted.add_argument("--family", nargs="+", choices=tuple(FAMILIES), default=tuple(FAMILIES))
    crafted.add_argument("--keep", type=Path, help="write the folder here and leave it there")
    crafted.add_argument("--timeout", type=float, default=3600, help="seconds for the build")
    crafted.set_defaults(run=_craft)
    tiny = commands.add_parser("tiny", help="index very many tiny files")
    tiny.add_argument("--files", type=int, default=1_000_000)
    tiny.add_argument("--folder", type=Path, help="an empty place for them; a memory disk is best")
    tiny.add_argument("--timeout", type=float, default=7200, help="seconds for each build")
    tiny.set_defaults(run=_build_tiny)
    arguments = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)  # what was found is told also when this is stopped
    return arguments.run(arguments)


def _fuzz(arguments: argparse.Namespace) -> int:
    if not arguments.ocr:
        os.environ["PATH"] = ""  # where the program for it would be found
    fuzzer = Fuzzer()
    made = itertools.islice(cases(arguments.seed, arguments.formats), arguments.cases)
    fuzzer.run(_until(made, time.monotonic() + arguments.seconds))
    _print_tallies(fuzzer)
    found = [finding for tally in fuzzer.tallies.values() for finding in tally.findings]
    crashes = [crash for tally in fuzzer.tallies.values() for crash in tally.crashes]
    with IsolatedExtractor(LIMITS) as extractor:
        for finding in _one_of_each(found + crashes):
            path = save(finding, arguments.save)
            smallest = save(minimise(finding, extractor), arguments.save / "smallest")
            print(f"{finding.format}: {finding.law} → {path}, {smallest}", flush=True)
    return 1 if found else 0


def _craft(arguments: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory(prefix="yiju-hostile-") as scratch:
        home = arguments.keep or Path(scratch)
        home.mkdir(parents=True, exist_ok=True)
        crafted = lay(home, 1 if arguments.big else 10, arguments.family)
        built = build(home, crafted, arguments.timeout)
        _print_rows(built)
        found = complaints(built)
        check_texts(built)
        found += [f"{planted.source}: not found" for planted in not_found(built.folder)]
        found += [f"--report prints {char}" for char in unprintable(print_ledger(built))]
        found += [f"--json prints {char}" for char in unprintable(print_ledger(built, "--json"))]
    for complaint in found:
        print(complaint)
    return 1 if found else 0


def _print_rows(built: Built) -> None:
    print("  file MB  seconds  worker MB  file: what its row says")
    for source, row in sorted(built.rows.items()):
        said = row.error or f"indexed: {row.n_chars:,} characters, {row.n_chunks:,} chunks"
        print(
            f"{row.size / _MB:9.1f}{row.seconds:9.2f}{built.worker_kb.get(source, 0) / 1024:11.0f}"
            f"  {ascii(source) if unprintable(source) else source}: {said[:110]}"
        )
    worker_kb = max(built.worker_kb.values(), default=0)
    print(f"{len(built.rows):,} files in {built.seconds:.1f} s; at most the build held")
    print(f"{built.build_kb / 1024:.0f} MB ({built.idle_kb / 1024:.0f} MB before it began), and")
    print(f"the worker {worker_kb / 1024:.0f} MB.")


def _build_tiny(arguments: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory(prefix="yiju-tiny-", dir=arguments.folder) as scratch:
        measured = measure(Path(scratch) / "documents", arguments.files, arguments.timeout)
    print(f"{measured.n_documents:,} files indexed in {measured.build_s:,.0f} s; the build held")
    print(
        f"{measured.build_kb / 1024:,.0f} MB ({measured.idle_kb / 1024:,.0f} MB before it began)."
    )
    print(f"With nothing to do: {measured.again_s:,.1f} s, {measured.again_kb / 1024:,.0f} MB.")
    return 0 if measured.n_documents == arguments.files else 1


def _until(made: Iterator[tuple[str, bytes]], deadline: float) -> Iterator[tuple[str, bytes]]:
    return itertools.takewhile(lambda _: time.monotonic() < deadline, made)


def _one_of_each(found: list[Finding]) -> list[Finding]:
    """Return the smallest finding of each law and format."""
    ordered = sorted(found, key=lambda finding: len(finding.data), reverse=True)
    return list({(finding.format, finding.law): finding for finding in ordered}.values())


def _print_tallies(fuzzer: Fuzzer) -> None:
    print("format   cases   read refused crashed broken  ms/case slowest s worker MB  refusals")
    for name, tally in fuzzer.tallies.items():
        counts = [tally.outcomes[key] for key in ("read", "refused", "crashed", "broken")]
        print(
            f"{name:7}{tally.n_cases:7,}{counts[0]:7,}{counts[1]:8,}{counts[2]:8,}{counts[3]:7,}"
            f"{1000 * tally.seconds / max(tally.n_cases, 1):9.1f}{tally.slowest_s:10.2f}"
            f"{tally.worker_peak / _MB:10.0f}{len(tally.refusals):10,}"
        )
    print(f"all    {sum(tally.n_cases for tally in fuzzer.tallies.values()):7,}")


def _replay(arguments: argparse.Namespace) -> int:
    fuzzer = Fuzzer()
    fuzzer.run((path.suffix[1:], path.read_bytes()) for path in arguments.files)
    _print_tallies(fuzzer)
    for tally in fuzzer.tallies.values():
        for finding in tally.findings + tally.crashes:
            print(f"{finding.format}: {finding.law}")
    return 1 if any(tally.findings for tally in fuzzer.tallies.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
