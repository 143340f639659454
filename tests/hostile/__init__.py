"""Hostile files: a fuzzer and a folder of crafted files, run through the path that users have.

``python -m tests.hostile fuzz`` damages sample files of every format, ``crafted`` builds a folder
of bombs, lies and odd names beside good files, ``tiny`` builds a folder of very many files.
"""
