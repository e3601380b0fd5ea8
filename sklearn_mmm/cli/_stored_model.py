"""Commands for a stored model: plan and refresh."""

import argparse

import numpy as np
import pandas as pd

from sklearn_mmm._arguments import as_new_file
from sklearn_mmm.allocation import allocate_budget, make_future
from sklearn_mmm.cli._column_roles import Columns, Wanted
from sklearn_mmm.cli._columns import find_columns
from sklearn_mmm.cli._commands import outcome_unit, outputs_of, result_of
from sklearn_mmm.cli._data import read_data, with_dates
from sklearn_mmm.cli._events import encoded, joined, load_model, save_model
from sklearn_mmm.cli._names import did_you_mean
from sklearn_mmm.cli._show import say, to_json
from sklearn_mmm.inspection import training_rows, units_of
from sklearn_mmm.inspection._fitted_mmm import FittedMMM
from sklearn_mmm.panel._region_labels import region_columns
from sklearn_mmm.panel._time_axis import make_time_axis
from sklearn_mmm.plotting._words import amount, between
from sklearn_mmm.report import make_report
from sklearn_mmm.transformers import EventEncoder

_QUARTER = 13


def rows_like(
    encoder: EventEncoder | None, mmm: FittedMMM, path: str, args: argparse.Namespace
) -> pd.DataFrame:
    """Return the rows of a file with the columns that a model needs.

    Raises
    ------
    ValueError
        If a column is missing.
    """
    table, _ = read_data(path, args)
    table = _with_encoded(table, [str(c) for c in mmm.feature_names_in_])
    events = [] if encoder is None else encoder.event_names_
    needed = [*media_of(mmm), *(c for c in mmm.control_columns_ if c not in events)]
    needed += [c for c in mmm.spend_columns_ if c is not None]
    keys = *region_columns(mmm.region_column), mmm.time_column
    needed += [str(c) for c in (*keys, mmm.outcome_value_column_) if c is not None]
    for name in needed:
        if name not in table:
            hint = did_you_mean(name, list(table.columns))
            raise ValueError(f"{path} has no column {name!r}{hint}")
    return encoded(encoder, with_dates(table, mmm.time_column, args))


def media_of(mmm: FittedMMM) -> list[str]:
    """Return the columns with the media of a model, those with frequency as well."""
    reach = mmm.reach_frequency_
    channels = [c for c in mmm.media_columns_ if c not in reach]
    return [*channels, *(column for pair in reach.values() for column in pair)]


def _with_encoded(table: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Return a table with the columns of 0 and 1 that text was made into before."""
    for name in [n for n in names if n not in table]:
        for column in [c for c in table if name.startswith(f"{c}_")]:
            label = name.removeprefix(f"{column}_")
            if table[column].dtype.kind not in "iufb":
                same = table[column].fillna("").astype(str).str.strip() == label
                table = table.assign(**{name: same * 1.0})
    return table


def run_plan(args: argparse.Namespace) -> int:
    """Allocate a budget with a stored model."""
    for option, path in (("-o", args.output), ("--table", args.table)):
        if path is not None:
            as_new_file(option, path)
    encoder, mmm = load_model(args.data)
    rows, what = _plan_rows(encoder, mmm, args)
    found = allocate_budget(
        mmm,
        rows,
        total=args.total,
        bounds=tuple(args.bounds),
        frequency=args.frequency,
    )
    units = units_of(mmm, args.outcome_unit, args.spend_unit)
    table = found.channels.reset_index()
    if args.output is not None:
        table.to_csv(args.output, index=False)
    if args.table is not None:
        found.to_csv(args.table)
    if args.json:
        print(
            to_json(
                {
                    "plan": what,
                    "total": found.total,
                    "gain": found.gain,
                    "gain_interval": found.gain_interval,
                    "probability": found.probability,
                    "recommendation": found.recommendation,
                    "status": found.status,
                    "channels": table,
                }
            )
        )
        return 0
    shown = pd.DataFrame(
        {
            "channel": table["channel"],
            "planned": [amount(v, units.spend) for v in table["planned"]],
            "best": [amount(v, units.spend) for v in table["spend"]],
        }
    )
    print(shown.to_string(index=False))
    span = between(*(found.gain_interval or (np.nan, np.nan)), units.worth)
    print(
        f"For {what}, {amount(found.total, units.spend)} spent so would bring "
        f"{amount(found.gain, units.worth)} more"
        f"{f' ({span})' if span else ''} than the plan."
    )
    print(found.recommendation)
    return 0


def _plan_rows(
    encoder: EventEncoder | None, mmm: FittedMMM, args: argparse.Namespace
) -> tuple[pd.DataFrame, str]:
    """Return the rows to plan and what they are called.

    Raises
    ------
    ValueError
        If rows and their number are both given, or there are no weeks after training.
    """
    weeks = args.plan_weeks
    if args.rows is not None:
        if weeks is not None:
            raise ValueError("--rows has the time steps itself; leave out --plan-weeks")
        rows = rows_like(encoder, mmm, args.rows, args)
        return rows.reindex(columns=mmm.feature_names_in_), args.rows
    if weeks is not None and weeks < 1:
        raise ValueError(f"--plan-weeks {weeks}: give at least 1")
    if mmm.time_column is not None:
        n_steps = weeks or _QUARTER
        model, columns = joined(encoder, mmm), mmm.feature_names_in_
        future = encoded(encoder, make_future(model, n_steps, args.total))
        if not mmm.media_plan(future.reindex(columns=columns)).spend.any():
            future = encoded(encoder, make_future(model, n_steps, like="last"))
        return future.reindex(
            columns=columns
        ), f"the {n_steps} time steps after training"
    if weeks is not None:
        raise ValueError(
            "--plan-weeks: the model has no time column, so no rows are later; give "
            "them in --rows"
        )
    n_steps = min(_QUARTER, mmm.history_["time"].nunique())
    return training_rows(mmm, n_steps), "the last time steps of training"


def run_refresh(args: argparse.Namespace) -> int:
    """Add the new rows of a file to a stored model, store it and report."""
    outputs_of(args)
    encoder, before = load_model(args.data)
    table = rows_like(encoder, before, args.rows, args)
    wanted = Wanted(target=args.target, media=media_of(before), controls=[])
    target = args.target or find_columns(table, wanted).target
    if target not in table:
        raise ValueError(
            f"--target: {args.rows} has no column {target!r}"
            f"{did_you_mean(target, list(table.columns))}"
        )
    new = _later(before, table, args.rows)
    if not new.any():
        last = before.history_["time"].max()
        raise ValueError(
            f"{args.rows} has no rows after {last}, the last time step of the model; "
            "add the new ones"
        )
    if not args.quiet:
        say(f"{int(new.sum())} of {len(new)} rows are new")
    X = table.reindex(columns=before.feature_names_in_)[new]
    mmm = load_model(args.data)[1]
    mmm.partial_fit(X, table.loc[new, target].astype(float))
    save_model(encoder, mmm, args.save or args.data)
    units = units_of(mmm, outcome_unit(args, target), args.spend_unit)
    path = make_report(
        mmm,
        args.output,
        title=args.title,
        units=units,
        previous=before,
        xlsx=args.xlsx,
        verbose=not args.quiet,
    )
    result_of(args, mmm, units, {}, path, {"columns": vars(_roles(mmm, target))})
    return 0


def _later(mmm: FittedMMM, table: pd.DataFrame, path: str) -> np.ndarray:
    """Return which rows come after the training rows of a model.

    Raises
    ------
    ValueError
        If the model has no time column.
    """
    name = mmm.time_column
    if name is None:
        raise ValueError("the model has no time column, so no rows are new; fit anew")
    known = mmm.history_["time"].to_numpy()
    labels, _ = make_time_axis(table[name].to_numpy(), name).read(
        table[name].to_numpy(), name
    )
    try:
        return np.asarray(labels > known.max())
    except TypeError as error:
        raise ValueError(
            f"{path}: column {name!r} holds {labels[0]!r}, where the model has "
            f"{known[0]!r}; write time alike"
        ) from error


def _roles(mmm: FittedMMM, target: str) -> Columns:
    reach = mmm.reach_frequency_
    return Columns(
        target,
        mmm.time_column,
        list(map(str, region_columns(mmm.region_column))),
        [c for c in mmm.media_columns_ if c not in reach],
        list(mmm.control_columns_),
        reach=reach,
    )
