"""The budget that brings most."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import repeat
from typing import Any

import pandas as pd

from sklearn_mmm._arguments import check_choice, check_number
from sklearn_mmm.allocation._result import BudgetAllocation
from sklearn_mmm.allocation._setup import Rules, Setup, prepare, solve
from sklearn_mmm.allocation._target import at_target_roi
from sklearn_mmm.inspection._fitted_mmm import FittedMMM
from sklearn_mmm.inspection._model import of_fitted_model


@of_fitted_model
def allocate_budget(
    mmm: FittedMMM,
    X: Any,
    total: float | None = None,
    bounds: Any = None,
    by: str = "channel",
    *,
    spend_limits: Mapping[str, tuple[float, float]] | None = None,
    groups: Mapping[str, Mapping[str, Any]] | None = None,
    locked: Iterable[str] = (),
    react: str | Sequence[str] = "none",
    fixed: pd.DataFrame | None = None,
    linear_constraints: Sequence[Mapping[str, Any]] = (),
    max_change: float | None = None,
    max_frequency: Mapping[str, float] | None = None,
    audience: Any = None,
    frequency: str = "kept",
    price_elasticity: Mapping[str, float] | None = None,
    target: str = "outcome",
    margin: float = 1.0,
    target_roi: float | None = None,
    target_marginal_roi: float | None = None,
    risk: float = 0.0,
    members: Sequence[Any] | None = None,
    coverage: float = 0.9,
    n_starts: int = 3,
    random_state: Any = 0,
) -> BudgetAllocation:
    r"""Allocate a budget so that it brings most.

    The outcome (its worth, where the model has an ``outcome_value``) is the model's own
    counterfactual prediction for the rows of X, with carry-over from the training weeks
    into the plan and from the plan into the weeks that follow.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted.
    X : DataFrame or array of shape (n_rows, n_columns)
        The plan: rows to predict, with media as planned. An amount that is decided is
        spread over rows in proportion to the plan.
    total : float, default=None
        Budget over all rows, spend units. All of it is spent; for a profit it is the
        most that may be spent. None means as much as planned, and for a profit no
        limit.
    bounds : tuple or dict of tuple, default=None
        Lowest and highest amount as multiples of the plan, such as ``(0.8, 1.2)``, for
        all channels or by channel. Where none are given, an amount stays within half
        and one and a half times the plan, the plan being scaled to the total first.
    by : str, default="channel"
        What is decided: one amount for each "channel", "channel×region",
        "channel×week" or "channel×region×week". ``*`` may stand for the sign.
    spend_limits : dict of tuple, default=None
        Lowest and highest spend of a channel over the whole plan, spend units. They
        replace the default bounds of that channel and add to given ones.
    groups : dict of dict, default=None
        Limits of channels together: ``{"digital": {"channels": ["search", "social"],
        "max_share": 0.6}}``, with any of ``min_share``, ``max_share`` (of the spend
        of all channels), ``min_spend`` and ``max_spend`` (spend units).
    locked : list of str, default=()
        Channels that stay as planned.
    react : {"none", "graph"} or list of str, default="none"
        Channels that follow what drives them, as the graph (``dag_``) says: none, all,
        or these. Decided, and limited by the total, is what each spends of its own
        accord; what reactions cost or save is in ``spent`` and in a profit. Mediators
        that do not react are held as they are in X.
    fixed : DataFrame, default=None
        Spend that is committed already: the index of X, columns named after channels,
        spend units per time step, and NaN where it is still open. It counts in the
        budget, and what is decided is spread over the open rows.
    linear_constraints : list of dict, default=()
        Limits of weighted sums of channels' spend: ``{"coefficients": {"tv": 1,
        "search": -0.5}, "max": 0}``, with ``min``, ``max`` or both (spend units).
    max_change : float, default=None
        Largest relative change of an amount from one time step of the plan to the
        next, 0.2 for 20 %; ``by`` has to name weeks.
    max_frequency : dict of float, default=None
        By channel, the most media (such as impressions) per person and time step, in
        every row: ``{"tv": 3}``. Media stay in the proportions of the plan, so that
        the row with most media per person decides for the amount that it is part of.
    audience : float, dict of float or column of X, default=None
        The people of ``max_frequency``: of every region, by region, or of every row.
    frequency : {"kept", "optimal"}, default="kept"
        How often those are reached whose reach and frequency are known
        (``reach_frequency``): as in X, so that more money reaches more people, or, at
        the price of an impression in X, as often as brings most for the money; see
        :func:`best_frequency`, and no further than training has seen. The media that
        ``max_frequency`` limits are people reached there.
    price_elasticity : dict of float, default=None
        By channel, by how many per cent the price of its media rises if a row's spend
        rises by one per cent: ``{"tv": 0.2}``, from 0 up to 1. The price is that of X
        at the spend of X (at the channel's mean where X has none).
    target : {"outcome", "profit"}, default="outcome"
        Whether to maximise the outcome, or margin × outcome − spend.
    margin : float, default=1.0
        Profit of an outcome unit before media, in spend units; with an
        ``outcome_value``, of a unit of its money.
    target_roi : float, default=None
        What paid media have to bring together per spend unit, outcome units or their
        money. The
        outcome is maximised; ``total`` is then the most that may be spent.
    target_marginal_roi : float, default=None
        What the last spend unit has to bring, outcome units or their money;
        ``total`` is then the
        most that may be spent.
    risk : float, default=0.0
        0 maximises the model's outcome; a level up to 0.5 maximises that quantile of
        the outcome over the members: 0.1 asks for a plan that does well even if
        media work less than expected.
    members : sequence of DeepCausalMMMRegressor, default=None
        Other fits of the same columns, whose spread stands for uncertainty. None takes
        the estimator's own members.
    coverage : float, default=0.9
        Of the intervals over members.
    n_starts : int, default=3
        Starting points. The first is the optimum of the concave envelopes, the second
        the plan, further ones are random.
    random_state : int, RandomState instance or None, default=0
        Seed of the random starting points.

    Returns
    -------
    BudgetAllocation
        Amounts, plan, and how sure they are.

    Raises
    ------
    ValueError
        If constraints cannot hold together (all of a smallest set that cannot are
        named), the plan is empty, a channel is unknown, or a parameter is out of its
        range.

    See Also
    --------
    minimize_spend : The least spend for a given outcome.
    budget_at_marginal_roi : Spend until the last unit brings just enough.
    budget_frontier : The best outcome of several budgets.
    best_frequency : How often people should be reached.

    Notes
    -----
    Gradients are exact (reverse-mode differentiation of the forward pass). Up to 150
    amounts are decided by SLSQP (Kraft, 1988, "A software package for sequential
    quadratic programming"), more by sequential quadratic programming with a diagonal
    curvature, which is exact where amounts do not influence one another.

    With a price elasticity :math:`e`, spend :math:`s` instead of :math:`s_0` buys
    :math:`(s / s_0)^{1 - e}` times the media.

    How sure a plan is (the intervals, ``probability``, ``expected_gain`` and
    ``regret``) is read off members among which channels that moved together in the past
    exchange parts of what they bring, as far as the data cannot tell.

    A target ROI is met by maximising outcome less :math:`\lambda` times spend for the
    least :math:`\lambda` whose optimum has that ROI.

    Examples
    --------
    >>> from sklearn_mmm import DeepCausalMMMRegressor, allocate_budget
    >>> from sklearn_mmm.datasets import make_mmm
    >>> X, y, truth = make_mmm(n_regions=2, n_weeks=60, n_channels=3, random_state=0)
    >>> mmm = DeepCausalMMMRegressor(
    ...     media_columns=truth.media_columns, control_columns=truth.control_columns,
    ...     region_column="region", time_column="week", random_state=0, max_epochs=200,
    ... ).fit(X, y)
    >>> result = allocate_budget(mmm, X, bounds={"tv": (0.8, 1.2)})
    >>> result.status, result.gain > 0
    ('optimal', True)
    >>> bool(abs(mmm.predict(result.plan).sum() / mmm.predict(X).sum() - 1) < 0.5)
    True
    """
    return Request.of(locals()).best([total])[0]


@dataclass(frozen=True)
class Request:
    """What is asked of an allocation, apart from the total.

    Attributes
    ----------
    mmm : DeepCausalMMMRegressor
    X : DataFrame or array
    by : str
    rules : Rules
    money : tuple
        ``react``, ``fixed``, ``price_elasticity`` and ``frequency``.
    aim : tuple
        ``target``, ``margin``, ``target_roi`` and ``target_marginal_roi``.
    doubt : tuple
        ``risk``, ``members`` and ``coverage``.
    n_starts : int
    random_state : int, RandomState instance or None
    """

    mmm: FittedMMM
    X: Any
    by: str
    rules: Rules
    money: tuple[Any, ...]
    aim: tuple[Any, ...]
    doubt: tuple[Any, ...]
    n_starts: int
    random_state: Any

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "Request":
        """Return the request of an :func:`allocate_budget` with these arguments."""

        def some(*names: str) -> tuple[Any, ...]:
            return tuple(given[name] for name in names)

        return cls(
            rules=Rules(**{field.name: given[field.name] for field in fields(Rules)}),
            money=some("react", "fixed", "price_elasticity", "frequency"),
            aim=some("target", "margin", "target_roi", "target_marginal_roi"),
            doubt=some("risk", "members", "coverage"),
            **{n: given[n] for n in ("mmm", "X", "by", "n_starts", "random_state")},
        )

    @cached_property
    def setup(self) -> Setup:
        """The plan under every model; the same for all totals."""
        return prepare(self.mmm, self.X, self.by, *self.doubt, *self.money)

    def best(
        self, totals: Iterable[float | None], n_starts: Iterable[int] | None = None
    ) -> list[BudgetAllocation]:
        """Return the best allocation of each total, perhaps from its own starts."""
        worth, cost = _aims(*self.aim)
        found, prices = [], []
        starts = repeat(self.n_starts) if n_starts is None else n_starts
        for total, n in zip(totals, starts, strict=False):
            result, price = self._solved(total, worth, cost, n)
            found.append(result)
            prices.append(price)
        return self.setup.weighed(found, worth, prices)

    def _solved(
        self, total: float | None, worth: float, cost: float, n_starts: int
    ) -> tuple[BudgetAllocation, float]:
        """Return the best allocation of a total, and what a spend unit cost in it."""
        target_roi = self.aim[2]
        exact = cost == 0 and target_roi is None
        if total is None and exact:
            total = self.setup.planned_total
        limits = self.setup.limits(self.rules, total, exact)

        def at(price: float) -> BudgetAllocation:
            return solve(self.setup, limits, worth, price, n_starts, self.random_state)

        if target_roi is None:
            return at(cost), cost
        return at_target_roi(at, float(target_roi))


def _aims(
    target: str, margin: Any, target_roi: Any, target_marginal_roi: Any
) -> tuple[float, float]:
    """Return what outcome and spend units are worth."""
    check_choice("target", target, ("outcome", "profit"))
    check_number("margin", margin, positive=True)
    given = [
        name
        for name, value in (
            ("target='profit'", target == "profit"),
            ("target_roi", target_roi is not None),
            ("target_marginal_roi", target_marginal_roi is not None),
        )
        if value
    ]
    if len(given) > 1:
        raise ValueError(f"{' and '.join(given)} are different aims; choose one")
    if target_roi is not None:
        check_number("target_roi", target_roi, positive=True)
    if target_marginal_roi is not None:
        check_number("target_marginal_roi", target_marginal_roi, positive=True)
        return 1.0 / float(target_marginal_roi), 1.0
    return (1.0, 0.0) if target == "outcome" else (float(margin), 1.0)
