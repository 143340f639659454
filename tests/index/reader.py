"""A reader in a process of its own, for the tests of what builds may collect beside it.

``python -m tests.index.reader hold FOLDER QUESTION`` loads once and answers for every line read.
``… reopen …`` loads and asks again and again until a line comes, and tells how that went. Both
first tell the generation.
"""

import json
import select
import sys
from pathlib import Path

from index.errors import IndexingError
from index.knowledge_base import KnowledgeBase
from tests.fakes import HashEncoder
from tests.index.folders import load, search


def words(knowledge_base: KnowledgeBase, question: str) -> list[str]:
    """Return the chunks that both channels find, and the text of each one's document."""
    found = search(knowledge_base, question)
    chunks = [hit.chunk for hit in (*found.dense, *found.lexical)]
    return [knowledge_base.document(chunk.doc_id).text for chunk in chunks] + [
        chunk.text for chunk in chunks
    ]


def hold(folder: Path, question: str) -> None:
    """Answer from one generation for as long as lines come."""
    knowledge_base = load(folder, HashEncoder())
    print(knowledge_base.manifest.generation, flush=True)
    for _ in sys.stdin:
        print(json.dumps(words(knowledge_base, question), ensure_ascii=False), flush=True)


def reopen(folder: Path, question: str) -> None:
    """Open whatever is live, ask it, close it, and so on."""
    n_loads, generations, errors = 0, [], []
    while not n_loads or not select.select([sys.stdin], [], [], 0)[0]:
        try:
            knowledge_base = load(folder, HashEncoder())
            words(knowledge_base, question)
        except IndexingError as exc:
            errors.append(str(exc))
            break
        generation = knowledge_base.manifest.generation
        if not n_loads:
            print(generation, flush=True)
        n_loads += 1
        if generation not in generations:
            generations.append(generation)
    outcome = {"n_loads": n_loads, "generations": generations, "errors": errors}
    print(json.dumps(outcome, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")
    {"hold": hold, "reopen": reopen}[sys.argv[1]](Path(sys.argv[2]), sys.argv[3])
