"""Opening: the collections that a command chose → what answers from them."""

from collections.abc import Sequence

import typer

from index.errors import IndexFormatError, IndexMissingError
from index.generations import IndexDir
from index.manifest import read_manifest
from index.progress import ProgressCallback
from index.settings import IndexSettings
from rag import Answerer
from rag.federation import Federation, Library
from rag.reading import Reading
from rag.registry import Collection, Registry
from webui.controls import neutralize_line
from webui.languages.library import COLLECTION_TEXTS
from webui.messages import system_language
from webui.options import build_progress


def open_collections(
    collections: Sequence[Collection],
    *,
    encoder: str,
    reader: str,
    as_it_is: bool = False,
    registry: Registry | None = None,
) -> Library:
    """Load the indexes of collections, telling of builds and of what cannot be searched.

    :param collections: From :func:`webui.options.choose_collections`.
    :param encoder: Name of the encoder; "" for the one of the environment, or the bundled one.
    :param reader: Name of the reader; "" likewise.
    :param as_it_is: Leave every index as it is that was made as it is asked for now: somebody else
        brings it up to date. The others are made or updated in any case.
    :param registry: What the collections were chosen from as a whole, so that they can follow it.
    :return: The one folder's answerer, or all collections as one.
    :raises IndexingError: When nothing can be searched.
    :raises ReaderError: When the reader cannot be loaded.
    """
    settings = IndexSettings.from_env(encoder=encoder)
    reading = Reading.load(settings.encoder, reader)

    def open_one(collection: Collection, progress: ProgressCallback | None) -> Answerer:
        if as_it_is and _is_made_with(collection, settings):
            try:
                return Answerer.open_collection(collection, reading, settings=None)
            except (IndexMissingError, IndexFormatError):
                pass
        return Answerer.open_collection(collection, reading, settings=settings, progress=progress)

    with build_progress() as progress:
        if len(collections) == 1 and registry is None:
            return open_one(collections[0], progress)
        federation = Federation.open(collections, open_one, registry=registry, progress=progress)
    _tell_unsearched(federation)
    return federation


def tell_restored(opened: Library) -> None:
    """Say on the standard error which answers come from generations that a rollback restored.

    :param opened: From :func:`open_collections`.
    """
    texts = system_language()
    for answerer in opened.answerers:
        if generation := answerer.manifest.restored_from:
            name = f"{answerer.collection}: " if answerer.collection else ""
            typer.echo(f"{name}{texts.restored.format(generation=generation)}", err=True)


def _tell_unsearched(federation: Federation) -> None:
    words = COLLECTION_TEXTS[system_language().code]
    for member in federation.members:
        if not member.answerer:
            said = words.cannot_search.format(name=member.name, reason=member.reason)
            typer.echo(neutralize_line(said), err=True)


def _is_made_with(collection: Collection, settings: IndexSettings) -> bool:
    try:
        with IndexDir(collection.index_dir).pin_current() as pin:
            manifest = read_manifest(pin.paths)
    except (IndexMissingError, IndexFormatError):
        return False
    made_with = (manifest.encoder, manifest.max_chunk_chars)
    return made_with == (settings.encoder, settings.max_chunk_chars)
