import json
import subprocess
import sys
from pathlib import Path, PurePath

import pytest

from index.errors import DocumentError, UnreadableError
from index.formats.registry import SUFFIXES, Loader, find_loader
from tests.hostile.samples import pack, samples, unpack

_ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_format_that_is_named_has_its_loader(suffix):
    loader = find_loader(PurePath(f"a/文件{suffix.upper()}"))

    try:
        loader.extract(b"\x00\x01\x02 no such file")
    except UnreadableError as exc:
        pytest.fail(str(exc))
    except DocumentError:
        return


def test_only_plain_text_is_trusted_in_the_builds_own_process():
    trusted = {suffix for suffix in SUFFIXES if not find_loader(PurePath(f"a{suffix}")).is_risky}

    assert trusted == {".txt", ".md", ".markdown"}


@pytest.mark.parametrize(
    ("name", "better"),
    [("a.DOC", ".docx"), ("a.xls", ".xlsx"), ("a.rtf", ".docx"), ("a.odp", ".pptx")],
)
def test_an_old_or_foreign_format_is_told_what_to_be_saved_as(name, better):
    with pytest.raises(DocumentError, match=rf"not supported; open it .* save it as \{better}\.$"):
        find_loader(PurePath(name))


@pytest.mark.parametrize("name", ["a.xyz", "txt", "a", ".txt", "a.txt.bak"])
def test_an_unknown_format_is_told_which_are_known(name):
    with pytest.raises(DocumentError, match=r"supported ones are \.csv, .*\.pdf, .*\.xlsx\.$"):
        find_loader(PurePath(name))


def test_a_missing_library_is_named():
    with pytest.raises(UnreadableError, match="no_such_library"):
        Loader("no_such_library", "extract").extract(b"")


def test_scanning_and_reading_plain_text_imports_no_other_format():
    code = (
        "import json, sys; from pathlib import Path; import index.loading as loading\n"
        "loading.load_document(loading.FoundFile(Path('a.md'), 'a.md', 1, 0), b'x')\n"
        "names = [n for n in sys.modules if n.startswith('index.formats.')]\n"
        "print(json.dumps(sorted(n.rpartition('.')[2] for n in names)))"
    )
    child = subprocess.run(
        [sys.executable, "-c", code], cwd=_ROOT, capture_output=True, text=True, check=True
    )

    assert json.loads(child.stdout) == [
        *("common_han", "extraction", "limits", "plain_text", "registry", "text_builder")
    ]


@pytest.mark.parametrize("suffix", [".docm", ".pptm", ".xlsm"])
def test_a_file_with_macros_reads_as_the_same_one_without_them(suffix):
    plain = find_loader(PurePath(f"a{suffix[:-1]}x"))
    data = samples()[f"{suffix[1:-1]}x"][-1]
    main = {".docm": "word", ".pptm": "ppt", ".xlsm": "xl"}[suffix]
    with_macros = pack({**unpack(data), f"{main}/vbaProject.bin": b"\xd0\xcf\x11\xe0" * 99})

    assert find_loader(PurePath(f"a{suffix}")).extract(with_macros) == plain.extract(data)
