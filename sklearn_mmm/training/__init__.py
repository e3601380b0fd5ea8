"""Training: the skorch net, its callbacks, inner validation and updates."""

from sklearn_mmm.training._checkpoint import Checkpoint
from sklearn_mmm.training._fit_network import Fitted, fit_network
from sklearn_mmm.training._options import TrainingOptions
from sklearn_mmm.training._update import FormerFit, update_network

__all__ = [
    "Checkpoint",
    "Fitted",
    "FormerFit",
    "TrainingOptions",
    "fit_network",
    "update_network",
]
