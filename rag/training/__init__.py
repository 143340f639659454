"""Recipes and reference networks of the reader; never imported at run time."""
