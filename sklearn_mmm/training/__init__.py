"""Training: covariance of what wanders, losses, callbacks and the skorch net."""

from sklearn_mmm.training._covariance import TimeCovariance
from sklearn_mmm.training._data import TrainingData, calendar_features
from sklearn_mmm.training._fit import Fitted, TrainingOptions, fit_network

__all__ = [
    "Fitted",
    "TimeCovariance",
    "TrainingData",
    "TrainingOptions",
    "calendar_features",
    "fit_network",
]
