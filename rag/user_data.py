"""User data: where what belongs to a person lies: collections, history, feedback, accounts.

It is kept apart from every index, so that no rebuild can touch it.
"""

import os
from pathlib import Path

from platformdirs import user_data_path


def user_data_dir() -> Path:
    """Return the folder of the user's own data; not made here.

    :return: ``$YIJU_HOME`` when set, else the platform's folder for it.
    """
    chosen = os.environ.get("YIJU_HOME", "")
    return Path(chosen).expanduser() if chosen else user_data_path("yiju", appauthor=False)
