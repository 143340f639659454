"""Fixtures and the hypothesis profiles of all tests."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from index.encoder import StaticEncoder
from tests.fakes import HashEncoder

_ROOT = Path(__file__).parent.parent

# No deadline: a slow machine is not a bug. On CI the examples are the same in every run.
_COMMON = {
    "deadline": None,
    "max_examples": 40,
    "suppress_health_check": [HealthCheck.too_slow],
}
settings.register_profile("dev", **_COMMON)
settings.register_profile("ci", derandomize=True, print_blob=True, **_COMMON)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: a test in a browser or a child process mostly waits."""
    return (os.cpu_count() or 1) + 1


@pytest.fixture(scope="session", autouse=True)
def _no_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep fixtures and child processes from the user's own data, too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("YIJU_HOME", str(tmp_path_factory.mktemp("no-home")))
        yield


@pytest.fixture(autouse=True)
def home(_no_home: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of the user's own data, for this test alone; made when it is needed."""
    folder = tmp_path / ".yiju-home"
    monkeypatch.setenv("YIJU_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def corpus_dir() -> Path:
    """Our own test documents; read only."""
    return Path(__file__).parent / "corpus"


@pytest.fixture
def corpus_copy(corpus_dir: Path, tmp_path: Path) -> Path:
    """A copy of the test documents that a test may index and change."""
    return Path(shutil.copytree(corpus_dir, tmp_path / "corpus"))


@pytest.fixture(scope="session")
def golden_dir() -> Path:
    """What was reviewed once and must not change unseen."""
    return Path(__file__).parent / "golden"


@pytest.fixture(scope="session")
def benchmark_data() -> Path:
    """The folder of public benchmark texts, which are not part of the repository."""
    named = os.environ.get("YIJU_BENCHMARK_DATA")
    folder = Path(named) if named else _ROOT.parent / "shared"
    if not (folder / "qa").is_dir():
        pytest.skip(f"no benchmark data at {folder}; set YIJU_BENCHMARK_DATA")
    return folder


@pytest.fixture(scope="session")
def bundled_encoder() -> StaticEncoder:
    """The encoder that ships with the package."""
    return StaticEncoder.load()


@pytest.fixture
def hash_encoder() -> HashEncoder:
    """A small encoder that remembers what it encoded."""
    return HashEncoder()
