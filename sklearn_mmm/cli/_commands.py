"""Commands for a file of data: report and check."""

import argparse
import re
from pathlib import Path
from typing import Any

import pandas as pd

from sklearn_mmm._arguments import as_new_file
from sklearn_mmm.allocation import make_future
from sklearn_mmm.cli._columns import select
from sklearn_mmm.cli._data import (
    Data,
    load,
    read_data,
    refuse_what_stops,
    training_part,
    with_dates,
)
from sklearn_mmm.cli._events import encoded, joined, save_model
from sklearn_mmm.cli._files import needs
from sklearn_mmm.cli._shape_options import shapes_of
from sklearn_mmm.cli._show import channel_lines, finding_lines, say, to_json
from sklearn_mmm.estimator._regressor import DeepCausalMMMRegressor
from sklearn_mmm.inspection import placebo_test, roi_table, units_of
from sklearn_mmm.inspection._fitted_mmm import FittedMMM
from sklearn_mmm.plotting._words import is_money
from sklearn_mmm.report import find_browser, make_check_page, make_report, print_board

# Time steps of a plan whose money alone is given.
_QUARTER = 13
# Outcomes that are money where media are.
_MONEY = re.compile(r"revenue|turnover|gmv|umsatz|profit|income", re.IGNORECASE)


def run_check(args: argparse.Namespace) -> int:
    """Judge the data of a file; the status is 1 if something stops a fit."""
    if args.output is not None:
        as_new_file("-o", args.output)
    data = load(args)
    if args.json:
        print(to_json({"columns": _columns(data), "findings": data.findings}))
    else:
        if not args.quiet:
            say(*data.said())
        print(finding_lines(data.findings))
    if args.output is not None:
        make_check_page(data.findings, args.output, Path(args.data).name, data.said())
        say(f"wrote {args.output}")
    return int((data.findings["severity"] == "stops").any())


def _columns(data: Data) -> dict[str, Any]:
    found = data.columns
    names = ["target", "time", "media", "controls", "spend"]
    names += ["outcome_value", "left_out"]
    own = {name: getattr(found, name) for name in names}
    return own | {"region": found.region_column, "reach_frequency": found.reach}


def labels_of(args: argparse.Namespace, data: Data) -> dict[str, str]:
    """Return names for people, those that were given before those found.

    Raises
    ------
    ValueError
        If a pair is not of the form COLUMN=NAME, or there is no such column.
    """
    labels: dict[str, str] = {}
    found = data.columns
    known = [found.target, *found.media, *found.reach, *found.controls]
    for text in args.labels:
        name, sign, label = text.partition("=")
        if not sign or not label:
            raise ValueError(f"--labels takes COLUMN=NAME, got {text!r}")
        labels |= dict.fromkeys(select(known, [name], "--labels"), label)
    given = set(labels.values())
    return {k: v for k, v in data.labels.items() if v not in given} | labels


def read_plan(args: argparse.Namespace, data: Data) -> pd.DataFrame | None:
    """Return the rows of the plan in the form of X; columns may be in any order.

    Raises
    ------
    ValueError
        If a column is missing.
    """
    if args.plan is None:
        if args.plan_weeks is not None and args.plan_weeks < 1:
            raise ValueError(f"--plan-weeks {args.plan_weeks}: give at least 1")
        if args.plan_budget is not None and not args.plan_budget > 0:
            raise ValueError(f"--plan-budget {args.plan_budget:g}: give more than 0")
        return None
    if args.plan_weeks is not None or args.plan_budget is not None:
        raise ValueError(
            "--plan has the rows itself; leave out --plan-weeks and --plan-budget"
        )
    plan, _ = read_data(args.plan, args)
    # A constant column may be text that was encoded; nothing else is left out.
    missing = [c for c in data.columns.taken if c not in plan]
    missing = [c for c in missing if c not in [data.columns.target, *data.events]]
    if missing:
        raise ValueError(f"--plan: {args.plan} has no columns {missing}")
    plan = encoded(data.encoder, with_dates(plan, data.columns.time, args))
    return plan.reindex(columns=data.X.columns)


def run_report(args: argparse.Namespace) -> int:
    """Fit a model to a file and write the report."""
    outputs_of(args)
    data = load(args)
    if not args.quiet:
        say(*data.said())
    refuse_what_stops(data)
    labels = labels_of(args, data)
    train = training_part(data, args.holdout)
    plan = read_plan(args, data)
    lift_tests = (
        None if args.lift_tests is None else read_data(args.lift_tests, args)[0]
    )
    for row in data.findings.to_dict("records"):
        if row["severity"] == "distorts":
            say(f"warning: {row['where']}: {row['what']} {row['what_to_do']}")
    mmm = _fit(args, data, train, lift_tests)
    if plan is None and (args.plan_weeks or args.plan_budget):
        model, n_steps = joined(data.encoder, mmm), args.plan_weeks or _QUARTER
        plan = encoded(data.encoder, make_future(model, n_steps, args.plan_budget))
        plan = plan.reindex(columns=data.X.columns)
    X, y, later = data.X, data.y.astype(float), ~train
    units = units_of(mmm, outcome_unit(args, data.columns.target), args.spend_unit)
    if args.save is not None:
        save_model(data.encoder, mmm, args.save)
    placebo = None
    if args.placebo:
        found = X[train], y[train]
        placebo = placebo_test(mmm, *found, kinds=["shifted"], random_state=args.seed)
    path = make_report(
        mmm,
        args.output,
        X[later] if later.any() else None,
        y[later] if later.any() else None,
        plan,
        args.title,
        units=units,
        labels=labels,
        placebo=placebo,
        xlsx=args.xlsx,
        verbose=not args.quiet,
    )
    said = {"columns": _columns(data), "findings": data.findings}
    result_of(args, mmm, units, labels, path, said)
    return 0


def outcome_unit(args: argparse.Namespace, target: str) -> str | None:
    """Return what the outcome is counted in: as told, money, or the target's name.

    A name of one or two letters says nothing.
    """
    if args.outcome_unit:
        return str(args.outcome_unit)
    if args.spend_unit and is_money(args.spend_unit) and _MONEY.search(target):
        return str(args.spend_unit)
    return target if len(target) > 2 else None


def outputs_of(args: argparse.Namespace) -> None:
    """Refuse outputs that cannot be written, before anything is computed.

    Raises
    ------
    OSError, ValueError
    """
    paths = {
        "-o": args.output,
        "--save": args.save,
        "--xlsx": args.xlsx,
        "--pdf": args.pdf,
    }
    for option, path in paths.items():
        if path is not None:
            as_new_file(option, path)
    if args.xlsx is not None:
        needs("openpyxl", "--xlsx")
    if args.pdf is not None:
        find_browser()


def result_of(
    args: argparse.Namespace,
    mmm: FittedMMM,
    units: Any,
    labels: dict[str, str],
    path: Path,
    said: dict[str, Any],
) -> None:
    """Write further files and print the result."""
    if args.pdf is not None:
        print_board(path, args.pdf)
    if args.json:
        out = {"report": str(path), **said, "units": units._asdict()}
        print(to_json(out | {"channels": roi_table(mmm)}))
        return
    print(channel_lines(mmm, units, labels))
    for file in (path, args.pdf, args.xlsx, args.save):
        if file is not None:
            print(f"wrote {file}")


def _fit(args: argparse.Namespace, data: Data, train: Any, lift_tests: Any) -> Any:
    return DeepCausalMMMRegressor(
        **data.roles,
        **shapes_of(args),
        n_members=args.members,
        random_state=args.seed,
        verbose=not args.quiet,
    ).fit(data.X[train], data.y[train].astype(float), lift_tests=lift_tests)
