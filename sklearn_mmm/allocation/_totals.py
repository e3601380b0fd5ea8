"""Which totals the limits of an allocation allow."""

import numpy as np
import scipy.sparse as sp
from scipy.optimize import linprog

from sklearn_mmm.allocation._limits import DEFAULT_RANGE, Limits, follows_total
from sklearn_mmm.allocation._setup import Rules, Setup

# Of the plan as given.
_LEAST, _MOST = 0.01, 10.0
# A linear program is exact to about this, relative.
_MARGIN = 1e-7


def allowed_totals(setup: Setup, rules: Rules) -> tuple[float, float]:
    r"""Return the least and the most that may be spent.

    Amounts :math:`a` and a total :math:`T` of at least their sum are the variables of
    two linear programs: the least :math:`T`, and the largest sum. Where no bounds are
    given, those of an amount grow with :math:`T`.

    Parameters
    ----------
    setup : Setup
    rules : Rules

    Raises
    ------
    ValueError
        If no total is allowed; what excludes one another is named.
    """
    limits = setup.limits(rules, None, exact=False)
    unit, variables = setup.planned_total, setup.variables
    usual = variables.open & variables.of_channels(
        [
            channel
            for channel in variables.channels
            if follows_total(channel, rules.bounds, rules.spend_limits, rules.locked)
        ]
    )
    low = np.where(usual, variables.committed, limits.low)
    high = np.where(usual & ~limits.capped, _MOST * unit, limits.high)
    matrix, ends = _inequalities(limits, usual, variables.planned / unit, unit)
    sides = np.column_stack([np.r_[low / unit, _LEAST], np.r_[high / unit, _MOST]])
    amounts, total = np.r_[np.ones(len(low)), 0.0], np.r_[np.zeros(len(low)), 1.0]
    least, most = (
        linprog(goal, A_ub=matrix, b_ub=ends, bounds=sides).fun
        for goal in (total, -amounts)
    )
    if least is None or most is None or (low > high).any():
        limits.check_feasible()
        setup.limits(rules, unit, exact=False).check_feasible()
        raise ValueError(
            f"the constraints allow no total between {_LEAST:g} and {_MOST:g} times "
            f"the plan's {unit:g}; widen the bounds or change a constraint"
        )
    most = max(-most, least)
    inner = least * (1 + _MARGIN), most * (1 - _MARGIN)
    ends_of_range = inner if inner[0] < inner[1] else (least, most)
    return float(ends_of_range[0] * unit), float(ends_of_range[1] * unit)


def _inequalities(
    limits: Limits, usual: np.ndarray, share: np.ndarray, unit: float
) -> tuple[sp.csr_matrix, np.ndarray]:
    """Return rows and ends of ``rows @ (amounts, total) <= ends``, in units."""
    n = len(share)
    pick = sp.identity(n, format="csr")[usual]
    rows = [sp.csr_matrix(np.r_[np.ones(n), -1.0][None])]
    ends = [np.zeros(1)]
    for factor, sign in zip(DEFAULT_RANGE, (-1.0, 1.0), strict=True):
        rows.append(sp.hstack([sign * pick, -sign * factor * share[usual][:, None]]))
        ends.append(np.zeros(int(usual.sum())))
    for sign, side in ((1.0, limits.most), (-1.0, limits.least)):
        given = np.isfinite(side)
        extended = np.column_stack([sign * limits.matrix[given], np.zeros(given.sum())])
        rows.append(sp.csr_matrix(extended))
        ends.append(sign * side[given] / unit)
    return sp.vstack(rows, format="csr"), np.concatenate(ends)
