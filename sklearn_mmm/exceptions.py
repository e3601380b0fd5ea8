"""Warnings that the estimators of this package give."""

__all__ = [
    "AssumptionWarning",
    "ContradictedLiftTestWarning",
    "ExtrapolationWarning",
    "FreeMediaWarning",
    "InconsistentVersionWarning",
    "MissingWeeksWarning",
    "OutlierWarning",
    "ShortCarryOverWarning",
    "UnfadedCarryOverWarning",
    "UninformativeChannelWarning",
    "UnknownRegionWarning",
    "UnusedLiftTestWarning",
]


class MissingWeeksWarning(UserWarning):
    """Time steps are missing inside a region's series.

    They do not enter the fit; their media are interpolated for the carry-over.
    """


class UnfadedCarryOverWarning(UserWarning):
    """A channel's carry-over lasts longer than its kernel of ``max_lag`` steps."""


class UnknownRegionWarning(UserWarning):
    """A region at predict was not seen in fit; the shared parameters are used."""


class UninformativeChannelWarning(UserWarning):
    """A media column does not vary in the training rows."""


class ExtrapolationWarning(UserWarning):
    """Controls lie far outside the range that was seen in training."""


class FreeMediaWarning(UserWarning):
    """A plan has media of a paid channel without any spend; they stay as planned."""


class AssumptionWarning(UserWarning):
    """Something about time steps that do not exist yet had to be assumed."""


class UnusedLiftTestWarning(UserWarning):
    """A lift test's window is not all in the training weeks, as in cross-validation."""


class InconsistentVersionWarning(UserWarning):
    """A pickle was made by another version of this package."""


class ShortCarryOverWarning(UserWarning):
    """Carry-over in days is too short for what media bring later."""


class ContradictedLiftTestWarning(UserWarning):
    """A lift test and the fitted model are many standard errors apart."""


class OutlierWarning(UserWarning):
    """Rows of the outcome that nothing explains are left out of the fit."""
