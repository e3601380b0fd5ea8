"""Rows of time steps that do not exist yet."""

import warnings
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd

from sklearn_mmm._warn import warn_caller
from sklearn_mmm.allocation._future_controls import Assumption, KnownControls
from sklearn_mmm.allocation._future_media import flighted_media, scaled_to
from sklearn_mmm.allocation._future_times import later_labels
from sklearn_mmm.allocation._past import Past, read_past
from sklearn_mmm.exceptions import AssumptionWarning, ExtrapolationWarning
from sklearn_mmm.inspection._fitted_mmm import FittedMMM
from sklearn_mmm.inspection._model import take_model

_WORDS = {
    "seasonal": "as a year before",
    "last": "as at the last step",
    "none": "without any",
}
_RANGE = (0.05, 0.95)


def make_future(
    mmm: FittedMMM,
    periods: int = 13,
    budget: float | None = None,
    like: Any = "last_year",
    controls: Any = None,
    *,
    history: Any = None,
    return_ranges: bool = False,
) -> Any:
    """Return rows for the time steps after the last one, for every region.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor or Pipeline
        Fitted, with a time column. Of a pipeline, the last step.
    periods : int, default=13
        Time steps.
    budget : float, default=None
        Money for all paid media and rows together, spend units: media and their
        spend are multiplied alike. None leaves them as they were.
    like : {"last_year", "last"} or DataFrame, default="last_year"
        How media are flighted: as a year before, as in the last ``periods`` time
        steps, or as in the last ``periods`` time steps of a table with keys, media
        and spend. A table or a past that is shorter is repeated. Without a year of
        rows, or where a budget finds no spend a year before, media are as lately, with
        a warning.
    controls : dict or DataFrame, default=None
        What is known of controls: by column "seasonal" (as a year before), "last"
        (the region's last value), a number, or a value for each time step; or a table
        with keys and columns of controls. The column of ``outcome_value`` is
        continued in the same way. What is not known is assumed to be as a
        year before or at its last value, whichever has served better in the past,
        with a warning.
    history : DataFrame, default=None
        Rows of the past in the form of X. None takes the training rows; a pipeline
        that transforms X otherwise than by :class:`~sklearn_mmm.EventEncoder` does not
        keep them and needs this, or ``like`` as a table.
    return_ranges : bool, default=False
        Whether to return how far the assumed controls may be off as well.

    Returns
    -------
    future : DataFrame of shape (n_regions * periods, n_columns)
        In the form of X. Media that cost nothing are as they were.
    ranges : DataFrame
        Only with ``return_ranges``: by control that was assumed, the one that matters
        most first: ``rule``, mean ``value``, ``low`` and ``high`` (between which 90 %
        of such means were in the past, in the control's unit), and
        ``outcome_low`` and ``outcome_high``: the total outcome if it is there, less
        the total outcome as assumed, outcome units. With an ``outcome_value``, whose
        column is among these if it was assumed, they are in its money.

    Raises
    ------
    ValueError
        If there is no time column, a parameter is out of its range, ``like`` or
        ``controls`` lack rows or columns, or nothing was spent that could be scaled.

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor, make_future
    >>> from sklearn_mmm.datasets import make_mmm
    >>> X, y, truth = make_mmm(n_regions=2, n_weeks=60, n_channels=2, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(
    ...     truth.media_columns, truth.control_columns, "region", "week",
    ...     max_epochs=5, validation=False, graph=False, n_members=0, random_state=0,
    ... ).fit(X, y)
    >>> future = make_future(
    ...     mmm, 4, budget=1e5, controls={"price": "last", "promotion": 0.0}
    ... )
    >>> future.shape, round(future[["tv", "search"]].to_numpy().sum())
    ((8, 6), 100000)
    >>> bool(future["week"].min() > X["week"].max())
    True
    """
    _check_numbers(periods, budget)
    past = read_past(mmm, like, history)
    labels = later_labels(past.time, past.axis, periods, past.time_name)
    n_regions = len(past.regions)
    columns: dict[Any, Any] = {
        name: past.regions[name].to_numpy().repeat(periods)
        for name in past.region_names
    }
    columns[past.time_name] = np.tile(labels, n_regions)
    media, fallback = flighted_media(past, like, periods, budget is not None)
    columns |= scaled_to(media, past, budget)
    known = KnownControls(past, controls, labels)
    courses = {c: known.course(c) for c in past.other_columns}
    columns |= {name: c.values.T.ravel() for name, c in courses.items()}
    future = past.in_form(pd.DataFrame(columns))
    assumed = {k: c for k, c in courses.items() if c.rule != "given"}
    unasked = {k: c for k, c in assumed.items() if k not in known.names}
    _warn_of(past, unasked, fallback, periods)
    if not return_ranges:
        return future
    return future, _ranges(mmm, future, assumed, past.value)


def _check_numbers(periods: Any, budget: Any) -> None:
    if isinstance(periods, bool) or not isinstance(periods, Integral) or periods < 1:
        raise ValueError(
            f"got periods={periods!r}; it is a number of time steps, at least 1"
        )
    if budget is None:
        return
    number = isinstance(budget, Real) and not isinstance(budget, bool)
    if not number or not np.isfinite(float(budget)) or budget <= 0:
        raise ValueError(f"got budget={budget!r}; it must be a positive number")


def _warn_of(
    past: Past, assumed: dict[Any, Assumption], fallback: str, periods: int
) -> None:
    told = [fallback] if fallback else []
    for rule, words in _WORDS.items():
        names = [str(k) for k, a in assumed.items() if a.rule == rule and a.known]
        if names:
            told.append(f"{', '.join(names)} {words}")
    if told:
        warn_caller(
            f"assumed for the {periods} time steps after {_label(past.time)}: "
            f"{'; '.join(told)}. Say what is known in controls=, and see "
            "return_ranges=True for what it matters",
            AssumptionWarning,
        )


def _label(times: np.ndarray) -> str:
    last = times.max()
    if not isinstance(last, (np.datetime64, pd.Timestamp)):
        return str(last)
    return str(pd.Timestamp(last)).removesuffix(" 00:00:00")


def _ranges(
    mmm: FittedMMM, future: pd.DataFrame, assumed: dict[Any, Assumption], value: Any
) -> pd.DataFrame:
    """Return how far assumed controls may be off, and what that would change.

    Parameters
    ----------
    value : str, int or None
        The column of what an outcome unit is worth.
    """
    # One number for all rows, which is 1 where outcomes are counted themselves.
    usual_worth = float(take_model(mmm)[0].outcome_value_.iloc[0])

    def outcome(rows: pd.DataFrame) -> float:
        worth = usual_worth if value is None else rows[value].to_numpy(float)
        return float((mmm.predict(rows) * worth).sum())

    rows = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExtrapolationWarning)
        usual = outcome(future)
        for name, course in assumed.items():
            if not len(course.error):
                continue
            mean = float(course.values.mean())
            row = {"control": name, "rule": course.rule, "value": mean}
            for end, tail in zip(("low", "high"), _RANGE, strict=True):
                shift = float(np.quantile(course.error, tail))
                moved = future[name] + shift
                if name == value:
                    # Nothing is worth less than nothing.
                    moved = moved.clip(lower=0.0)
                row[end] = mean + shift
                changed = future.copy()
                changed[name] = moved
                row[f"outcome_{end}"] = outcome(changed) - usual
            rows.append(row)
    order = ["rule", "value", "low", "high", "outcome_low", "outcome_high"]
    table = pd.DataFrame(rows, columns=["control", *order]).set_index("control")
    width = (table["outcome_high"] - table["outcome_low"]).abs()
    return table.loc[width.sort_values(ascending=False, kind="stable").index]
