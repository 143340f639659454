"""Files that cannot be read cost no other file, and each is told with its reason."""

import re
from pathlib import Path

import pytest

from index.ledger import read_ledger
from index.loading import hash_source
from tests.formats.bad_neighbours import Neighbours, add_neighbours
from tests.formats.measuring import Planted, measure, plant

_SENTENCE = re.compile(r"It [a-z].*\.|Its [a-z].*\.")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("neighbours")


@pytest.fixture(scope="module")
def neighbours(folder) -> Neighbours:
    return add_neighbours(folder)


@pytest.fixture(scope="module")
def beside(folder, neighbours, models) -> Planted:
    return plant(folder, models)


def test_each_unreadable_file_has_its_sentence(beside, neighbours):
    errors = {row.source: row.error for row in read_ledger(beside.index_dir) if row.error}

    assert errors.keys() == neighbours.refused.keys()
    for source, words in neighbours.refused.items():
        assert words in errors[source]
        assert _SENTENCE.fullmatch(errors[source]), errors[source]


def test_every_other_file_is_indexed_whole(beside, neighbours):
    rows = {row.source: row for row in read_ledger(beside.index_dir) if not row.error}

    assert rows.keys() == {str(file.path) for file in beside.plan} | neighbours.odd.keys()
    assert {row.reachable for row in rows.values()} == {1.0}


def test_every_fact_is_found_as_without_them(beside, outcomes):
    without = [(outcome.text_found, outcome.place_right) for outcome in outcomes]

    found = [(outcome.text_found, outcome.place_right) for outcome in measure(beside)]

    assert found == without


def test_a_file_with_a_strange_name_is_found_and_cited_by_it(beside, neighbours):
    if not neighbours.odd:
        pytest.skip("this system allows none of the names")
    for source, sentence in neighbours.odd.items():
        assert beside.knowledge_base.document(hash_source(source)).text == sentence
        answer = beside.answerer.answer(sentence.replace("。", "？"))
        quotes = {c.source: c.quote for c in (*answer.nearest, *answer.citations)}
        assert quotes[source] == sentence
