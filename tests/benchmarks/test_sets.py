import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.datatypes import Span
from tests.benchmarks.conftest import squad
from tests.benchmarks.sets import load_file, load_set, read_paragraphs, thin_out


def test_a_set_knows_its_paragraphs_questions_and_language(data_dir):
    reading_set = load_set(data_dir, "cmrc2018_trial")
    ((paragraph, gold),) = reading_set.answerable()

    assert paragraph.source == gold.source == "cmrc2018_trial/00000.txt"
    assert gold.spans[0].of(paragraph.context) == gold.texts[0] == "三百人"
    assert reading_set.passage_language == reading_set.question_language == "zh"
    assert not reading_set.is_cross_lingual


def test_parallel_sets_ask_one_language_of_another(data_dir):
    reading_set = load_set(data_dir, "xquad_en_zh")

    assert reading_set.is_cross_lingual
    assert reading_set.paragraphs[1].questions[0].question == "On which day is the library closed?"
    assert reading_set.paragraphs[1].questions[0].texts == ("周一",)


def test_a_file_may_itself_cross_languages(data_dir):
    reading_set = load_set(data_dir, "bipar_qen_pzh")

    assert (reading_set.question_language, reading_set.passage_language) == ("en", "zh")


def test_training_sets_are_found_too(data_dir):
    assert load_set(data_dir, "drcd_dev").paragraphs[0].source == "drcd_dev/00000.txt"


def test_an_unknown_set_is_named(data_dir):
    with pytest.raises(ValueError, match="No set 'nowhere'"):
        load_set(data_dir, "nowhere")


def test_a_wrong_place_is_replaced_by_the_nearest_right_one(tmp_path):
    path = tmp_path / "wrong.json"
    path.write_text(
        squad([("甲乙甲丙甲", "?", "甲")]).replace('"answer_start": 0', '"answer_start": 3'),
        "utf-8",
    )

    (paragraph,) = read_paragraphs(path, "wrong")

    assert paragraph.questions[0].spans == (Span(2, 3),)


def test_questions_without_an_answer_are_not_asked(tmp_path):
    path = tmp_path / "none.json"
    path.write_text(squad([("甲。", "谁？", ""), ("乙。", "谁？", "乙")]), "utf-8")

    assert [gold.texts for _, gold in load_file(path).answerable()] == [("乙",)]


@given(st.lists(st.integers(), max_size=50), st.integers(1, 60))
def test_thinning_keeps_the_order_and_the_number(items, limit):
    kept = thin_out(range(len(items)), limit)

    assert len(kept) == min(limit, len(items))
    assert kept == sorted(set(kept))
    assert thin_out(items, None) == items
