"""Tables and figures of a fitted model in one HTML file."""

from sklearn_mmm.report._board import find_browser, print_board
from sklearn_mmm.report._check_page import make_check_page
from sklearn_mmm.report._report import make_report

__all__ = ["find_browser", "make_check_page", "make_report", "print_board"]
