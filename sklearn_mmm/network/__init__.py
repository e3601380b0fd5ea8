"""The network: media response, controls and shared time effects."""

from sklearn_mmm.network._mmm import Decomposition, MMMModule

__all__ = ["Decomposition", "MMMModule"]
