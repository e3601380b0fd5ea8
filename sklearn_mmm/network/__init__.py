"""The network: media response, controls and shared time effects."""

from sklearn_mmm.network._mmm import Decomposition, MMMModule, Signs, Sizes, copied
from sklearn_mmm.network._modulation import week_weights
from sklearn_mmm.network._response_shape import ResponseShape

__all__ = [
    "Decomposition",
    "MMMModule",
    "ResponseShape",
    "Signs",
    "Sizes",
    "copied",
    "week_weights",
]
