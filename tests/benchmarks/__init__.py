"""Evaluation as commands: ``python -m tests.benchmarks --help``."""
