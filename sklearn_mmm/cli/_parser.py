"""The options of the command line, from arguments and from a file."""

import argparse
import difflib
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sklearn_mmm._version import __version__
from sklearn_mmm.cli._events import add_events
from sklearn_mmm.cli._files import needs
from sklearn_mmm.cli._shape_options import add_shapes


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="sklearn-mmm",
        description="Marketing mix models of tables in files.",
    )
    parser.add_argument(
        "--version", action="version", version=f"sklearn_mmm {__version__}"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    report = commands.add_parser("report", help="fit a model and report on it")
    _add_data(report)
    _add_output(report, "report.html")
    _add_fit(report)
    check = commands.add_parser("check", help="judge the data before any fit")
    _add_data(check)
    _add_output(check, None)
    _add_plan(commands.add_parser("plan", help="allocate a budget with a stored model"))
    _add_refresh(commands.add_parser("refresh", help="add new rows to a stored model"))
    return parser


def _add_plan(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("data", nargs="?", metavar="MODEL", help="stored with --save")
    add(
        "--rows",
        metavar="FILE",
        help="the plan; by default the quarter after training, media as a year before",
    )
    add(
        "--plan-weeks",
        type=int,
        metavar="N",
        help="time steps after training to plan (default: a quarter)",
    )
    add("--total", type=float, help="money to spend; by default as planned")
    add(
        "--bounds",
        type=float,
        nargs=2,
        default=[0.5, 1.5],
        metavar=("LOW", "HIGH"),
        help="multiples of the plan for each channel (default: 0.5 1.5)",
    )
    add(
        "--frequency",
        choices=["kept", "optimal"],
        default="kept",
        help="how often people are reached where that is known (default: kept)",
    )
    _add_reading(parser)
    _add_units(parser)
    add("-o", "--output", help="CSV file to write, a line for each channel")
    add(
        "--table",
        metavar="FILE",
        help="CSV file to hand over: all rows with media and money changed together",
    )


def _add_refresh(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("data", nargs="?", metavar="MODEL", help="stored with --save")
    add("rows", nargs="?", metavar="FILE", help="data with new rows")
    add("--target", help="column with the outcome")
    _add_reading(parser)
    _add_units(parser)
    _add_output(parser, "report.html")
    _add_files(parser)


def _add_data(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "data", nargs="?", help="CSV (any separator, compressed or not), Parquet, .xlsx"
    )
    add("--target", help="column with the outcome")
    add("--media", nargs="+", help="columns or patterns such as 'ch_*'")
    add("--controls", nargs="*", help="columns or patterns; nothing for none")
    add(
        "--spend",
        metavar="MEDIA=COLUMN",
        nargs="+",
        default=[],
        help="column with the money behind media that are impressions or clicks",
    )
    add(
        "--outcome-value",
        metavar="COLUMN or NUMBER",
        help="what a unit of the target is worth, where it is no money; ROI and "
        "budgets are then in money",
    )
    add("--organic", nargs="+", default=[], help="media that cost nothing")
    add(
        "--reach-frequency",
        metavar="CHANNEL=REACH,FREQUENCY",
        nargs="+",
        default=[],
        help="columns with how many a channel reached and how often; see --spend",
    )
    add(
        "--region",
        nargs="+",
        default=[],
        metavar="COLUMN",
        help="column with the region; of several, such as geo,brand, their "
        "combinations are",
    )
    add("--time", help="column with the time step")
    add_events(parser)
    _add_reading(parser)


def _add_reading(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--config", metavar="FILE", help="options in a .toml or .yaml file")
    add("--sep", help="what separates columns, such as ';'")
    add("--decimal", help="decimal sign, such as ','")
    add("--thousands", help="sign between thousands, such as '.'")
    add("--encoding", help="of a text file, such as cp1252")
    add("--sheet", help="of a workbook; by default the first")
    order = parser.add_mutually_exclusive_group()
    order.add_argument("--dayfirst", action="store_true", help="01/02 is 1 February")
    order.add_argument("--monthfirst", action="store_true", help="01/02 is January 2")
    add("--json", action="store_true", help="print the result as JSON")
    add("--quiet", action="store_true", help="no progress bar, no word on columns")


def _add_output(parser: argparse.ArgumentParser, default: str | None) -> None:
    shown = f" (default: {default})" if default else ""
    parser.add_argument(
        "-o", "--output", default=default, help=f"HTML file to write{shown}"
    )


def _add_fit(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--lift-tests",
        metavar="FILE",
        help="results of experiments: channel, start, end, lift, std_error and, if you "
        "like, region and spend_change",
    )
    add("--holdout", type=int, default=8, help="last time steps kept back, 0 for none")
    add(
        "--plan",
        metavar="FILE",
        help="rows whose budget is to be allocated, with the columns of the data; "
        "by default the quarter after training",
    )
    add(
        "--plan-weeks",
        type=int,
        metavar="N",
        help="time steps after training whose budget is to be allocated, media as a "
        "year before (default: a quarter)",
    )
    add(
        "--plan-budget",
        type=float,
        metavar="MONEY",
        help="money for these time steps (default: as a year before)",
    )
    _add_units(parser)
    _add_files(parser)
    add(
        "--labels",
        metavar="COLUMN=NAME",
        nargs="+",
        default=[],
        help="names for people, such as facebook_S=Facebook",
    )
    add(
        "--placebo",
        action="store_true",
        help="see what a channel that does nothing is credited with; costs another fit",
    )
    add_shapes(parser)
    add(
        "--members",
        type=int,
        default=32,
        help="refits whose spread gives intervals, 0 for none (default: 32)",
    )
    add("--seed", type=int, default=0)


def _add_units(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--outcome-unit", metavar="UNIT", help="by default the target's name")
    add("--spend-unit", "--currency", metavar="UNIT", help="of money, such as $")


def _add_files(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--title", default="Marketing mix report")
    add("--save", metavar="MODEL", help="store the fitted model in this file")
    add("--xlsx", metavar="FILE", help="write all tables to a workbook")
    add("--pdf", metavar="FILE", help="write two pages for a board; needs Chromium")


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Return the options, those of a file where arguments say nothing.

    Raises
    ------
    ValueError, OSError
        If the file of options cannot be read or has an unknown one.
    """
    parser = build_parser()
    args = parser.parse_args(argv)
    if args.config is not None:
        command = next(
            action.choices[args.command]
            for action in parser._actions
            if isinstance(action, argparse._SubParsersAction)
        )
        command.set_defaults(**_options(args.config, command))
        args = parser.parse_args(argv)
    if args.data is None:
        raise ValueError(f"name the file: sklearn-mmm {args.command} FILE")
    if args.command == "refresh" and args.rows is None:
        raise ValueError("name model and data: sklearn-mmm refresh MODEL FILE")
    return args


def _options(path: str, parser: argparse.ArgumentParser) -> dict[str, Any]:
    actions = {a.dest: a for a in parser._actions if a.dest not in ("help", "config")}
    out = {}
    for key, value in read_options(path).items():
        name = str(key).replace("-", "_").replace("currency", "spend_unit")
        if name not in actions:
            close = difflib.get_close_matches(name, actions, 1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise ValueError(
                f"{path} has an unknown option {key!r}{hint} Options are those of "
                f"the command line: {', '.join(actions)}"
            )
        out[name] = _as_option(value, actions[name], key, path)
    return out


def _as_option(value: Any, action: argparse.Action, key: str, path: str) -> Any:
    """Return a value of a file in the form that arguments have."""
    if action.nargs in ("+", "*"):
        if isinstance(value, dict):
            return [
                f"{k}={','.join(map(str, v)) if isinstance(v, list) else v}"
                for k, v in value.items()
            ]
        return [str(v) for v in value] if isinstance(value, list) else [str(value)]
    if action.nargs == 2 and isinstance(value, list) and len(value) == 2:
        return [float(v) for v in value]
    if isinstance(value, (list, dict)):
        raise ValueError(f"{path}: option {key!r} takes one value, got {value!r}")
    if isinstance(action, argparse._StoreTrueAction):
        return bool(value)
    try:
        return action.type(value) if callable(action.type) else str(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path}: option {key!r} got {value!r}: {error}") from error


def read_options(path: str) -> dict[str, Any]:
    """Return the options in a TOML or YAML file.

    Raises
    ------
    OSError
        If there is no such file.
    ValueError
        If it is not in the format that its name says.
    """
    content = Path(path).read_bytes()
    kind = Path(path).suffix.lower()
    if kind == ".toml":
        try:
            return tomllib.loads(content.decode())
        except ValueError as error:
            raise ValueError(f"{path} is no TOML: {error}") from error
    if kind not in (".yaml", ".yml"):
        raise ValueError(f"--config: {path} is neither .toml nor .yaml")
    needs("yaml", f"reading {path}")
    import yaml

    try:
        found = yaml.safe_load(content)
    except yaml.YAMLError as error:
        raise ValueError(f"{path} is no YAML: {error}") from error
    if not isinstance(found, dict):
        raise ValueError(f"{path} holds no options; write lines such as target: sales")
    return found
