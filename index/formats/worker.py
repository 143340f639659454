"""Worker: the process in which risky formats are read; requests on stdin, replies on stdout.

Run by ``index.isolation`` as ``python -m index.formats.worker PARENT_PID MEMORY_BYTES``. A file may
hang it, crash it or fill its memory: the build sees that, reports the file and starts another one.
Only ``DocumentError`` is answered and survived; anything else that a library raises is told and
ends the process, for nobody knows what state the library is in.
"""

import signal
import sys
import traceback
from types import TracebackType
from typing import BinaryIO

from index.child_process import serve_parent
from index.errors import DocumentError, UnreadableError
from index.formats.frames import Frame, FrameError, pack_extraction, read_frame, write_frame
from index.formats.registry import Loader

_GRACE_S = 5  # the build stops a slow worker itself; the alarm is for a build that cannot any more


def serve(requests: BinaryIO, replies: BinaryIO) -> None:
    """Answer requests until there are no more.

    :param requests: Frames with the loader's ``module`` and ``function``, the ``seconds`` it may
        take, and the file's bytes. With ``arguments`` the function takes them, too, and returns
        the reply's frame itself.
    :param replies: One frame a request, with its ``status``: ok, refused or unreadable.
    """
    write_frame(replies, Frame({"status": "ready"}))
    while request := read_frame(requests, sys.maxsize):
        _set_alarm(request.fields["seconds"] + _GRACE_S)
        write_frame(replies, _answer(request))
        _set_alarm(0)


def main() -> None:
    """Serve the parent until it closes the pipe or dies."""
    requests, replies = serve_parent()
    _limit(int(sys.argv[2]))

    def tell(kind: type[BaseException], _: BaseException, frames: TracebackType | None) -> None:
        traceback.clear_frames(frames)  # they hold what filled the memory
        status = "memory" if issubclass(kind, MemoryError) else "failed"
        write_frame(replies, Frame({"status": status, "error": kind.__name__}))

    sys.excepthook = tell
    serve(requests, replies)


def _answer(request: Frame) -> Frame:
    try:
        frame = _work(request)
    except UnreadableError as exc:
        return Frame({"status": "unreadable", "error": str(exc)})
    except DocumentError as exc:
        return Frame({"status": "refused", "error": str(exc)})
    except FrameError as exc:
        return Frame({"status": "refused", "error": f"Its text cannot be used: {exc}."})
    return Frame({"status": "ok", **frame.fields}, frame.raw)


def _work(request: Frame) -> Frame:
    loader = Loader(request.fields["module"], request.fields["function"])
    arguments = request.fields.get("arguments")
    if arguments is None:
        return pack_extraction(loader.extract(request.raw))
    frame = loader.load()(request.raw, **arguments)
    if not isinstance(frame, Frame):
        raise FrameError("not a frame")
    return frame


def _limit(memory: int) -> None:
    if sys.platform != "win32":
        import resource

        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        least = memory if hard == resource.RLIM_INFINITY else min(memory, hard)
        try:
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            resource.setrlimit(resource.RLIMIT_AS, (least, hard))
        except (ValueError, OSError):  # macOS knows the limit and does not take it
            return


def _set_alarm(seconds: int) -> None:
    if sys.platform != "win32":
        signal.alarm(seconds)


if __name__ == "__main__":
    main()
