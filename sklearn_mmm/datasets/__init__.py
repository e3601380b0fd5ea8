"""Synthetic marketing panels with every ground truth known."""

from sklearn_mmm.datasets._make_mmm import make_mmm
from sklearn_mmm.datasets._true_outcome import true_contributions, true_outcome

__all__ = ["make_mmm", "true_contributions", "true_outcome"]
