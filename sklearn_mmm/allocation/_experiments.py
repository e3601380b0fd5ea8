"""The test that is worth most."""

from collections.abc import Iterable, Sequence
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from sklearn_mmm._arguments import check_number
from sklearn_mmm.allocation._experiment_regions import choose_regions, organic_series
from sklearn_mmm.allocation._experiment_value import told_by_test, value_of_test
from sklearn_mmm.allocation._limits import make_limits
from sklearn_mmm.allocation._money_curves import MoneyCurves
from sklearn_mmm.allocation._seed import read_seed
from sklearn_mmm.allocation._setup import Setup, prepare
from sklearn_mmm.allocation._solve import Problem, maximise
from sklearn_mmm.allocation._treatment import Treatment
from sklearn_mmm.inspection._fitted_mmm import FittedMMM
from sklearn_mmm.inspection._model import of_fitted_model

# Two-sided, as is usual.
_LEVEL, _POWER = 0.05, 0.8
_FEWEST_REGIONS = 4
FEWEST_MEMBERS = 3
_COLUMNS = [
    "channel",
    "region",
    "start",
    "end",
    "lift",
    "std_error",
    "spend_change",
    "kind",
    "duration",
    "expected_lift",
    "minimal_detectable_lift",
    "power",
    "cost",
    "value",
    "net_value",
]


@of_fitted_model
def plan_experiments(
    mmm: FittedMMM,
    X: Any,
    budget: float | None = None,
    durations: Sequence[int] = (4, 6),
    *,
    channels: Iterable[str] | None = None,
    bounds: Any = None,
    margin: float = 1.0,
    heavy_up: float = 1.0,
    random_state: int = 0,
) -> pd.DataFrame:
    """Plan the test whose result would improve the budget most.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted, with members.
    X : DataFrame or array of shape (n_rows, n_columns)
        The plan whose budget is to be allocated after the test; the test takes place
        in its first time steps. See :func:`make_future`.
    budget : float, default=None
        The most that a test may cost, spend units; None for no limit.
    durations : sequence of int, default=(4, 6)
        Time steps that a test may take.
    channels : list of str, default=None
        To be tested; None means all that cost something.
    bounds : default=None
        Of the allocation after the test, see :func:`allocate_budget`.
    margin : float, default=1.0
        Profit of an outcome unit before media, in spend units; with an
        ``outcome_value``, of a unit of its money.
    heavy_up : float, default=1.0
        By how much a test of more spend raises it, 1 for twice as much.
    random_state : int, default=0
        Seed of the search for regions.

    Returns
    -------
    DataFrame
        A row for each test, the one with the largest ``net_value`` first. The columns
        of ``lift_tests``: ``channel``, ``region`` (labels to treat, or "all"),
        ``start``, ``end``, ``lift`` (NaN, to be filled in), ``std_error`` (promised)
        and ``spend_change`` (spend units). Then ``kind`` ("go dark" or "heavy up"),
        ``duration`` (time steps), ``expected_lift``, ``minimal_detectable_lift`` (with
        80 % power at a level of 5 %, outcome units), ``power`` for the expected lift;
        ``cost`` (profit forgone, or spend that does not pay; 0 of a test that pays for
        itself), ``value`` (expected profit of the better plan after the test) and
        ``net_value``, spend units. Of tests that are worth the same, the one whose
        result tells most about the gain of the plan that is best now comes first.

    Raises
    ------
    ValueError
        If there are fewer than three members, a duration is longer than X, or a
        channel is unknown.

    Notes
    -----
    Value is the expected value of sample information over the members. Channels that
    moved together in the past exchange shares of what they bring among members, as far
    as the data cannot tell. What plans bring is read off channels' curves over their
    money, each with the others in proportion, which is approximate where campaigns
    share the curve of a group or effects vary with other channels' media. A test in
    some
    regions is measured against the others, matched on the past; with fewer than four
    regions all are treated and measured against the time steps before. Its standard
    error is that of placebo tests in the past.

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor, plan_experiments
    >>> from sklearn_mmm.datasets import make_mmm
    >>> X, y, truth = make_mmm(n_regions=4, n_weeks=60, n_channels=2, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(
    ...     truth.media_columns, truth.control_columns, "region", "week",
    ...     max_epochs=20, validation=False, graph=False, n_members=4, random_state=0,
    ... ).fit(X, y)
    >>> plan = X[X["week"] > X["week"].unique()[-9]]
    >>> tests = plan_experiments(mmm, plan, durations=(4,))
    >>> tests["net_value"].is_monotonic_decreasing
    True
    """
    check_number("margin", margin, positive=True)
    check_number("heavy_up", heavy_up, positive=True)
    if budget is not None:
        check_number("budget", budget, positive=True)
    setup = prepare(mmm, X, "channel", 0.0, None, 0.9)
    if len(setup.members) < FEWEST_MEMBERS:
        raise ValueError(
            f"the value of a test is over members, and there are {len(setup.members)}; "
            "fit with n_members=32"
        )
    wanted = _channels(setup, channels)
    lengths = _durations(durations, len(np.unique(setup.plan.time)))
    seed = read_seed(random_state)
    table = rank_tests(setup, lengths, wanted, bounds, margin, heavy_up, seed)
    if budget is not None:
        table = table[table["cost"] <= budget].reset_index(drop=True)
    return table


def rank_tests(
    setup: Setup,
    lengths: Sequence[int],
    channels: Sequence[int],
    bounds: Any,
    margin: float,
    heavy_up: float,
    seed: int,
    curves: MoneyCurves | None = None,
) -> pd.DataFrame:
    """Return the tests of some channels, see :func:`plan_experiments`.

    Parameters
    ----------
    setup : Setup
    lengths : sequence of int
        Durations, time steps.
    channels : sequence of int
    bounds, margin, heavy_up
        See :func:`plan_experiments`.
    seed : int
    curves : MoneyCurves, optional
        Of the members and what channels exchange among them, where they are known.
    """
    rng = np.random.default_rng(seed)
    worth = _worth(setup, bounds, margin, curves)
    series = organic_series(setup.mmm)
    kinds = {"go dark": 0.0, "heavy up": 1.0 + heavy_up}
    rows = []
    for duration in lengths:
        spends = _spends(setup, series.columns, duration)[:, list(channels)]
        for size in _sizes(series.shape[1]):
            treated = choose_regions(series, size, duration, rng, spends)
            treatment = Treatment(setup, treated, duration, [*kinds.values()])
            for place, (kind, factor) in enumerate(kinds.items()):
                test = _Test(treatment, place, factor, margin)
                for channel in channels:
                    rows.append(test.row(channel, worth) | {"kind": kind})
    table = pd.DataFrame([row for row in rows if row["spend_change"] != 0])
    order = ["net_value", "told"]
    table = table.reindex(columns=[*_COLUMNS, "told"])
    table = table.sort_values(order, ascending=False, ignore_index=True)
    return table.drop(columns="told")


def _channels(setup: Setup, channels: Iterable[str] | None) -> list[int]:
    known = setup.variables.channels
    names = known if channels is None else list(channels)
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(
            f"channels names unknown channels {unknown}; those that cost something are "
            f"{known}"
        )
    return [setup.plan.channels.index(name) for name in names]


def _durations(durations: Sequence[int], n_steps: int) -> list[int]:
    for duration in durations:
        if not isinstance(duration, Integral) or not 1 <= duration <= n_steps:
            raise ValueError(
                f"got a duration of {duration!r}; it takes at least 1 and at most the "
                f"{n_steps} time steps of X"
            )
    return [int(d) for d in durations]


def _spends(setup: Setup, regions: pd.Index, duration: int) -> np.ndarray:
    """Return whether regions buy channels in the first steps of a plan."""
    plan = setup.plan
    early = plan.time <= np.unique(plan.time)[duration - 1]
    spent = pd.DataFrame(plan.spend[early] > 0).groupby(plan.region[early]).any()
    return spent.reindex(regions, fill_value=False).to_numpy()


def _sizes(n_regions: int) -> Sequence[int | None]:
    if n_regions < _FEWEST_REGIONS:
        return [None]
    return sorted({max(1, n_regions // 4), n_regions // 2})


def _worth(
    setup: Setup,
    bounds: Any,
    margin: float,
    curves: MoneyCurves | None,
) -> np.ndarray:
    """Return profits of plans under members, (n_members, n_members + 2).

    Plans are the members' own best ones, the best one on average and the plan as
    given; all are multiples of channels' money.
    """
    planned = setup.variables.planned
    limits = make_limits(
        setup.variables, setup.planned_total, exact=True, bounds=bounds
    )
    limits.check_feasible()
    paid = planned > 0
    reach = float((limits.high[paid] / planned[paid]).max(initial=1.0))
    known = (
        MoneyCurves.of(setup.doubted, reach)
        if curves is None or reach > curves.reach
        else curves
    )
    place = [setup.plan.channels.index(c) for c in setup.variables.channels]

    def multiples(amount: np.ndarray) -> np.ndarray:
        out = np.ones(len(setup.plan.channels))
        out[place] = np.divide(amount, planned, out=np.zeros(len(place)), where=paid)
        return out

    def best(members: slice) -> np.ndarray:
        several = known.part(members)

        def value(amount: np.ndarray) -> tuple[float, np.ndarray]:
            found, slope = several.at(multiples(amount))
            own = slope[:, place].mean(axis=0)
            gradient = np.divide(own, planned, out=np.zeros(len(place)), where=paid)
            return float(found.sum(axis=1).mean()), gradient

        return maximise(Problem(value, limits, setup.unit), planned, 1, 0).amount

    n = len(setup.members)
    amounts = [best(slice(k, k + 1)) for k in range(n)]
    amounts += [best(slice(n)), planned]
    return margin * np.array([known.at(multiples(a))[0].sum(axis=1) for a in amounts]).T


class _Test:
    """A change of all channels' spend in some regions, read channel by channel."""

    def __init__(
        self, treatment: Treatment, place: int, factor: float, margin: float
    ) -> None:
        self.treatment, self.margin = treatment, margin
        self.change = (factor - 1.0) * treatment.spend
        # Of each channel alone: what one channel does to another is no lift of its own.
        self.lift, self.all = treatment.lift[place], treatment.everywhere[place]

    def row(self, channel: int, worth: np.ndarray) -> dict[str, Any]:
        """Return the test of one channel."""
        expected, *lifts = self.lift[:, channel]
        treated = self.treatment.treated
        error = treated.std_error
        critical = norm.isf(_LEVEL / 2)
        # What the whole plan loses by the test, carry-over included.
        cost = self.change[channel] - self.margin * self.all[1:, channel].mean()
        # More of what pays is no cost, and no reason to test either.
        cost = max(float(cost), 0.0)
        value = value_of_test(np.array(lifts), error, worth)
        regions = treated.regions
        return {
            "channel": self.treatment.channels[channel],
            "region": "all" if regions is None else regions,
            "start": self.treatment.start,
            "end": self.treatment.end,
            "lift": np.nan,
            "std_error": error,
            "spend_change": float(self.change[channel]),
            "duration": self.treatment.duration,
            "expected_lift": float(expected),
            "minimal_detectable_lift": float((critical + norm.ppf(_POWER)) * error),
            "power": float(
                norm.sf(critical - abs(expected) / error)
                + norm.cdf(-critical - abs(expected) / error)
            )
            if error > 0
            else 1.0,
            "cost": cost,
            "value": value,
            "net_value": value - cost,
            "told": told_by_test(np.array(lifts), error, worth),
        }
