"""What a changed plan would bring."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from sklearn_mmm._intervals import interval_around
from sklearn_mmm.inspection._exchanged_plan import exchanged
from sklearn_mmm.inspection._fitted_mmm import FittedMMM
from sklearn_mmm.inspection._members import plans_of
from sklearn_mmm.inspection._model import of_fitted_model


@dataclass(frozen=True, repr=False)
class Simulation:
    """A changed plan beside the plan as given.

    Tables have the columns ``planned``, ``changed`` and ``difference`` in outcome
    units, or in money where the model has an ``outcome_value``, and ``low`` and
    ``high``, the interval of the difference over members, when there are any. Among
    members, channels that moved together in the past exchange parts of what they bring,
    as far as the data cannot tell.

    Attributes
    ----------
    total : Series
        Outcome of all rows and of the carry-over after them; index as the tables'
        columns, and ``planned_spend`` and ``changed_spend``.
    by_region : DataFrame
        Outcome of each region, carry-over after the plan included.
    by_time : DataFrame
        Outcome of each time step of the plan; the row ``"after"`` is the carry-over
        into the time steps that follow.
    by_channel : DataFrame
        Contribution of each channel, carry-over after the plan included; also
        ``planned_spend`` and ``changed_spend``.
    contributions, planned_contributions : DataFrame of shape (n_rows, n_channels)
        Of each row of X under the changed plan and the plan as given.
    outcome, planned_outcome : Series of shape (n_rows,)
        Of each row of X.
    spend : DataFrame of shape (n_rows, n_channels)
        The changed plan, spend units per time step.
    extrapolated : DataFrame of shape (n_rows, n_channels)
        Whether the changed spend is beyond the largest training spend of the region.

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor, simulate
    >>> from sklearn_mmm.datasets import make_mmm
    >>> X, y, truth = make_mmm(n_regions=1, n_weeks=60, n_channels=2, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(
    ...     truth.media_columns, truth.control_columns, "region", "week",
    ...     max_epochs=5, n_members=0, validation=False, graph=False, random_state=0,
    ... ).fit(X, y)
    >>> simulate(mmm, X, {"tv": 0.0}).by_channel.columns.tolist()[:3]
    ['planned', 'changed', 'difference']
    """

    total: pd.Series
    by_region: pd.DataFrame
    by_time: pd.DataFrame
    by_channel: pd.DataFrame
    contributions: pd.DataFrame
    planned_contributions: pd.DataFrame
    outcome: pd.Series
    planned_outcome: pd.Series
    spend: pd.DataFrame
    extrapolated: pd.DataFrame

    def __repr__(self) -> str:
        """Return the totals."""
        return (
            f"Simulation(outcome {self.total['changed']:.6g} instead of "
            f"{self.total['planned']:.6g}, spend {self.total['changed_spend']:.6g} "
            f"instead of {self.total['planned_spend']:.6g})"
        )


@of_fitted_model
def simulate(
    mmm: FittedMMM,
    X: Any,
    changes: Mapping[str, float] | pd.DataFrame,
    *,
    react: str | Sequence[str] = "none",
    members: Sequence[Any] | None = None,
    coverage: float = 0.9,
) -> Simulation:
    """Compare a changed plan with the plan as given.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted.
    X : DataFrame or array of shape (n_rows, n_columns)
        The plan: rows to predict, of the past or the future.
    changes : dict or DataFrame
        Factors of channels' spend, such as ``{"tv": 1.2, "search": 0.9}``, or a table
        with the same index as X and the new spend of the channels it names, spend
        units per time step. A channel that costs nothing is changed in its media.
    react : {"none", "graph"} or list of str, default="none"
        Channels that follow, as the graph (``dag_``) says, what drives them: none, so
        that all others stay as planned (mediators as they are in X), all, or these.
        What they spend or save by reacting is part of the changed spend. That channels
        moved with others in the data because they react to them is an assumption.
    members : sequence of DeepCausalMMMRegressor, default=None
        Other fits of the same columns, whose spread stands for uncertainty. None takes
        the estimator's own members.
    coverage : float, default=0.9
        Of the intervals over members.

    Returns
    -------
    Simulation
        With tables in outcome units, or in money with an ``outcome_value``.

    Raises
    ------
    ValueError
        If changes name an unknown channel, are negative or missing, or do not have the
        rows of X.

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor, simulate
    >>> from sklearn_mmm.datasets import make_mmm
    >>> X, y, truth = make_mmm(n_regions=2, n_weeks=60, n_channels=3, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(
    ...     media_columns=truth.media_columns, control_columns=truth.control_columns,
    ...     region_column="region", time_column="week", random_state=0, max_epochs=200,
    ... ).fit(X, y)
    >>> simulation = simulate(mmm, X, {"tv": 0.0})
    >>> list(simulation.by_channel.index)
    ['tv', 'search', 'social']
    >>> bool(simulation.total["difference"] < 0)
    True
    """
    plan, others = plans_of(mmm, X, members, coverage, react)
    factors, wanted = _changes(plan, changes)
    others = exchanged(mmm, others)
    own, *worlds = [_World(each, factors, wanted) for each in (plan, *others)]
    spend = plan.with_free_media(factors).reacted(wanted)
    channels = pd.Index(plan.channels, name="channel")

    def compare(name: str, index: pd.Index) -> pd.DataFrame:
        planned, changed = getattr(own, name)
        table = pd.DataFrame({"planned": planned, "changed": changed}, index)
        table["difference"] = changed - planned
        if len(worlds) > 1:
            differences = np.array(
                [np.subtract(*getattr(world, name)[::-1]) for world in worlds]
            )
            table["low"], table["high"] = interval_around(
                differences, table["difference"].to_numpy(), coverage
            )
        return table

    def by_row(values: np.ndarray) -> pd.DataFrame:
        return pd.DataFrame(values, plan.index, plan.channels)

    money = {"planned_spend": plan.spend.sum(0), "changed_spend": spend.sum(0)}
    total = compare("total", pd.Index(["total"])).T["total"]
    for name, value in money.items():
        total[name] = value.sum()
    times = pd.Index([*pd.Index(np.unique(plan.time)), "after"], name="time")
    return Simulation(
        total=total,
        by_region=compare("by_region", pd.Index(np.unique(plan.region), name="region")),
        by_time=compare("by_time", times),
        by_channel=compare("by_channel", channels).assign(**money),
        contributions=by_row(own.contributions[1]),
        planned_contributions=by_row(own.contributions[0]),
        outcome=pd.Series(own.outcome[1], plan.index, name="outcome"),
        planned_outcome=pd.Series(own.outcome[0], plan.index, name="outcome"),
        spend=by_row(spend),
        extrapolated=by_row(plan.with_free_media(factors).extrapolated(spend)),
    )


class _World:
    """What one model says of both plans; each attribute is (planned, changed)."""

    def __init__(self, plan: Any, factors: np.ndarray, spend: np.ndarray) -> None:
        plans = (plan, plan.spend), (plan.with_free_media(factors), spend)
        _, region = np.unique(plan.region, return_inverse=True)
        _, time = np.unique(plan.time, return_inverse=True)
        after = [p.after(s) for p, s in plans]
        self.contributions = [p.contributions(s) for p, s in plans]
        self.outcome = [plan.organic + c.sum(axis=1) for c in self.contributions]
        self.by_region = [
            np.bincount(region, o) + a.sum(axis=1)
            for o, a in zip(self.outcome, after, strict=True)
        ]
        self.by_time = [
            np.r_[np.bincount(time, o), a.sum()]
            for o, a in zip(self.outcome, after, strict=True)
        ]
        self.by_channel = [
            c.sum(axis=0) + a.sum(axis=0)
            for c, a in zip(self.contributions, after, strict=True)
        ]
        self.total = [values.sum(keepdims=True) for values in self.by_region]


def _changes(plan: Any, changes: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return factors of free media and the new spend, (n_rows, n_channels) each."""
    if not isinstance(changes, (Mapping, pd.DataFrame)):
        raise ValueError(
            f"changes is {changes!r}; give a dict from channels to factors, such as "
            "{'tv': 1.2}, or a table of spend with the rows of X"
        )
    table = changes if isinstance(changes, pd.DataFrame) else None
    names = list(changes)
    unknown = [name for name in names if name not in plan.channels]
    if unknown:
        raise ValueError(
            f"changes name unknown channels {unknown}; the channels are {plan.channels}"
        )
    if table is not None and not table.index.equals(plan.index):
        raise ValueError(
            f"changes has {len(table)} rows whose index differs from that of X "
            f"({len(plan.index)} rows); give one row for each row of X"
        )
    out = np.where(plan.free, plan.media(plan.spend), plan.spend)
    planned = out.copy()
    for name in names:
        column = plan.channels.index(name)
        out[:, column] = (
            _factor(changes[name], name) * planned[:, column]
            if table is None
            else _numbers(table, name)
        )
    bad = ~np.isfinite(out) | (out < 0)
    if bad.any():
        row, channel = (int(i[0]) for i in np.nonzero(bad))
        raise ValueError(
            f"changes make the spend of {plan.channels[channel]!r} "
            f"{out[row, channel]:g} in row {row}; it must be a number of at least 0"
        )
    new = plan.free & (out > 0) & (planned <= 0)
    if new.any():
        row, channel = (int(i[0]) for i in np.nonzero(new))
        raise ValueError(
            f"changes give the free channel {plan.channels[channel]!r} media in row "
            f"{row}, where X has none; put them into X"
        )
    kept = ~plan.free | (planned <= 0)
    factors = np.divide(out, planned, out=np.ones_like(out), where=~kept)
    return factors, np.where(plan.free, 0.0, out)


def _numbers(changes: pd.DataFrame, name: str) -> np.ndarray:
    try:
        return changes[name].to_numpy(float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"changes of {name!r} hold no numbers: {error}") from error


def _factor(factor: Any, name: str) -> float:
    if not isinstance(factor, Real) or isinstance(factor, (bool, np.bool_)):
        raise ValueError(f"the change of {name!r} is {factor!r}, not a number")
    return float(factor)
