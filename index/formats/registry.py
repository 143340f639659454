"""Registry: a file name's ending → the function that reads the format.

The ending decides, never a guess from the content. Loaders are named, not imported, so that one
missing library costs one format, and plain text is read without loading any of them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import PurePath

from index.errors import DocumentError, UnreadableError
from index.formats.extraction import Extraction


@dataclass(frozen=True, slots=True)
class Loader:
    """Where a format's ``extract_…`` function is, and whether it may be trusted with any file."""

    module: str
    function: str
    is_risky: bool = True  # its library may hang, crash or eat memory: the worker reads all files

    def extract(self, data: bytes) -> Extraction:
        """Read a file's bytes in this process.

        :param data: The file's bytes.
        :return: The text and its layout.
        :raises DocumentError: When the bytes are not what the file's name says.
        :raises UnreadableError: When the format's library is not installed.
        """
        extraction: Extraction = self.load()(data)  # type: ignore[assignment]  # named, not imported
        return extraction

    def load(self) -> Callable[..., object]:
        """Import the function.

        :return: It.
        :raises UnreadableError: When the format's library is not installed.
        """
        try:
            module = import_module(self.module)
        except ImportError as exc:
            raise UnreadableError(
                f"Reading this format needs {exc.name or exc}, which is not installed here."
            ) from exc
        function: Callable[..., object] = getattr(module, self.function)
        return function


_TEXT = Loader("index.formats.plain_text", "extract_text", is_risky=False)
_MARKDOWN = Loader("index.formats.plain_text", "extract_markdown", is_risky=False)
_DOCX = Loader("index.formats.docx", "extract_docx")
_PPTX = Loader("index.formats.pptx", "extract_pptx")
_XLSX = Loader("index.formats.xlsx", "extract_xlsx")
_CSV = Loader("index.formats.csv_table", "extract_csv")
_HTML = Loader("index.formats.html_document", "extract_html")
_JSONL = Loader("index.formats.json_records", "extract_jsonl")
_LOADERS = {
    ".csv": _CSV,
    ".docm": _DOCX,  # with macros, which nobody looks at
    ".docx": _DOCX,
    ".eml": Loader("index.formats.email_message", "extract_eml"),
    ".epub": Loader("index.formats.epub", "extract_epub"),
    ".htm": _HTML,
    ".html": _HTML,
    ".json": Loader("index.formats.json_records", "extract_json"),
    ".jsonl": _JSONL,
    ".markdown": _MARKDOWN,
    ".md": _MARKDOWN,
    ".ndjson": _JSONL,
    ".pdf": Loader("index.formats.pdf", "extract_pdf"),
    ".pptm": _PPTX,
    ".pptx": _PPTX,
    ".tsv": _CSV,
    ".txt": _TEXT,
    ".xhtml": _HTML,
    ".xlsm": _XLSX,
    ".xlsx": _XLSX,
}
# Formats that are not read, and what the programs that make them can save instead.
_SAVE_AS = {
    ".doc": ".docx",
    ".dps": ".pptx",
    ".et": ".xlsx",
    ".key": ".pptx",
    ".mht": ".html",
    ".mhtml": ".html",
    ".msg": ".eml",
    ".numbers": ".xlsx",
    ".odp": ".pptx",
    ".ods": ".xlsx",
    ".odt": ".docx",
    ".pages": ".docx",
    ".ppt": ".pptx",
    ".rtf": ".docx",
    ".wps": ".docx",
    ".xls": ".xlsx",
    ".xlsb": ".xlsx",
}

SUFFIXES = tuple(sorted(_LOADERS))
USUAL_FORMATS = ".pdf, .docx, .xlsx, .html, .md, .txt …"  # for messages that ask for documents


def find_loader(path: PurePath) -> Loader:
    """Find the loader of a file by its name's ending.

    :param path: The file's name.
    :return: Its format's loader.
    :raises DocumentError: When the format is not supported, with what to do about it.
    """
    suffix = path.suffix.lower()
    if loader := _LOADERS.get(suffix):
        return loader
    if better := _SAVE_AS.get(suffix):
        raise DocumentError(
            f"Its format ({suffix}) is not supported; open it in its program and save it as "
            f"{better}."
        )
    raise DocumentError(f"Its format is not supported; the supported ones are {list_suffixes()}.")


def list_suffixes() -> str:
    """Return every supported ending for a message."""
    return ", ".join(SUFFIXES)
