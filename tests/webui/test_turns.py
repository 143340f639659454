import json
from dataclasses import replace

import pytest

from index.datatypes import Span
from rag.datatypes import DateOrigin, Role, Status
from tests.webui.samples import (
    HOSTILE,
    Page,
    disputed_answer,
    list_answer,
    make_answer,
    make_citation,
    make_document,
    make_sheet,
    sample_answer,
)
from webui.datatypes import Turn
from webui.languages import CATALOGUE
from webui.messages import texts_for
from webui.rendering import render_suggestions
from webui.turns import render_conversation

ZH = texts_for("zh-Hans")
TAGS = {
    *("div", "section", "h2", "h3", "p", "span", "ol", "li", "ul", "time"),
    *("blockquote", "mark", "button", "bdi", "details", "summary", "header", "h1", "nav"),
    *("svg", "path"),  # our own icons
}


def turn(answer):
    return Turn(answer.question, answer)


def test_answer_shows_words_quote_place_and_confidence():
    page = Page(render_conversation([turn(sample_answer())], ZH))
    assert page.texts("p", class_="words") == ["2月5日"]
    assert page.texts("blockquote") == ["会议于2月5日召开。"]
    assert page.texts("mark") == ["2月5日"]
    assert page.texts("button")[0] == "〔1〕 notes/报告.txt · 第 2 行"
    assert page.find("span", class_="confidence")[0][1]["title"] == "把握 90%"
    assert "把握较大" in page.text


def test_every_name_of_a_document_in_its_place_is_isolated():
    document = make_sheet("甲。", name=HOSTILE, source="\u202egnp.xlsx")
    cited = make_citation(document, Span(0, 2), Span(0, 1), heading=(HOSTILE,))
    page = Page(render_conversation([turn(make_answer(cited))], ZH))
    (place,) = page.texts("span", class_="place")
    assert place == f"\u202egnp.xlsx · 工作表“{HOSTILE}” 第 1 行 › {HOSTILE}"
    assert page.texts("bdi") == ["\u202egnp.xlsx", HOSTILE, HOSTILE]
    assert {element[0] for element in page.elements} <= TAGS


def test_citation_button_names_its_place_in_the_conversation():
    turns = [Turn("?", has_failed=True), turn(sample_answer())]
    button = Page(render_conversation(turns, ZH)).find("button")[0][1]
    assert button["data-event"] == "open"
    assert (button["data-turn"], button["data-shelf"], button["data-index"]) == (
        *("1", "citations", "0"),
    )


@pytest.mark.parametrize(
    ("status", "confidence", "words"),
    [
        (Status.ANSWERED, 0.75, "把握较大"),
        (Status.ANSWERED, 0.74, "有些把握"),
        (Status.UNCERTAIN, 0.95, "不确定"),
    ],
)
def test_confidence_is_told_in_words(status, confidence, words):
    answer = sample_answer(status=status, confidence=confidence)
    assert words in Page(render_conversation([turn(answer)], ZH)).text


def test_confidence_is_never_a_hundred_percent():
    answer = sample_answer(confidence=0.9999)
    assert "99%" in render_conversation([turn(answer)], ZH)


def test_not_found_says_so_and_lists_openable_passages():
    document = make_document("甲。乙。")
    near = make_citation(document, Span(0, 2), role=Role.NEAREST)
    answer = make_answer(status=Status.NOT_FOUND, confidence=0.1, nearest=[near])
    page = Page(render_conversation([turn(answer)], ZH))
    assert "文档中没有找到答案" in page.texts("p", class_="plain")
    assert page.texts("blockquote") == ["甲。"]
    assert page.find("button", data_event="open", data_shelf="nearest")


def test_not_found_without_any_passage_says_that_too():
    answer = make_answer(status=Status.NOT_FOUND, confidence=0.0)
    assert ZH.nothing_near in Page(render_conversation([turn(answer)], ZH)).text


def test_uncertain_answer_asks_to_check_and_lists_passages():
    document = make_document("甲。乙。")
    near = make_citation(document, Span(2, 4), role=Role.NEAREST)
    sure = make_citation(document, Span(0, 2), Span(0, 1))
    answer = make_answer(sure, status=Status.UNCERTAIN, confidence=0.4, nearest=[near])
    page = Page(render_conversation([turn(answer)], ZH))
    assert ZH.check_original in page.text
    assert page.texts("blockquote") == ["甲。", "乙。"]


def test_another_place_that_says_the_same_is_named_so():
    document = make_document("甲。甲。")
    one = make_citation(document, Span(0, 2), Span(0, 1))
    other = make_citation(document, Span(2, 4), Span(2, 3), number=2, role=Role.SAME)
    page = Page(render_conversation([turn(make_answer(one, other))], ZH))
    assert page.texts("p", class_="role") == [ZH.same_elsewhere]
    assert len(page.find("button", data_event="open")) == 2


def test_a_list_shows_every_item_and_a_shared_quote_once():
    page = Page(render_conversation([turn(list_answer())], ZH))

    assert page.find("ul", class_="words long")
    assert page.texts("blockquote") == ["出席的有许明、林澈和沈禾。", "林澈", "沈禾", "沈禾先走。"]
    assert page.texts("mark") == ["许明", "林澈", "沈禾", "沈禾"]
    assert page.texts("p", class_="role") == [ZH.also]
    assert len(page.find("button", data_event="open")) == 4


def test_a_follow_up_shows_how_it_was_understood():
    answer = sample_answer(question="那几点？")
    understood = type(answer)(
        **{field: getattr(answer, field) for field in answer.__slots__}
        | {"interpreted": "会议几点召开？"}
    )
    assert "理解为：会议几点召开？" in Page(render_conversation([turn(understood)], ZH)).text


def test_pending_and_failed_turns_are_told_apart():
    assert ZH.searching in render_conversation([Turn("?")], ZH)
    assert ZH.failed in render_conversation([Turn("?", has_failed=True)], ZH)


def test_conversation_announces_itself_politely():
    log = Page(render_conversation([], ZH)).find("div", role="log")[0][1]
    assert log["aria-live"] == "polite"
    assert log["aria-label"] == ZH.conversation


@pytest.mark.parametrize("texts", CATALOGUE, ids=lambda texts: texts.code)
def test_hostile_strings_stay_text_everywhere(texts):
    document = make_document(HOSTILE * 2, source=f"{HOSTILE}.txt", title=HOSTILE)
    cited = make_citation(document, Span(0, len(HOSTILE)), Span(1, 30), heading=(HOSTILE,))
    near = make_citation(document, Span(0, 9), role=Role.NEAREST)
    answer = make_answer(cited, status=Status.UNCERTAIN, nearest=[near], question=HOSTILE)
    markup = render_conversation([turn(answer), Turn(HOSTILE)], texts)
    page = Page(markup + render_suggestions([HOSTILE], texts))
    assert {element[0] for element in page.elements} <= TAGS
    names = {name for element in page.elements for name in element[1]}
    assert not [name for name in names if name.startswith("on") or name in {"src", "href", "style"}]
    assert page.texts("blockquote")[0] == HOSTILE
    assert page.find("button", class_="chip")[0][1]["data-question"] == HOSTILE


def test_the_sides_of_a_dispute_stand_side_by_side_with_their_dates():
    page = Page(render_conversation([turn(disputed_answer())], ZH))

    assert page.texts("span", class_="confidence") == ["文档说法不一 (把握 90%)"]
    assert page.texts("p", class_="words") == ["一百二十人", "350人"]
    assert len(page.find("li", class_="side")) == 2
    assert page.texts("p", class_="dated") == [
        "2023年 标题里的日期✓ 2 处来源一致".replace("✓ ", ""),
        "2024年3月15日 文首的日期 较新",
    ]
    assert [one[1]["datetime"] for one in page.find("time")] == ["2023", "2024-03-15"]
    assert page.texts("blockquote") == ["参加的有一百二十人。", "共120人参加。", "到场350人。"]
    opened = [button[1]["data-index"] for button in page.find("button", data_event="open")]
    assert opened == ["0", "1", "2"]


def test_a_dispute_shows_no_passages_that_are_only_near():
    document = make_document("甲。乙。")
    near = make_citation(document, Span(0, 2), role=Role.NEAREST)
    page = Page(render_conversation([turn(disputed_answer(nearest=[near]))], ZH))
    assert ZH.nearest_also not in page.text


def test_no_side_is_called_newer_when_the_dates_do_not_tell():
    answer = disputed_answer()
    one, same, other = answer.citations
    for date, origin in (("", DateOrigin.NONE), ("2023-05", DateOrigin.TITLE)):
        changed = replace(other, date=date, date_origin=origin)
        shown = replace(answer, citations=(one, same, changed))
        assert "较新" not in render_conversation([turn(shown)], ZH)
    files = [replace(one, date_origin=DateOrigin.FILE), same, other]
    shown = replace(answer, citations=tuple(files))
    page = Page(render_conversation([turn(shown)], ZH))
    assert "较新" not in page.text
    assert "文件的修改日期" in page.text


def test_a_side_without_a_date_says_so():
    answer = disputed_answer()
    *others, last = answer.citations
    undated = replace(answer, citations=(*others, replace(last, date="")))
    assert "没有注明日期" in Page(render_conversation([turn(undated)], ZH)).text


def test_several_places_that_say_the_same_are_counted():
    answer = disputed_answer(status=Status.ANSWERED)
    agreeing = replace(answer, citations=answer.citations[:2])
    page = Page(render_conversation([turn(agreeing)], ZH))
    assert page.texts("span", class_="agreeing") == ["2 处来源一致"]


def test_one_place_is_not_counted():
    assert not Page(render_conversation([turn(sample_answer())], ZH)).find(
        "span", class_="agreeing"
    )


@pytest.mark.parametrize("texts", CATALOGUE, ids=lambda texts: texts.code)
def test_every_way_of_copying_has_its_text_at_hand(texts):
    receipt = {"kind": "yiju receipt", "question": HOSTILE}
    page = Page(render_conversation([Turn("哪天？", sample_answer(), receipt=receipt)], texts))
    buttons = page.find("button", class_="copy")
    assert len(buttons) == 4
    copied = [button[1]["data-copy"] for button in buttons]
    assert all("2月5日" in text for text in copied[:2])
    assert "[Z/DK]" in copied[2]
    assert json.loads(copied[3]) == receipt
    assert {button[1]["data-copied"] for button in buttons} == {texts.copied}


def test_without_a_receipt_none_can_be_copied():
    page = Page(render_conversation([turn(sample_answer())], ZH))
    assert page.texts("button", class_="copy") == ["文字", "Markdown 脚注", "GB/T 7714"]


def test_what_was_not_found_cannot_be_copied():
    answer = make_answer(status=Status.NOT_FOUND, confidence=0.0)
    assert not Page(render_conversation([turn(answer)], ZH)).find("button", class_="copy")


@pytest.mark.parametrize("texts", CATALOGUE, ids=lambda texts: texts.code)
def test_hostile_sides_stay_text(texts):
    answer = disputed_answer(title=HOSTILE, question=HOSTILE)
    *others, last = answer.citations
    words = f"{last.words}{HOSTILE}"
    hostile = replace(
        last,
        source=f"{HOSTILE}.txt",
        heading=(HOSTILE,),
        quote=words,
        span=Span(0, len(words)),
        highlight=Span(0, len(words)),
    )
    markup = render_conversation([turn(replace(answer, citations=(*others, hostile)))], texts)
    page = Page(markup)
    assert {element[0] for element in page.elements} <= TAGS
    assert page.texts("p", class_="words long") == [words]
    names = {name for element in page.elements for name in element[1]}
    assert not [name for name in names if name.startswith("on") or name in {"src", "href", "style"}]
