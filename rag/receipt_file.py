"""Receipt file: a Receipt ↔ one JSON file that shows whether it was altered.

The file is an object with ``kind``, ``format_version``, the receipt's own keys and ``sha256``, the
checksum over all the others (:func:`rag.receipt_records.hash_json`). The checksum tells of damage
and of careless edits; it is not a signature, whoever alters a receipt can compute it again.
"""

import json
import os
import reprlib
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any

from rag.receipt_parsing import parse_receipt
from rag.receipt_records import Receipt, ReceiptError, hash_json

FORMAT_VERSION = 2
_KIND = "yiju receipt"
_OPENING = f'{{\n "kind": "{_KIND}"'
_MAX_BYTES = 16 * 2**20  # a receipt has some kilobytes


def save_receipt(receipt: Receipt, path: Path, *, replace: bool = False) -> None:
    """Write a receipt; after a crash the file is there whole or not at all.

    :param receipt: The receipt.
    :param path: The file.
    :param replace: Whether a file of that name may be overwritten.
    :raises ReceiptError: When the file exists already, or cannot be written.
    """
    body = seal_receipt(receipt)
    data = (json.dumps(body, ensure_ascii=False, indent=1) + "\n").encode("utf-8")
    if not replace:
        refuse_existing(path)
    try:
        temporary = _write_beside(path, data)
        try:
            _place(temporary, path, replace=replace)
        finally:
            with suppress(FileNotFoundError):
                temporary.unlink()
    except FileExistsError as exc:
        raise _exists(path) from exc
    except (OSError, ValueError) as exc:  # ValueError: a null character in the name
        reason = (isinstance(exc, OSError) and exc.strerror) or exc
        raise ReceiptError(f"The receipt {path} cannot be written: {reason}.") from exc


def seal_receipt(receipt: Receipt) -> dict[str, Any]:
    """Return what a receipt's file holds.

    :param receipt: The receipt.
    :return: JSON-ready values, ``kind`` first and with the checksum over them.
    """
    body = {"kind": _KIND, "format_version": FORMAT_VERSION, **receipt.to_dict()}
    return {**body, "sha256": hash_json(body)}


def refuse_existing(path: Path) -> None:
    """Make sure that a new receipt would overwrite nothing.

    :param path: The file.
    :raises ReceiptError: When it, or a link of that name, exists.
    """
    if os.path.lexists(path):
        raise _exists(path)


def load_receipt(path: Path) -> Receipt:
    """Read a receipt.

    :param path: The file.
    :return: The receipt as it was saved.
    :raises ReceiptError: When it cannot be read, is no receipt, has another format version, or was
        altered.
    """
    try:
        body = _read_json(path)
        _check_kind(body, path)
        _check_sum(body, path)
    except RecursionError as exc:
        raise ReceiptError(f"{path} is not a receipt: it is nested too deeply.") from exc
    try:
        return parse_receipt(body)
    except ReceiptError as exc:
        raise ReceiptError(f"The receipt {path} cannot be used: {exc}.") from exc


def is_receipt(data: bytes) -> bool:
    """Tell whether a file's bytes are a receipt's; what a receipt quotes proves nothing.

    :param data: The file's bytes, or the first hundred.
    """
    return data.startswith(_OPENING.encode("utf-8"))


def _read_json(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
        if len(data) > _MAX_BYTES:
            raise ValueError(f"it has more than {_MAX_BYTES:,} bytes")
        body = json.loads(
            data.decode("utf-8-sig"), object_pairs_hook=_unique, parse_constant=_refuse_constant
        )
    except OSError as exc:
        raise ReceiptError(f"The receipt {path} cannot be read: {exc.strerror}.") from exc
    except ValueError as exc:  # also of the decoding and of a null character in the name
        raise ReceiptError(f"{path} is not a receipt: {exc}.") from exc
    if not isinstance(body, dict):
        raise ReceiptError(f"{path} is not a receipt: it is not a JSON object.")
    return body


def _check_kind(body: dict[str, Any], path: Path) -> None:
    if body.get("kind") != _KIND:
        raise ReceiptError(f"{path} is not a receipt. Save one with: yiju ask … --receipt FILE")
    version = body.get("format_version")
    if version != FORMAT_VERSION or isinstance(version, bool):
        raise ReceiptError(
            f"The receipt {path} has format version {reprlib.repr(version)}; this yiju reads "
            f"version {FORMAT_VERSION}. Use the version of yiju that wrote it."
        )


def _check_sum(body: dict[str, Any], path: Path) -> None:
    """Compare the checksum with the rest, which is left in body."""
    checksum = body.pop("sha256", None)
    try:
        is_intact = checksum == hash_json(body)
    except UnicodeEncodeError:  # a lone surrogate, which no receipt is saved with
        is_intact = False
    if not is_intact:
        raise ReceiptError(f"The receipt {path} was altered or damaged: its checksum differs.")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a key that is there twice: people and programs might read different ones."""
    body = dict(pairs)
    if len(body) != len(pairs):
        raise ValueError("a key is there twice")
    return body


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _write_beside(path: Path, data: bytes) -> Path:
    # Not by mkstemp, whose files nobody else may read.
    temporary = path.parent / f".receipt-{secrets.token_hex(8)}.tmp"
    with temporary.open("xb") as file:
        try:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        except OSError:
            temporary.unlink()
            raise
    return temporary


def _place(temporary: Path, path: Path, *, replace: bool) -> None:
    if not replace:
        try:
            os.link(temporary, path)  # unlike a rename it never overwrites
        except FileExistsError:
            raise
        except (OSError, NotImplementedError):
            path.touch(exist_ok=False)  # no hard links here: hold the name, then take it
        else:
            return
    temporary.replace(path)


def _exists(path: Path) -> ReceiptError:
    return ReceiptError(f"{path} exists already; a receipt never overwrites. Name another file.")
