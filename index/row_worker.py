"""Row worker: the process that does row work for a build; requests on stdin, replies on stdout.

Run by ``index.row_workers`` as ``python -m index.row_worker PARENT_PID STORE VECTORS N_ROWS
FINGERPRINT``; ends at once when the bundled encoder has another one. A reply has the ``result``, or
the ``error`` with what is needed to raise it again in the build.
"""

import sys
from pathlib import Path
from typing import Any

from index.child_process import serve_parent
from index.encoder import StaticEncoder
from index.errors import IndexingError
from index.formats.frames import Frame, read_frame, write_frame
from index.known_terms import KnownRows
from index.row_work import RowWork


def main() -> None:
    """Serve the parent until it closes the pipe or dies."""
    requests, replies = serve_parent()
    store, vectors, n_rows = Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
    encoder = StaticEncoder.load()
    if encoder.fingerprint != sys.argv[5]:
        return
    with RowWork(store, vectors, n_rows, encoder) as work:
        while request := read_frame(requests, 0):
            write_frame(replies, Frame(_answer(work, request.fields)))


def _answer(work: RowWork, fields: dict[str, Any]) -> dict[str, Any]:
    try:
        if "ranges" in fields:
            work.encode(fields["ranges"])
            return {"result": 0}
        known = [KnownRows(**rows) for rows in fields["known"]]
        start, stop, folder = fields["start"], fields["stop"], Path(fields["folder"])
        return {"result": work.write_segment(start, stop, folder, known)}
    except OSError as exc:
        return {"error": exc.strerror or str(exc), "errno": exc.errno}
    except IndexingError as exc:
        return {"error": str(exc), "errno": None}


if __name__ == "__main__":
    main()
