"""The rules of the source tree that no linter knows: who imports what, what stands where."""

import ast
import fnmatch
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import index
import rag

_ROOT = Path(__file__).parent.parent
_PACKAGES = ("index", "rag", "webui")
_TOP_LEVEL = {
    *("pyproject.toml", "README.md", "LICENSE"),
    *("seeds", "rag", "index", "webui", "tests"),
}
_MAY_IMPORT = {"index": {"index"}, "rag": {"index", "rag"}, "webui": {"index", "rag", "webui"}}
_BROAD = {"Exception", "BaseException"}
# Where libraries raise bare Exception (tokenizers), anything at all (sentence-transformers) or
# Rust's panics (tantivy).
_MAY_CATCH_EVERYTHING = {"index/encoder.py", "index/lexical.py", "index/pretrained.py"}
_MAX_LINES = 350


def _modules(*, training: bool = False) -> list[Path]:
    paths = [path for package in _PACKAGES for path in sorted((_ROOT / package).rglob("*.py"))]
    return [path for path in paths if ("training" in path.parts) == training]


def _id(path: Path) -> str:
    return path.relative_to(_ROOT).as_posix()


PRODUCT = [pytest.param(path, id=_id(path)) for path in _modules()]
EVERY = [pytest.param(path, id=_id(path)) for path in [*_modules(), *_modules(training=True)]]


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def _names(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        assert node.level == 0, "relative imports are not used here"
        # "from index import training" names a module, too.
        return [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
    return []


def _imports(path: Path) -> set[str]:
    """List everything a file imports anywhere."""
    return {name for node in ast.walk(_tree(path)) for name in _names(node)}


def _runs_at_import(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from _runs_at_import(node.orelse)
            continue
        yield node
        for inner in ("body", "orelse", "finalbody"):
            yield from _runs_at_import(getattr(node, inner, []))
        for handler in getattr(node, "handlers", []):
            yield from _runs_at_import(handler.body)


def _imports_at_import(path: Path) -> set[str]:
    """List the top-level packages that importing a file imports."""
    nodes = _runs_at_import(_tree(path).body)
    return {name.split(".")[0] for node in nodes for name in _names(node)}


def _calls(path: Path) -> list[str]:
    calls = (node for node in ast.walk(_tree(path)) if isinstance(node, ast.Call))
    return [ast.unparse(call.func) for call in calls]


def _module(name: str) -> Path | None:
    path = _ROOT.joinpath(*name.split("."))
    return next(
        (at for at in (path / "__init__.py", path.with_suffix(".py")) if at.is_file()), None
    )


# Who may import what.


@pytest.mark.parametrize("path", EVERY)
def test_a_package_imports_only_itself_and_those_below_it(path):
    own = {name.split(".")[0] for name in _imports(path)} & {*_PACKAGES, "tests"}

    assert own <= _MAY_IMPORT[path.relative_to(_ROOT).parts[0]]


@pytest.mark.parametrize("path", PRODUCT)
def test_nothing_that_runs_imports_a_training_recipe(path):
    assert [name for name in _imports(path) if "training" in name.split(".")] == []


@pytest.mark.parametrize(
    ("package", "allowed"),
    [
        ("faiss", r"index/(codes|dense)\.py"),
        ("gradio", r"webui/(?!cli\.py).*"),
        ("torch", r"$"),
        ("sentence_transformers", r"$"),
        ("transformers", r"$"),
        ("tantivy", r"index/lexical(_writer)?\.py"),
        ("opencc", r"index/normalization\.py"),
    ],
)
def test_a_heavy_library_is_imported_at_once_only_where_it_belongs(package, allowed):
    importing = [_id(path) for path in _modules() if package in _imports_at_import(path)]

    assert [name for name in importing if not re.fullmatch(allowed, name)] == []


@pytest.mark.parametrize("module", ["index", "rag", "webui.cli"])
def test_importing_a_package_loads_neither_torch_nor_gradio(module):
    code = (
        f"import sys, {module}\n"
        "heavy = ('torch', 'sentence_transformers', 'transformers', 'gradio', 'sklearn')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    child = subprocess.run(
        [sys.executable, "-c", code], cwd=_ROOT, capture_output=True, text=True, check=False
    )

    assert child.stdout == "[]\n", child.stderr


@pytest.mark.parametrize("path", EVERY)
def test_every_module_of_ours_that_is_imported_is_there(path):
    ours = {name for name in _imports(path) if name.split(".")[0] in _PACKAGES}
    modules = {name for name in ours if _module(name) or _module(name.rpartition(".")[0])}

    assert ours - modules == set()


def test_the_public_names_of_index_are_those_agreed():
    assert sorted(index.__all__) == [
        "BuildReport",
        "Document",
        "IndexSettings",
        "IndexingError",
        "KnowledgeBase",
        "Span",
        "build_index",
        "default_index_dir",
        "load_encoder",
    ]


def test_the_public_names_of_rag_are_those_agreed():
    assert sorted(rag.__all__) == ["Answer", "Answerer", "Citation", "Status", "answer"]


@pytest.mark.parametrize("package", [index, rag], ids=["index", "rag"])
def test_every_public_name_is_there_and_documented(package):
    for name in package.__all__:
        assert getattr(package, name).__doc__


# What may stand in a module.


@pytest.mark.parametrize("path", EVERY)
def test_a_module_opens_with_what_it_is(path):
    docstring = ast.get_docstring(_tree(path))

    assert docstring
    assert docstring.split("\n")[0].endswith((".", ":"))


@pytest.mark.parametrize("path", EVERY)
def test_a_module_is_short_enough_to_read(path):
    assert len(path.read_text("utf-8").splitlines()) <= _MAX_LINES


@pytest.mark.parametrize("path", PRODUCT)
def test_nothing_is_printed_evaluated_or_unpickled(path):
    forbidden = {"print", "eval", "exec", "compile", "__import__", "os.system", "pickle.load"}

    assert forbidden.isdisjoint(_calls(path))
    assert {"pickle", "marshal", "shelve", "dill", "joblib"}.isdisjoint(
        name.split(".")[0] for name in _imports(path)
    )


@pytest.mark.parametrize("path", EVERY)
def test_numpy_never_unpickles(path):
    keywords = (node for node in ast.walk(_tree(path)) if isinstance(node, ast.keyword))
    allowing = [ast.unparse(keyword.value) for keyword in keywords if keyword.arg == "allow_pickle"]

    assert set(allowing) <= {"False"}


def _broad_handlers(path: Path) -> Iterator[ast.ExceptHandler]:
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.ExceptHandler):
            caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            if any(kind is None or ast.unparse(kind) in _BROAD for kind in caught):
                yield node


@pytest.mark.parametrize("path", PRODUCT)
def test_everything_is_caught_only_at_the_edges_and_with_a_reason(path):
    lines = path.read_text("utf-8").splitlines()

    for handler in _broad_handlers(path):
        assert _id(path) in _MAY_CATCH_EVERYTHING or path.parent.name == "webui"
        around = lines[handler.lineno - 1 : handler.body[0].lineno]
        assert any("#" in line for line in around), f"line {handler.lineno} gives no reason"


def test_everything_is_caught_in_few_places():
    assert sum(1 for path in _modules() for _ in _broad_handlers(path)) <= 4


@pytest.mark.parametrize("path", PRODUCT)
def test_no_module_has_the_name_of_one_of_the_standard_library(path):
    assert path.stem == "__init__" or path.stem not in sys.stdlib_module_names
    assert path.stem not in {"utils", "helpers", "common", "core"}


# What may stand where.


def test_nothing_else_stands_at_the_top_of_the_repository():
    ignored = (_ROOT / ".gitignore").read_text("utf-8").split()
    patterns = [pattern.strip("/") for pattern in ignored]
    visible = {path.name for path in _ROOT.iterdir() if not path.name.startswith(".")}

    surplus = {
        name
        for name in visible - _TOP_LEVEL
        if not any(fnmatch.fnmatch(name, pattern) for pattern in patterns)
    }

    assert surplus == set()


@pytest.mark.parametrize("folder", [path for path in (_ROOT / "tests").rglob("*") if path.is_dir()])
def test_every_folder_of_tests_is_a_package(folder):
    has_modules = any(folder.glob("*.py"))

    assert not has_modules or (folder / "__init__.py").is_file()


def test_every_module_of_index_has_its_tests():
    modules = {path.stem for path in (_ROOT / "index").glob("*.py")}
    tested = {
        path.stem.removeprefix("test_") for path in (_ROOT / "tests" / "index").glob("test_*.py")
    }
    covered_by_others = {
        "__init__",
        "child_process",
        "errors",
        "generation_writer",
        "progress",
        "row_work",
        "row_worker",
        "store_statements",
    }

    assert modules - covered_by_others <= tested
