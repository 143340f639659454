"""Bits: a damaged byte or file of an index is detected, or costs an answer, or changes nothing.

Whatever happens to a file, an answer has the documents' exact words at the place that it says. The
damaged index is loaded and asked in a child, so a crash and a hang are outcomes, too.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from index.build import check_index, default_index_dir
from index.errors import IndexingError
from index.generations import IndexDir
from index.history import read_log, rollback
from tests.index.folders import all_chunks, load
from tests.reliability.children import Outcome
from tests.reliability.report import Trial
from tests.reliability.scene import (
    QUESTIONS,
    SETTINGS,
    ask,
    assert_tidy,
    build,
    copy,
    models,
    open_answerer,
    read_state,
    write_edition,
)

_TIMEOUT_S = 30.0
_MENDED_SHARE = 0.25
_LIVE = "000003"
_STORE = f"generations/{_LIVE}/chunks.sqlite"
Damage = Callable[[bytes, Random], bytes]


def _flip(data: bytes, random: Random) -> bytes:
    at = random.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << random.randrange(8)]) + data[at + 1 :]


def _truncate(data: bytes, random: Random) -> bytes:
    return data[: random.randrange(len(data))]


def _lengthen(data: bytes, random: Random) -> bytes:
    return data + random.randbytes(random.randint(1, 100))


def _zero(data: bytes, random: Random) -> bytes:
    start = random.randrange(len(data))
    end = min(len(data), start + random.choice((1, 16, 512, 4096)))
    return data[:start] + bytes(end - start) + data[end:]


def _scribble(data: bytes, random: Random) -> bytes:
    start = random.randrange(len(data))
    end = min(len(data), start + random.choice((2, 16, 512)))
    return data[:start] + random.randbytes(end - start) + data[end:]


def _empty(data: bytes, random: Random) -> bytes:
    return b""


def _zero_all(data: bytes, random: Random) -> bytes:
    return bytes(len(data))


DAMAGES: dict[str, Damage] = {
    "bit flipped": _flip,
    "cut short": _truncate,
    "lengthened": _lengthen,
    "bytes zeroed": _zero,
    "bytes overwritten": _scribble,
    "emptied": _empty,
    "zeroed": _zero_all,
}
_MOSTLY_FLIPS = (*DAMAGES, *["bit flipped"] * len(DAMAGES))


def probe(folder: str) -> dict[str, Any]:
    """Load the index and ask everything; runs in a child. Our own errors are answers."""
    place = Path(folder)
    try:
        answerer = open_answerer(place)
    except IndexingError as exc:
        return {"refused": str(exc)}
    answers, errors = [], []
    for question in QUESTIONS:
        try:
            generation, answer = ask(answerer, question)
            answers.append([generation, answer])
        except IndexingError as exc:
            answers.append(None)
            errors.append(str(exc))
    return {"answers": answers, "errors": errors}


def check(folder: str) -> str:
    """Check every byte, as ``yiju index --check`` does; runs in a child."""
    try:
        return f"whole: {check_index(default_index_dir(Path(folder)))}"
    except IndexingError as exc:
        return str(exc)


def use(folder: str, operation: str) -> str:
    """Work on with the index: log, rollback or a build; runs in a child.

    :return: A digest of what the index then holds; "" when it was refused.
    """
    place = Path(folder)
    index_dir = default_index_dir(place)
    try:
        if operation == "log":
            read_log(index_dir)
        elif operation == "rollback":
            rollback(place, index_dir, "2", settings=SETTINGS, encoder=models().encoder)
        else:
            build(place, full=operation == "full")
    except IndexingError:
        return ""
    return "" if operation == "log" else digest(place)


def digest(folder: Path) -> str:
    """Return a digest of all that an index holds and answers."""
    return hashlib.sha256(repr(read_state(folder)).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Truth:
    """What is right, known from an index that nothing happened to."""

    template: Path
    answers: list[list[str]]
    places: dict[str, list[tuple[int, int, list[str]]]]  # chunks by source: start, end, headings
    titles: dict[str, str]
    texts: dict[str, str]
    sha256: dict[str, str]
    digests: dict[str, str]  # by operation


def bits(trial: Trial) -> None:
    """Damage a file of a generation, ``count`` times."""
    truth = _prepare(trial)
    index_dir = default_index_dir(truth.template)
    root = IndexDir(index_dir).paths(_LIVE).root
    files = [index_dir / "CURRENT", *sorted(path for path in root.rglob("*") if path.is_file())]
    names = [path.relative_to(index_dir).as_posix() for path in files if path.stat().st_size]
    for number in range(trial.count):
        # Half of all damages are where a wrong place could come from.
        name = names[number // 2 % len(names)] if number % 2 else _STORE
        kind = trial.random.choice(_MOSTLY_FLIPS)
        _damage_once(trial, truth, name, kind)
    trial.note("kinds of files", len(names))


def _prepare(trial: Trial) -> _Truth:
    template = trial.scene.kept("bits")
    for edition in (1, 2, 3):
        write_edition(template, edition)
        _write_long(template)
        build(template)
    knowledge_base = load(template, models().encoder)
    documents = [knowledge_base.document(d.doc_id) for d in knowledge_base.files.document_infos()]
    sources = {document.doc_id: document.source for document in documents}
    places: dict[str, list[tuple[int, int, list[str]]]] = {}
    for chunk in all_chunks(knowledge_base):
        at = (chunk.span.start, chunk.span.end, list(chunk.heading))
        places.setdefault(sources[chunk.doc_id], []).append(at)
    answerer = open_answerer(template)
    truth = _Truth(
        template,
        answers=[list(ask(answerer, question)) for question in QUESTIONS],
        places=places,
        titles={document.source: document.title for document in documents},
        texts={document.source: document.text for document in documents},
        sha256={document.source: document.sha256 for document in documents},
        digests={},
    )
    for operation in ("build", "rollback", "full"):
        place = copy(template, trial.workplace())
        _change(place, operation)
        outcome = trial.children.run("bits:use", folder=place, operation=operation)
        assert outcome.value, str(outcome)
        truth.digests[operation] = outcome.value
    return truth


def _write_long(folder: Path) -> None:
    """Add a document of many chunks."""
    rules = [
        f"## 第{n}条\n\n{n}号展品保险{n * 7}元，由{n % 9 + 1}号库保管。" * 6 for n in range(40)
    ]
    (folder / "保险.md").write_text("# 保险\n\n" + "\n\n".join(rules), "utf-8", newline="")


def _change(place: Path, operation: str) -> None:
    if operation == "build":
        write_edition(place, 4)
        _write_long(place)


def _damage_once(trial: Trial, truth: _Truth, name: str, kind: str) -> None:
    place = copy(truth.template, trial.workplace())
    path = default_index_dir(place) / name
    old = path.read_bytes()
    new = DAMAGES[kind](old, trial.random)
    if new == old:
        return
    path.write_bytes(new)
    where = next((at for at, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), len(new))
    with trial.expect(f"{name}, {kind} at {where:,} of {len(old):,}, in {place}"):
        trial.note(f"damages: {kind}")
        run = partial(trial.children.run, timeout_s=_TIMEOUT_S, folder=place)
        found = run("bits:check")
        assert isinstance(found.value, str), f"--check: {found}"
        is_found = not found.value.startswith("whole")
        _judge(trial, truth, run("bits:probe"), is_found=is_found)
        operation = trial.random.choice(("build", "build", "rollback", "log"))
        _change(place, operation)
        used = run("bits:use", operation=operation)
        assert isinstance(used.value, str), f"{operation}: {used}"
        if operation != "log":
            _judge_use(trial, truth, place, operation, used.value)
        if trial.random.random() < _MENDED_SHARE:
            _assert_mended(truth, place)
            trial.note("mended by a full build")
    shutil.rmtree(place)


def _judge_use(trial: Trial, truth: _Truth, place: Path, operation: str, found: str) -> None:
    """Judge what became of the damage in a build or rollback: it is never signed anew."""
    if not found:
        trial.note(f"{operation} afterwards was refused")
    elif found == truth.digests[operation]:
        trial.note(f"{operation} afterwards was as if nothing had happened")
    else:
        said = trial.children.run("bits:check", timeout_s=_TIMEOUT_S, folder=place)
        assert not str(said.value).startswith("whole"), f"{operation} signed the damage anew"
        trial.note(f"{operation} afterwards shared the damage, which --check still finds")


def _assert_mended(truth: _Truth, place: Path) -> None:
    write_edition(place, 3)
    _write_long(place)
    old = [path.name for path in IndexDir(default_index_dir(place)).generations_dir.iterdir()]
    build(place, full=True)
    assert digest(place) == truth.digests["full"], "a full build does not mend it"
    check_index(default_index_dir(place))
    assert_tidy(default_index_dir(place), damaged=old)


def _judge(trial: Trial, truth: _Truth, outcome: Outcome, *, is_found: bool) -> None:
    said = outcome.value
    assert said, f"asking: {outcome}"
    if "refused" in said:
        trial.note("detected at load")
        assert "yiju index" in said["refused"], f"no way out: {said['refused']}"
        return
    for wanted, given in zip(truth.answers, said["answers"], strict=True):
        if given and given != wanted:
            assert given[0] == wanted[0], f"answered from generation {given[0]}"
            _assert_exact(truth, json.loads(given[1]))
    if said["errors"]:
        trial.note("detected at read")
        assert all("yiju index" in error for error in said["errors"]), str(said["errors"])
    elif said["answers"] == truth.answers:
        trial.note("found by --check only, answers unchanged" if is_found else "no harm at all")
    else:
        assert is_found, "answers are others and --check finds nothing"
        trial.note("found by --check only, other quotes or confidence, all exact")


def _assert_exact(truth: _Truth, answer: dict[str, Any]) -> None:
    """Assert that every citation is the document's words where it says they stand."""
    for citation in (*answer["citations"], *answer["nearest"]):
        source, span = citation["source"], citation["span"]
        assert source in truth.texts, f"there is no document {source!r}"
        text = truth.texts[source]
        quote = text[span["start"] : span["end"]]
        assert quote == citation["quote"], f"wrong quote: {citation['quote']!r}"
        words = citation["highlight"] or span
        assert span["start"] <= words["start"] <= words["end"] <= span["end"], "words outside"
        assert citation["line"] == text.count("\n", 0, words["start"]) + 1, "wrong line"
        assert citation["title"] == truth.titles[source], f"wrong title: {citation['title']!r}"
        assert citation["sha256"] == truth.sha256[source], "wrong sha256"
        assert not citation["places"], f"wrong places: {citation['places']}"
        assert citation["page"] is None, "wrong page"
        _assert_heading(truth.places[source], words["start"], citation["heading"])
    if answer["text"]:
        first = answer["citations"][0]
        words = first["highlight"]
        assert truth.texts[first["source"]][words["start"] : words["end"]] == answer["text"]


def _assert_heading(
    chunks: Sequence[tuple[int, int, list[str]]], at: int, heading: list[str]
) -> None:
    wanted = [found for start, end, found in chunks if start <= at < end]
    assert heading in wanted, f"wrong headings: {heading}, not {wanted}"
