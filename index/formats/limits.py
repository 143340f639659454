"""How much a single file may become: bounds that every format's loader keeps.

A file is small on disk and may be huge when unpacked; the worker's memory and time limits are the
last resort, these bounds give the clear message.
"""

MAX_TEXT_CHARS = 50_000_000  # about 100 thick novels; a chunk store row stays below 200 MB
MAX_UNPACKED_BYTES = 1 << 30  # members of a zip archive, summed
MAX_PARTS = 100_000  # pages, zip members; rows are bounded by the text
MAX_HEADINGS = 1_000_000  # each begins a chunk, of a kilobyte while the file is indexed
