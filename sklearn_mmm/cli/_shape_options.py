"""Forms of channels' responses and groups of campaigns, as options of a command."""

import argparse
from collections.abc import Callable, Sequence
from typing import Any


def add_shapes(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    for option, what, default in (
        ("--max-lag", "time steps of carry-over, a number or auto", "auto"),
        ("--adstock", "form of carry-over, such as geometric or delayed", "auto"),
        ("--saturation", "form of the response, such as hill or none", "hill"),
    ):
        parser.add_argument(
            option,
            nargs="+",
            default=[default],
            metavar="[CHANNEL=]VALUE",
            help=f"{what}; of one channel: tv=... (default: {default})",
        )
    parser.add_argument(
        "--groups",
        nargs="+",
        default=[],
        metavar="GROUP=CHANNEL,...",
        help="campaigns that share a channel: social=prospecting,retargeting",
    )
    parser.add_argument(
        "--link",
        choices=("auto", "identity", "log"),
        default="auto",
        help="whether effects add up or multiply (default: as the data say)",
    )


def shapes_of(args: argparse.Namespace) -> dict[str, Any]:
    """Return the regressor's parameters that the options stand for.

    Raises
    ------
    ValueError
        If an option is not of the form that it has to have.
    """
    return {
        "max_lag": _by_channel("--max-lag", args.max_lag, _steps),
        "adstock": _by_channel("--adstock", args.adstock, str),
        "saturation": _by_channel("--saturation", args.saturation, str),
        "channel_groups": _groups(args.groups),
        "link": args.link,
    }


def _by_channel(
    option: str, given: Sequence[str], convert: Callable[[str], Any]
) -> Any:
    """Return one value, or a dict of one for each channel."""
    pairs = [text.partition("=") for text in given]
    if len(pairs) == 1 and not pairs[0][1]:
        return _value(option, given[0], given[0], convert)
    wrong = [text for text, pair in zip(given, pairs, strict=True) if not all(pair)]
    if wrong:
        raise ValueError(
            f"{option} takes one value, or CHANNEL=VALUE for each channel, got "
            f"{wrong[0]!r}"
        )
    return {
        name: _value(option, text, value, convert)
        for text, (name, _, value) in zip(given, pairs, strict=True)
    }


def _value(option: str, text: str, value: str, convert: Callable[[str], Any]) -> Any:
    try:
        return convert(value)
    except ValueError as error:
        raise ValueError(
            f"{option} takes a number of time steps or auto, got {text!r}"
        ) from error


def _steps(text: str) -> int | str:
    """Return a number of time steps, or "auto"."""
    return text if text == "auto" else int(text)


def _groups(given: Sequence[str]) -> dict[str, list[str]] | None:
    out = {}
    for text in given:
        name, sign, channels = text.partition("=")
        if not name or not sign or "," not in channels:
            raise ValueError(f"--groups takes GROUP=CHANNEL,CHANNEL, got {text!r}")
        out[name] = [channel.strip() for channel in channels.split(",")]
    return out or None
