"""Tables and figures of a fitted model in one HTML file."""

from sklearn_mmm.report._check_page import make_check_page
from sklearn_mmm.report._report import make_report

__all__ = ["make_check_page", "make_report"]
