"""The real index that the tests of the question side share."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from index.knowledge_base import KnowledgeBase
from rag.answerer import Answerer
from rag.calibration import Calibration
from rag.reader import SpanReader
from rag.reading import Reading
from tests.golden.answers import copy_corpus
from tests.index.folders import TEXTS, write_documents


@pytest.fixture(scope="session")
def corpus_answerer(corpus_dir, tmp_path_factory) -> Answerer:
    """Answers from our own test documents; not to be refreshed."""
    return Answerer.open(copy_corpus(corpus_dir, tmp_path_factory.mktemp("answerer") / "corpus"))


@pytest.fixture(scope="session")
def small_answerer(tmp_path_factory) -> Answerer:
    """Answers from four very small documents; not to be refreshed."""
    return Answerer.open(write_documents(tmp_path_factory.mktemp("small"), TEXTS))


@pytest.fixture(scope="session")
def judging(bundled_encoder) -> Callable[..., Answerer]:
    """Copy an answerer with other thresholds: what is sure enough may change with every fit."""
    reader = SpanReader.load(bundled_encoder)

    def make(answerer: Answerer, *, answered: float, uncertain: float, kind=Answerer) -> Answerer:
        return kind(
            KnowledgeBase.load(answerer.index_dir, encoder=bundled_encoder),
            Reading(
                bundled_encoder, reader, _with_thresholds(Calibration.load(), answered, uncertain)
            ),
            documents_dir=answerer.documents_dir,
            index_dir=answerer.index_dir,
        )

    return make


def _with_thresholds(calibration: Calibration, answered: float, uncertain: float) -> Calibration:
    return Calibration(
        {
            group: replace(fitted, answered=answered, uncertain=uncertain)
            for group, fitted in calibration.groups.items()
        }
    )
