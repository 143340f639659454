from pathlib import Path

from webui.folders import hide_folders


def test_a_folder_is_named_by_its_last_part_however_it_is_spelled(tmp_path, monkeypatch):
    folder = tmp_path / "文档"
    folder.mkdir()
    monkeypatch.chdir(tmp_path)
    for spelling in (folder, folder.resolve(), Path("文档").absolute()):
        text = f"No index at {spelling}/.yiju. Run: yiju index"
        assert (
            hide_folders(text, [Path("文档"), folder]) == "No index at 文档/.yiju. Run: yiju index"
        )


def test_the_longest_folder_goes_first():
    folders = [Path("/home/alice"), Path("/home/alice/docs")]
    assert (
        hide_folders("/home/alice/docs/a.txt and /home/alice/b", folders)
        == "docs/a.txt and alice/b"
    )


def test_what_names_no_folder_stays():
    assert hide_folders("1/2/2026", [Path("/")]) == "1/2/2026"
