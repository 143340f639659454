"""One loader a format: the bytes of a file → its text and layout."""
