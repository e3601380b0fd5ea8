"""The command line: ``python -m sklearn_mmm report DATA.csv ...``."""

import argparse
import sys
from fnmatch import fnmatchcase

import numpy as np
import pandas as pd

from sklearn_mmm import DeepCausalMMMRegressor
from sklearn_mmm.inspection import channel_summary
from sklearn_mmm.report import make_report


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
    report.add_argument("--region", help="column with the region")
    report.add_argument("--time", help="column with the time step")
    report.add_argument(
        "--holdout", type=int, default=8, help="last time steps kept back, 0 for none"
    )
    report.add_argument("--title", default="Marketing mix report")
    report.add_argument("-o", "--output", default="report.html")
    report.add_argument("--seed", type=int, default=0)
    report.add_argument("--quiet", action="store_true", help="no progress bar")
    return parser


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


def run_report(args: argparse.Namespace) -> None:
    """Fit a model to a CSV file and write the report."""
    data = pd.read_csv(args.data)
    columns = list(data.columns)
    for option in ("target", "region", "time"):
        name = getattr(args, option)
        if name is not None:
            select(columns, [name], f"--{option}")
    if args.time is not None and not pd.api.types.is_numeric_dtype(data[args.time]):
        data[args.time] = pd.to_datetime(data[args.time])
    media = select(columns, args.media, "--media")
    controls = select(columns, args.controls, "--controls")
    train = np.ones(len(data), bool)
    if args.holdout and args.time is not None:
        steps = np.unique(data[args.time])
        if args.holdout >= len(steps):
            raise ValueError(
                f"--holdout {args.holdout} leaves nothing of {len(steps)} time steps"
            )
        train = (data[args.time] < steps[-args.holdout]).to_numpy()
    X, y = data.drop(columns=args.target), data[args.target]
    mmm = DeepCausalMMMRegressor(
        media,
        controls or None,
        args.region,
        args.time,
        random_state=args.seed,
        verbose=not args.quiet,
    ).fit(X[train], y[train])
    later = ~train
    X_test, y_test = (X[later], y[later]) if later.any() else (None, None)
    path = make_report(mmm, args.output, y[train], X_test, y_test, args.title)
    table = channel_summary(mmm)[["spend", "contribution", "share_of_outcome", "roi"]]
    print(table.sort_values("contribution", ascending=False).to_string())
    print(f"wrote {path}")


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    args = build_parser().parse_args(argv)
    try:
        run_report(args)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
