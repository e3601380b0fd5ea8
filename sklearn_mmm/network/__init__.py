"""The network: media response, controls and shared time effects."""

from sklearn_mmm.network._effects import week_weights
from sklearn_mmm.network._mmm import Decomposition, MMMModule, Sizes

__all__ = ["Decomposition", "MMMModule", "Sizes", "week_weights"]
