"""All tables of a report in one workbook."""

from collections.abc import Mapping
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sklearn_mmm._files import write_aside

_LONGEST_NAME = 31
_MOST_ROWS = 1_048_576


def check_workbooks() -> None:
    """Refuse workbooks where openpyxl is missing.

    Raises
    ------
    ValueError
    """
    if find_spec("openpyxl") is None:
        raise ValueError(
            "a workbook needs the package openpyxl: pip install 'sklearn_mmm[files]'"
        )


def write_workbook(tables: Mapping[str, pd.DataFrame], path: str | Path) -> Path:
    """Write tables to the sheets of a workbook.

    Parameters
    ----------
    tables : dict of DataFrame
        By name, of whose first 31 characters sheets are named.
    path : str or Path

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        If openpyxl is missing or a table has more rows than a sheet.
    """
    check_workbooks()
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    for name, table in tables.items():
        if len(table) >= _MOST_ROWS:
            raise ValueError(
                f"table {name!r} has {len(table):,} rows, a sheet at most "
                f"{_MOST_ROWS:,}; download it as CSV from the report"
            )
        sheet = book.create_sheet(name[:_LONGEST_NAME])
        sheet.append([_cell(sheet, str(column)) for column in table.columns])
        for row in table.itertuples(index=False):
            sheet.append([_cell(sheet, value) for value in row])
    with write_aside(path) as file:
        book.save(file)
    return Path(path)


def _cell(sheet: Any, value: Any) -> Any:
    """Return a cell; text is text, even if it begins like a formula."""
    from openpyxl.cell import WriteOnlyCell

    if isinstance(value, np.generic):
        value = value.item()
    if (
        value is None
        or (isinstance(value, float) and np.isnan(value))
        or value is pd.NaT
    ):
        return None
    if isinstance(value, (bool, int, datetime)):
        return value
    if isinstance(value, float) and np.isfinite(value):
        return value
    cell = WriteOnlyCell(sheet, value=str(value))
    cell.data_type = "s"
    return cell
