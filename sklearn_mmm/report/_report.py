"""Figures, tables and plain words in one HTML file."""

import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from sklearn_mmm._arguments import shown
from sklearn_mmm._files import write_aside
from sklearn_mmm.allocation import make_future
from sklearn_mmm.allocation._frontier import best_and_frontier
from sklearn_mmm.exceptions import AssumptionWarning
from sklearn_mmm.inspection import (
    Units,
    fit_table,
    has_intervals,
    training_rows,
    units_of,
)
from sklearn_mmm.inspection._fitted_mmm import FittedMMM
from sklearn_mmm.inspection._model import of_fitted_model, take_apart
from sklearn_mmm.inspection._training_rows import time_axis, with_value
from sklearn_mmm.plotting._style import percent
from sklearn_mmm.plotting._words import amount
from sklearn_mmm.report._charts import charts
from sklearn_mmm.report._check import check_arguments
from sklearn_mmm.report._content import Chart, Results
from sklearn_mmm.report._first_screen import first_screen
from sklearn_mmm.report._labels import check_labels, relabel
from sklearn_mmm.report._page import page
from sklearn_mmm.report._planner import planner_data
from sklearn_mmm.report._summary import summarise
from sklearn_mmm.report._workbook import write_workbook

_N_BUDGETS = 9
# Of a year whose length is not known.
_QUARTER = 13


@of_fitted_model
def make_report(
    mmm: FittedMMM,
    path: str | Path,
    X_test: Any = None,
    y_test: Any = None,
    plan: Any = None,
    title: str = "Marketing mix report",
    *,
    units: Units | None = None,
    labels: Mapping[str, str] | None = None,
    coverage: float = 0.9,
    previous: Any = None,
    placebo: pd.DataFrame | None = None,
    xlsx: str | Path | None = None,
    verbose: int = 0,
) -> Path:
    """Write a report on a fitted model: one HTML file that works offline.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted.
    path : str or Path
        Where the file goes.
    X_test : DataFrame or array of shape (n_test_rows, n_columns), default=None
        Rows that were not trained on; adds how well they were forecast.
    y_test : array-like of shape (n_test_rows,), default=None
        Their outcome, outcome units per time step.
    plan : DataFrame, array or BudgetAllocation, default=None
        Rows whose budget is to be allocated, as for :func:`allocate_budget`, which
        keeps amounts within half and one and a half times the plan; or what it found
        under constraints of your own. None means the quarter of a year
        after training as :func:`make_future` has it, where there is a time column.
    title : str, default="Marketing mix report"
        Heading of the page.
    units : Units, default=None
        Names of the units, such as ``Units(outcome="visits", spend="$")``.
    labels : dict of str, default=None
        Names for people, by column: ``{"facebook_I": "Facebook"}``. Tables to be
        downloaded keep the names of columns.
    coverage : float, default=0.9
        Of the intervals, where the model has members.
    previous : DeepCausalMMMRegressor, default=None
        The fitted model of the last report, to show what has changed.
    placebo : DataFrame, default=None
        What :func:`~sklearn_mmm.inspection.placebo_test` found, as a reason to trust
        the model or not.
    xlsx : str or Path, default=None
        A workbook to be written as well, with all tables; it needs openpyxl.
    verbose : int, default=0
        Whether to show a progress bar.

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    ValueError, TypeError
        If only one of X_test and y_test is given, a channel or control is called
        "region" or "time", the plan cannot be allocated, or a file cannot be where it
        is to go.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn_mmm import DeepCausalMMMRegressor, make_report
    >>> from sklearn_mmm.datasets import make_mmm
    >>> X, y, truth = make_mmm(n_regions=1, n_weeks=60, n_channels=2, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(
    ...     truth.media_columns, truth.control_columns, "region", "week",
    ...     max_epochs=20, validation=False, random_state=0,
    ... ).fit(X[:52], y[:52])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     make_report(mmm, f"{folder}/report.html", X[52:], y[52:]).name
    'report.html'
    """
    names = check_labels(labels)
    check_arguments(path, title, units, coverage, placebo, xlsx)
    earlier = None if previous is None else _earlier(previous)
    with tqdm(total=26, desc="report", unit="part", disable=not verbose) as bar:
        results = _results(mmm, X_test, y_test, plan, units, coverage)
        results = replace(results, previous=earlier, placebo=placebo)
        bar.update(2)
        drawn: list[Chart] = []
        for chart in charts(results):
            drawn.append(chart)
            bar.update()
        html = page(
            title,
            _subtitle(results),
            relabel(first_screen(results), names),
            relabel(summarise(results), names),
            drawn,
            results.first_tables,
            mmm,
            names,
            planner_data(results, names),
        )
        path = Path(path)
        with write_aside(path, "w", encoding="utf-8") as file:
            file.write(html)
        if xlsx is not None:
            tables = dict(results.first_tables)
            for chart in drawn:
                tables |= chart.tables
            write_workbook(tables, xlsx)
        bar.update(bar.total - bar.n)
    return path


def _earlier(previous: Any) -> FittedMMM:
    """Return the fitted model of the last report."""
    model = take_apart(previous)[0]
    if not hasattr(model, "media_columns_"):
        raise TypeError(
            f"got previous={shown(previous)}; give the fitted model of the last report"
        )
    return model


def _results(
    mmm: FittedMMM,
    X_test: Any,
    y_test: Any,
    plan: Any,
    units: Units | None,
    coverage: float,
) -> Results:
    fit = fit_table(mmm, X_test, y_test, coverage=coverage)
    units = with_value(mmm, units) if units else units_of(mmm)
    name = "the plan"
    if plan is None and time_axis(mmm) is not None:
        plan, name = _next_quarter(mmm, units)
    allocation = frontier = setup = None
    if hasattr(plan, "planned_outcome"):
        allocation, plan = plan, None
    elif plan is not None:
        multiples = np.linspace(0.5, 1.5, _N_BUDGETS)
        allocation, frontier, setup = best_and_frontier(mmm, plan, multiples)
    return Results(mmm, fit, allocation, frontier, name, units, coverage, plan, setup)


def _next_quarter(mmm: FittedMMM, units: Units) -> tuple[Any, str]:
    """Return rows of the next quarter, and what they are in words.

    Where the next time steps cannot be told, they are the last quarter of training;
    None where nothing is spent.
    """
    n_steps = _quarter(mmm)
    name = f"the {n_steps} {units.time}s after training"
    try:
        with warnings.catch_warnings():
            # Controls move the outcome of every plan alike.
            warnings.simplefilter("ignore", AssumptionWarning)
            plan = make_future(mmm, n_steps)
            if not mmm.media_plan(plan).spend.any():
                plan = make_future(mmm, n_steps, like="last")
    except ValueError:
        plan = training_rows(mmm, n_steps)
        name = f"the last {n_steps} {units.time}s of training"
    return (plan, name) if mmm.media_plan(plan).spend.any() else (None, name)


def _quarter(mmm: FittedMMM) -> int:
    """Return the time steps of a quarter, or all there are."""
    axis = time_axis(mmm)
    year = None if axis is None else axis.season_length
    n_steps = max(1, round(year / 4)) if year else _QUARTER
    return min(n_steps, int(mmm.history_["time"].nunique()))


def _subtitle(results: Results) -> str:
    mmm = results.mmm
    intervals = (
        f", intervals of {percent(results.coverage)}" if has_intervals(mmm) else ""
    )
    regions = f"{results.n_regions} regions, " if results.n_regions > 1 else ""
    return (
        f"{regions}{results.fit['time'].nunique()} {results.units.time}s, "
        f"{len(mmm.media_columns_)} channels{intervals}{_valued(results)}"
    )


def _valued(results: Results) -> str:
    """Return what an outcome unit is worth, in words; nothing without a value."""
    mmm, units = results.mmm, results.units
    if mmm.outcome_value is None:
        return ""
    column = mmm.outcome_value_column_
    if column is None:
        worth = amount(float(mmm.outcome_value), units.worth)
        return f"; outcomes ({units.outcome}) at {worth} each"
    return f"; outcomes ({units.outcome}) at the worth in column {column}"
