"""Products with the matrices that whiten."""

import torch
from scipy.linalg.blas import dtrmm, strmm
from torch import Tensor

_MULTIPLY = {torch.float64: dtrmm, torch.float32: strmm}


def times(matrix: Tensor, values: Tensor) -> Tensor:
    """Return the product with each of several matrices, without copies of them."""
    if matrix.dim() == 2 and values.dim() > 2:
        matrix = matrix[None]
    return torch.matmul(matrix, values)


def lower_times(matrix: Tensor, values: Tensor) -> Tensor:
    """Return the product with a lower triangular matrix.

    Where one serves all regions it takes half of the multiplications that any other
    matrix would.

    Parameters
    ----------
    matrix : Tensor of shape ([region,] n, n)
    values : Tensor of shape (..., n, n_columns)
    """
    if matrix.dim() != 2 or values.dim() != 3 or not _of_blas(matrix, values):
        return times(matrix, values)
    out = values.clone(memory_format=torch.contiguous_format)
    # Rows of memory are columns to BLAS, which is shown the transpose of all.
    upper, multiply = matrix.numpy().T, _MULTIPLY[matrix.dtype]
    for own in out.numpy():
        multiply(1.0, upper, own.T, side=1, overwrite_b=1)
    return out


def _of_blas(*values: Tensor) -> bool:
    """Whether values are in one precision, and nobody asks for derivatives."""
    known = len({v.dtype for v in values}) == 1 and values[0].dtype in _MULTIPLY
    return known and not any(v.requires_grad for v in values)
