"""Engines: the option ``--engine`` → what makes the batches of files that a store takes."""

import os
from typing import TYPE_CHECKING, Annotated

import typer

from webui.failures import fail
from webui.messages import system_language

if TYPE_CHECKING:
    from index.encoder import Encoder
    from index.file_batches import Engine
    from index.settings import IndexSettings

_RAY = "ray"

EngineName = Annotated[
    str,
    typer.Option(
        "--engine",
        metavar="ray[://HOST:PORT]",
        help="用 Ray 的多个进程读文件、切片段、算向量，要和 --store 一起用；"
        "文档要在各台机器的同一路径下。 Read, cut and encode on a Ray cluster, together with "
        "--store: ray starts one on this machine, ray://HOST:10001 is Ray's own address of "
        "another, ray:HOST:6379 that for one of its machines. All machines see the documents "
        "under the same path.",
        show_default=False,
    ),
]


def choose_engine(name: str, encoder: "Encoder", settings: "IndexSettings") -> "Engine":
    """Return what makes the batches.

    :param name: ``ray``, ``ray://HOST:PORT``, ``ray:HOST:PORT`` or ``ray:auto``; "" for this
        process alone.
    :param encoder: Makes the vectors, here or as it is named on other machines.
    :param settings: How to load and chunk.
    :return: The engine; nothing is started yet.
    :raises Exit: With status 2, when there is no such engine.
    """
    if not name:
        from index.file_batches import LocalEngine

        return LocalEngine(encoder, settings)
    kind, _, place = name.partition(":")
    if kind != _RAY or (":" in name and not place):
        fail(system_language().unknown_engine.format(name=name))
    from index.ray_engine import RayEngine

    # The gRPC that a store brings would print a line for each process that Ray starts.
    os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
    return RayEngine(encoder, settings, name if place.startswith("//") else place)


def refuse_engine_alone(engine: str, store: str) -> None:
    """End the command when an engine is named but no store that takes its batches.

    :param engine: The option.
    :param store: The option ``--store``.
    :raises Exit: With status 2.
    """
    if engine and not store:
        fail(system_language().engine_of_store)
