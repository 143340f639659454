import json

import pytest

from rag.evaluation_file import (
    EvaluationQuestion,
    FileProblem,
    FileProblemKind,
    QuestionFileError,
    read_questions,
)


def _write(tmp_path, name, text, encoding="utf-8"):
    path = tmp_path / name
    path.write_text(text, encoding, newline="")
    return path


def _problems(path):
    with pytest.raises(QuestionFileError) as caught:
        read_questions(path)
    return [(problem.kind, problem.line) for problem in caught.value.problems]


def test_jsonl_has_a_question_a_line(tmp_path):
    path = _write(
        tmp_path,
        "q.jsonl",
        '{"question": " 哪天？ ", "answer": ["2月5日", "2月5日下午"], "source": "纪要.txt"}\n'
        "\n"
        '{"question": "How many?", "answer": 42, "note": "ignored"}\r\n'
        '{"question": "谁？", "answer": ""}',
    )

    assert read_questions(path) == (
        EvaluationQuestion("哪天？", ("2月5日", "2月5日下午"), "纪要.txt", 1),
        EvaluationQuestion("How many?", ("42",), None, 3),
        EvaluationQuestion("谁？", (), None, 4),
    )


@pytest.mark.parametrize("nothing", ['""', '" "', "[]", '[""]', "null"])
def test_an_empty_answer_says_that_there_is_none(tmp_path, nothing):
    path = _write(tmp_path, "q.jsonl", f'{{"question": "?", "answer": {nothing}}}')

    assert read_questions(path)[0].answers == ()


def test_csv_has_its_columns_in_any_order_and_lines_inside_cells(tmp_path):
    path = _write(
        tmp_path,
        "q.csv",
        "Source,question ,answer,note\r\n"
        'a/b.txt,"谁，\n何时？",甲|乙｜ 丙,x\r\n'
        ",,,\r\n"
        "\r\n"
        ",第二问？\r\n",
    )

    assert read_questions(path) == (
        EvaluationQuestion("谁，\n何时？", ("甲", "乙", "丙"), "a/b.txt", 2),
        EvaluationQuestion("第二问？", (), None, 6),
    )


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_may_be_cut_by_other_marks(tmp_path, delimiter):
    text = "\n".join(delimiter.join(row) for row in [("问题", "答案"), ("哪天？", "5日")])

    assert read_questions(_write(tmp_path, "q.csv", text))[0].answers == ("5日",)


def test_answers_may_stand_in_several_columns(tmp_path):
    path = _write(tmp_path, "q.tsv", "question\tanswer\tanswer\n哪天？\t5日\t2月5日\n")

    assert read_questions(path)[0].answers == ("5日", "2月5日")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_files_may_be_as_spreadsheets_save_them(tmp_path, encoding):
    text = "问题,答案\n图书馆周末几点开门，几点关门？,上午九点开门\n会议在哪里召开？,市政府\n"
    path = _write(tmp_path, "q.csv", text, encoding)

    assert read_questions(path)[1].question == "会议在哪里召开？"


def test_everything_that_is_wrong_is_reported_at_once(tmp_path):
    lines = [
        '{"question": "?", "answer": ""}',
        "nonsense",
        '["question"]',
        '{"answer": "x"}',
        '{"question": "  ", "answer": "x"}',
        '{"question": 7, "answer": "x"}',
        '{"question": "?", "anwser": "x"}',
        '{"question": "?", "answer": {"text": "x"}}',
        '{"question": "?", "answer": ["x", true]}',
        '{"question": "?", "answer": "x", "source": ["a.txt"]}',
        "[" * 100_000,
    ]
    kinds = FileProblemKind

    assert _problems(_write(tmp_path, "q.jsonl", "\n".join(lines))) == [
        (kinds.NOT_AN_OBJECT, 2),
        (kinds.NOT_AN_OBJECT, 3),
        (kinds.NO_QUESTION, 4),
        (kinds.NO_QUESTION, 5),
        (kinds.NO_QUESTION, 6),
        (kinds.NO_ANSWER, 7),
        (kinds.BAD_ANSWER, 8),
        (kinds.BAD_ANSWER, 9),
        (kinds.BAD_SOURCE, 10),
        (kinds.NOT_AN_OBJECT, 11),
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", (FileProblemKind.NO_COLUMNS, 1)),
        ("question,source\n哪天？,a.txt", (FileProblemKind.NO_COLUMNS, 1)),
        ("question,answer\n", (FileProblemKind.NO_QUESTIONS, None)),
        ("question,answer\n哪天？,5日,再说\n", (FileProblemKind.TOO_MANY_CELLS, 2)),
        ("question,answer\n,5日\n", (FileProblemKind.NO_QUESTION, 2)),
        ('question,answer\n哪天？,5日\n谁？,"甲\n乙', (FileProblemKind.BAD_CSV, 3)),
    ],
)
def test_what_is_wrong_with_csv_is_named_with_its_line(tmp_path, text, problem):
    assert _problems(_write(tmp_path, "q.csv", text)) == [problem]


@pytest.mark.parametrize("name", ["q.txt", "q", "q.xlsx"])
def test_other_formats_are_refused_by_name(tmp_path, name):
    assert _problems(tmp_path / name) == [(FileProblemKind.UNKNOWN_FORMAT, None)]


def test_a_file_that_cannot_be_read_says_why(tmp_path):
    (tmp_path / "binary.csv").write_bytes(bytes(range(256)))
    (tmp_path / "folder.csv").mkdir()

    for name in ("missing.jsonl", "binary.csv", "folder.csv"):
        assert _problems(tmp_path / name) == [(FileProblemKind.UNREADABLE, None)]


def test_the_message_names_file_and_line(tmp_path):
    error = QuestionFileError(
        tmp_path / "q.csv",
        [FileProblem(FileProblemKind.NO_QUESTION, 3), FileProblem(FileProblemKind.NO_QUESTIONS)],
    )

    assert str(error).splitlines() == [
        f"{tmp_path / 'q.csv'}:3: no question",
        f"{tmp_path / 'q.csv'}: it has no questions",
    ]


def test_what_was_written_is_read(tmp_path):
    rows = [
        {"question": f"第{n}问\u2028？", "answer": [str(n)], "source": "甲.txt"} for n in range(5)
    ]
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)

    read = read_questions(_write(tmp_path, "q.jsonl", lines))

    assert [(gold.question, gold.line) for gold in read] == [
        (row["question"], number) for number, row in enumerate(rows, 1)
    ]
