"""What a test is worth: better decisions after it."""

import numpy as np

# Of results around what a member expects.
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(7)


def value_of_test(lift: np.ndarray, std_error: float, worth: np.ndarray) -> float:
    r"""Return the expected gain of decisions made after a test over those before it.

    Each member in turn is the truth: its lift plus noise is the result, which weighs
    the other members by their likelihood, and the plan that is best for these is
    carried out in the truth. The truth's own weight and its own best plan are left
    out, so that a few members do not promise more than they know.

    Parameters
    ----------
    lift : ndarray of shape (n_members,)
        That each member expects, outcome units.
    std_error : float
        Of the test's result.
    worth : ndarray of shape (n_members, n_members + n_plans)
        Of plans under each member; the first n_members are the members' own best.

    Returns
    -------
    float
        At least 0, in units of ``worth``.

    Notes
    -----
    The expected value of sample information (Raiffa & Schlaifer, 1961, "Applied
    Statistical Decision Theory"), by leave-one-out over members.

    Examples
    --------
    >>> import numpy as np
    >>> worth = np.array([[2, 2, 0, 0], [2, 2, 0, 0], [0, 0, 2, 2], [0, 0, 2, 2.0]])
    >>> value_of_test(np.array([1.0, 1.0, 5.0, 5.0]), 0.1, worth)
    2.0
    >>> value_of_test(np.array([3.0, 3.0, 3.0, 3.0]), 0.1, worth)
    0.0
    """
    n = len(lift)
    if n < 3 or not np.isfinite(std_error):
        return 0.0
    scale = max(std_error, 1e-12 * float(np.abs(lift).max(initial=0.0)), 1e-300)
    gain = 0.0
    for truth in range(n):
        others = np.delete(np.arange(n), truth)
        plans = np.delete(np.arange(worth.shape[1]), truth)
        value, own = worth[np.ix_(others, plans)], worth[truth, plans]
        before = own[int(np.argmax(value.mean(axis=0)))]
        results = lift[truth] + _NODES * std_error
        misses = -0.5 * ((results[:, None] - lift[others]) / scale) ** 2
        weight = np.exp(misses - misses.max(axis=1, keepdims=True))
        weight /= weight.sum(axis=1, keepdims=True)
        after = own[np.argmax(weight @ value, axis=1)]
        gain += float(after @ _WEIGHTS) / _WEIGHTS.sum() - before
    # Differences of large sums leave rounding errors, which would tell apart tests that
    # are worth the same.
    digits = 12 - int(np.ceil(np.log10(max(float(np.abs(worth).max()), 1e-300))))
    return max(float(round(gain / n, digits)), 0.0)


def told_by_test(lift: np.ndarray, std_error: float, worth: np.ndarray) -> float:
    """Return how much of the doubt about the best plan's gain a result removes.

    The squared correlation over members between the gain of the plan that is best now,
    over the plan as given, and the result.

    Parameters
    ----------
    lift : ndarray of shape (n_members,)
        That each member expects, outcome units.
    std_error : float
        Of the test's result.
    worth : ndarray of shape (n_members, n_plans)
        Of plans under each member; the last is the plan as given.

    Returns
    -------
    float
        From 0 to 1.

    Examples
    --------
    >>> import numpy as np
    >>> worth = np.array([[2.0, 1.0], [3.0, 1.0], [4.0, 1.0]])
    >>> round(told_by_test(np.array([1.0, 2.0, 3.0]), 0.0, worth), 6)
    1.0
    >>> told_by_test(np.array([2.0, 2.0, 2.0]), 0.1, worth)
    0.0
    """
    if not np.isfinite(std_error):
        return 0.0
    best = int(np.argmax(worth.mean(axis=0)))
    gain = worth[:, best] - worth[:, -1]
    together = float(np.mean((gain - gain.mean()) * (lift - lift.mean())))
    spread = float(gain.var() * (lift.var() + std_error**2))
    return together**2 / spread if spread > 0 else 0.0
