"""What an allocation must keep to: bounds, total, groups; and whether it can."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import LinearConstraint, linprog

from sklearn_mmm.allocation._variables import Variables

DEFAULT_RANGE = (0.5, 1.5)
_GROUP_KEYS = ("channels", "min_share", "max_share", "min_spend", "max_spend")


@dataclass(frozen=True)
class Limits:
    """Bounds of the amounts, and linear constraints on them.

    Attributes
    ----------
    low, high : ndarray of shape (n_variables,)
        Spend units.
    names : list of str
        What each constraint says.
    matrix : ndarray of shape (n_constraints, n_variables)
    least, most : ndarray of shape (n_constraints,)
        ``least <= matrix @ amounts <= most``, spend units.
    """

    low: np.ndarray
    high: np.ndarray
    names: list[str]
    matrix: np.ndarray
    least: np.ndarray
    most: np.ndarray

    def constraints(self, unit: np.ndarray, size: float) -> list[LinearConstraint]:
        """Return the constraints on amounts divided by their units.

        Equalities and inequalities are apart, as scipy likes them.
        """
        equal = self.least == self.most
        return [
            LinearConstraint(
                self.matrix[kind] * unit / size,
                self.least[kind] / size,
                self.most[kind] / size,
            )
            for kind in (equal, ~equal)
            if kind.any()
        ]

    @property
    def size(self) -> float:
        """Return a spend to compare violations with."""
        ends = np.concatenate([self.least, self.most, self.low])
        ends = np.abs(ends[np.isfinite(ends)])
        return float(ends.max()) if len(ends) and ends.max() > 0 else 1.0

    def violation(self, amount: np.ndarray) -> float:
        """Return the largest violation, relative to the total spend."""
        value = self.matrix @ amount
        beyond = [self.low - amount, amount - self.high]
        beyond += [self.least - value, value - self.most]
        return float(max(0.0, *(b.max(initial=0.0) for b in beyond)) / self.size)

    def check_feasible(self) -> None:
        """Raise a ValueError that names what cannot hold together."""
        crossed = np.flatnonzero(self.low > self.high)
        if len(crossed):
            raise ValueError(
                f"bounds cross: lower {self.low[crossed[0]]:g} > upper "
                f"{self.high[crossed[0]]:g}; widen them"
            )
        n, k = len(self.low), len(self.names)
        if not k:
            return
        # Slack on either side of every constraint; none is needed if all can hold.
        size = self.size
        eye = np.eye(k)
        upper = np.isfinite(self.most)
        lower = np.isfinite(self.least)
        rows = np.vstack(
            [
                np.hstack([self.matrix, -eye])[upper],
                np.hstack([-self.matrix, -eye])[lower],
            ]
        )
        ends = np.concatenate([self.most[upper], -self.least[lower]]) / size
        found = linprog(
            np.r_[np.zeros(n), np.ones(k)],
            A_ub=rows,
            b_ub=ends,
            bounds=np.column_stack(
                [
                    np.r_[self.low / size, np.zeros(k)],
                    np.r_[self.high / size, np.full(k, np.inf)],
                ]
            ),
        )
        slack = found.x[n:] * size
        broken = [i for i in range(k) if slack[i] > 1e-9 * size]
        if broken:
            told = [
                f"{self.names[i]} (missed by {slack[i]:g} spend units)" for i in broken
            ]
            raise ValueError(
                f"the constraints cannot all hold: {'; '.join(told)}. The constraints "
                f"are {', '.join(self.names)}; the bounds allow a total from "
                f"{self.low.sum():g} to {self.high.sum():g}. Widen the bounds or "
                "change a constraint"
            )


def make_limits(
    variables: Variables,
    total: float | None,
    *,
    exact: bool,
    bounds: Any = None,
    spend_limits: Mapping[str, tuple[float, float]] | None = None,
    groups: Mapping[str, Mapping[str, Any]] | None = None,
    locked: Iterable[str] = (),
) -> Limits:
    """Turn an allocation's parameters into limits.

    Parameters
    ----------
    variables : Variables
    total : float or None
        Spend units over the whole plan; None for no such limit.
    exact : bool
        Whether all of the total has to be spent, or at most that.
    bounds, spend_limits, groups, locked
        See :func:`allocate_budget`.
    """
    channels = variables.channels
    spend_limits = dict(spend_limits or {})
    groups = dict(groups or {})
    locked = _names(locked, "locked")
    given = bounds if isinstance(bounds, Mapping) else {}
    for name, wanted in (
        ("bounds", given),
        ("spend_limits", spend_limits),
        ("locked", locked),
    ):
        _check_known(wanted, channels, name)
    planned_total = float(variables.planned.sum())
    if total is not None and not (np.isfinite(total) and total > 0):
        raise ValueError(f"got total={total!r}; it must be a positive number")
    # Where no range is given, the plan is first scaled to the total.
    usual = np.array(DEFAULT_RANGE) * (1.0 if total is None else total / planned_total)
    low, high = np.zeros(len(variables)), np.zeros(len(variables))
    names, rows, least, most = [], [], [], []

    def limit(name: str, row: np.ndarray, ends: tuple[float, float]) -> None:
        names.append(name)
        rows.append(np.asarray(row, float))
        least.append(ends[0])
        most.append(ends[1])

    if total is not None:
        limit(
            f"total {'=' if exact else '<='} {total:g}",
            np.ones(len(variables)),
            (total if exact else -np.inf, total),
        )
    for channel in channels:
        own = variables.of_channels([channel])
        planned = variables.planned[own]
        if channel in locked:
            low[own] = high[own] = planned
            continue
        if channel in given or (bounds is not None and not isinstance(bounds, Mapping)):
            ends = _pair(given.get(channel, bounds), f"bounds of {channel!r}")
            low[own], high[own] = ends[0] * planned, _times(ends[1], planned)
        elif channel in spend_limits:
            high[own] = np.inf
        else:
            low[own], high[own] = usual[0] * planned, usual[1] * planned
        if channel in spend_limits:
            ends = _pair(spend_limits[channel], f"spend_limits of {channel!r}")
            if own.sum() == 1:
                low[own] = np.maximum(low[own], ends[0])
                high[own] = np.minimum(high[own], ends[1])
                if low[own] > high[own]:
                    raise ValueError(
                        f"spend_limits of {channel!r}, {ends}, and its bounds, "
                        f"{given.get(channel, bounds)} times the planned {planned[0]:g}"
                        ", exclude one another"
                    )
            else:
                limit(f"{ends[0]:g} <= spend of {channel} <= {ends[1]:g}", own, ends)
    for name, group in groups.items():
        _limit_group(name, group, channels, variables, limit)
    reach = total if total is not None else 10 * planned_total
    return Limits(
        low,
        # Nothing can be larger than everything.
        np.minimum(high, np.maximum(reach, low)),
        names,
        np.array(rows).reshape(len(rows), len(variables)),
        np.array(least),
        np.array(most),
    )


def _limit_group(
    name: str,
    group: Mapping[str, Any],
    channels: list[str],
    variables: Variables,
    limit: Any,
) -> None:
    unknown = set(group) - set(_GROUP_KEYS)
    if unknown or "channels" not in group or len(group) < 2:
        raise ValueError(
            f"group {name!r} needs 'channels' and at least one of {_GROUP_KEYS[1:]}; "
            f"got {sorted(group)}"
        )
    members = _names(group["channels"], f"groups[{name!r}]['channels']")
    _check_known(members, channels, f"group {name!r}")
    own = variables.of_channels(members).astype(float)
    everything = np.ones(len(variables))
    shares = group.get("min_share", 0.0), group.get("max_share", 1.0)
    low, high = _pair(shares, f"shares of group {name!r}")
    if high > 1:
        raise ValueError(f"max_share of group {name!r} is {high:g}; it is at most 1")
    if low > 0:
        limit(f"share of {name} >= {low:g}", own - low * everything, (0.0, np.inf))
    if high < 1:
        limit(f"share of {name} <= {high:g}", own - high * everything, (-np.inf, 0.0))
    if "min_spend" in group or "max_spend" in group:
        spend = group.get("min_spend", 0.0), group.get("max_spend", np.inf)
        ends = _pair(spend, f"spend of group {name!r}")
        limit(f"{ends[0]:g} <= spend of {name} <= {ends[1]:g}", own, ends)


def _times(factor: float, planned: np.ndarray) -> np.ndarray:
    """Return multiples of the plan; an endless multiple has no end even of nothing."""
    if np.isinf(factor):
        return np.full(len(planned), np.inf)
    return factor * planned


def _pair(ends: Any, what: str) -> tuple[float, float]:
    try:
        low, high = (float(end) for end in ends)
    except (TypeError, ValueError):
        raise ValueError(f"{what}: got {ends!r}; give a pair (low, high)") from None
    if np.isnan(low) or np.isnan(high) or low < 0 or low > high:
        raise ValueError(f"{what}: got ({low:g}, {high:g}); it needs 0 <= low <= high")
    return low, high


def _names(names: Any, what: str) -> list[str]:
    if isinstance(names, str):
        raise ValueError(f"{what}: got {names!r}; give a list of channels")
    return list(names)


def _check_known(names: Iterable[str], channels: list[str], what: str) -> None:
    unknown = [name for name in names if name not in channels]
    if unknown:
        raise ValueError(
            f"{what} names unknown channels {unknown}; the channels that cost "
            f"something are {channels}, and what costs nothing has no budget"
        )
