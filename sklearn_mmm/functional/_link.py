"""Effects that multiply: a sum on the scale of a logarithm, and what it is worth."""

import numpy as np
import torch
from torch import Tensor

# Below this a sum of effects is taken as it is: its exponential's series is exact.
_SMALL = 1e-8


def log_outcome(relative: np.ndarray) -> np.ndarray:
    r"""Return :math:`1 + \log y`, which is about :math:`y` where that is about 1.

    Parameters
    ----------
    relative : ndarray
        Outcomes relative to their mean, above 0.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mmm.functional._link import log_outcome, outcome_of_log
    >>> log_outcome(np.array([1.0, 2.0])).round(3).tolist()
    [1.0, 1.693]
    >>> outcome_of_log(log_outcome(np.array([1.0, 2.0]))).tolist()
    [1.0, 2.0]
    """
    return np.asarray(1.0 + np.log(relative))


def outcome_of_log(values: np.ndarray) -> np.ndarray:
    """Return the relative outcome of values of :func:`log_outcome`."""
    return np.asarray(np.exp(values - 1.0))


def compounded(total: Tensor) -> Tensor:
    r"""Return what a unit of effects that sum to a total adds to an outcome of 1.

    :math:`(e^E - 1) / E`, so that :math:`E` times this is what effects add together:
    the logarithmic mean of the outcome with and without them, relative to that without.

    Parameters
    ----------
    total : Tensor
        Sum of the effects, on the scale of the logarithm.

    Notes
    -----
    Shares of a joint change by the logarithmic mean are exact and leave nothing over
    (Ang, 2005, "The LMDI approach to decomposition analysis: a practical guide").

    Examples
    --------
    >>> import torch
    >>> from sklearn_mmm.functional._link import compounded
    >>> total = torch.tensor([0.0, 0.5], dtype=torch.float64)
    >>> compounded(total).numpy().round(3).tolist()
    [1.0, 1.297]
    """
    small = total.abs() < _SMALL
    safe = torch.where(small, torch.ones_like(total), total)
    return torch.where(small, 1 + 0.5 * total, torch.expm1(safe) / safe)


def multiplied_parts(parts: np.ndarray, n_controls: int) -> np.ndarray:
    """Return what parts of a logarithm bring to the outcome.

    The baseline is the outcome without controls and media, controls what they add to
    it, and media what they add to both; they share in it as their parts do.

    Parameters
    ----------
    parts : ndarray of shape (n_rows, 1 + n_controls + n_channels)
        Baseline, controls and media, which sum to values of :func:`log_outcome`.
    n_controls : int

    Returns
    -------
    ndarray of the same shape
        Relative to the mean outcome; rows sum to the relative outcome.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mmm.functional._link import multiplied_parts
    >>> multiplied_parts(np.array([[0.8, 0.1, 0.3]]), n_controls=1).round(3).tolist()
    [[0.819, 0.086, 0.317]]
    """
    base = outcome_of_log(parts[:, :1])
    controls, media = parts[:, 1 : 1 + n_controls], parts[:, 1 + n_controls :]
    each = []
    for own in (controls, media):
        total = own.sum(axis=1, keepdims=True)
        each.append(own * base * compounded(torch.as_tensor(total)).numpy())
        base = base * np.exp(total)
    return np.column_stack([outcome_of_log(parts[:, :1]), *each])
