"""Changes: many small files, then one of them touched → what a build costs, in time and in memory.

Times are those of one run one after the other with the bundled encoder; of each change the median
of three. The processor's time is told beside the clock's, which on a busy machine says more of the
neighbours. The memory is the most that a
build from nothing, in a process of its own, was seen to use together with the worker processes it
started (:mod:`tests.memory`): with the files that are mapped, and without; and when it starts none.
"""

import os
import random
import shutil
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from index.build import build_index, default_index_dir
from index.datatypes import BuildReport
from index.encoder import Encoder
from index.settings import IndexSettings
from tests.benchmarks.models import Models
from tests.memory import run_child

N_FILES = 10_000
SIZES = (1_000, 10_000, 100_000)
_REPEATED = 3
_IN_A_FOLDER = 100
_ROOT = Path(__file__).parents[2]
_PLACES = (
    "灯塔",
    "渡口",
    "礼堂",
    "仓库",
    "机房",
    "茶室",
    "苗圃",
    "码头",
    "观测站",
    "锅炉房",
    "食堂",
)
_THINGS = (
    "缆绳",
    "闸门",
    "借书证",
    "气象仪",
    "消防栓",
    "合同",
    "船票",
    "钢瓶",
    "样本",
    "水泵",
    "药品",
)
_ACTS = (
    "检查",
    "更换",
    "登记",
    "封存",
    "移交",
    "盘点",
    "清洗",
    "校准",
    "归还",
    "维修",
    "领取",
    "验收",
)
_NOUNS = (
    "rope",
    "valve",
    "crate",
    "ledger",
    "beacon",
    "pump",
    "permit",
    "sensor",
    "hatch",
    "winch",
)
_ZH = (
    "{place}的{thing}每{n}天{act}一次，由{other}的值班员签字。",
    "{year}年{month}月{day}日起，{thing}改在{place}{act}，超过{n}件须另行申请。",
    "{place}存放的{thing}不得超过{n}件，{act}时两人在场。",
    "编号{code}的{thing}已{act}，费用{n}元，记入{other}的账目。",
)
_EN = (
    "The {noun} at gate {n} is inspected every {day} days and logged under {code}.",
    "From {year}-{month:02}-{day:02} on, each {noun} is stored below {n} degrees.",
    "Section {code} applies when a {noun} has been out of use for {n} hours.",
    "Keep at least {n} metres between the {noun} and the fence of yard {day}.",
)

_LABELS = {
    "full": "full build",
    "nothing": "nothing changed",
    "edited": "one file edited",
    "renamed": "one file renamed",
    "deleted": "one file deleted",
    "added": "one file added",
}


def write_files(folder: Path, numbers: Sequence[int]) -> None:
    """Write small files of generated Chinese and English, each a few hundred characters.

    :param folder: Where to; a hundred files in each of its folders.
    :param numbers: Of the files; equal numbers give equal files.
    """
    for number in numbers:
        path = _path(folder, number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(make_text(number), "utf-8", newline="")


def make_text(number: int) -> str:
    """Make the text of a file.

    :param number: Of the file.
    """
    rng = random.Random(number)
    mark = "# " if number % 2 else ""
    paragraphs = ["".join(_sentences(rng, at % 3 == 2)) for at in range(rng.randrange(3, 6))]
    return f"{mark}记录 {number}\n\n" + "\n\n".join(paragraphs) + "\n"


def _sentences(rng: random.Random, is_english: bool) -> Iterator[str]:
    for _ in range(rng.randrange(2, 5)):
        pattern = rng.choice(_EN if is_english else _ZH)
        yield pattern.format(
            place=rng.choice(_PLACES),
            other=rng.choice(_PLACES),
            thing=rng.choice(_THINGS),
            act=rng.choice(_ACTS),
            noun=rng.choice(_NOUNS),
            n=rng.randrange(2, 900),
            year=rng.randrange(2001, 2027),
            month=rng.randrange(1, 13),
            day=rng.randrange(1, 29),
            code=f"{rng.choice('ABCDEFG')}-{rng.randrange(1000, 9999)}",
        ) + (" " if is_english else "")


def _path(folder: Path, number: int) -> Path:
    ending = "md" if number % 2 else "txt"
    return folder / f"{number // _IN_A_FOLDER:04}" / f"{number:06}.{ending}"


def run(
    work_dir: Path, models: Models, *, n_files: int = N_FILES, sizes: Sequence[int] = SIZES
) -> dict[str, object]:
    """Measure both.

    :param work_dir: An empty folder.
    :param models: With the encoder for the times; the memory is that of the bundled one.
    :param n_files: Files for the times.
    :param sizes: Numbers of files for the memory.
    :return: Figures for :func:`to_markdown`.
    """
    return {
        "files": n_files,
        "times": _measure_times(work_dir / "times", models.encoder, n_files),
        "memory": [_measure_memory(work_dir / f"{size}", size) for size in sizes],
    }


def _measure_times(folder: Path, encoder: Encoder, n_files: int) -> dict[str, dict[str, float]]:
    write_files(folder, range(n_files))
    encoder.encode(["first use"])

    def build() -> BuildReport:
        return build_index(folder, default_index_dir(folder), encoder, settings=IndexSettings())

    def edit(turn: int) -> None:
        path = _path(folder, n_files // 2 + turn)
        path.write_text(path.read_text("utf-8") + f"\n第{turn}次修改。\n", "utf-8", newline="")

    def rename(turn: int) -> None:
        path = _path(folder, n_files // 3 + turn)
        path.rename(path.with_name(f"renamed{turn}{path.suffix}"))

    changes: dict[str, Callable[[int], object]] = {
        "nothing": lambda _: None,
        "edited": edit,
        "renamed": rename,
        "deleted": lambda turn: _path(folder, n_files // 4 + turn).unlink(),
        "added": lambda turn: write_files(folder, [n_files + turn]),
    }
    times = {"full": _measure(build)}
    for name, change in changes.items():
        measured = []
        for turn in range(_REPEATED):
            change(turn)
            time.sleep(0.05)  # a file that was written a moment ago is waited for
            measured.append(_measure(build))
        times[name] = {
            clock: statistics.median(one[clock] for one in measured)
            for clock in ("seconds", "processor")
        }
    return times


def _measure(build: Callable[[], object]) -> dict[str, float]:
    started, worked = time.monotonic(), _worked()
    build()
    return {
        "seconds": round(time.monotonic() - started, 3),
        "processor": round(_worked() - worked, 3),
    }


def _worked() -> float:
    """Return the processor's seconds of this process and of its children that have ended."""
    times = os.times()
    return time.process_time() + times.children_user + times.children_system


def _measure_memory(folder: Path, n_files: int) -> dict[str, float]:
    write_files(folder, range(n_files))
    figures = run_child("tests.benchmarks.changes_child", str(folder), "0")
    shutil.rmtree(default_index_dir(folder))
    alone = run_child("tests.benchmarks.changes_child", str(folder), "1")
    shutil.rmtree(folder)
    return {"files": n_files, **figures, "alone_mb": alone["peak_mb"]}


def to_markdown(result: dict) -> str:
    """Return the tables of a kept result: what a change costs, and the memory of a full build."""
    figures = result["figures"]
    times = figures["times"]
    lines = [
        f"| {figures['files']:,} files | seconds | of the full build | processor seconds "
        "| of the full build |",
        "|---|---:|---:|---:|---:|",
        *(
            f"| {label} | {_share(times, name, 'seconds')} | {_share(times, name, 'processor')} |"
            for name, label in _LABELS.items()
        ),
        "",
        "| full build of | chunks | seconds | peak memory, MB | of it private, MB "
        "| peak memory with one process, MB |",
        "|---|---:|---:|---:|---:|---:|",
        *(
            f"| {row['files']:,} files | {row['chunks']:,} | {row['seconds']:.1f} "
            f"| {row['peak_mb']:.0f} | {row['private_mb']:.0f} | {row['alone_mb']:.0f} |"
            for row in figures["memory"]
        ),
    ]
    return "\n".join(lines)


def _share(times: dict[str, dict[str, float]], name: str, clock: str) -> str:
    seconds, whole = times[name][clock], times["full"][clock]
    return f"{seconds:.2f} | {100 * seconds / whole:.1f} %"
