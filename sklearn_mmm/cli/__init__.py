"""The command line: reads files, finds columns, checks, fits and reports."""

from sklearn_mmm.cli._main import main

__all__ = ["main"]
