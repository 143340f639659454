from dataclasses import replace

import pytest

from index.datatypes import Span
from rag.calibration import Judged
from rag.datatypes import Status
from rag.query import analyze_question
from rag.reading import _doubt
from tests.rag.samples import make_hit, make_span

TEXT = "叉车通道由后勤科施划。\n更换烟感探头 | 保卫科 | 汪德海"
ROW = Span(TEXT.index("更换"), len(TEXT))
FIRST = Span(0, TEXT.index("\n"))


@pytest.mark.parametrize(
    ("question", "words", "sentence", "expected"),
    [
        ("更换烟感探头由谁验收？", "后勤科", FIRST, Status.UNCERTAIN),
        ("更換煙感探頭由誰驗收？", "汪德海", ROW, Status.ANSWERED),
        ("叉车通道由谁施划？", "后勤科", FIRST, Status.ANSWERED),
        ("Who paints the lanes?", "后勤科", FIRST, Status.ANSWERED),  # another language
    ],
)
def test_a_sentence_without_a_word_of_the_question_is_not_sure_beside_one_that_has_them(
    question, words, sentence, expected
):
    span = replace(make_span(make_hit(TEXT), words), sentence=sentence)
    judged = _doubt(analyze_question(question), Judged(span, 0.8, Status.ANSWERED))
    assert (judged.status, judged.confidence) == (expected, 0.8)


def test_what_is_not_sure_stays_as_it_is():
    span = replace(make_span(make_hit(TEXT), "后勤科"), sentence=FIRST)
    for status in (Status.UNCERTAIN, Status.NOT_FOUND):
        judged = Judged(span, 0.1, status)
        assert _doubt(analyze_question("更换烟感探头由谁验收？"), judged) is judged
