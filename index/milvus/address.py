"""Address: what was written after ``--store`` → where an engine is and what the index is called."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from index.errors import SettingsError

TOKEN_VARIABLE = "YIJU_MILVUS_TOKEN"
_SCHEMES = {"milvus": "http", "milvus+tls": "https"}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")  # as Milvus names collections, ours being longer
_LITE = "milvus:"
_PORT = 19530
_FORMS = "milvus:./file.db, milvus://host:19530/name or milvus+tls://host:19530/name"


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """Where an index is kept; printed it is what the user wrote, and holds no secret."""

    text: str
    name: str  # of the index in the engine
    path: Path | None  # Milvus Lite's; None for a server
    uri: str = ""  # the server's

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an address.

        :param text: As the user wrote it.
        :return: The address.
        :raises SettingsError: When it is none, saying what one looks like.
        """
        if not text.startswith(f"{_LITE}//") and text.startswith(_LITE):
            return cls._of_file(text, text.removeprefix(_LITE))
        try:
            parts = urlsplit(text)
            host, port = parts.hostname, parts.port or _PORT
        except ValueError:
            raise _not_an_address(text) from None
        if "@" in parts.netloc:  # not shown again: it holds a password
            raise SettingsError(
                "The address of a store must not hold a password. Leave it out of --store and put "
                f"it into {TOKEN_VARIABLE}, as user:password or as a token."
            )
        name = parts.path.strip("/")
        is_known = parts.scheme in _SCHEMES and host and not (parts.query or parts.fragment)
        if not is_known or not _NAME.fullmatch(name):
            raise _not_an_address(text)
        shown = f"[{host}]" if ":" in str(host) else host
        return cls(text, name, None, f"{_SCHEMES[parts.scheme]}://{shown}:{port}")

    @classmethod
    def _of_file(cls, text: str, path: str) -> Self:
        if not path.endswith(".db") or "\0" in path:
            raise _not_an_address(text)
        return cls(text, "yiju", Path(path))

    def __str__(self) -> str:
        """Return the address as it was written."""
        return self.text


def _not_an_address(text: str) -> SettingsError:
    return SettingsError(
        f"{text!r} is not the address of a store. Write {_FORMS}; a name has letters, digits and _."
    )
