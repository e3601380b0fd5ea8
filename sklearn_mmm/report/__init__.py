"""One self-contained HTML file about a fitted model."""

from sklearn_mmm.report._report import make_report

__all__ = ["make_report"]
