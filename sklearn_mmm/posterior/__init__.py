"""Modes, members and settled hyper-parameters."""

from sklearn_mmm.posterior._carried_members import carried_members, deviations_of
from sklearn_mmm.posterior._members import (
    WIDENING,
    Member,
    draw_members,
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
    "WIDENING",
    "Hyperparameters",
    "Member",
    "Mode",
    "ModeSearch",
    "Schedule",
    "carried_members",
    "deviations_of",
    "draw_members",
    "make_members",
    "no_randomisation",
]
