"""Fuzzing: damaged files of every format → counts, and the smallest files that broke a law."""

import hashlib
import itertools
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from index.isolation import IsolatedExtractor
from index.loading import FoundFile
from index.settings import IndexSettings
from tests.hostile.laws import BrokenLawError, Verdict, judge
from tests.hostile.samples import pack, samples, unpack
from tests.hostile.structure import ARCHIVES, make_case

FORMATS = tuple(samples())
# A damaged sample is small: what takes longer, or more memory, would be a bomb.
LIMITS = IndexSettings(max_file_memory=1 << 30)
_SLOW_S = 5.0  # of the processor, which other programs do not lengthen
_MINIMISING_S = 60.0


@dataclass(frozen=True, slots=True)
class Finding:
    """A file that broke a law."""

    format: str
    law: str
    data: bytes


@dataclass(slots=True)
class Tally:
    """What came of the cases of one format."""

    outcomes: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    slowest_s: float = 0.0
    worker_peak: int = 0  # bytes
    findings: list[Finding] = field(default_factory=list)
    crashes: list[Finding] = field(default_factory=list)

    @property
    def n_cases(self) -> int:
        """How many there were."""
        return self.outcomes.total()


def cases(seed: int, formats: Sequence[str] = FORMATS) -> Iterator[tuple[str, bytes]]:
    """Give damaged files without end, the formats in turn, the same for the same seed.

    :param seed: Any number.
    :param formats: Which.
    :return: Formats and bytes.
    """
    for number in itertools.count():
        for name in formats:
            yield name, make_case(name, random.Random(f"{seed}/{name}/{number}"))


class Fuzzer:
    """Judges files one after the other, in one worker until it breaks."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.tallies: dict[str, Tally] = {}

    def run(self, files: Iterator[tuple[str, bytes]]) -> None:
        """Judge files.

        :param files: Formats and bytes.
        """
        with IsolatedExtractor(LIMITS) as extractor:
            for name, data in files:
                tally = self.tallies.setdefault(name, Tally())
                started = time.process_time() + _cpu_seconds(extractor.pid)
                self._judge(tally, name, data, extractor)
                seconds = time.process_time() + _cpu_seconds(extractor.pid) - started
                tally.seconds += seconds
                tally.slowest_s = max(tally.slowest_s, seconds)
                if tally.n_cases % 25 == 0:
                    tally.worker_peak = max(tally.worker_peak, peak_memory(extractor.pid))

    def _judge(self, tally: Tally, name: str, data: bytes, extractor: IsolatedExtractor) -> None:
        try:
            verdict = judge_one(name, data, extractor)
        except BrokenLawError as exc:
            tally.outcomes["broken"] += 1
            tally.findings.append(Finding(name, str(exc), data))
            return
        tally.outcomes[verdict.outcome] += 1
        if verdict.outcome == "refused":
            tally.refusals[verdict.message[:60]] += 1
        elif verdict.outcome == "crashed":
            tally.crashes.append(Finding(name, verdict.message, data))


def judge_one(name: str, data: bytes, extractor: IsolatedExtractor) -> Verdict:
    """Judge a file as one of a format.

    :param name: The format.
    :param data: The file's bytes.
    :param extractor: Reads it.
    :return: What came of it.
    :raises BrokenLawError: When a law does not hold, or it took too long.
    """
    source = f"件.{name}"
    started = time.process_time() + _cpu_seconds(extractor.pid)
    verdict = judge(FoundFile(Path(source), source, len(data), 0), data, extractor.extract)
    if time.process_time() + _cpu_seconds(extractor.pid) - started > _SLOW_S:
        raise BrokenLawError(f"fast: more than {_SLOW_S:g} s")
    return verdict


def minimise(finding: Finding, extractor: IsolatedExtractor) -> Finding:
    """Look for a smaller file that breaks the same law.

    :param finding: What was found.
    :param extractor: Reads files.
    :return: The smallest one that was met.
    """
    kind = finding.law[:40]
    deadline = time.monotonic() + _MINIMISING_S

    def fails(data: bytes) -> bool:
        if time.monotonic() > deadline:
            return False
        try:
            verdict = judge_one(finding.format, data, extractor)
        except BrokenLawError as exc:
            return str(exc)[:40] == kind
        return verdict.message[:40] == kind

    data = finding.data
    if finding.format in ARCHIVES:
        data = _minimise_archive(data, fails)
    return Finding(finding.format, finding.law, _minimise_bytes(data, fails))


def _minimise_archive(data: bytes, fails: Callable[[bytes], bool]) -> bytes:
    try:
        parts = unpack(data)
    except Exception:  # noqa: BLE001 - damaged as an archive
        return data
    if not fails(pack(parts)):
        return data
    for name in list(parts):
        fewer = {other: part for other, part in parts.items() if other != name}
        if fails(pack(fewer)):
            parts = fewer
    for name in list(parts):
        parts[name] = _minimise_bytes(
            parts[name], lambda part, name=name: fails(pack({**parts, name: part}))
        )
    return pack(parts)


def _minimise_bytes(data: bytes, fails: Callable[[bytes], bool]) -> bytes:
    """Drop blocks, ever smaller ones (Zeller's ddmin without its complements)."""
    size = max(1, len(data) // 2)
    while size:
        at = 0
        while at < len(data):
            fewer = data[:at] + data[at + size :]
            if fails(fewer):
                data = fewer
            else:
                at += size
        size //= 2
    return data


def save(finding: Finding, folder: Path) -> Path:
    """Write a finding's file, to be read again with ``replay``.

    :param finding: What was found.
    :param folder: Where to; made when absent.
    :return: The file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name = hashlib.blake2b(finding.data, digest_size=6).hexdigest()
    path = folder / f"{name}.{finding.format}"
    path.write_bytes(finding.data)
    path.with_name(f"{path.name}.law").write_text(f"{finding.law}\n", "utf-8")
    return path


def _cpu_seconds(pid: int | None) -> float:
    """Return what a process has used of the processor; 0 where the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_memory(pid: int | None) -> int:
    """Return the most memory a process has held, in bytes; 0 where the system does not tell."""
    try:
        status = Path(f"/proc/{pid}/status").read_text("ascii", "replace")
    except OSError:
        return 0
    lines = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(lines[0].split()[1]) * 1024 if lines else 0
