"""Acyclicity: a smooth function of weights that is zero for graphs without cycles."""

import torch
from torch import Tensor


def acyclicity(weights: Tensor) -> Tensor:
    r"""Return how far weighted graphs are from having no cycle.

    Parameters
    ----------
    weights : Tensor of shape (..., n, n)
        Row to column; the largest eigenvalue of the squared weights has to be
        smaller than 1.

    Returns
    -------
    Tensor of shape (...)
        :math:`-\log\det(I - W \circ W)`, at least 0, and 0 for graphs without cycles
        alone.

    Notes
    -----
    The log-determinant characterisation of Bello, Aragam & Ravikumar (2022, "DAGMA:
    Learning DAGs via M-matrices and a Log-Determinant Acyclicity Characterization"),
    whose gradients do not vanish near cycles as those of the matrix exponential of
    NOTEARS do (Zheng et al., 2018).

    Examples
    --------
    >>> import torch
    >>> from sklearn_mmm.functional import acyclicity
    >>> chain = torch.tensor([[0.0, 0.5], [0.0, 0.0]])
    >>> float(acyclicity(chain)) == 0, float(acyclicity(chain + chain.T)) > 0
    (True, True)
    """
    eye = torch.eye(weights.shape[-1], dtype=weights.dtype, device=weights.device)
    return -torch.linalg.slogdet(eye - weights * weights)[1]
