import unicodedata
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui.document_names import MOST_BYTES, clean_name, numbered, renamed
from webui.refusals import LibraryError

NAMES = st.builds(
    "".join,
    st.lists(
        st.one_of(
            st.text(max_size=20),
            st.sampled_from(
                [
                    "/",
                    "\\",
                    "..",
                    ".txt",
                    "con",
                    "COM1",
                    "~$",
                    ":",
                    "\u202e",
                    "é",
                    "e\u0301",
                    "报" * 99,
                ]
            ),
        ),
        max_size=8,
    ),
)


@given(NAMES)
def test_a_clean_name_is_one_that_every_system_takes(name):
    try:
        clean = clean_name(name)
    except LibraryError:
        return
    assert clean == unicodedata.normalize("NFC", clean)
    assert len(clean.encode("utf-8")) <= MOST_BYTES - 8
    assert not set(clean) & set('/\\<>:"|?*\0')
    assert all(unicodedata.category(char) not in {"Cc", "Cs", "Zl", "Zp"} for char in clean)
    assert not clean.startswith((".", "~$", " "))
    assert not clean.endswith((".", " "))
    assert PurePosixPath(clean).stem.split(".")[0].casefold() not in {"con", "com1"}
    assert clean_name(clean) == clean


@given(NAMES, st.integers(2, 1000))
def test_a_numbered_name_is_another_of_the_same_ending(name, number):
    try:
        clean = clean_name(name)
    except LibraryError:
        return
    other = numbered(clean, number)
    assert other != clean
    assert len(other.encode("utf-8")) <= MOST_BYTES
    assert PurePosixPath(other).suffix == PurePosixPath(clean).suffix


@given(NAMES)
def test_a_renamed_file_stays_in_its_folder_with_its_ending(stem):
    try:
        new = PurePosixPath(renamed("folder/report.txt", stem))
    except LibraryError:
        return
    assert str(new.parent) == "folder"
    assert new.suffix == ".txt"


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("  年度 报告.pdf ", "年度 报告.pdf"),
        ("e\u0301.txt", "é.txt"),
        ("a\u202egpj.txt", "agpj.txt"),
        ("<b>x</b>.txt", "b_.txt"),  # of a path, the last part
        ('what? "this": that|*.md', "what_ _this__ that__.md"),
        ("con.txt", "_con.txt"),
        ("NUL.tar.txt", "_NUL.tar.txt"),
        ("报" * 300 + ".txt", "报" * 81 + ".txt"),
        ("👩\u200d👧.txt", "👩\u200d👧.txt"),
        ("a . .txt", "a.txt"),
    ],
)
def test_names_are_kept_as_far_as_they_can_be(name, clean):
    assert clean_name(name) == clean
