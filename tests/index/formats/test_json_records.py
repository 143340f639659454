import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.datatypes import PlaceKind
from index.errors import DocumentError
from index.formats.extraction import Extraction
from index.formats.json_records import extract_json, extract_jsonl
from tests.index.formats.mutations import assert_sound, assert_survives, mutations


def _read(source: str) -> Extraction:
    extraction = extract_json(source.encode("utf-8"))
    assert_sound(extraction)
    return extraction


def _read_lines(source: str) -> Extraction:
    extraction = extract_jsonl(source.encode("utf-8"))
    assert_sound(extraction)
    return extraction


def _records(extraction: Extraction) -> list[tuple[int, str]]:
    assert all(place.kind is PlaceKind.RECORD for place in extraction.places)
    return [(place.number, place.span.of(extraction.text)) for place in extraction.places]


def _headings(extraction: Extraction) -> list[tuple[int, str, str]]:
    return [(h.level, h.title, h.span.of(extraction.text)) for h in extraction.headings]


def test_questions_and_answers_read_naturally() -> None:
    answer = "可以。签收后七天内，商品完好的都能退；运费由买家承担，质量问题除外。" * 4
    extraction = _read(
        json.dumps(
            [
                {"question": "能退货吗？", "answer": answer},
                {"question": "几点开门？", "answer": "早上九点。"},
            ],
            ensure_ascii=False,
        )
    )
    assert extraction.text == (
        f"question: 能退货吗？\nanswer:\n{answer}\n\nquestion: 几点开门？\nanswer: 早上九点。"
    )
    assert extraction.media_type == "application/json"
    assert extraction.title == ""  # no record's title is the file's
    assert _records(extraction)[1] == (2, "question: 几点开门？\nanswer: 早上九点。")
    assert _headings(extraction) == [
        (2, "能退货吗？", "question: 能退货吗？"),
        (2, "几点开门？", "question: 几点开门？"),
    ]


def test_chat_export_keeps_the_order_of_its_messages() -> None:
    extraction = _read(
        '[{"title": "T", "messages": [{"role": "user", "content": "a\\nb"},'
        ' {"role": "assistant", "content": "c"}]}]'
    )
    assert extraction.text == (
        "title: T\nmessages / role: user\nmessages / content:\na\nb\n"
        "messages / role: assistant\nmessages / content: c"
    )


@pytest.mark.parametrize(
    ("source", "text"),
    [
        pytest.param('{"a": {"b": {"c": 1}}}', "a\n\nb / c: 1", id="nested keys"),
        pytest.param('[{"a": {"b": 1, "c": {"d": 2}}}]', "a / b: 1\na / c / d: 2", id="paths"),
        pytest.param('[{"a": [1, "x", true]}]', "a: 1, x, true", id="short values share a line"),
        pytest.param(
            json.dumps([{"a": ["x" * 61, "y"]}]),
            f"a: {'x' * 61}\na: y",
            id="long ones have their own",
        ),
        pytest.param('[{"a": [[1, 2], [3]]}]', "a: 1, 2\na: 3", id="rows of a matrix"),
        pytest.param(
            '[{"a": 1.50, "b": 12345678901234567890123, "c": 1E5, "d": -0}]',
            "a: 1.50\nb: 12345678901234567890123\nc: 1E5\nd: -0",
            id="numbers as written",
        ),
        pytest.param("[NaN, Infinity, -Infinity]", "NaN\nInfinity\n-Infinity", id="no numbers"),
        pytest.param('[{"a": 1, "a": 2}]', "a: 1\na: 2", id="repeated keys"),
        pytest.param(
            '[{"a": null, "b": "", "c": [], "d": {}, "e": false}]', "e: false", id="nothing"
        ),
        pytest.param('["a", "b", ["c"]]', "a\nb\n\nc", id="plain values"),
        pytest.param('"a\\tb\\u0000\\ud800c\\r\\nd"', "a\tbc\nd", id="control characters"),
        pytest.param('"\\ud83d\\ude00"', "😀", id="a pair of surrogates is a character"),
        pytest.param('"a\nb"', "a\nb", id="a line break that should be escaped"),
        pytest.param("[]", "", id="empty array"),
        pytest.param("null", "", id="null"),
        pytest.param('[{"": "a"}, {"b\\n c": "d"}]', "a\n\nb c: d", id="odd keys"),
    ],
)
def test_values(source: str, text: str) -> None:
    assert _read(source).text == text


def test_keys_of_an_object_are_headings_of_what_is_in_them() -> None:
    extraction = _read(
        '{"title": "通讯录", "year": 2024, '
        '"staff": [{"name": "甲", "room": "301"}, null, {"room": 5}], '
        '"office": {"city": "北京"}, "note": "完"}'
    )
    assert extraction.text == (
        "title: 通讯录\nyear: 2024\n\nstaff\n\nname: 甲\nroom: 301\n\nroom: 5\n\n"
        "office\n\ncity: 北京\n\nnote: 完"
    )
    assert extraction.title == "通讯录"
    assert _headings(extraction) == [
        (2, "staff", "staff"),
        (3, "甲", "name: 甲"),
        (2, "office", "office"),
    ]
    assert [(p.number, p.name, p.span.of(extraction.text)) for p in extraction.places] == [
        (1, "staff", "name: 甲\nroom: 301"),
        (2, "staff", ""),
        (3, "staff", "room: 5"),
    ]


def test_lines_are_records_numbered_as_an_editor_does() -> None:
    extraction = _read_lines('{"a": 1}\r\n\n{"a": "x\u2028y"}\n[2, 3]\n"z"\n')
    assert _records(extraction) == [(1, "a: 1"), (3, "a:\nx\ny"), (4, "2, 3"), (5, "z")]
    assert extraction.media_type == "application/jsonl"


def test_bad_lines_are_named_and_the_others_are_read() -> None:
    lines = ['{"a": 1}' if number % 2 else "{" for number in range(1, 31)]
    extraction = _read_lines("\n".join([*lines, "[" * 5000]))
    assert len(extraction.places) == 15
    assert extraction.warnings == (
        "It has lines that are not JSON and are left out (16): "
        "2, 4, 6, 8, 10, 12, 14, 16, 18, 20….",
    )


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("", "not valid JSON: Expecting value at line 1, column 1"),
        ('{"a": 1,}', "not valid JSON: .* line 1, column"),
        ('{"a": 1}\n{"a": 2}', "name it .jsonl"),
        ("[" * 100_000, "nested more than 100 deep"),
        ('{"a":' * 100_000, "nested more than 100 deep"),
        ("[" * 200 + "1" + "]" * 200, "nested more than 100 deep"),
        ('{"a":' * 200 + "1" + "}" * 200, "nested more than 100 deep"),
    ],
)
def test_what_is_not_json_is_refused(source: str, message: str) -> None:
    with pytest.raises(DocumentError, match=message):
        extract_json(source.encode())


def test_file_without_any_json_line_is_refused() -> None:
    with pytest.raises(DocumentError, match="none of its lines"):
        extract_jsonl("日志\n第二行".encode())
    assert _read_lines("\n\n").text == ""


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "gb18030"])
def test_encodings(encoding: str) -> None:
    source = json.dumps([{"答": "我们在北门的大树下等你们，不见不散。"}], ensure_ascii=False)
    extraction = extract_json(source.encode(encoding))
    assert extraction.text == "答: 我们在北门的大树下等你们，不见不散。"
    assert extraction.encoding == encoding


_LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8))
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=20,
)


@given(_VALUES)
def test_any_value_is_read(value: Any) -> None:
    source = json.dumps(value)
    _read(source)
    lines = json.dumps(value) + "\n" + source
    assert [place.number for place in _read_lines(lines).places] == [1, 2]


def test_records_cover_the_text_in_order() -> None:
    extraction = _read(json.dumps([{"a": number} for number in range(1000)]))
    assert "\n\n".join(words for _, words in _records(extraction)) == extraction.text


def test_damaged_files_are_read_or_refused() -> None:
    source = b'[{"title": "a", "b": {"c": [1, 2.5, {"d": "x\\ny"}]}, "e": null}, [true]]'
    inserts = (b"[", b"{", b"}", b",", b":", b"1e99999", b'"\\ud800"', b"\x00")
    assert assert_survives(extract_json, mutations(source, 400, inserts)) > 40
    lines = b"\n".join([source] * 3)
    assert assert_survives(extract_jsonl, mutations(lines, 400, inserts)) > 200


def test_a_long_key_around_many_values_is_refused_not_written_out():
    values = ", ".join(f'"{number}": 1' for number in range(1000))
    data = f'{{"x": {{"{"k" * 100_000}": {{{values}}}}}}}'.encode()

    with pytest.raises(DocumentError, match="more than 50,000,000 characters"):
        extract_json(data)
