"""Uploading: ``POST /upload?collection=…&name=…`` with a file's bytes → the file in its folder.

A route of its own rather than Gradio's: that one keeps every file in a folder of its own for as
long as the server runs, whatever becomes of it, and has no word about formats. Here the bytes go
straight into a hidden file beside the documents, which gets its name when it is whole.
"""

import asyncio
from collections.abc import AsyncGenerator

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from index.settings import IndexSettings
from rag.federation import Federation
from webui import guard
from webui.languages.documents import LIBRARY_TEXTS
from webui.library import Added, DocumentFolder, Upload
from webui.library_desk import folder_of
from webui.messages import texts_for
from webui.refusals import LibraryError, Refusal
from webui.wording import describe_refusal

PATH = "/upload"
_AT_ONCE = 4  # of all visitors; the rest wait
_WAIT_S = 30.0  # for the next bytes
_BLOCK = 256 * 1024  # bytes written at a time


def open_upload(settings: IndexSettings) -> guard.Route:
    """Return the route for the guard, which is as large as a file may be.

    :param settings: With the limit.
    """
    return guard.Route("POST", PATH, max_bytes=settings.max_file_bytes, is_streamed=True)


def upload_route(federation: Federation) -> Route:
    """Make the route.

    :param federation: Whose folders.
    :return: To be added to the application.
    """
    turns = asyncio.Semaphore(_AT_ONCE)

    async def respond(request: Request) -> Response:
        asked = request.query_params
        texts = texts_for(asked.get("lang", ""))
        words = LIBRARY_TEXTS[texts.code]
        try:
            async with turns:
                added = await _receive(federation, request)
        except LibraryError as exc:
            said = describe_refusal(exc.refusal, exc.detail, texts)
            return _tell(outcome="refused", said=said)
        said = (words.added if added.is_new else words.there_already).format(name=added.source)
        return _tell(outcome="added" if added.is_new else "there", said=said)

    return Route(PATH, respond, methods=["POST"])


async def _receive(federation: Federation, request: Request) -> Added:
    asked = request.query_params
    folder = folder_of(federation, asked.get("collection", ""))
    with await _begin(folder, asked.get("name", "")) as upload:
        block = bytearray()
        chunks = request.stream()
        try:
            while chunk := await _next(chunks):
                block += chunk
                if len(block) >= _BLOCK:
                    await run_in_threadpool(upload.write, bytes(block))
                    block.clear()
        except (ClientDisconnect, TimeoutError) as exc:
            raise LibraryError(Refusal.CUT_OFF) from exc
        await run_in_threadpool(upload.write, bytes(block))
        return await run_in_threadpool(upload.finish)


async def _begin(folder: DocumentFolder, name: str) -> Upload:
    """Begin an upload; take it back when the server stops before the thread has told of it."""
    begun = asyncio.ensure_future(run_in_threadpool(folder.begin, name))
    try:
        return await asyncio.shield(begun)
    except asyncio.CancelledError:
        with await begun:
            raise


async def _next(chunks: AsyncGenerator[bytes, None]) -> bytes:
    async with asyncio.timeout(_WAIT_S):  # wait_for of Python 3.11 can lose a cancellation
        return await anext(chunks, b"")


def _tell(**said: str) -> Response:
    return JSONResponse(said, 200, {"Cache-Control": "no-store"})
