"""The hostile folder: crafted files beside good ones, built in a process of its own, and judged."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from index.build import default_index_dir
from index.ledger import LedgerRow, read_ledger
from index.loading import printable
from index.store import ChunkStore
from tests.hostile.crafted import INDEXED, Crafted
from tests.hostile.good import write_good
from tests.hostile.markup import mails, pages, tables, texts
from tests.hostile.nodes import SECRET, names, nodes, sentence_of
from tests.hostile.offices import offices
from tests.hostile.pdfs import pdfs
from tests.index.folders import leftovers

_ROOT = Path(__file__).parents[2]
FAMILIES: dict[str, Callable[[int], list[Crafted]]] = {
    "mails": mails,
    "offices": offices,
    "pages": pages,
    "pdfs": pdfs,
    "tables": tables,
    "texts": texts,
}
_ESCAPED = (Path("/tmp/yiju-escaped"), Path("/tmp/yiju-launched"))  # what bombs name
_CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_SENTENCE = re.compile(r"(?:It|Its|One of its|Reading|The) [^\n]*\.")


@dataclass(frozen=True, slots=True)
class Built:
    """A hostile folder with its index."""

    folder: Path
    crafted: tuple[Crafted, ...]
    seconds: float
    build_kb: int  # peak of the build's process
    idle_kb: int  # of which before it began, with the encoder loaded
    worker_kb: dict[str, int]  # peak of the worker while a file was read, by file
    rows: dict[str, LedgerRow]


def lay(home: Path, factor: int, families: Sequence[str] = tuple(FAMILIES)) -> tuple[Crafted, ...]:
    """Write a hostile folder.

    :param home: Gets the folder ``documents`` and, beside it, what must not be read.
    :param factor: How much smaller than in full size.
    :param families: Which crafted files; names and nodes are always there.
    :return: What was written, but for the good files.
    """
    folder = home / "documents"
    write_good(folder)
    crafted = [one for family in families for one in FAMILIES[family](factor)]
    crafted += [*names(), *nodes(home / "outside")]
    for one in crafted:
        path = folder / one.name
        path.parent.mkdir(parents=True, exist_ok=True)
        one.write(path)
    return tuple(crafted)


def build(
    home: Path, crafted: tuple[Crafted, ...], timeout_s: float, *, with_ocr: bool = True
) -> Built:
    """Build the index of a hostile folder in a process of its own.

    :param home: What ``lay`` was given.
    :param crafted: What it gave.
    :param timeout_s: The whole build may take as long.
    :param with_ocr: Recognise text in pages without any, where the program for it is installed.
    :return: The folder with its index.
    """
    folder, temporary = home / "documents", home / "temporary"
    temporary.mkdir()
    before = _listing(folder)
    done = subprocess.run(
        [sys.executable, "-m", "tests.hostile.measured_build", folder],
        cwd=_ROOT,
        env={**os.environ, "TMPDIR": str(temporary), **({} if with_ocr else {"PATH": ""})},
        capture_output=True,
        timeout=timeout_s,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    assert _listing(folder) == before, "the build changed the documents"
    assert not list(temporary.iterdir()), "files were left behind"
    assert leftovers(default_index_dir(folder)) == []
    assert not [path for path in _ESCAPED if path.exists()]
    told = json.loads(done.stdout)
    rows = {row.source: row for row in read_ledger(default_index_dir(folder))}
    return Built(
        folder,
        crafted,
        told["seconds"],
        told["peak_kb"],
        told["idle_kb"],
        told["worker_kb"],
        rows,
    )


def complaints(built: Built) -> list[str]:
    """Return what does not hold of the rows of a built folder."""
    found = []
    for one in built.crafted:
        source = printable(one.name)
        row = built.rows.get(source)
        if not one.told:
            found += [f"{source!r}: has a row"] if row and row.error == "" else []
        elif row is None:
            found.append(f"{source!r}: has no row")
        elif not re.search(one.told, row.error or INDEXED):
            found.append(f"{source!r}: {row.error or INDEXED} (expected {one.told})")
    for source, row in built.rows.items():
        if row.error and not _SENTENCE.fullmatch(row.error):
            found.append(f"{source!r}: no sentence: {row.error!r}")
        if row.reachable not in (None, 1.0):
            found.append(f"{source!r}: only {row.reachable} of it can be found")
    return found


def check_texts(built: Built) -> None:
    """Check that nothing from outside was read, and that files with odd names were."""
    index_dir = default_index_dir(built.folder)
    (generation,) = (index_dir / "generations").iterdir()
    store = ChunkStore.load(generation / "chunks.sqlite")
    try:
        texts = {
            row.source: store.document(store.doc_id_of(row.source)).text
            for row in built.rows.values()
            if not row.error
        }
    finally:
        store.close()
    for source, text in texts.items():
        assert SECRET[3:] not in text, source
        assert "root:" not in text, source
    for one in built.crafted:
        if one.name.startswith("名/") and one.told == INDEXED:
            assert texts[one.name] == sentence_of(one.name.removeprefix("名/"))


def print_ledger(built: Built, *options: str) -> str:
    """Return what ``yiju index --report`` prints of a built folder.

    :param built: The folder.
    :param options: More options of the command.
    """
    command = [sys.executable, "-c", "from webui.cli import main; main()", "index", "--report"]
    done = subprocess.run(
        [*command, *options, "--documents", built.folder],
        cwd=_ROOT,
        env={**os.environ, "COLUMNS": "400"},  # so that no name is cut into lines
        capture_output=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return done.stdout.decode("utf-8")


def unprintable(text: str) -> list[str]:
    """Return the characters of a printed text that a terminal could obey."""
    return sorted({ascii(char) for char in _CONTROLS.findall(text)})


def _listing(folder: Path) -> list[str]:
    # By bytes: the names are not all Unicode. The deepest folders have no path.
    found = []
    for parent, _, files in os.walk(os.fsencode(folder)):
        if not parent.endswith(b".yiju") and b"/.yiju/" not in parent:
            found += [os.path.join(parent, name) for name in files]  # noqa: PTH118 - bytes
    return sorted(map(repr, found))
