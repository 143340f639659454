import errno
import socket

import pytest

from webui import app

NO_PORT = OSError("Cannot find empty port in range: 80-80.")  # all that Gradio tells


@pytest.fixture
def refuse(monkeypatch):
    """Make serving fail, and the port itself too; return the message."""

    def message_for(error, refusal=None, port=80):
        def launch(*_):
            raise error

        monkeypatch.setattr(app, "build_app", lambda *_: None)
        monkeypatch.setattr(app, "_launch", launch)
        if refusal:
            monkeypatch.setattr(app, "_refusal", lambda *_: refusal)
        with pytest.raises(OSError) as refused:
            app.serve(None, port=port)
        return str(refused.value)

    return message_for


def test_a_taken_port_is_said_to_be_taken(refuse):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        message = refuse(NO_PORT, port=port)
    assert message == f"Port {port} is taken. Name a free one with --port."


def test_a_port_that_was_freed_meanwhile_is_said_to_be_taken(refuse):
    with socket.create_server(("127.0.0.1", 0)) as freed:
        port = freed.getsockname()[1]
    assert refuse(NO_PORT, port=port).startswith(f"Port {port} is taken.")


def test_a_full_range_of_ports_is_named(refuse):
    message = refuse(NO_PORT, OSError(errno.EADDRINUSE, "in use"), port=None)
    assert message.startswith("Every port from 7860 to 7959 is taken.")


def test_a_port_of_the_administrator_is_said_to_be_not_allowed(refuse):
    message = refuse(NO_PORT, OSError(errno.EACCES, "Permission denied"))
    assert message == "Port 80 is not allowed for this user. Name one from 1024 with --port."


def test_another_refusal_keeps_its_text(refuse):
    refusal = OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address")
    assert refuse(NO_PORT, refusal) == str(refusal)


def test_what_has_nothing_to_do_with_the_port_keeps_its_text(refuse):
    error = OSError(errno.EACCES, "Permission denied", "style.css")
    assert refuse(error) == str(error)
