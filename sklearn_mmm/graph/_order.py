"""The causal order of variables whose noise is not Gaussian."""

import numpy as np

# Of the approximation of entropy below.
_WEIGHT_OF_TAILS = 79.047
_WEIGHT_OF_SKEWNESS = 7.4129
_GAUSSIAN_TAILS = 0.37457
_LEAST_SCALE = 1e-12
_LOG_2 = 0.6931471805599453
# Numbers that are held at once.
_MOST_AT_ONCE = 200_000


def entropy(values: np.ndarray) -> np.ndarray:
    r"""Return the differential entropy of each column, up to a constant.

    .. math:: H(u) \approx \log \sigma_u - k_1 (E \log\cosh u - \gamma)^2
              - k_2 (E\, u\, e^{-u^2/2})^2

    for standardised :math:`u` (Hyvärinen, 1998, "New Approximations of Differential
    Entropy for Independent Component Analysis and Projection Pursuit").

    Parameters
    ----------
    values : ndarray of shape (n_rows, n)

    Returns
    -------
    ndarray of shape (n,)
        Nats.
    """
    centred = values - values.mean(axis=0)
    scale = np.sqrt(np.einsum("ij,ij->j", centred, centred) / len(centred))
    scale = np.maximum(scale, _LEAST_SCALE)
    tails, skewness = _moments(centred / scale)
    return np.asarray(
        np.log(scale)
        - _WEIGHT_OF_TAILS * (tails.mean(axis=0) - _GAUSSIAN_TAILS) ** 2
        - _WEIGHT_OF_SKEWNESS * skewness.mean(axis=0) ** 2
    )


def entropy_by_row(values: np.ndarray) -> np.ndarray:
    """Return how much each row moves the entropy of a column, (n_rows,).

    The derivative of :func:`entropy` by the weight of a row; rows sum to 0.
    """
    scale = max(float(values.std()), _LEAST_SCALE)
    u = (values - values.mean()) / scale
    tails, skewness = _moments(u)
    slope_of_tails, slope_of_skewness = np.tanh(u), (1 - u * u) * np.exp(-u * u / 2)
    # Moments of standardised values also move with mean and scale.
    stretch = 0.5 * (u * u - 1)
    moved = [
        moment - moment.mean() - slope.mean() * u - (slope * u).mean() * stretch
        for moment, slope in ((tails, slope_of_tails), (skewness, slope_of_skewness))
    ]
    return np.asarray(
        stretch
        - 2 * _WEIGHT_OF_TAILS * (tails.mean() - _GAUSSIAN_TAILS) * moved[0]
        - 2 * _WEIGHT_OF_SKEWNESS * skewness.mean() * moved[1]
    )


def _moments(u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    size = np.abs(u)
    # Faster than log1p, and what is added is of the size of 1.
    tails = size + np.log(1 + np.exp(-2 * size)) - _LOG_2
    return tails, u * np.exp(-0.5 * (u * u))


def causal_order(
    children: np.ndarray,
    parents: np.ndarray,
    allowed: np.ndarray,
    required: np.ndarray,
) -> list[int]:
    """Return the variables, causes first.

    One after another the variable is taken out that drives the rest rather than being
    driven: of two variables the cause is the one in whose direction cause and residual
    have less entropy together. That is DirectLiNGAM (Shimizu et al., 2011) with
    likelihood ratios of pairs (Hyvärinen & Smith, 2013, "Pairwise Likelihood Ratios for
    Estimation of Non-Gaussian Structural Equation Models").

    Parameters
    ----------
    children, parents : ndarray of shape (n_rows, n)
        What is driven and what drives: the same values, or their carry-over.
    allowed, required : bool ndarray of shape (n, n)
        Edges, row to column.
    """
    # Single precision tells entropies apart in half the time.
    children, parents = children.astype(np.float32), parents.astype(np.float32)
    waiting, order = list(range(len(allowed))), []
    while waiting:
        now = np.array(waiting)
        against = _evidence_against(
            children[:, now], parents[:, now], allowed[np.ix_(now, now)]
        )
        against[required[np.ix_(now, now)].any(axis=0)] = np.inf
        first = int(now[np.argmin(against)])
        order.append(first)
        waiting.remove(first)
        cause = parents[:, first]
        power = max(float(cause @ cause), _LEAST_SCALE)
        for values in (children, parents):
            values[:, waiting] -= np.outer(cause, cause @ values[:, waiting] / power)
    return order


def _evidence_against(
    children: np.ndarray, parents: np.ndarray, allowed: np.ndarray
) -> np.ndarray:
    """Return how much speaks against each variable as a cause of the others, (n,)."""
    n = children.shape[1]
    power = np.maximum((parents * parents).sum(axis=0), _LEAST_SCALE)
    slope = children.T @ parents / power  # child by parent
    residual = np.zeros((n, n))  # entropy of the row after the column
    most = max(_MOST_AT_ONCE // max(children.size, 1), 1)
    for first in range(0, n, most):
        some = slice(first, first + most)
        after = children[:, :, None] - parents[:, None, some] * slope[None, :, some]
        residual[:, some] = entropy(after.reshape(len(children), -1)).reshape(n, -1)
    own = entropy(children)
    # Positive where the row drives the column rather than the other way round.
    gain = (own + residual) - (own[:, None] + residual.T)
    gain[~allowed] = 0.0
    # Where one direction alone is allowed, all that a pair shares speaks for it.
    shared = own[:, None] - residual
    one_way = allowed & ~allowed.T
    gain[one_way] = np.maximum(shared.T[one_way], 0.0)
    np.fill_diagonal(gain, 0.0)
    return np.asarray((np.maximum(gain, 0.0) ** 2).sum(axis=0))
