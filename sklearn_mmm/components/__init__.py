"""What carry-over and saturation are made of, and what a user's own subclass is.

A component is one small class: the parameters that are learned for each channel, as
:class:`Prior`, and one formula on tensors. Everything else follows from these.
"""

from sklearn_mmm.components._adstock import (
    Adstock,
    BinomialAdstock,
    DelayedAdstock,
    GammaAdstock,
    GeometricAdstock,
    WeibullAdstock,
)
from sklearn_mmm.components._prior import Prior
from sklearn_mmm.components._saturation import (
    ExponentialSaturation,
    HillSaturation,
    LogisticSaturation,
    NoSaturation,
    Saturation,
)

__all__ = [
    "Adstock",
    "BinomialAdstock",
    "DelayedAdstock",
    "ExponentialSaturation",
    "GammaAdstock",
    "GeometricAdstock",
    "HillSaturation",
    "LogisticSaturation",
    "NoSaturation",
    "Prior",
    "Saturation",
    "WeibullAdstock",
]
