"""Maximise a smooth function of amounts under linear limits."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from scipy.optimize import Bounds, linprog, minimize
from sklearn.isotonic import isotonic_regression

from sklearn_mmm.allocation._limits import Limits
from sklearn_mmm.allocation._quadratic import solve_quadratic

# Up to here SLSQP's dense algebra, cubic in the variables, takes seconds at most.
_MOST_DENSE = 150
_MANY, _MOST_CONSTRAINED = 50, 500
_N_SEGMENTS = 32
_MOST_STEPS = 200

Function = Callable[[np.ndarray], tuple[float, np.ndarray]]


@dataclass(frozen=True)
class Problem:
    """A function of amounts to maximise, and the limits.

    Attributes
    ----------
    function : callable
        Amounts -> value and gradient.
    limits : Limits
    unit : ndarray of shape (n_variables,)
        Typical amounts, so that scaled variables are near 1.
    """

    function: Function
    limits: Limits
    unit: np.ndarray


@dataclass(frozen=True)
class Solution:
    """Where a solver ended.

    Attributes
    ----------
    amount : ndarray of shape (n_variables,)
    value : float
    converged : bool
    message : str
    residual : float
        Of the Karush-Kuhn-Tucker conditions, relative to the typical gradient.
    price : float
        Multiplier of the first constraint, the total: value of one more spend unit.
    """

    amount: np.ndarray
    value: float
    converged: bool
    message: str
    residual: float
    price: float


def maximise(
    problem: Problem, planned: np.ndarray, n_starts: int, seed: int
) -> Solution:
    """Return the best solution from several starts.

    S-shaped curves make the problem non-concave. The first start is the optimum of
    the concave envelopes, which is near the global optimum when no variable
    influences what another brings; then come the plan and random points.
    """
    limits = problem.limits
    starts = [envelope_optimum(problem)]
    rng = np.random.default_rng(seed)
    for i in range(1, n_starts):
        point = planned if i == 1 else rng.uniform(limits.low, limits.high)
        starts.append(nearest(point, limits, problem.unit))
    solutions = [_climb(problem, start) for start in starts]
    best = max(solutions, key=lambda s: s.value)
    residual, price = optimality(problem, best.amount)
    return Solution(
        best.amount,
        best.value,
        best.converged or residual < 1e-4,
        best.message,
        residual,
        price,
    )


@dataclass(frozen=True)
class _Climb:
    amount: np.ndarray
    value: float
    converged: bool
    message: str


def _climb(problem: Problem, start: np.ndarray) -> _Climb:
    free = problem.limits.high > problem.limits.low
    # With many constraints the dual of the separable steps is no small problem.
    dense = _MOST_DENSE if len(problem.limits.names) < _MANY else _MOST_CONSTRAINED
    climb = _slsqp if free.sum() <= dense else _separable_steps
    value, gradient = problem.function(start)
    found = climb(problem, start, value, gradient)
    # A solver may end below its start when curvature is extreme.
    return found if found.value >= value else _Climb(start, value, False, "no progress")


def _slsqp(
    problem: Problem, start: np.ndarray, value: float, gradient: np.ndarray
) -> _Climb:
    limits, unit = problem.limits, problem.unit
    free = limits.high > limits.low
    size = np.abs(gradient * unit)[free].max(initial=0.0)
    if not free.any() or size == 0:
        return _Climb(start, value, True, "nothing to decide")

    def amounts(z: np.ndarray) -> np.ndarray:
        full = limits.low.copy()
        full[free] = np.clip(z * unit[free], limits.low[free], limits.high[free])
        return full

    def objective(z: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = problem.function(amounts(z))
        return -value / size, -gradient[free] * unit[free] / size

    fixed = limits.matrix @ np.where(free, 0.0, limits.low)
    linear = Limits(
        limits.low[free],
        limits.high[free],
        limits.names,
        limits.matrix[:, free],
        limits.least - fixed,
        limits.most - fixed,
        limits.channel_of[free],
        limits.capped[free],
    )
    found = minimize(
        objective,
        start[free] / unit[free],
        jac=True,
        method="SLSQP",
        bounds=Bounds(limits.low[free] / unit[free], limits.high[free] / unit[free]),
        constraints=linear.constraints(unit[free], limits.size),
        options={"ftol": 1e-13, "maxiter": 500},
    )
    amount = nearest(amounts(found.x), limits, unit)
    value, _ = problem.function(amount)
    return _Climb(amount, value, bool(found.success), str(found.message))


def _separable_steps(
    problem: Problem, start: np.ndarray, value: float, gradient: np.ndarray
) -> _Climb:
    """Sequential quadratic programming with a diagonal curvature.

    Exact where amounts do not influence each other; a line search makes every step
    an ascent elsewhere.
    """
    limits, unit = problem.limits, problem.unit
    amount = start
    curvature = np.full(len(amount), np.abs(gradient * unit).max())
    radius = 0.5
    for _ in range(_MOST_STEPS):
        slope = gradient * unit
        floor = 1e-6 * np.abs(slope).max()
        low = np.maximum((limits.low - amount) / unit, -radius)
        high = np.minimum((limits.high - amount) / unit, radius)
        now = limits.matrix @ amount
        step = solve_quadratic(
            slope,
            np.maximum(curvature, floor),
            low,
            high,
            limits.matrix * unit / limits.size,
            (limits.least - now) / limits.size,
            (limits.most - now) / limits.size,
        )
        gain = float(slope @ step)
        if gain <= 1e-12 * abs(value):
            return _Climb(amount, value, True, "no feasible direction gains")
        share = 1.0
        while share > 1e-6:
            trial = np.clip(amount + share * step * unit, limits.low, limits.high)
            trial_value, trial_gradient = problem.function(trial)
            if trial_value >= value + 1e-4 * share * gain:
                break
            share *= 0.5
        else:
            return _Climb(amount, value, False, "the line search found no ascent")
        moved = (trial - amount) / unit
        far = np.abs(moved) > 1e-9
        # The secant is exact for a separable function.
        secant = (gradient - trial_gradient)[far] * unit[far] / moved[far]
        curvature[far] = np.maximum(secant, 0.1 * curvature[far] * (secant <= 0))
        radius = max(radius, 1.0) if share == 1.0 else 0.5 * radius
        amount, value, gradient = trial, trial_value, trial_gradient
    return _Climb(amount, value, False, f"stopped after {_MOST_STEPS} steps")


def nearest(point: np.ndarray, limits: Limits, unit: np.ndarray) -> np.ndarray:
    """Return the nearest amounts that keep to the limits."""
    point = np.clip(point, limits.low, limits.high)
    if limits.violation(point) == 0:
        return point
    now = limits.matrix @ point
    step = solve_quadratic(
        np.zeros(len(point)),
        np.ones(len(point)),
        (limits.low - point) / unit,
        (limits.high - point) / unit,
        limits.matrix * unit / limits.size,
        (limits.least - now) / limits.size,
        (limits.most - now) / limits.size,
    )
    return np.clip(point + step * unit, limits.low, limits.high)


def without_traces(amount: np.ndarray, limits: Limits, unit: np.ndarray) -> np.ndarray:
    """Return amounts of which traces are zero, what they free going to the others.

    Where the first unit of a channel may bring any amount, an optimum near zero is a
    trace that nobody can buy.
    """
    trace = (amount < 1e-6 * unit) & (amount > 0) & (limits.low <= 0)
    if not trace.any():
        return amount
    high = np.where(trace, 0.0, limits.high)
    found = nearest(np.where(trace, 0.0, amount), replace(limits, high=high), unit)
    return found if limits.violation(found) <= 1e-9 else amount


def envelope_optimum(problem: Problem) -> np.ndarray:
    """Return the optimum of piecewise linear concave envelopes.

    Marginal responses are taken along the way from all lower to all upper bounds.
    Pooling them until they fall gives the slopes of each variable's concave envelope,
    and a linear program allocates to the steepest pieces.
    """
    limits = problem.limits
    n, width = len(limits.low), limits.high - limits.low
    middle = (np.arange(_N_SEGMENTS) + 0.5) / _N_SEGMENTS
    slopes = np.array([problem.function(limits.low + t * width)[1] for t in middle])
    for i in np.flatnonzero(width > 0):
        slopes[:, i] = isotonic_regression(slopes[:, i], increasing=False)
    size = limits.size
    # Lengths of the pieces in units in which the whole of a variable is 1.
    pieces = sp.csr_matrix(np.repeat(limits.matrix * width, _N_SEGMENTS, axis=1)) / size
    used = limits.matrix @ limits.low
    equal = limits.least == limits.most
    upper, lower = np.isfinite(limits.most) & ~equal, np.isfinite(limits.least) & ~equal
    value = (slopes * width).T.ravel()
    found = linprog(
        -value / max(np.abs(value).max(), 1e-300),
        A_eq=pieces[equal] if equal.any() else None,
        b_eq=(limits.most - used)[equal] / size if equal.any() else None,
        A_ub=sp.vstack([pieces[upper], -pieces[lower]]) if (~equal).any() else None,
        b_ub=np.concatenate([(limits.most - used)[upper], (used - limits.least)[lower]])
        / size
        if (~equal).any()
        else None,
        bounds=(0.0, 1.0 / _N_SEGMENTS),
        method="highs-ipm",
        # Comparing all pairs of columns takes longer than the solution.
        options={"presolve": False},
    )
    filled = np.zeros(n) if found.x is None else found.x.reshape(n, -1).sum(axis=1)
    return nearest(limits.low + filled * width, limits, problem.unit)


def optimality(problem: Problem, amount: np.ndarray) -> tuple[float, float]:
    """Return how far the Karush-Kuhn-Tucker conditions are from holding.

    Multipliers of the constraints that bind are chosen to make the largest violation
    smallest: the gradient less the multipliers' part has to be zero for amounts
    inside their bounds, at most zero at lower and at least zero at upper bounds.

    Returns
    -------
    residual : float
        Largest violation, relative to the mean of the absolute gradient.
    price : float
        Multiplier of the first constraint; 0 if it does not bind.
    """
    limits = problem.limits
    _, gradient = problem.function(amount)
    width = limits.high - limits.low
    free = width > 0
    if not free.any():
        return 0.0, 0.0
    near = 1e-7 * problem.unit
    at_low, at_high = amount - limits.low <= near, limits.high - amount <= near
    size = float(np.abs(gradient[free]).mean()) or 1.0
    value, scale = limits.matrix @ amount, limits.size
    tight = 1e-7 * scale
    over, under = limits.most - value <= tight, value - limits.least <= tight
    binding = over | under
    g, rows = gradient[free] / size, limits.matrix[binding][:, free]
    # |g - rows' multipliers| <= t, one-sided at the bounds.
    below, above = ~at_low[free], ~at_high[free]
    ones = np.ones(len(g))
    left = np.vstack(
        [
            np.column_stack([-rows.T, -ones])[above],
            np.column_stack([rows.T, -ones])[below],
        ]
    )
    right = np.concatenate([-g[above], g[below]])
    signs = [
        (0.0 if o and not u else None, 0.0 if u and not o else None)
        for o, u in zip(over[binding], under[binding], strict=True)
    ]
    found = linprog(
        np.r_[np.zeros(len(rows)), 1.0],
        A_ub=left,
        b_ub=right,
        bounds=[*signs, (0.0, None)],
    )
    price = float(found.x[0]) * size if len(rows) and binding[0] else 0.0
    return float(found.x[-1]), price
