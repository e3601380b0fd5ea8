"""What whitens in single precision."""

from copy import copy

import torch

from sklearn_mmm.likelihood._posterior import Posterior


def in_single(posterior: Posterior) -> Posterior:
    """Return the same posterior, whose innovations are in single precision.

    Of what is to be whitened: parameters, data and what they explain stay double.
    """
    other, single = copy(posterior), torch.float32
    other.whitener = posterior.whitener.to(single)
    other.precision = posterior.precision.to(single)
    other.common = [columns.to(single) for columns in posterior.common]
    return other
