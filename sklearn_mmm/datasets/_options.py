"""What may be asked of a synthetic panel."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from sklearn_mmm._arguments import (
    check_choice,
    check_truth,
    check_whole,
    is_number,
    shown,
)
from sklearn_mmm.components import Adstock, NoSaturation, Saturation
from sklearn_mmm.components._adstock import make_adstock
from sklearn_mmm.components._check import check_components
from sklearn_mmm.components._saturation import make_saturation
from sklearn_mmm.datasets._demand import control_names
from sklearn_mmm.datasets._reach import reach_names
from sklearn_mmm.datasets._response import n_lags_of
from sklearn_mmm.datasets._spend import channel_names, organic_names

# Amounts that fit into the memory of a small machine.
_MOST_CELLS = 50_000_000
# Of the dates that pandas counts in nanoseconds.
_LAST_YEAR = 2262
_LEAST = {
    "n_regions": 1,
    "n_weeks": 2,
    "n_channels": 1,
    "n_controls": 0,
    "n_organic": 0,
    "n_reach_frequency": 0,
    "n_events": 0,
    "n_brands": 1,
}
_DEFAULTS = {"adstock": "geometric", "saturation": "hill"}
_KEYS = ("region", "geo", "brand", "week", "date", "value")


@dataclass(frozen=True)
class Forms:
    """Carry-over and saturation of channels.

    Attributes
    ----------
    adstock, saturation : dict
        By channel; what the user named alike is one object.
    """

    adstock: dict[str, Adstock]
    saturation: dict[str, Saturation]

    def of(
        self, names: list[str]
    ) -> list[tuple[tuple[Adstock, Saturation], np.ndarray]]:
        """Return the forms of channels, each with the places of those that have it."""
        places: dict[tuple[int, int], list[int]] = {}
        forms: dict[tuple[int, int], tuple[Adstock, Saturation]] = {}
        for place, name in enumerate(names):
            form = self.adstock[name], self.saturation[name]
            key = id(form[0]), id(form[1])
            places.setdefault(key, []).append(place)
            forms[key] = form
        return [(forms[key], np.array(found)) for key, found in places.items()]


def make_forms(parameters: Mapping[str, Any]) -> Forms:
    """Return the forms of all channels.

    Raises
    ------
    ValueError, TypeError
        If a form is unknown, or none that a model could learn, or a channel is.
    """
    reached = reach_names(parameters["n_reach_frequency"])
    names = [*channel_names(parameters["n_channels"])]
    names += [*organic_names(parameters["n_organic"]), *reached]
    adstock = _by_channel("adstock", parameters["adstock"], names, make_adstock)
    saturation = _by_channel(
        "saturation", parameters["saturation"], names, make_saturation
    )
    if isinstance(parameters["saturation"], Mapping):
        told = [name for name in reached if name in parameters["saturation"]]
        if told:
            raise ValueError(
                f"saturation of {told}: a channel of reach and frequency saturates by "
                "frequency alone; leave it out"
            )
    straight = NoSaturation()
    saturation |= dict.fromkeys(reached, straight)
    daily = parameters["frequency"] == "D"
    for name in names:
        check_components(adstock[name], saturation[name], n_lags_of(7 if daily else 1))
    return Forms(adstock, saturation)


def _by_channel(what: str, given: Any, names: list[str], make: Any) -> dict[str, Any]:
    """Return a component for each channel, the same one for the same form."""
    if not isinstance(given, Mapping):
        return dict.fromkeys(names, make(given))
    unknown = [name for name in given if name not in names]
    if unknown:
        raise ValueError(
            f"{what} names unknown channels {unknown}; the channels are {names}"
        )
    made: dict[Any, Any] = {}
    out = {}
    for name in names:
        form = given.get(name, _DEFAULTS[what])
        key = form if isinstance(form, str) else id(form)
        if key not in made:
            made[key] = make(form)
        out[name] = made[key]
    return out


def check_options(parameters: Mapping[str, Any]) -> None:
    """Refuse parameters of :func:`make_mmm` that are out of their range.

    Raises
    ------
    ValueError, TypeError
        Naming the parameter.
    """
    for name, bound in _LEAST.items():
        check_whole(name, parameters[name], bound)
    for name, upper in (("media_share", 1.0), ("noise", np.inf), ("missing", 1.0)):
        value = parameters[name]
        if not is_number(value) or not 0 <= float(value) < upper:
            interval = f"[0, {upper:g})"
            raise ValueError(
                f"Got {name}={value!r}, but expected a number in {interval}."
            )
    for name in ("time_varying", "graph", "outcome_value"):
        check_truth(name, parameters[name])
    check_choice("frequency", parameters["frequency"], ("W", "D"))
    _check_size(parameters)
    _check_start(parameters["start"], parameters["n_weeks"])
    _check_groups(parameters)


def _check_size(parameters: Mapping[str, Any]) -> None:
    """Refuse panels that do not fit into memory."""
    n_channels = sum(
        parameters[f"n_{part}"] for part in ("channels", "organic", "reach_frequency")
    )
    per_week = 7 if parameters["frequency"] == "D" else 1
    n_cells = math.prod(
        (parameters["n_regions"], parameters["n_brands"], parameters["n_weeks"])
    )
    n_cells *= n_channels * per_week
    if n_cells > _MOST_CELLS:
        raise ValueError(
            f"n_regions × n_weeks × n_channels is {n_cells:,}, but at most "
            f"{_MOST_CELLS:,} are drawn; ask for fewer"
        )


def _check_groups(parameters: Mapping[str, Any]) -> None:
    """Refuse campaigns that belong to no paid channel, or share a name."""
    groups = parameters["channel_groups"]
    if groups is None:
        return
    paid = channel_names(parameters["n_channels"])
    if not isinstance(groups, Mapping):
        raise ValueError(
            f"got channel_groups={shown(groups)}; give a dict such as "
            f"{{{paid[0]!r}: ['prospecting', 'retargeting']}}"
        )
    taken = [*paid, *organic_names(parameters["n_organic"])]
    taken += [*reach_names(parameters["n_reach_frequency"]), *_KEYS]
    taken += control_names(parameters["n_controls"])
    for channel, members in groups.items():
        if channel not in paid:
            raise ValueError(
                f"channel_groups names {channel!r}; the paid channels are {paid}"
            )
        if isinstance(members, str) or len(set(members)) < 2:
            raise ValueError(
                f"channel_groups of {channel!r} is {shown(members)}; give at least two "
                "names"
            )
        for member in members:
            if not isinstance(member, str) or member in taken:
                raise ValueError(
                    f"channel_groups: {member!r} is no name, or that of another column"
                )
            taken.append(member)
    if groups and parameters["graph"]:
        raise ValueError(
            "channel_groups and graph: campaigns drive no channels; choose one of them"
        )


def _check_start(start: Any, n_weeks: int) -> None:
    """Refuse a first week that is no date or leads out of the calendar."""
    refused = f"got start={shown(start)}; give the first week, such as '2022-01-03'"
    if not isinstance(start, (str, date, np.datetime64)):
        raise TypeError(refused)
    try:
        first = pd.Timestamp(start)
    except (ValueError, OverflowError) as error:
        raise ValueError(refused) from error
    if pd.isna(first):
        raise ValueError(refused)
    if first.tz is not None or first.year + n_weeks / 52 > _LAST_YEAR:
        raise ValueError(
            f"{refused}, without a time zone and with all {n_weeks:,} weeks before the "
            f"year {_LAST_YEAR}"
        )
