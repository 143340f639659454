"""One heap: threads leave no heaps of their own behind."""

import subprocess
import sys

import pytest

_CODE = """
import re, sys, threading
from pathlib import Path
from webui.heaps import use_one_heap
if sys.argv[1] == "one":
    use_one_heap()
def fill():
    kept.append([bytearray(1000) for _ in range(1000)])
    meet.wait()
kept, meet = [], threading.Barrier(4)
threads = [threading.Thread(target=fill) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
# glibc puts each heap beside the first at a multiple of 64 MB.
maps = Path("/proc/self/maps").read_text()
starts = re.findall("^([0-9a-f]+)-[0-9a-f]+ rw-p", maps, re.MULTILINE)
print(sum(int(start, 16) % (64 << 20) == 0 for start in starts))
"""


def _count_heaps(how: str) -> int:
    command = [sys.executable, "-c", _CODE, how]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return int(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="heaps are seen in /proc")
def test_threads_use_the_one_heap():
    if not _count_heaps("many"):
        pytest.skip("this system's malloc has no heaps for threads")
    assert _count_heaps("one") == 0
