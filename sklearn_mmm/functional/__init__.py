"""The formulas of a marketing mix model as pure functions on tensors."""

from sklearn_mmm.functional._adstock import carry_over, geometric_weights, lagged
from sklearn_mmm.functional._saturation import hill

__all__ = ["carry_over", "geometric_weights", "hill", "lagged"]
