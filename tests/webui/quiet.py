"""Gradio, made without the event loops that it leaves open."""

import asyncio
import gc
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_gradio() -> Iterator[None]:
    """Make pages in here: Gradio makes a loop for each lock it needs outside of one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield
        asyncio.set_event_loop(None)
        gc.collect()
