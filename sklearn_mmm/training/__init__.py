"""Training: covariance of what wanders, losses, callbacks and the skorch net."""

from sklearn_mmm.training._covariance import TimeCovariance
from sklearn_mmm.training._fit import Fitted, fit_network

__all__ = ["Fitted", "TimeCovariance", "fit_network"]
