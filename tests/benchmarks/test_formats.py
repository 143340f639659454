from tests.benchmarks import formats


def test_the_table_has_a_row_for_each_format():
    counts = dict.fromkeys(
        ("files", "facts", "text_found", "place_right", "offsets_exact", "retrieved", "cited"), 6
    )

    table = formats.to_markdown({"figures": {"pdf": {**counts, "answered": 4}}})

    assert table.splitlines()[2] == "| pdf | 6 | 6 | 6 | 6 | 6 | 6 | 6 | 4 |"
