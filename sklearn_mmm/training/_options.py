"""How to train."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sklearn_mmm.network import ResponseShape


@dataclass(frozen=True)
class TrainingOptions:
    """How to train; see the regressor's parameters of the same names.

    Attributes
    ----------
    shape : ResponseShape
        What its ``adstock``, ``saturation`` and ``max_lag`` amount to.
    """

    shape: ResponseShape
    time_varying: bool
    validation: bool
    n_members: int
    l1: float
    l2: float
    huber_delta: float
    max_epochs: int
    tol: float
    callbacks: Sequence[Any]
    verbose: int

    @property
    def max_lag(self) -> int:
        """Length of the adstock kernels."""
        return self.shape.n_lags
