"""The command line: ``python -m sklearn_mmm report DATA.csv ...``."""

import argparse
import os
import sys
import warnings
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from gzip import BadGzipFile
from lzma import LZMAError
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pandas as pd

from sklearn_mmm import DeepCausalMMMRegressor
from sklearn_mmm._signals import Terminated, terminable
from sklearn_mmm.inspection import channel_summary, units_of
from sklearn_mmm.report import make_report

_UNREADABLE = ValueError, EOFError, zlib.error, LZMAError, BadZipFile, BadGzipFile


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(prog="python -m sklearn_mmm", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    report = commands.add_parser("report", help="fit a model to a CSV and report on it")
    report.add_argument("data", help="CSV file, may be compressed")
    report.add_argument("--target", required=True, help="column with the outcome")
    report.add_argument(
        "--media", required=True, nargs="+", help="columns or patterns such as 'ch_*'"
    )
    report.add_argument("--controls", nargs="*", default=[], help="columns or patterns")
    report.add_argument(
        "--spend",
        metavar="MEDIA=COLUMN",
        nargs="+",
        default=[],
        help="column with the money behind media that are impressions or clicks",
    )
    report.add_argument(
        "--lift-tests",
        metavar="CSV",
        help="results of experiments: channel, start, end, lift, std_error and, if you "
        "like, region and spend_change",
    )
    report.add_argument("--region", help="column with the region")
    report.add_argument("--time", help="column with the time step")
    report.add_argument(
        "--holdout", type=int, default=8, help="last time steps kept back, 0 for none"
    )
    report.add_argument(
        "--plan",
        metavar="CSV",
        help="rows whose budget is to be allocated, with the columns of the data; "
        "by default the last quarter of training",
    )
    report.add_argument(
        "--outcome-unit", metavar="UNIT", help="on axes; by default the target's name"
    )
    report.add_argument("--spend-unit", metavar="UNIT", help="on axes, such as $")
    report.add_argument(
        "--max-lag", type=int, default=8, help="time steps of carry-over (default: 8)"
    )
    report.add_argument(
        "--members",
        type=int,
        default=32,
        help="refits whose spread gives intervals, 0 for none (default: 32)",
    )
    report.add_argument("--title", default="Marketing mix report")
    report.add_argument("-o", "--output", default="report.html")
    report.add_argument("--seed", type=int, default=0)
    report.add_argument("--quiet", action="store_true", help="no progress bar")
    return parser


def read_csv(path: str) -> pd.DataFrame:
    """Read a CSV file.

    Raises
    ------
    OSError
        If the file cannot be opened.
    ValueError
        If it is not a CSV file.
    """
    try:
        return pd.read_csv(path)
    except _UNREADABLE as error:
        reason = str(error).strip()
        raise ValueError(f"{path} cannot be read as a CSV file: {reason}") from error


def select(columns: list[str], patterns: list[str], option: str) -> list[str]:
    """Return the columns that match patterns, in the data's order.

    Raises
    ------
    ValueError
        If a pattern matches nothing.
    """
    chosen: set[str] = set()
    for pattern in patterns:
        found = [c for c in columns if c == pattern or fnmatchcase(c, pattern)]
        if not found:
            raise ValueError(
                f"{option}: no column matches {pattern!r}; the file has {columns}"
            )
        chosen.update(found)
    return [c for c in columns if c in chosen]


def select_roles(
    columns: list[str], args: argparse.Namespace
) -> tuple[list[str], list[str]]:
    """Return media and controls; patterns leave out columns that have another role.

    Raises
    ------
    ValueError
        If a pattern matches nothing or a column is named for two roles.
    """
    taken: dict[str, str] = {}
    for option in ("target", "region", "time"):
        name = getattr(args, option)
        if name is None:
            continue
        if name not in columns:
            raise ValueError(
                f"--{option}: the file has no column {name!r}; it has {columns}"
            )
        if name in taken:
            raise ValueError(f"column {name!r} is both {taken[name]} and --{option}")
        taken[name] = f"--{option}"
    for name in select(columns, list(spend_columns(args).values()), "--spend"):
        if name in taken:
            raise ValueError(f"column {name!r} is both {taken[name]} and --spend")
        taken[name] = "--spend"
    roles = []
    for option in ("media", "controls"):
        patterns = getattr(args, option)
        twice = [name for name in patterns if name in taken]
        if twice:
            raise ValueError(
                f"column {twice[0]!r} is both {taken[twice[0]]} and --{option}"
            )
        # A pattern for media leaves out what is named as a control.
        named = args.controls if option == "media" else []
        free = [
            c for c in columns if c not in taken and (c not in named or c in patterns)
        ]
        roles.append(select(free, patterns, f"--{option}"))
        taken |= dict.fromkeys(roles[-1], f"--{option}")
    return roles[0], roles[1]


def spend_columns(args: argparse.Namespace) -> dict[str, str]:
    """Return the column with the money behind each medium that is no money.

    Raises
    ------
    ValueError
        If a pair is not of the form ``MEDIA=COLUMN``.
    """
    pairs = [text.split("=") for text in args.spend]
    for text, pair in zip(args.spend, pairs, strict=True):
        if len(pair) != 2 or not all(pair):
            raise ValueError(f"--spend takes MEDIA=COLUMN, got {text!r}")
    return dict(pairs)


def parse_time(data: pd.DataFrame, column: str | None) -> pd.DataFrame:
    """Return the data with dates for texts in the time column.

    Raises
    ------
    ValueError
        If they are neither numbers nor dates.
    """
    if column is None or pd.api.types.is_numeric_dtype(data[column]):
        return data
    with warnings.catch_warnings():
        # A format that cannot be guessed is the refusal below.
        warnings.simplefilter("ignore", UserWarning)
        dates = pd.to_datetime(data[column], errors="coerce")
    bad = np.flatnonzero(dates.isna())
    if len(bad):
        raise ValueError(
            f"--time: column {column!r} holds {data[column].iloc[bad[0]]!r} in row "
            f"{bad[0]}, which is neither a number nor a date like the others"
        )
    return data.assign(**{column: dates})


def check_target(y: pd.Series, name: str) -> None:
    """Refuse an outcome that is not numeric.

    Raises
    ------
    ValueError
        Naming the first value that is none.
    """
    bad = np.flatnonzero(pd.to_numeric(y, errors="coerce").isna())
    if len(bad):
        raise ValueError(
            f"--target: column {name!r} has {len(bad)} values that are no numbers, "
            f"first {str(y.iloc[bad[0]])!r} in row {bad[0]}; mend or drop those rows"
        )


def check_output(path: str) -> None:
    """Refuse an output that cannot be written, before anything is computed.

    Raises
    ------
    OSError
    """
    folder = Path(path).resolve().parent
    if not folder.is_dir():
        raise FileNotFoundError(f"-o: there is no folder {str(folder)!r}")
    target = path if Path(path).exists() else folder
    if Path(path).is_dir() or not os.access(target, os.W_OK):
        raise PermissionError(f"-o: {path!r} cannot be written")


def training_part(data: pd.DataFrame, args: argparse.Namespace) -> np.ndarray:
    """Return which rows are trained on; the last time steps are kept back.

    Raises
    ------
    ValueError
        If the holdout is negative or leaves nothing.
    """
    if args.holdout < 0:
        raise ValueError(f"--holdout {args.holdout} is negative; 0 keeps nothing back")
    if not args.holdout or args.time is None:
        return np.ones(len(data), bool)
    steps = np.sort(data[args.time].dropna().unique())
    if args.holdout >= len(steps):
        raise ValueError(
            f"--holdout {args.holdout} leaves nothing of {len(steps)} time steps; "
            "keep fewer back, or none with --holdout 0"
        )
    return ~(data[args.time] >= steps[-args.holdout]).to_numpy()


def run_report(args: argparse.Namespace) -> None:
    """Fit a model to a CSV file and write the report."""
    check_output(args.output)
    data = read_csv(args.data)
    media, controls = select_roles(list(data.columns), args)
    data = parse_time(data, args.time)
    check_target(data[args.target], args.target)
    train = training_part(data, args)
    X, y = data.drop(columns=args.target), data[args.target].astype(float)
    plan = read_plan(args, X)
    lift_tests = None if args.lift_tests is None else read_csv(args.lift_tests)
    mmm = DeepCausalMMMRegressor(
        media,
        controls or None,
        args.region,
        args.time,
        spend_columns=spend_columns(args) or None,
        max_lag=args.max_lag,
        n_members=args.members,
        random_state=args.seed,
        verbose=not args.quiet,
    ).fit(X[train], y[train], lift_tests=lift_tests)
    later = ~train
    X_test, y_test = (X[later], y[later]) if later.any() else (None, None)
    path = make_report(
        mmm,
        args.output,
        X_test,
        y_test,
        plan,
        args.title,
        units=units_of(mmm, args.outcome_unit or args.target, args.spend_unit),
        verbose=not args.quiet,
    )
    table = channel_summary(mmm)[["spend", "contribution", "share_of_outcome", "roi"]]
    print(table.sort_values("contribution", ascending=False).to_string())
    print(f"wrote {path}")


def read_plan(args: argparse.Namespace, X: pd.DataFrame) -> pd.DataFrame | None:
    """Return the rows of the plan in the form of X; columns may be in any order.

    Raises
    ------
    ValueError
        If a column is missing.
    """
    if args.plan is None:
        return None
    plan = read_csv(args.plan)
    missing = [c for c in X.columns if c not in plan]
    if missing:
        raise ValueError(f"--plan: {args.plan} has no columns {missing}")
    return parse_time(plan, args.time)[X.columns]


@contextmanager
def plain_warnings(shown: set[str]) -> Iterator[None]:
    """Write each warning as one line, once."""

    def show(message: Warning | str, *args: Any, **kwargs: Any) -> None:
        if str(message) not in shown:
            shown.add(str(message))
            print(f"warning: {message}", file=sys.stderr)

    before = warnings.showwarning
    warnings.showwarning = show
    try:
        yield
    finally:
        warnings.showwarning = before


def main(argv: Iterable[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    args = build_parser().parse_args(None if argv is None else list(argv))
    try:
        with terminable(), plain_warnings(set()):
            run_report(args)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except Terminated:
        print("terminated", file=sys.stderr)
        return 143
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
