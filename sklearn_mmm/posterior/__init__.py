"""Modes, members and settled hyper-parameters."""

from sklearn_mmm.posterior._members import (
    Member,
    make_members,
    no_randomisation,
)
from sklearn_mmm.posterior._mode_search import (
    Hyperparameters,
    Mode,
    ModeSearch,
    Schedule,
)

__all__ = [
    "Hyperparameters",
    "Member",
    "Mode",
    "ModeSearch",
    "Schedule",
    "make_members",
    "no_randomisation",
]
