"""What an allocation must keep to: bounds, total, groups; and whether it can."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from scipy.optimize import LinearConstraint, linprog

from sklearn_mmm._arguments import check_number
from sklearn_mmm.allocation._variables import Variables

DEFAULT_RANGE = (0.5, 1.5)
# A total that many times the plan, or that small a part of it, has another unit.
_FARTHEST = 1e6
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
    channel_of : ndarray of shape (n_variables,)
        Channel of each amount, for messages.
    capped : bool ndarray of shape (n_variables,)
        Whether the upper bound is that of a frequency, for messages.
    """

    low: np.ndarray
    high: np.ndarray
    names: list[str]
    matrix: np.ndarray
    least: np.ndarray
    most: np.ndarray
    channel_of: np.ndarray
    capped: np.ndarray

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
        """Raise a ValueError that names a smallest set of what cannot all hold."""
        parts = [*range(len(self.names)), *self.bound_groups]
        if not self._slack(parts) > 0:
            return
        # Whatever can be left out while the rest still contradicts is no part of it.
        for part in list(parts):
            rest = [p for p in parts if p != part]
            if self._slack(rest) > 0:
                parts = rest
        told = [self.names[p] if isinstance(p, int) else self._tell(p) for p in parts]
        raise ValueError(
            f"the constraints cannot all hold: {'; '.join(told)} exclude one another "
            f"(missed by {self._slack(parts):g} spend units); the bounds allow a total "
            f"from {self.low.sum():g} to {self.high.sum():g}. Widen the bounds or "
            "change a constraint"
        )

    @property
    def bound_groups(self) -> list[tuple[str, str]]:
        """Lower and upper bounds of each channel."""
        names = dict.fromkeys(self.channel_of)
        return [(name, side) for name in names for side in ("lower", "upper")]

    def _tell(self, part: tuple[str, str]) -> str:
        name, side = part
        ends = self.low if side == "lower" else self.high
        total = float(ends[self.channel_of == name].sum())
        why = ""
        if side == "upper" and self.capped[self.channel_of == name].any():
            why = ", by max_frequency"
        return f"{side} bounds of {name} ({total:g} together{why})"

    def _slack(self, parts: list[Any]) -> float:
        """Return by how much some constraints and bounds miss one another, 0 if not."""
        size, n = self.size, len(self.low)
        rows = [p for p in parts if isinstance(p, int)]
        low, high = np.zeros(n), np.full(n, np.inf)
        for name, side in (p for p in parts if not isinstance(p, int)):
            own = self.channel_of == name
            if side == "lower":
                low[own] = self.low[own] / size
            else:
                high[own] = self.high[own] / size
        crossed = np.maximum(low - high, 0.0)
        if crossed.max(initial=0.0) > 1e-9:
            return float(crossed.sum() * size)
        if not rows:
            return 0.0
        matrix, k = sp.csr_matrix(self.matrix[rows]), len(rows)
        least, most = self.least[rows], self.most[rows]
        upper, lower = np.isfinite(most), np.isfinite(least)
        eye = sp.identity(k, format="csr")
        found = linprog(
            np.r_[np.zeros(n), np.ones(k)],
            A_ub=sp.vstack(
                [
                    sp.hstack([matrix, -eye], format="csr")[upper],
                    sp.hstack([-matrix, -eye], format="csr")[lower],
                ]
            ),
            b_ub=np.concatenate([most[upper], -least[lower]]) / size,
            bounds=np.column_stack(
                [
                    np.r_[low, np.zeros(k)],
                    np.r_[np.maximum(high, low), np.full(k, np.inf)],
                ]
            ),
        )
        missed = float(found.x[n:].sum())
        return missed * size if missed > 1e-9 else 0.0


class Constraint(NamedTuple):
    """A linear constraint on the amounts.

    Attributes
    ----------
    name : str
        What it says.
    row : ndarray of shape (n_variables,)
    ends : tuple of float
        ``ends[0] <= row @ amounts <= ends[1]``, spend units.
    """

    name: str
    row: np.ndarray
    ends: tuple[float, float]


@dataclass
class _Collector:
    """Linear constraints, as they are read."""

    names: list[str] = field(default_factory=list)
    rows: list[np.ndarray] = field(default_factory=list)
    least: list[float] = field(default_factory=list)
    most: list[float] = field(default_factory=list)

    def __call__(self, name: str, row: np.ndarray, ends: tuple[float, float]) -> None:
        self.names.append(name)
        self.rows.append(np.asarray(row, float))
        self.least.append(ends[0])
        self.most.append(ends[1])


def make_limits(
    variables: Variables,
    total: float | None,
    *,
    exact: bool,
    bounds: Any = None,
    spend_limits: Mapping[str, tuple[float, float]] | None = None,
    groups: Mapping[str, Mapping[str, Any]] | None = None,
    locked: Iterable[str] = (),
    most: np.ndarray | None = None,
    further: Iterable[Constraint] = (),
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
    most : ndarray of shape (n_variables,), optional
        Amounts that no bound exceeds.
    further : iterable of Constraint
    """
    limit = _Collector()
    if total is not None:
        _check_total(total, float(variables.planned.sum()))
        limit(
            f"total {'=' if exact else '<='} {total:g}",
            np.ones(len(variables)),
            (total if exact else -np.inf, total),
        )
    low, high = _bounds(variables, total, bounds, spend_limits, locked, limit)
    for name, group in as_mapping(groups, "groups").items():
        _limit_group(name, group, variables, limit)
    for part in further:
        limit(*part)
    committed, is_open = variables.committed, variables.open
    low = np.where(is_open, np.maximum(low, committed), committed)
    high = np.where(is_open, high, committed)
    capped = np.zeros(len(high), bool) if most is None else is_open & (most < high)
    high = np.where(capped, most, high) if most is not None else high
    planned_total = float(variables.planned.sum())
    reach = max(total or 10 * planned_total, float(committed.sum()))
    return Limits(
        low,
        # Nothing can be larger than everything.
        np.minimum(high, np.maximum(reach, low)),
        limit.names,
        np.array(limit.rows).reshape(len(limit.rows), len(variables)),
        np.array(limit.least),
        np.array(limit.most),
        variables.table["channel"].to_numpy(),
        capped,
    )


def _check_total(total: Any, planned: float) -> None:
    check_number("total", total, positive=True)
    if not 1 / _FARTHEST <= total / planned <= _FARTHEST:
        raise ValueError(
            f"got total={total:g}, {total / planned:.2g} times the {planned:g} of the "
            "plan; give it in the spend units of X, over all of its rows"
        )


def _bounds(
    variables: Variables,
    total: float | None,
    bounds: Any,
    spend_limits: Any,
    locked: Any,
    limit: _Collector,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the lowest and the highest of each amount."""
    channels, planned_total = variables.channels, float(variables.planned.sum())
    spend_limits = as_mapping(spend_limits, "spend_limits")
    locked = _names(locked, "locked")
    given = bounds if isinstance(bounds, Mapping) else {}
    for name, wanted in (
        ("bounds", given),
        ("spend_limits", spend_limits),
        ("locked", locked),
    ):
        check_known(wanted, channels, name)
    # Where no range is given, the plan is first scaled to the total.
    usual = np.array(DEFAULT_RANGE) * (1.0 if total is None else total / planned_total)
    low, high = np.zeros(len(variables)), np.zeros(len(variables))
    for channel in channels:
        own = variables.of_channels([channel])
        planned = variables.planned[own]
        if channel in locked:
            low[own] = high[own] = planned
            continue
        if follows_total(channel, bounds, spend_limits, locked):
            low[own], high[own] = usual[0] * planned, usual[1] * planned
        elif channel in given or not isinstance(bounds, (Mapping, type(None))):
            ends = _pair(given.get(channel, bounds), f"bounds of {channel!r}")
            low[own], high[own] = ends[0] * planned, _times(ends[1], planned)
        else:
            high[own] = np.inf
        if channel in spend_limits:
            ends = _pair(spend_limits[channel], f"spend_limits of {channel!r}")
            limit(f"{ends[0]:g} <= spend of {channel} <= {ends[1]:g}", own, ends)
            if own.sum() == 1 and ends[1] >= low[own] and ends[0] <= high[own]:
                # A bound is cheaper than a constraint.
                for ending in (limit.names, limit.rows, limit.least, limit.most):
                    ending.pop()
                low[own] = np.maximum(low[own], ends[0])
                high[own] = np.minimum(high[own], ends[1])
    return low, high


def follows_total(channel: str, bounds: Any, spend_limits: Any, locked: Any) -> bool:
    """Return whether a channel's range is the usual one around the scaled plan."""
    bounded = channel in bounds if isinstance(bounds, Mapping) else bounds is not None
    return not (bounded or channel in (spend_limits or ()) or channel in (locked or ()))


def _limit_group(
    name: str,
    group: Any,
    variables: Variables,
    limit: _Collector,
) -> None:
    if not isinstance(group, Mapping):
        raise ValueError(f"group {name!r} is {group!r}; give a dict")
    unknown = set(group) - set(_GROUP_KEYS)
    if unknown or "channels" not in group or len(group) < 2:
        raise ValueError(
            f"group {name!r} needs 'channels' and at least one of {_GROUP_KEYS[1:]}; "
            f"got {sorted(group)}"
        )
    members = _names(group["channels"], f"groups[{name!r}]['channels']")
    check_known(members, variables.channels, f"group {name!r}")
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
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise ValueError(f"{what}: got {names!r}; give a list of channels")
    return list(names)


def as_mapping(given: Any, what: str) -> dict[str, Any]:
    if given is None or isinstance(given, Mapping):
        return dict(given or {})
    raise ValueError(f"{what}: got {given!r}; give a dict")


def check_known(names: Iterable[str], channels: list[str], what: str) -> None:
    unknown = [name for name in names if name not in channels]
    if unknown:
        raise ValueError(
            f"{what} names unknown channels {unknown}; the channels that cost "
            f"something are {channels}, and what costs nothing has no budget"
        )
