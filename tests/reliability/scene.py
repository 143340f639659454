"""The scene of all parts: a library in numbered editions, and what each of them answers.

What is right is known from folders that nothing happens to: each edition is indexed once, whole,
in a place of its own, and asked all questions.
"""

import json
import os
import shutil
import time
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from index.build import build_index, default_index_dir
from index.datatypes import BuildReport
from index.generations import IndexDir
from index.knowledge_base import KnowledgeBase
from index.manifest import GenerationPaths, check_files, data_files
from index.settings import IndexSettings
from index.store import ChunkStore
from rag.answerer import Answerer
from rag.reading import Reading
from tests.index.folders import all_chunks, search

KEEP = 3
SETTINGS = IndexSettings(keep_generations=KEEP, lock_timeout_s=0)  # a lock left behind is an error
QUESTIONS = (
    "大会是哪一天召开的？",
    "逾期每天罚款多少？",
    "闭馆到几月几日？",
    "谁发明了电话？",
)
_LIGHTHOUSE = "燈塔\n\n燈塔建於光緒年間，塔高十二公尺。每天日落時點燈。"
_RULES = "# 图书馆规章\n\n每人最多借书十册。\n\n## 罚款\n\n逾期每天罚款一角。"


@dataclass(frozen=True, slots=True)
class State:
    """All that an index holds, comparable with another's of the same documents."""

    chunks: tuple[Any, ...]  # in the order of their ids
    rankings: tuple[Any, ...]  # both channels', with scores
    answers: tuple[str, ...]


class Scene:
    """The editions, made on demand."""

    def __init__(self, folder: Path) -> None:
        """Use a folder that nothing else touches."""
        self._folder = folder
        self._states: dict[int, State] = {}

    def state(self, edition: int) -> State:
        """Return what the index of an edition holds."""
        if edition not in self._states:
            folder = self._folder / f"edition-{edition}"
            write_edition(folder, edition)
            build(folder, full=True)
            self._states[edition] = read_state(folder)
        return self._states[edition]

    def answers(self, edition: int) -> tuple[str, ...]:
        """Return what is answered from an edition."""
        return self.state(edition).answers

    def kept(self, name: str, *editions: int, then: int | None = None) -> Path:
        """Return a folder whose index keeps a generation for each edition, the last one live.

        :param name: What it is made for.
        :param editions: Of the generations 000001, 000002, ….
        :param then: The edition that the documents have come to since.
        """
        folder = self._folder / name
        if not folder.exists():
            folder.mkdir()
            for edition in editions:
                write_edition(folder, edition)
                build(folder)
            if editions or then is not None:
                write_edition(folder, editions[-1] if then is None else then)
        return folder


def edition_texts(edition: int) -> dict[str, str]:
    """Return the documents of an edition by name: some stay, others are edited, moved, copied."""
    texts = {
        "会议.txt": f"会议纪要\n\n大会于{edition + 2}月{edition + 5}日下午在三楼礼堂召开。",
        "规章/图书馆.md": _RULES,
        "hoist.md": f"# Hoist manual\n\nThe rope is inspected every {edition + 30} days.",
        f"灯塔-{edition % 3}.txt": _LIGHTHOUSE,
        f"通知/{edition}.txt": f"通知\n\n图书馆闭馆到{edition + 3}月{edition + 1}日。",
    }
    if edition % 2:
        texts["备份/规章.md"] = _RULES
    return texts


def write_edition(folder: Path, edition: int) -> None:
    """Make the documents of a folder those of an edition, touching only what differs."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = edition_texts(edition)
    old = documents(folder)
    for source in sorted(old.keys() - wanted.keys()):
        (folder / source).unlink()
    for source, text in wanted.items():
        path = folder / source
        if old.get(source) != text.encode():
            path.parent.mkdir(parents=True, exist_ok=True)
            before = path.stat().st_mtime_ns if path.exists() else 0
            path.write_text(text, "utf-8", newline="")
            later = max(time.time_ns(), before + 1_000_000)  # the clock may not have ticked
            os.utime(path, ns=(later, later))


def documents(folder: Path) -> dict[str, bytes]:
    """Return the documents in a folder by name."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".yiju" not in path.parts
    }


@lru_cache(maxsize=1)
def models() -> Reading:
    """Return the bundled models."""
    return Reading.load()


def build(
    folder: Path,
    *,
    index_dir: Path | None = None,
    full: bool = False,
    settings: IndexSettings = SETTINGS,
) -> BuildReport:
    """Index a folder with the bundled encoder."""
    place = index_dir or default_index_dir(folder)
    return build_index(folder, place, models().encoder, settings=settings, full=full)


def open_answerer(folder: Path, index_dir: Path | None = None, generation: str = "") -> Answerer:
    """Load the index of a folder without looking at its documents."""
    index_dir = index_dir or default_index_dir(folder)
    stamp = IndexDir(index_dir).stamp()
    knowledge_base = KnowledgeBase.load(
        index_dir, encoder=models().encoder, documents_dir=folder, generation=generation
    )
    return Answerer(
        knowledge_base,
        models(),
        documents_dir=folder,
        index_dir=index_dir,
        stamp=stamp,
    )


def ask(answerer: Answerer, question: str) -> tuple[str, str]:
    """Ask a question; return the generation and everything else of the answer."""
    answer = dict(answerer.answer(question).to_dict())
    generation = answer.pop("generation")
    return str(generation), json.dumps(answer, ensure_ascii=False, sort_keys=True)


def read_answers(folder: Path, index_dir: Path | None = None, generation: str = "") -> tuple:
    """Ask all questions of a folder's index."""
    answerer = open_answerer(folder, index_dir, generation)
    return tuple(ask(answerer, question)[1] for question in QUESTIONS)


def read_state(folder: Path, index_dir: Path | None = None) -> State:
    """Read all that a folder's index holds."""
    place = index_dir or default_index_dir(folder)
    knowledge_base = KnowledgeBase.load(place, encoder=models().encoder, documents_dir=folder)
    rankings = []
    for question in QUESTIONS:
        found = search(knowledge_base, question, top_k=knowledge_base.n_chunks)
        rankings.append((found.dense, found.lexical))
    return State(
        tuple(sorted(all_chunks(knowledge_base), key=lambda chunk: chunk.chunk_id)),
        tuple(rankings),
        read_answers(folder, index_dir),
    )


def copy(template: Path, place: Path) -> Path:
    """Copy a folder with its index."""
    return Path(shutil.copytree(template, place, dirs_exist_ok=True))


def live_problems(index_dir: Path) -> dict[str, str]:
    """Read what the live generation left out, each file with the reason."""
    home = IndexDir(index_dir)
    store = ChunkStore.load(home.paths(home.require_current()).store)
    return {problem.source: problem.message for problem in store.problems()}


def assert_tidy(index_dir: Path, *, keep: int = KEEP, damaged: Collection[str] = ()) -> None:
    """Assert that an index folder holds whole, kept generations and nothing else.

    :param index_dir: The folder.
    :param keep: The most generations there may be.
    :param damaged: Those that need not be whole.
    """
    surplus = {path.name for path in index_dir.iterdir()} - {"CURRENT", "build.lock", "generations"}
    assert not surplus, f"left in the index folder: {sorted(surplus)}"
    home = IndexDir(index_dir)
    names = sorted(path.name for path in home.generations_dir.iterdir())
    assert tuple(names) == home.kept(), f"generations {names}, kept {home.kept()}"
    assert len(names) <= keep, f"{names} are more than {keep}"
    for name in names:
        if name not in damaged:
            assert_whole(home.paths(name))


def assert_whole(paths: GenerationPaths) -> None:
    """Assert that a generation has every file as it was written and no other."""
    check_files(paths)
    recorded = json.loads(paths.manifest.read_text("utf-8"))["files"]
    there = [path.relative_to(paths.root).as_posix() for path in data_files(paths)]
    assert sorted(recorded) == there, f"{paths.root} has {there}"
