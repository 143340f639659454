"""Client: the few operations that an index needs of Milvus, tried again while that can help.

pymilvus tries a lost connection again within each attempt's time; what the server itself calls
retriable, such as a full queue or a collection that is still being loaded, is tried again here,
after 0.2, 0.4, 0.8 … seconds of which a random part of up to a half is left out, so that many
clients do not come back at once (Brooker 2015, "Exponential Backoff and Jitter").
"""

import logging
import os
import random
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeAlias, TypeVar

from index.errors import IndexingError, SettingsError, StoreError
from index.milvus.address import TOKEN_VARIABLE, StoreAddress

Row: TypeAlias = dict[str, Any]  # a row's fields by their names

_T = TypeVar("_T")
_CONNECT_S = 5.0
_READ_S = 30.0
_WRITE_S = 60.0  # a server may be started again meanwhile
_MOST_ATTEMPTS = 5
_FIRST_PAUSE_S = 0.2
_MOST_ROWS = 1000  # of a message
_MOST_BYTES = 8 * 1024**2  # far below the 64 MB that Milvus takes
_MOST_IDS = 1000
_TARGET = "collection_name"
_NO_ALIAS = (100, 1600)  # Milvus Lite says that there is no such collection


class StoreClient:
    """A connection to an engine; safe to use from several threads."""

    def __init__(self, address: StoreAddress, client: Any, close: Callable[[], None]) -> None:  # noqa: ANN401
        """Hold a connection; use :meth:`open`.

        :param address: Where it leads, for messages.
        :param client: pymilvus's (the library has no types).
        :param close: Ends it.
        """
        self.address = address
        self._client = client
        self._close = close

    @classmethod
    def open(cls, address: StoreAddress) -> Self:
        """Connect to a server, or start Milvus Lite.

        :param address: The store's.
        :return: The connection; a context manager.
        :raises SettingsError: When the libraries are not installed.
        :raises StoreError: When the server does not answer within five seconds.
        :raises IndexLockedError: When another program has the file of Milvus Lite open.
        """
        try:
            import pymilvus
        except ImportError as exc:
            raise _not_installed(address) from exc
        # It prints the traceback of every error that it raises, too.
        logging.getLogger("pymilvus").setLevel(logging.CRITICAL)
        if address.path is None:
            token = os.environ.get(TOKEN_VARIABLE, "")
            client = _connect(pymilvus, address, address.uri, token)
            return cls(address, client, client.close)
        try:
            from index.milvus.lite import close_lite, open_lite

            path, uri = address.path, open_lite(address.path)
        except ImportError as exc:
            raise _not_installed(address) from exc
        try:
            client = _connect(pymilvus, address, uri, "")
        except IndexingError:
            close_lite(path)
            raise

        def close() -> None:
            client.close()
            close_lite(path)

        return cls(address, client, close)

    def __enter__(self) -> Self:
        """Return the connection."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the connection."""
        self.close()

    def close(self) -> None:
        """End the connection; once more does nothing."""
        close, self._close = self._close, lambda: None
        close()

    @property
    def library(self) -> Any:  # noqa: ANN401
        """Return pymilvus's own client, for what is made but once."""
        return self._client

    def run(self, operation: Callable[[], _T]) -> _T:
        """Run an operation, again while the engine says that this can help.

        :param operation: Uses the engine once; may be run several times.
        :return: What it returns.
        :raises StoreError: When it fails, naming the store and the engine's reason.
        """
        import grpc
        from pymilvus.exceptions import MilvusException

        for attempt in range(_MOST_ATTEMPTS):
            try:
                return operation()
            except (MilvusException, grpc.RpcError) as exc:
                if attempt + 1 == _MOST_ATTEMPTS or not getattr(exc, "retriable", False):
                    raise _failed(self.address, exc) from exc
                time.sleep(_FIRST_PAUSE_S * 2**attempt * random.uniform(0.5, 1))
        raise AssertionError("the last attempt returns or raises")

    # Collections and the alias.

    def has(self, collection: str) -> bool:
        """Tell whether there is a collection of a name."""
        return bool(self.run(lambda: self._client.has_collection(collection, timeout=_READ_S)))

    def create(self, collection: str, schema: object, indexes: object) -> None:
        """Make a collection.

        :param collection: Its name, which none has.
        :param schema: pymilvus's, as :attr:`library` makes it.
        :param indexes: Likewise.
        """
        self.run(
            lambda: self._client.create_collection(collection, schema=schema, timeout=_WRITE_S)
        )
        # There is nothing to be indexed yet, but pymilvus would wait half a second for each.
        self.run(lambda: self._client.create_index(collection, indexes, sync=False))

    def drop(self, collection: str) -> None:
        """Delete a collection, if there is one."""
        if self.has(collection):
            self.run(lambda: self._client.drop_collection(collection, timeout=_WRITE_S))

    def load(self, collection: str) -> None:
        """Make a collection ready to be asked, which may take long the first time."""
        self.run(lambda: self._client.load_collection(collection))

    def flush(self, collection: str) -> None:
        """Have everything written go to where it outlasts a crash."""
        self.run(lambda: self._client.flush(collection))

    def count(self, collection: str) -> int:
        """Count the rows, every one that was written before."""
        found = self.run(
            lambda: self._client.query(
                collection,
                filter="",
                output_fields=["count(*)"],
                consistency_level="Strong",
                timeout=_READ_S,
            )
        )
        return int(found[0]["count(*)"])

    def resolve(self, alias: str) -> str:
        """Return the collection that an alias stands for; "" when there is no such alias."""
        from pymilvus.exceptions import MilvusException

        def describe() -> str:
            try:
                return str(self._client.describe_alias(alias, timeout=_READ_S)[_TARGET])
            except MilvusException as exc:
                if exc.code in _NO_ALIAS:
                    return ""
                raise

        return self.run(describe)

    def switch(self, alias: str, collection: str) -> None:
        """Have an alias stand for a collection from now on, in one step."""
        has_alias = bool(self.resolve(alias))
        change = self._client.alter_alias if has_alias else self._client.create_alias
        self.run(lambda: change(collection, alias, timeout=_WRITE_S))

    # Rows.

    def upsert(self, collection: str, batch: list[Row]) -> None:
        """Write rows, replacing those of the same keys; see :class:`RowWriter` for many."""
        self.run(lambda: self._client.upsert(collection, batch, timeout=_WRITE_S))

    def delete(self, collection: str, keys: Sequence[str]) -> None:
        """Delete rows by their keys; those that are not there are passed over."""
        for at in range(0, len(keys), _MOST_IDS):
            part = list(keys[at : at + _MOST_IDS])
            self.run(partial(self._client.delete, collection, ids=part, timeout=_WRITE_S))

    def get(self, collection: str, keys: Sequence[str], fields: Sequence[str]) -> dict[str, Row]:
        """Read rows by their keys.

        :param collection: Where from.
        :param keys: At most a few thousand; no two alike.
        :param fields: What of them, beside their ``key``.
        :return: Those that are there, by key.
        """
        found: dict[str, Row] = {}
        for at in range(0, len(keys), _MOST_IDS):
            part = list(keys[at : at + _MOST_IDS])
            names = ["key", *fields]
            get = partial(self._client.get, collection, ids=part, output_fields=names)
            found.update((row["key"], row) for row in self.run(partial(get, timeout=_READ_S)))
        return found

    def search(self, collection: str, vector: object, options: Row) -> list[Row]:
        """Search for the rows nearest to a vector.

        :param collection: Where.
        :param vector: A list of numbers, or a sparse one's weights by dimension.
        :param options: pymilvus's own: ``anns_field``, ``limit``, ``output_fields``, …
        :return: The rows found, best first, each with its ``distance``.
        """
        (hits,) = self.run(
            lambda: self._client.search(collection, data=[vector], timeout=_READ_S, **options)
        )
        return [{**hit["entity"], "distance": hit["distance"]} for hit in hits]


class RowWriter:
    """Gathers rows for a collection and writes them in messages of bounded size."""

    def __init__(self, client: StoreClient, collection: str) -> None:
        """Begin with none.

        :param client: The connection.
        :param collection: Where to.
        """
        self._client = client
        self._collection = collection
        self._batch: list[Row] = []
        self._n_bytes = 0

    def put(self, rows: Iterable[Row]) -> int:
        """Take rows, and write as many as make whole messages.

        :param rows: The rows, taken as they are needed.
        :return: Their number.
        """
        n_rows = 0
        for row in rows:
            size = _size_of(row)
            if len(self._batch) == _MOST_ROWS or self._n_bytes + size > _MOST_BYTES:
                self.flush()
            self._batch.append(row)
            self._n_bytes += size
            n_rows += 1
        return n_rows

    def flush(self) -> None:
        """Write what was gathered."""
        if self._batch:
            self._client.upsert(self._collection, self._batch)
        self._batch, self._n_bytes = [], 0


def _connect(pymilvus: Any, address: StoreAddress, uri: str, token: str) -> Any:  # noqa: ANN401
    import grpc

    try:
        return pymilvus.MilvusClient(uri, token=token, timeout=_CONNECT_S, dedicated=True)
    except (pymilvus.MilvusException, grpc.RpcError) as exc:
        raise _failed(address, exc) from exc


def _failed(address: StoreAddress, exc: Exception) -> StoreError:
    reason = str(getattr(exc, "message", "") or exc)
    with suppress(AttributeError, TypeError):
        reason = exc.details() or reason  # type: ignore[attr-defined]  # gRPC's
    reason = reason.strip().rstrip(".")
    advice = (
        "Check the address, that the server runs and can be reached from here, and "
        f"{TOKEN_VARIABLE} if it asks for a login."
        if address.path is None
        else "Check that its folder can be written and has space."
    )
    return StoreError(f"The store at {address} does not do as asked: {reason[:500]}. {advice}")


def _not_installed(address: StoreAddress) -> SettingsError:
    return SettingsError(
        f"The store {address} needs libraries that are not installed. Run: "
        "pip install 'yiju[milvus]'"
    )


def _size_of(row: Row) -> int:
    """Estimate the bytes of a row in a message; characters count as the longest in UTF-8."""
    return sum(
        len(value) * (4 if isinstance(value, str) else 8) if hasattr(value, "__len__") else 8
        for value in row.values()
    )
