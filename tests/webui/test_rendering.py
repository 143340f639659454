import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.datatypes import Span
from rag.datatypes import Role, Status
from tests.webui.samples import (
    HOSTILE,
    Page,
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
from webui.rendering import (
    escape,
    language_of,
    render_conversation,
    render_header,
    render_marked,
    render_suggestions,
)

ZH = texts_for("zh-Hans")
TAGS = {
    *("div", "section", "h2", "h3", "p", "span", "ol", "li", "ul"),
    *("blockquote", "mark", "button", "bdi", "details", "summary", "header", "h1", "nav"),
}
any_text = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


def turn(answer):
    return Turn(answer.question, answer)


@given(any_text)
def test_escaped_text_reads_as_the_text(text):
    assert Page(f"<p>{escape(text)}</p>").text == text


@given(any_text)
def test_escaped_text_survives_in_an_attribute(text):
    assert Page(f'<p title="{escape(text)}"></p>').find("p")[0][1]["title"] == text


def test_carriage_returns_are_written_as_references_because_browsers_drop_them():
    assert escape("a\r\nb") == "a&#13;\nb"


def test_what_html_cannot_hold_becomes_a_replacement_character():
    assert escape("a\0b\ud800c") == "a\ufffdb\ufffdc"


@given(any_text, any_text, any_text, st.integers(0, 10**6))
def test_marked_quote_reads_as_the_quote_and_the_mark_as_the_words(before, words, after, origin):
    start = origin + len(before)
    markup = render_marked(before + words + after, origin, Span(start, start + len(words)))
    page = Page(f"<p>{markup}</p>")
    assert page.text == before + words + after
    assert page.texts("mark") == [words]


def test_quote_without_highlight_is_not_marked():
    assert render_marked("a<b", 7, None) == "a&lt;b"


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


def test_suggestions_are_waited_for_and_then_shown():
    assert ZH.suggestions_pending in render_suggestions(None, ZH)
    assert ZH.suggestions_none in render_suggestions((), ZH)
    assert Page(render_suggestions(("甲？",), ZH)).texts("button", data_event="ask") == ["甲？"]


def test_header_offers_every_language_and_tells_which_is_shown():
    buttons = Page(render_header(ZH)).find("button")
    pressed = {attributes["data-code"]: attributes["aria-pressed"] for _, attributes, _ in buttons}
    assert pressed == {"zh-Hans": "true", "zh-Hant": "false", "en": "false"}


@pytest.mark.parametrize(
    ("text", "language"),
    [("会议", "zh"), ("会議のお知らせ", "ja"), ("안녕 漢字", "ko"), ("meeting", ""), ("", "")],
)
def test_language_of_a_quote_is_guessed_from_its_script(text, language):
    assert language_of(text) == language
