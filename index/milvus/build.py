"""Build: a documents' folder → a new generation in an engine, doing only what changes ask for.

Two slots take turns: one answers while the idle one is brought up to date, and the last step
switches the alias. Whoever asks has resolved the alias once and stays with the slot it stood for;
that slot is written to only by the build after the next.
"""

import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from index.datatypes import BuildReport, Problem
from index.encoder import Encoder
from index.errors import (
    IndexCorruptError,
    IndexFormatError,
    IndexMissingError,
    SettingsError,
    StoreError,
)
from index.file_batches import Engine, LocalEngine
from index.generation_writer import N_LISTED
from index.inventory import Inventory
from index.manifest import Manifest, utc_now
from index.milvus.address import StoreAddress
from index.milvus.catalogue import TABLES, empty_catalogue, write_table
from index.milvus.client import StoreClient
from index.milvus.generation import (
    Generation,
    live_slot,
    read_generation,
    recipe_of,
    restore_files,
)
from index.milvus.publishing import lock_store, publish, sign_slot
from index.milvus.reading import FileReader
from index.milvus.records import Records
from index.milvus.schema import (
    MAX_CHUNK_CHARS,
    Slot,
    drop_slot,
    open_slot,
    slots_of,
)
from index.milvus.terms import TermCounts
from index.milvus.writer import SlotWriter
from index.progress import Progress, ProgressCallback, Stage
from index.settings import IndexSettings
from index.store_access import attach_store
from index.store_writer import StoreWriter


def build_store(  # noqa: PLR0913 - two places, a model, and how
    documents_dir: Path,
    address: StoreAddress,
    encoder: Encoder,
    *,
    settings: IndexSettings,
    full: bool = False,
    engine: Engine | None = None,
    progress: ProgressCallback | None = None,
) -> BuildReport:
    """Bring the index of a folder in a store up to date.

    :param documents_dir: The documents' folder.
    :param address: The store's.
    :param encoder: Makes the vectors.
    :param settings: How to build.
    :param full: Read and encode everything again, and accept an empty folder.
    :param engine: Reads the files; by default in this process.
    :param progress: Told of each step.
    :return: What was done.
    :raises IndexMissingError: When the folder is missing or has no document (unless full).
    :raises IndexFormatError: When the index was made for another folder.
    :raises IndexLockedError: When another build does not end, or got in the way.
    :raises SettingsError: When chunks would be too long for a store.
    :raises StoreError: When the engine cannot be reached or refuses.
    """
    if settings.max_chunk_chars > MAX_CHUNK_CHARS:
        raise SettingsError(
            f"A store holds chunks of at most {MAX_CHUNK_CHARS} characters; "
            f"YIJU_MAX_CHUNK_CHARS is {settings.max_chunk_chars}."
        )
    started = time.monotonic()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="yiju-")))
        inventory = stack.enter_context(
            Inventory.take(documents_dir, settings.max_file_bytes, excluded=address.path)
        )
        stack.enter_context(lock_store(address, settings.lock_timeout_s))
        client = stack.enter_context(StoreClient.open(address))
        job = _Job(documents_dir, client, encoder, settings, progress or (lambda _: None))
        report = _Build(job, inventory, folder, full=full).run(
            engine or LocalEngine(encoder, settings)
        )
    return replace(report, seconds=time.monotonic() - started)


@dataclass(frozen=True, slots=True)
class _Job:
    """What a build is about."""

    documents_dir: Path
    client: StoreClient
    encoder: Encoder
    settings: IndexSettings
    tell: ProgressCallback

    @property
    def recipe(self) -> tuple[str, int, int]:
        """What rows depend on beside the documents."""
        return recipe_of(self.encoder.fingerprint, self.settings.max_chunk_chars)


class _Build:
    """One build."""

    def __init__(self, job: _Job, inventory: Inventory, folder: Path, *, full: bool) -> None:
        self._job = job
        self._client = job.client
        self._inventory = inventory
        self._connection = inventory.connection
        self._folder = folder  # for temporary files
        self._full = full

    def run(self, engine: Engine) -> BuildReport:
        """Build, unless nothing changed."""
        slots = slots_of(self._client.address.name)
        live = live_slot(self._client, slots)
        known = self._read(live) if live else None
        if known:
            self._check_folder(known.manifest)
        if not self._inventory.n_files and not self._full:
            raise _nothing_to_index(self._job, self._inventory.problems(1), known)
        is_usable = known and known.recipe == self._job.recipe and not self._full
        previous = known if is_usable else None
        if previous:
            old = restore_files(self._client, previous, self._folder / "old.sqlite")
            if not self._inventory.differs(old, heeds_problems=True):
                return self._unchanged(previous.manifest)
        idle = slots[1] if live == slots[0] else slots[0]
        return self._write(engine, idle, known, previous)

    def _read(self, slot: Slot) -> Generation | None:
        """Read the live generation; a damaged or older one may be replaced as a whole."""
        try:
            self._client.load(slot.chunks)
            self._client.load(slot.records)
            known = read_generation(self._client, slot)
        except (IndexCorruptError, IndexFormatError):
            if self._full:
                return None
            raise
        if known is None and not self._full:
            address = self._client.address
            raise IndexCorruptError(
                f"The index in {address} has no manifest. Run: yiju index --full --store {address}"
            )
        return known

    def _check_folder(self, manifest: Manifest) -> None:
        if manifest.documents_dir != _describe(self._job.documents_dir):
            raise IndexFormatError(
                f"The index in {self._client.address} was made for {manifest.documents_dir}, not "
                f"for {self._job.documents_dir}. Give each folder its own index with --store."
            )

    def _write(
        self, engine: Engine, idle: Slot, known: Generation | None, previous: Generation | None
    ) -> BuildReport:
        old = self._folder / "old.sqlite" if previous else None
        with StoreWriter.create(self._folder / "new.sqlite", self._inventory, old) as store:
            kept = self._open_idle(idle, previous)
            signature = sign_slot(self._client, idle)
            counts = self._counts(previous)
            writer = SlotWriter(self._client, idle, self._connection, counts)
            reader = FileReader(
                self._job.encoder, self._job.settings, store, self._connection, writer
            )
            reader.read(engine, self._job.tell)
            problems, n_problems = store.problems(N_LISTED), store.n_problems()
            if previous and not reader.n_indexed and store.changes_nothing():
                if kept:  # nothing was written, so the idle slot is as good as it was
                    self._client.upsert(idle.records, [kept.to_record()])
                return self._unchanged(previous.manifest, problems, n_problems)
            reader.place(previous.slot if previous else None, self._client)
            if not store.n_documents() and not self._full:
                raise _nothing_to_index(self._job, problems, known)
            self._job.tell(Progress(Stage.DENSE, 0, 1))
            writer.finish_documents(previous.slot if previous else None)
            self._job.tell(Progress(Stage.DENSE, 1, 1))
            generation = self._finish(writer, idle, counts, known, kept)
            self._job.tell(Progress(Stage.PUBLISH, 0, 1))
            publish(self._client, generation, signature)
            self._job.tell(Progress(Stage.PUBLISH, 1, 1))
            changes = store.changes()
            listed = changes.list(N_LISTED)
            n_of = {k: changes.count(k) for k in ("added", "edited", "removed", "renamed")}
        manifest = generation.manifest
        return BuildReport(
            generation=manifest.generation,
            is_new=True,
            n_documents=manifest.n_documents,
            n_chunks=manifest.n_chunks,
            n_encoded=reader.n_encoded,
            n_read=reader.n_read,
            added=listed.added,
            changed=listed.edited,
            removed=listed.removed,
            renamed=tuple((one.before, one.after) for one in listed.renamed),
            problems=problems,
            n_added=n_of["added"],
            n_changed=n_of["edited"],
            n_removed=n_of["removed"],
            n_renamed=n_of["renamed"],
            n_problems=n_problems,
        )

    def _open_idle(self, idle: Slot, previous: Generation | None) -> Generation | None:
        """Open the idle slot with what of it can be used again; attach its catalogue."""
        path = self._folder / "idle.sqlite"
        kept = self._reuse(idle, path) if previous else None
        if kept is None:
            path.unlink(missing_ok=True)
            drop_slot(self._client, idle)
            open_slot(self._client, idle, self._job.encoder.dim)
            empty_catalogue(path)
        self._connection.commit()  # nothing can be attached within a transaction
        attach_store(self._connection, path, "idle")
        self._connection.execute("BEGIN")
        return kept

    def _reuse(self, idle: Slot, path: Path) -> Generation | None:
        """Restore the catalogue of the idle slot; None when it is not whole."""
        try:
            open_slot(self._client, idle, self._job.encoder.dim)
            kept = read_generation(self._client, idle)
            if kept is None or kept.recipe != self._job.recipe:
                return None
            restore_files(self._client, kept, path)
        except (IndexCorruptError, IndexFormatError, StoreError):
            return None
        return kept

    def _counts(self, previous: Generation | None) -> TermCounts:
        counts = TermCounts()
        if previous:
            counts.n_terms = previous.n_terms
            records = Records(self._client, previous.slot)
            for bucket in records.pieces("terms", previous.n_pieces["terms"]):
                counts.take(bucket)
        return counts

    def _finish(
        self,
        writer: SlotWriter,
        idle: Slot,
        counts: TermCounts,
        known: Generation | None,
        kept: Generation | None,
    ) -> Generation:
        self._job.tell(Progress(Stage.LEXICAL, 0, 1))
        n_pieces = {
            table: writer.put_records(write_table(self._connection, table)) for table in TABLES
        }
        n_pieces["terms"] = writer.put_terms()
        for name, n in n_pieces.items():
            writer.drop_records(name, n, max(n, kept.n_pieces[name] if kept else 0))
        writer.flush()
        self._job.tell(Progress(Stage.LEXICAL, 1, 1))
        sql = "SELECT count(*), coalesce(sum(n_chunks), 0) FROM new.documents"
        n_documents, n_chunks = self._connection.execute(sql).fetchone()
        before = int(known.manifest.generation) if known else 0
        manifest = Manifest(
            generation=f"{before + 1:06d}",
            documents_dir=_describe(self._job.documents_dir),
            created_at=utc_now(),
            encoder=self._job.settings.encoder,
            encoder_fingerprint=self._job.encoder.fingerprint,
            dim=self._job.encoder.dim,
            max_chunk_chars=self._job.settings.max_chunk_chars,
            n_documents=n_documents,
            n_chunks=n_chunks,
            mean_terms=counts.n_terms / max(n_chunks, 1),
            n_scored=0,
            recall=1.0,
        )
        return Generation(idle, manifest, counts.n_terms, n_pieces)

    def _unchanged(
        self, manifest: Manifest, problems: tuple[Problem, ...] = (), n_problems: int = 0
    ) -> BuildReport:
        return BuildReport(
            generation=manifest.generation,
            is_new=False,
            n_documents=manifest.n_documents,
            n_chunks=manifest.n_chunks,
            n_encoded=0,
            n_read=0,
            problems=problems,
            n_problems=n_problems,
        )


def _describe(documents_dir: Path) -> str:
    return documents_dir.resolve().as_posix()


def _nothing_to_index(
    job: _Job, skipped: tuple[Problem, ...], known: Generation | None
) -> IndexMissingError:
    why = f" {skipped[0].source}: {skipped[0].message}" if skipped else ""
    if known:
        return IndexMissingError(
            f"There is no document any more in {job.documents_dir}.{why} The index in "
            f"{job.client.address} is left as it is. If that is meant, run: yiju index --full "
            f"--store {job.client.address}"
        )
    return IndexMissingError(
        f"There is no document to index in {job.documents_dir}.{why} Put some into it, or name "
        "another folder with --documents."
    )
