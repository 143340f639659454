"""Milvus Lite as a server in a process of its own: ``python -m … DATA_DIR``; prints its port."""

import sys
import threading

from milvus_lite.adapter.grpc.server import start_server_in_thread


def main() -> None:
    """Serve until killed."""
    server = start_server_in_thread(sys.argv[1])  # it ends with its last reference
    print(server[-1], flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
