"""Publishing: a filled slot → the one that answers; and what keeps two builds apart.

One writer at a time: Milvus Lite lets no second program open its file, and a lock in it holds
within this one. A server has no locks: there a build signs the idle slot, and one that finds
another's signature in its place gives up before the switch. So of builds that overlap only the one
that began last is published, but only the count of rows tells whether the others got in its way.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from index.errors import IndexLockedError
from index.milvus.address import StoreAddress
from index.milvus.client import StoreClient
from index.milvus.generation import MANIFEST, Generation
from index.milvus.lite import make_folder
from index.milvus.records import Records
from index.milvus.schema import Slot, record_row

_WRITER = "writer"


@contextmanager
def lock_store(address: StoreAddress, timeout_s: float) -> Iterator[None]:
    """Keep other builds of this program from a file of Milvus Lite; a server has no locks.

    :param address: The store's.
    :param timeout_s: How long to wait for another build.
    :raises IndexLockedError: When that does not end.
    """
    if address.path is None:
        yield
        return
    # Within it: beside it the lock would be one more file of the documents' folder.
    lock = FileLock(make_folder(address.path) / "yiju.lock", timeout=timeout_s)
    try:
        lock.acquire()
    except Timeout as exc:
        raise IndexLockedError(
            f"Another build writes to {address.path} and does not end. Try again later."
        ) from exc
    try:
        yield
    finally:
        lock.release()


def sign_slot(client: StoreClient, idle: Slot) -> str:
    """Make a slot incomplete, and say who fills it.

    :param client: The connection.
    :param idle: The slot, open.
    :return: The signature, for :func:`publish`.
    """
    client.delete(idle.records, [MANIFEST])
    signature = uuid.uuid4().hex
    client.upsert(idle.records, [record_row(_WRITER, signature)])
    return signature


def publish(client: StoreClient, generation: Generation, signature: str) -> None:
    """Make a slot complete, and switch to it as the last step.

    :param client: The connection.
    :param generation: What the slot holds, all of it sent.
    :param signature: Of the build that filled it.
    :raises IndexLockedError: When another build wrote to it, too.
    """
    slot, wanted = generation.slot, generation.manifest.n_chunks
    signed = Records(client, slot).get([_WRITER]).get(_WRITER)
    client.flush(slot.chunks)
    n_chunks = client.count(slot.chunks)
    if signed != signature or n_chunks != wanted:
        raise IndexLockedError(
            f"Another build wrote to the store {client.address} at the same time ({n_chunks} "
            f"chunks, {wanted} expected). The index answers as before. See that only one runs, "
            "and run this again."
        )
    client.upsert(slot.records, [generation.to_record()])
    client.flush(slot.records)
    client.count(slot.records)  # whoever asks from now on sees all of it
    client.switch(client.address.name, slot.chunks)
