"""The network: media response, controls and shared time effects."""

from sklearn_mmm.network._channel_groups import ChannelGroups
from sklearn_mmm.network._mmm import (
    Decomposition,
    MMMModule,
    Signs,
    Sizes,
    copied,
    effect_columns,
)
from sklearn_mmm.network._modulation import week_weights
from sklearn_mmm.network._response_shape import ResponseShape

__all__ = [
    "ChannelGroups",
    "Decomposition",
    "MMMModule",
    "ResponseShape",
    "Signs",
    "Sizes",
    "copied",
    "effect_columns",
    "week_weights",
]
