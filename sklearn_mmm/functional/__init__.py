"""The formulas of a marketing mix model as pure functions on tensors."""

from sklearn_mmm.functional._acyclicity import acyclicity
from sklearn_mmm.functional._adstock import (
    carry_over,
    delayed_weights,
    geometric_weights,
    half_life,
    has_faded,
    lagged,
    weibull_weights,
)
from sklearn_mmm.functional._saturation import hill, power

__all__ = [
    "acyclicity",
    "carry_over",
    "delayed_weights",
    "geometric_weights",
    "half_life",
    "has_faded",
    "hill",
    "lagged",
    "power",
    "weibull_weights",
]
