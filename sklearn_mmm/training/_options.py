"""How to train."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TrainingOptions:
    """How to train; see the regressor's parameters of the same names."""

    max_lag: int
    adstock: str
    time_varying: bool
    validation: bool
    batch_size: int
    n_members: int
    min_slope: float
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
