"""``answer.schema.json`` says of an answer what the types say; every real answer keeps to it."""

import json
import types
import typing
from importlib.resources import files

import pytest
from jsonschema import Draft202012Validator

from index.datatypes import PlaceKind
from rag import Answerer, Status
from rag.datatypes import (
    AnswerDict,
    CitationDict,
    CitedPlaceDict,
    DateOrigin,
    Role,
    SpanDict,
)
from tests.index.folders import TEXTS, write_documents

SCHEMA = json.loads((files("rag") / "answer.schema.json").read_text("utf-8"))
RECORDS = {
    "answer": AnswerDict,
    "citation": CitationDict,
    "place": CitedPlaceDict,
    "span": SpanDict,
}
JSON_TYPES = {str: "string", int: "integer", float: "number", types.NoneType: "null", list: "array"}
QUESTIONS = {
    Status.ANSWERED: "大会是哪一天召开的？",
    Status.NOT_FOUND: "How do I reset the firmware of a toaster?",
}


@pytest.fixture(scope="module")
def answerer(tmp_path_factory, corpus_dir):
    folder = write_documents(tmp_path_factory.mktemp("documents"), TEXTS)
    for path in corpus_dir.iterdir():
        if path.suffix in {".txt", ".md"}:
            (folder / path.name).write_bytes(path.read_bytes())
    return Answerer.open(folder)


@pytest.fixture(scope="module")
def answers(answerer):
    """Answers of every status, from questions to real documents."""
    asked = [*QUESTIONS.values(), "逾期罚款多少？", "塔有多高？", "谁主持？", "借书", "\ud800", ""]
    asked += ["How often is the rope inspected?", "rope", "会期多久？", "主持人几岁？", "Who?"]
    return [answerer.answer(question) for question in asked]


def json_types(hint):
    """Name the JSON types of an annotation."""
    if isinstance(hint, types.UnionType):
        return {name for part in typing.get_args(hint) for name in json_types(part)}
    if typing.is_typeddict(hint):
        return {"object"}
    return {JSON_TYPES[typing.get_origin(hint) or hint]}


def schema_types(schema):
    """Name the JSON types that a schema lets through."""
    if "$ref" in schema:
        return schema_types(SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]])
    if "anyOf" in schema:
        return {name for part in schema["anyOf"] for name in schema_types(part)}
    if "enum" in schema:
        return {JSON_TYPES[type(value)] for value in schema["enum"]}
    return {schema["type"]} if isinstance(schema["type"], str) else set(schema["type"])


def test_the_schema_is_one():
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", RECORDS)
def test_the_schema_has_every_key_of_the_type_and_no_other(name):
    keys = set(typing.get_type_hints(RECORDS[name]))
    assert set(SCHEMA["$defs"][name]["properties"]) == keys
    assert set(SCHEMA["$defs"][name]["required"]) == keys


@pytest.mark.parametrize("name", RECORDS)
def test_the_schema_has_the_types_of_the_type(name):
    for key, hint in typing.get_type_hints(RECORDS[name]).items():
        assert schema_types(SCHEMA["$defs"][name]["properties"][key]) == json_types(hint), key


@pytest.mark.parametrize(
    ("record", "key", "values"),
    [
        ("answer", "status", Status),
        ("citation", "role", Role),
        ("citation", "date_origin", DateOrigin),
        ("place", "kind", PlaceKind),
    ],
)
def test_the_schema_knows_every_value(record, key, values):
    assert set(SCHEMA["$defs"][record]["properties"][key]["enum"]) == {one.value for one in values}


def test_the_questions_bring_out_every_status(answers):
    assert {answer.status for answer in answers} == set(Status)


def test_every_answer_keeps_to_the_schema(answers):
    for answer in answers:
        Draft202012Validator(SCHEMA).validate(json.loads(json.dumps(answer.to_dict())))


def _keys(value):
    if isinstance(value, dict):
        yield frozenset(value)
        value = value.values()
    elif not isinstance(value, list):
        return
    for part in value:
        yield from _keys(part)


def test_no_answer_has_a_key_that_the_schema_does_not_know(answers):
    known = {frozenset(entry["properties"]) for entry in SCHEMA["$defs"].values()}
    seen = {keys for answer in answers for keys in _keys(answer.to_dict())}
    assert seen <= known
    assert frozenset(SCHEMA["$defs"]["citation"]["properties"]) in seen


@pytest.mark.parametrize(
    "broken",
    [
        {"status": "maybe"},
        {"confidence": 1.5},
        {"text": ""},
        {"citations": []},
        {"generation": None},
    ],
)
def test_the_schema_refuses_what_is_no_answer(answers, broken):
    answered = next(answer for answer in answers if answer.status is Status.ANSWERED)
    validator = Draft202012Validator(SCHEMA)
    assert not validator.is_valid(answered.to_dict() | broken)
    assert not validator.is_valid({})
