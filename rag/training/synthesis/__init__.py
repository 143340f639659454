"""Training questions made from documents: no model writes them, only rules over text."""
