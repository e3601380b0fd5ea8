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
    "UnknownEventWarning",
    "UnknownRegionWarning",
    "UnusedLiftTestWarning",
]


class MissingWeeksWarning(UserWarning):
    """Time steps are missing inside a region's series.

    They do not enter the fit; their media are interpolated for the carry-over.

    Examples
    --------
    >>> import warnings
    >>> from sklearn_mmm.exceptions import MissingWeeksWarning
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", MissingWeeksWarning)
    """


class UnfadedCarryOverWarning(UserWarning):
    """A channel's carry-over lasts longer than its kernel of ``max_lag`` steps.

    Examples
    --------
    >>> import warnings
    >>> from sklearn_mmm.exceptions import UnfadedCarryOverWarning
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", UnfadedCarryOverWarning)
    """


class UnknownRegionWarning(UserWarning):
    """A region at predict was not seen in fit; the shared parameters are used.

    Examples
    --------
    >>> import warnings
    >>> from sklearn_mmm.exceptions import UnknownRegionWarning
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", UnknownRegionWarning)
    """


class UnknownEventWarning(UserWarning):
    """Events of the rows were never on in fit, so that their effects are unknown.

    Examples
    --------
    >>> import warnings
    >>> from sklearn_mmm.exceptions import UnknownEventWarning
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", UnknownEventWarning)
    """


class UninformativeChannelWarning(UserWarning):
    """A media column does not vary in the training rows.

    Examples
    --------
    >>> import warnings
    >>> from sklearn_mmm.exceptions import UninformativeChannelWarning
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", UninformativeChannelWarning)
    """


class ExtrapolationWarning(UserWarning):
    """Controls lie far outside the range that was seen in training.

    Examples
    --------
    >>> import warnings
    >>> from sklearn_mmm.exceptions import ExtrapolationWarning
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", ExtrapolationWarning)
    """


class FreeMediaWarning(UserWarning):
    """A plan has media of a paid channel without any spend; they stay as planned.

    Examples
    --------
    >>> import warnings
    >>> from sklearn_mmm.exceptions import FreeMediaWarning
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", FreeMediaWarning)
    """


class AssumptionWarning(UserWarning):
    """Something about time steps that do not exist yet had to be assumed.

    Examples
    --------
    >>> import warnings
    >>> from sklearn_mmm.exceptions import AssumptionWarning
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", AssumptionWarning)
    """


class UnusedLiftTestWarning(UserWarning):
    """A lift test's window is not all in the training weeks, as in cross-validation.

    Examples
    --------
    >>> import warnings
    >>> from sklearn_mmm.exceptions import UnusedLiftTestWarning
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", UnusedLiftTestWarning)
    """


class InconsistentVersionWarning(UserWarning):
    """A pickle was made by another version of this package.

    Examples
    --------
    >>> import warnings
    >>> from sklearn_mmm.exceptions import InconsistentVersionWarning
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", InconsistentVersionWarning)
    """


class ShortCarryOverWarning(UserWarning):
    """Carry-over in days is too short for what media bring later.

    Examples
    --------
    >>> import warnings
    >>> from sklearn_mmm.exceptions import ShortCarryOverWarning
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", ShortCarryOverWarning)
    """


class ContradictedLiftTestWarning(UserWarning):
    """A lift test and the fitted model are many standard errors apart.

    Examples
    --------
    >>> import warnings
    >>> from sklearn_mmm.exceptions import ContradictedLiftTestWarning
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", ContradictedLiftTestWarning)
    """


class OutlierWarning(UserWarning):
    """Rows of the outcome that nothing explains are left out of the fit.

    Examples
    --------
    >>> import warnings
    >>> from sklearn_mmm.exceptions import OutlierWarning
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", OutlierWarning)
    """
