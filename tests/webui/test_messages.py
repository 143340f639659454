import re
from dataclasses import fields

import pytest

from webui.languages import CATALOGUE, Texts
from webui.messages import choose_language, system_language, texts_for

NAMES = [field.name for field in fields(Texts)]


@pytest.mark.parametrize("texts", CATALOGUE, ids=lambda texts: texts.code)
def test_no_language_lacks_a_word(texts):
    assert not [name for name in NAMES if not getattr(texts, name).strip()]


@pytest.mark.parametrize("name", NAMES)
def test_every_language_fills_in_the_same_things(name):
    filled = {frozenset(re.findall(r"{(\w+)}", getattr(texts, name))) for texts in CATALOGUE}
    assert len(filled) == 1


def test_languages_differ_from_one_another():
    assert len({texts.code for texts in CATALOGUE}) == 3
    assert len({texts.welcome for texts in CATALOGUE}) == 3


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"),
        ("zh-TW,zh;q=0.9", "zh-Hant"),
        ("zh-HK", "zh-Hant"),
        ("zh-Hant-HK", "zh-Hant"),
        ("zh-Hans-SG", "zh-Hans"),
        ("zh", "zh-Hans"),
        ("en-GB,en;q=0.5", "en"),
        ("en;q=0.2, zh;q=0.9", "zh-Hans"),
        ("fr-FR, zh-CN;q=0.5", "zh-Hans"),
        ("zh;q=0, en", "en"),
        ("fr-FR", "en"),
        ("*", "en"),
        ("zh;q=nonsense, en;q=0.1", "en"),
        (",;q=,,;", "en"),
        ("", "en"),
    ],
)
def test_language_is_chosen_by_the_browsers_wishes(header, code):
    assert choose_language(header).code == code


@pytest.mark.parametrize(
    ("environ", "code"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh-Hans"),
        ({"LANG": "zh_TW.UTF-8"}, "zh-Hant"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_HK"}, "zh-Hant"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
    ],
)
def test_language_of_the_terminal_is_the_locales(environ, code):
    assert system_language(environ).code == code


def test_a_system_without_locale_variables_still_has_a_language():
    assert system_language({}) in CATALOGUE


@pytest.mark.parametrize("code", [None, 7, "xx", "", {"zh-Hans": 1}])
def test_unknown_code_gives_english(code):
    assert texts_for(code).code == "en"
