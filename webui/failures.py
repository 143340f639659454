"""Failures: what goes wrong in a command → one sentence on the standard error and exit status 2."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import NoReturn

import typer

from webui.controls import neutralize
from webui.messages import system_language

_ERROR = 2
_INTERRUPTED = 130
_BROKEN_PIPE = 141  # as a shell reports SIGPIPE


@contextmanager
def clear_errors() -> Iterator[None]:
    """Turn what can be foreseen to go wrong into a sentence; with YIJU_DEBUG=1 let it through.

    :raises Exit: With status 2.
    """
    from index.errors import IndexingError, SettingsError
    from rag.errors import RagError

    try:
        yield
    except BrokenPipeError:
        # Whoever read the output has gone; Python would complain once more when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(_BROKEN_PIPE) from None
    except (IndexingError, SettingsError, RagError, OSError) as exc:
        if _is_debugging():
            raise
        fail(str(exc))


def fail(message: str) -> NoReturn:
    """End the command with a sentence.

    :param message: What, where and what to do.
    :raises Exit: With status 2.
    """
    typer.echo(neutralize(message), err=True)
    raise typer.Exit(_ERROR)


def report_crash(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> NoReturn:
    """Report what nobody foresaw; to be ``sys.excepthook``.

    Python itself would exit with 1, which here means that nothing was found.

    :param kind: The exception's class.
    :param error: The exception.
    :param trace: Where it came from.
    :raises SystemExit: With status 2, or 130 for Ctrl-C.
    """
    if issubclass(kind, KeyboardInterrupt):
        raise SystemExit(_INTERRUPTED)
    if _is_debugging():
        sys.__excepthook__(kind, error, trace)
    else:
        crash = neutralize(f"{kind.__name__}: {error}")
        typer.echo(system_language().crashed.format(error=crash), err=True)
    raise SystemExit(_ERROR)


def _is_debugging() -> bool:
    return os.environ.get("YIJU_DEBUG", "") not in ("", "0")
