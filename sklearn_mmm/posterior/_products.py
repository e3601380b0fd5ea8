"""Products of matrices by NumPy, which are not differentiated.

It knows that a matrix by its own transpose is symmetric, which halves the work, and
goes through many small matrices faster than torch does on some processors.
"""

import torch
from torch import Tensor


def gram(columns: Tensor) -> Tensor:
    """Return the products of columns, (n, n), of (n_rows, n) ones."""
    own = columns.numpy()
    return torch.as_tensor(own.T @ own)


def product(left: Tensor, right: Tensor) -> Tensor:
    """Return the products of (region, a, b) and ([region,] b, c) matrices."""
    return torch.as_tensor(left.numpy() @ right.numpy())


def transposed_product(left: Tensor, right: Tensor) -> Tensor:
    """Return the products of (region, b, a) matrices, turned, and (region, b, c)."""
    return product(left.mT, right)
