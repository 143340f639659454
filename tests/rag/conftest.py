"""The real index that the tests of the question side share."""

import pytest

from rag.answerer import Answerer
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
