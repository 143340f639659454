"""The planted folder, indexed and asked once for all tests."""

import pytest

from tests.benchmarks.models import Models
from tests.formats.measuring import Outcome, Planted, measure, plant


@pytest.fixture(scope="package")
def models() -> Models:
    """The bundled models."""
    return Models.load(None, None)


@pytest.fixture(scope="package")
def planted(tmp_path_factory, models) -> Planted:
    """Every planned document in a folder of its own; read only."""
    return plant(tmp_path_factory.mktemp("planted"), models)


@pytest.fixture(scope="package")
def outcomes(planted) -> list[Outcome]:
    """What was found of every fact."""
    return measure(planted)
