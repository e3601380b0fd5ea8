"""How to train."""

from dataclasses import dataclass

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
    batch_size: int
    n_members: int
    l1: float
    l2: float
    huber_delta: float
    gradient_clip: float
    learning_rate: float
    max_epochs: int
    tol: float
    n_iter_no_change: int
    device: str
    verbose: int

    @property
    def max_lag(self) -> int:
        """Length of the adstock kernels."""
        return self.shape.n_lags
