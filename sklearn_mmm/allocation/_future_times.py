"""Labels of the time steps that follow those seen."""

from typing import Any

import numpy as np
import pandas as pd

from sklearn_mmm.panel._time_axis import TimeAxis


def later_labels(labels: Any, axis: TimeAxis, n_steps: int, name: Any) -> np.ndarray:
    """Return the labels of the time steps after the last one.

    Numbers and periods stay what they are; dates and texts become dates.

    Parameters
    ----------
    labels : array-like of shape (n_rows,)
        Of rows, in any order.
    axis : TimeAxis
        Of the training rows.
    n_steps : int
    name : object
        Of the time column, for messages.

    Returns
    -------
    ndarray of shape (n_steps,)

    Raises
    ------
    ValueError
        If time steps are uneven.

    Examples
    --------
    >>> from sklearn_mmm.panel._time_axis import make_time_axis
    >>> months = ["2023-11", "2023-12", "2024-01"]
    >>> later_labels(months, make_time_axis(months, "month"), 2, "month").astype(str)
    array(['2024-02-01T00:00:00.000000000', '2024-03-01T00:00:00.000000000'],
          dtype='<U48')
    """
    if axis.kind in ("order", "fiscal"):
        raise ValueError(
            f"time column {name!r} has uneven steps, so it is unknown when the next "
            "ones are; give rows of the future yourself"
        )
    shown, position = axis.read(labels, name)
    last, ahead = shown[int(np.argmax(position))], np.arange(1, n_steps + 1)
    if axis.kind == "number":
        later = float(last) + ahead * axis.pace
        whole = np.asarray(shown).dtype.kind in "iu"
        return later.astype(np.asarray(shown).dtype) if whole else later
    if isinstance(last, pd.Period):
        start, zone = last.to_timestamp(), None
    else:
        start = pd.Timestamp(last)
        zone, start = start.tz, start.tz_localize(None)
    if axis.kind == "month":
        months = [round(n * axis.pace) for n in ahead]
        dates = pd.DatetimeIndex([start + pd.DateOffset(months=n) for n in months])
        if _ends_of_months(shown):
            dates = dates + pd.offsets.MonthEnd(0)
    else:
        dates = start + pd.to_timedelta(ahead * int(axis.pace), unit="ns")
    if isinstance(last, pd.Period):
        return np.array(pd.PeriodIndex(dates, freq=last.freq), dtype=object)
    if zone is not None:
        return np.array(pd.DatetimeIndex(dates).tz_localize(zone), dtype=object)
    return pd.DatetimeIndex(dates).to_numpy("datetime64[ns]")


def _ends_of_months(shown: np.ndarray) -> bool:
    if isinstance(shown[0], pd.Period):
        return False
    return bool(pd.DatetimeIndex(shown).is_month_end.all())
