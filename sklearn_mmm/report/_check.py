"""What a report is asked for is checked before anything is computed."""

from typing import Any

import pandas as pd

from sklearn_mmm._arguments import as_new_file, check_table, shown
from sklearn_mmm._intervals import check_coverage
from sklearn_mmm.plotting._panels import units_for
from sklearn_mmm.report._workbook import check_workbooks


def check_arguments(
    path: Any, title: Any, units: Any, coverage: Any, placebo: Any, xlsx: Any
) -> None:
    """Refuse arguments of a report that are of no use.

    Raises
    ------
    TypeError, ValueError
        With the argument's name.
    """
    as_new_file("path", path)
    if not isinstance(title, str):
        raise TypeError(f"got title={shown(title)}; give a text")
    if units is not None:
        units_for(None, units)
    check_coverage(coverage)
    if placebo is not None:
        columns = ["share", "reaches_zero"]
        has_members = not isinstance(placebo, pd.DataFrame) or columns[1] in placebo
        check_table("placebo", placebo, columns[: 1 + has_members], "placebo_test")
    if xlsx is not None:
        as_new_file("xlsx", xlsx)
        check_workbooks()
