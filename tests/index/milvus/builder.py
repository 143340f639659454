"""A build in a process of its own, which may be killed: ``python -m … FOLDER ADDRESS [STAGE]``.

With a stage, the process kills itself as soon as the build comes to it.
"""

import os
import signal
import sys
from pathlib import Path

from index.milvus.address import StoreAddress
from index.milvus.build import build_store
from index.settings import IndexSettings
from tests.fakes import HashEncoder


def main() -> None:
    """Build."""
    folder, address, *stages = sys.argv[1:]

    def tell(progress):
        if progress.stage in stages and progress.done == 0 and progress.total:
            os.kill(os.getpid(), signal.SIGKILL)

    settings = IndexSettings()
    build_store(
        Path(folder), StoreAddress.parse(address), HashEncoder(), settings=settings, progress=tell
    )


if __name__ == "__main__":
    main()
