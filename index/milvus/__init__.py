"""Milvus: an index kept in an engine that other machines can ask, instead of a folder.

Everything lies in the engine, so whoever asks needs no file of the machine that indexed. Milvus
Lite, the same engine within the process, keeps it in one local ``.db``.
"""
