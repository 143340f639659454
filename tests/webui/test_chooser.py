from pathlib import Path

import pytest

from rag.federation import Federation, Member
from rag.registry import Collection
from tests.webui.samples import HOSTILE, Page
from webui.chooser import render_chooser
from webui.languages import CATALOGUE
from webui.languages.library import COLLECTION_TEXTS
from webui.messages import texts_for

ZH = texts_for("zh-Hans")


def federation(*names, left_out=()):
    members = [
        Member(Collection(name, Path("nowhere")), None if name in left_out else object())
        for name in names
    ]
    return Federation(members, None)


def test_there_is_nothing_to_choose_in_one_folder():
    assert render_chooser(federation(""), "", ZH) == ""


def test_every_collection_can_be_chosen_and_all():
    page = Page(render_chooser(federation("合同", "年报"), "年报", ZH))
    options = page.find("option")
    assert [(option[1]["value"], option[2]) for option in options] == [
        ("", "全部（2 个文档集）"),
        ("合同", "合同"),
        ("年报", "年报"),
    ]
    assert [option[1]["value"] for option in options if "selected" in option[1]] == ["年报"]


def test_one_that_cannot_be_searched_is_shown_but_not_to_be_chosen():
    page = Page(render_chooser(federation("合同", "年报", left_out=["合同"]), "", ZH))
    (option,) = [option for option in page.find("option") if "disabled" in option[1]]
    assert option[2] == "合同（现在查不了）"


def test_the_choice_is_labelled():
    page = Page(render_chooser(federation("合同", "年报"), "", ZH))
    assert page.find("label", for_=page.find("select")[0][1]["id"])[0][2] == "文档集"


def test_names_are_shown_as_they_are():
    page = Page(render_chooser(federation(HOSTILE, "年报"), HOSTILE, ZH))
    assert page.find("option")[1][2] == HOSTILE
    assert not page.find("script")
    assert not page.find("img")


@pytest.mark.parametrize("texts", CATALOGUE, ids=lambda texts: texts.code)
def test_every_language_has_all_words_with_the_same_blanks(texts):
    words, model = COLLECTION_TEXTS[texts.code], COLLECTION_TEXTS["en"]
    for name in type(words).__slots__:
        said, meant = getattr(words, name), getattr(model, name)
        assert said
        assert sorted(_blanks(said)) == sorted(_blanks(meant)), name


def _blanks(text):
    return [part.partition("}")[0] for part in text.split("{")[1:]]
