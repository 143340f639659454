import pytest
import typer

from index.errors import IndexMissingError, SettingsError
from rag.errors import RagError
from webui.failures import clear_errors, report_crash


def crash(error):
    report_crash(type(error), error, None)


@pytest.mark.parametrize(
    "error",
    [IndexMissingError("No index."), SettingsError("Bad."), RagError("No."), OSError("Full.")],
    ids=lambda error: type(error).__name__,
)
def test_foreseen_errors_become_their_sentence_and_2(error, capsys):
    with pytest.raises(typer.Exit) as stopped, clear_errors():
        raise error
    assert stopped.value.exit_code == 2
    assert capsys.readouterr().err == f"{error}\n"


def test_control_characters_in_a_message_are_neutralised(capsys):
    with pytest.raises(typer.Exit), clear_errors():
        raise IndexMissingError("No index at \x1b[31m/tmp.")
    assert capsys.readouterr().err == "No index at \ufffd[31m/tmp.\n"


def test_a_crash_ends_with_2_and_one_line(capsys, monkeypatch):
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    monkeypatch.delenv("LC_ALL", raising=False)
    with pytest.raises(SystemExit) as stopped:
        crash(RuntimeError("\x1b[2Jboom"))
    assert stopped.value.code == 2
    assert capsys.readouterr().err == (
        "Unexpected error: RuntimeError: \ufffd[2Jboom. Set YIJU_DEBUG=1 to see the details.\n"
    )


def test_a_crash_is_shown_in_full_when_debugging(capsys, monkeypatch):
    monkeypatch.setenv("YIJU_DEBUG", "1")
    with pytest.raises(SystemExit) as stopped:
        crash(RuntimeError("boom"))
    assert stopped.value.code == 2
    assert capsys.readouterr().err.endswith("RuntimeError: boom\n")


def test_an_interrupt_ends_silently_with_130(capsys):
    with pytest.raises(SystemExit) as stopped:
        crash(KeyboardInterrupt())
    assert stopped.value.code == 130
    assert capsys.readouterr().err == ""
