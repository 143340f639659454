"""Ray clusters in tests: their work, and their processes found, watched and killed, on Linux."""

import os
import re
import select
import sys
from collections.abc import Iterable
from importlib.util import find_spec
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

import docx
import pytest

from index.loading import FoundFile, scan_documents

# It must not be imported here: what it does with the network is settled by its first import.
NEEDS_RAY = pytest.mark.skipif(not find_spec("ray"), reason="the extra ray is not installed")
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="processes are found through /proc")
_LISTEN = "0A"


def write_many(folder: Path, count: int) -> tuple[FoundFile, ...]:
    """Write files that take a moment each, every tenth in a risky format."""
    folder.mkdir()
    for number in range(count):
        text = f"第{number}号会议于2月{number % 28}日在三楼礼堂召开，会期半天。"
        if number % 10:
            (folder / f"{number:04}.txt").write_text(text * 100, "utf-8")
        else:
            document = docx.Document()
            document.add_paragraph(text * 100)
            document.save(str(folder / f"{number:04}.docx"))
    return scan_documents(folder, 2**20).files


def descendants(of: int | None = None) -> list[int]:
    """List the processes that a process, by default this one, has started, and theirs."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        if fields[0] != "Z":
            parents[int(folder.name)] = int(fields[1])
    found = [of or os.getpid()]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found[1:]


def busy_workers() -> list[int]:
    """List the workers of this process's cluster that have a task."""
    return [pid for pid in descendants() if command(pid).startswith("ray::make_batches")]


def command(pid: int) -> str:
    """Return a process's command line; "" when it has ended."""
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return ""
    return line.replace(b"\0", b" ").decode("utf-8", "replace").strip()


def folders(pids: Iterable[int]) -> set[Path]:
    """Return the folders of clusters of our own that the processes work in."""
    found = {re.search(r"/\S*?/yiju-ray-[^/\s]+", command(pid)) for pid in pids}
    return {Path(match[0].rpartition("=")[2]) for match in found if match}


def still_alive(pids: Iterable[int], within_s: float = 60) -> list[str]:
    """Wait for processes that are not ours to wait for; return those that did not end."""
    alive = []
    for pid in pids:
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        try:
            if not select.select([handle], [], [], within_s)[0]:
                alive.append(f"{pid} {command(pid)}")
        finally:
            os.close(handle)
    return alive


def listening(pids: Iterable[int]) -> set[IPv4Address | IPv6Address]:
    """Return the addresses at which processes wait for connections."""
    own = {inode for pid in pids for inode in _sockets(pid)}
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == _LISTEN and fields[9] in own:
                found.add(_address(fields[1].partition(":")[0]))
    return found


def _sockets(pid: int) -> list[str]:
    inodes = []
    try:
        for link in Path(f"/proc/{pid}/fd").iterdir():
            match = re.fullmatch(r"socket:\[(\d+)\]", str(link.readlink()))
            if match:
                inodes.append(match[1])
    except OSError:  # it has ended
        pass
    return inodes


def _address(digits: str) -> IPv4Address | IPv6Address:
    """Read an address as the kernel prints it: words of the machine's byte order."""
    words = (digits[at : at + 8] for at in range(0, len(digits), 8))
    address = ip_address(b"".join(bytes.fromhex(word)[::-1] for word in words))
    return getattr(address, "ipv4_mapped", None) or address
