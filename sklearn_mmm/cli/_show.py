"""What the command line prints: lines for people, or JSON."""

import json
import sys
import textwrap
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd

from sklearn_mmm.exceptions import AssumptionWarning
from sklearn_mmm.inspection import Units, roi_table
from sklearn_mmm.inspection._fitted_mmm import FittedMMM
from sklearn_mmm.plotting._words import short_number as number


def channel_lines(
    mmm: FittedMMM, units: Units, labels: Mapping[str, str], coverage: float = 0.9
) -> str:
    """Return what each channel cost and brought, with intervals where there are any."""
    rows = []
    for row in roi_table(mmm, coverage=coverage).to_dict("records"):
        rows.append(
            {
                "channel": labels.get(row["channel"], row["channel"]),
                f"spend ({units.spend})": number(row["spend"]),
                f"brought ({units.worth})": number(row["contribution"])
                + _between(row, "low", "high"),
                "ROI": number(row["roi"]) + _between(row, "roi_low", "roi_high"),
            }
        )
    table = pd.DataFrame(rows).astype(str)
    wide = table["channel"].str.len().max()
    table["channel"] = table["channel"].str.ljust(max(wide, len("channel")))
    return table.rename(columns={"channel": "channel".ljust(wide)}).to_string(
        index=False
    )


def _between(row: Mapping[Any, Any], low: str, high: str) -> str:
    if low not in row or not np.isfinite(row[low]):
        return ""
    return f" ({number(row[low])} to {number(row[high])})"


def finding_lines(findings: pd.DataFrame) -> str:
    """Return findings about data as lines."""
    if findings.empty:
        return "Nothing stands out in the data."
    blocks = []
    for row in findings.to_dict("records"):
        head = f"{row['severity'].upper()}  {row['check']}: {row['where']}"
        body = textwrap.wrap(f"{row['what']} {row['what_to_do']}", 86)
        blocks.append("\n".join([head, *(f"    {line}" for line in body)]))
    return "\n".join(blocks)


def to_json(value: Any) -> str:
    """Return a result as JSON, tables as lists of rows and NaN as null."""
    return json.dumps(_plain(value), indent=2, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, pd.DataFrame):
        return [_plain(row) for row in value.to_dict("records")]
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [_plain(v) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return (
        value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
    )


def say(*lines: str) -> None:
    """Write lines that are no result."""
    for line in lines:
        print(line, file=sys.stderr)


def _without_python(message: Warning | str) -> str:
    """Return a warning whose remedy is an option of the command."""
    if isinstance(message, AssumptionWarning):
        told = str(message).rpartition(". Say ")[0]
        return f"{told}. Give rows in which you write what is known: --rows"
    return str(message)


@contextmanager
def plain_warnings(shown: set[str]) -> Iterator[None]:
    """Write each warning as one line, once."""

    def show(message: Warning | str, *args: Any, **kwargs: Any) -> None:
        if str(message) not in shown:
            shown.add(str(message))
            say(f"warning: {_without_python(message)}")

    before = warnings.showwarning
    warnings.showwarning = show
    try:
        yield
    finally:
        warnings.showwarning = before
