"""Command ``yiju mcp``: the documents as tools of other programs."""

import os
from importlib.util import find_spec

from webui.failures import clear_errors, fail
from webui.options import (
    CollectionName,
    Documents,
    EncoderName,
    Index,
    ReaderName,
    choose_collections,
)

MCP_HELP = """让别的程序（如 AI 助手）用你的文档：在标准输入输出上提供 MCP 工具。

Let other programs, such as AI assistants, use your documents: MCP tools over
standard input and output.

工具 Tools: answer 用原话回答 answer in the documents' words; search 找段落
find passages; open_citation 看引文前后 read around a citation.

先装 Install first: pip install 'yiju[mcp]'

例 Example (in a program's settings): yiju mcp --documents /path/to/docs"""

_MISSING = "还缺 MCP 的包。 The package for MCP is missing. Run: pip install 'yiju[mcp]'"


def serve_mcp(
    documents: Documents = None,
    index: Index = None,
    collection: CollectionName = "",
    encoder: EncoderName = "",
    reader: ReaderName = "",
) -> None:
    """Serve the tools until the standard input ends."""
    with clear_errors():
        if find_spec("mcp") is None:
            fail(_MISSING)
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy is imported; see web
        chosen = choose_collections(documents, index, collection)
        from webui.mcp import build_server
        from webui.opening import open_collections

        library = open_collections(chosen, encoder=encoder, reader=reader, as_it_is=True)
        build_server(library).run()
