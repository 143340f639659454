import pytest

from rag.registry import Registry
from webui.options import choose_collections, followed_registry


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch, tmp_path):
    for name in ("YIJU_DOCUMENTS", "YIJU_INDEX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("name", "has_folder", "is_registered", "follows"),
    [
        ("", False, True, True),
        ("all", False, True, True),
        ("全部", False, True, True),
        ("one", False, True, False),
        ("", True, True, False),
        ("", False, False, False),
    ],
)
def test_the_registry_is_followed_only_by_what_is_over_all_of_it(
    tmp_path, name, has_folder, is_registered, follows
):
    folder = tmp_path if has_folder else None
    if is_registered:
        Registry().add("one", tmp_path)
    chosen = choose_collections(folder, None, name)
    assert bool(followed_registry(chosen, folder, None, name)) == follows
