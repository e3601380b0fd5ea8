"""A plan under members whose channels bring parts of what others might bring."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from sklearn_mmm.allocation._exchange import course_of, draw_exchanges, turns
from sklearn_mmm.inspection import training_rows
from sklearn_mmm.inspection._fitted_mmm import FittedMMM

# Mean share below which nothing is exchanged.
_LITTLE = 0.01


@dataclass(frozen=True)
class ExchangedPlan:
    """A plan in which parts of a channel's response belong to other channels.

    A part of another's response goes on as it was, to media of the own course.

    Attributes
    ----------
    base : MediaPlan
    mix : ndarray of shape (n_channels, n_channels)
        Row: who brings it; column: whose response it is. Columns sum to 1.
    usual : ndarray of shape (n_rows, n_channels)
        Mean media of the row's region in training.
    """

    base: Any
    mix: np.ndarray
    usual: np.ndarray

    def __getattr__(self, name: str) -> Any:
        # All but what channels bring is that of the plan.
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.base, name)

    def totals(self, spend: np.ndarray) -> np.ndarray:
        """Return what each channel contributes to the rows and after them."""
        place = np.arange(len(self.mix))
        out = np.diag(self.mix) * self.base.totals(spend)
        media = self.base.media(self.base.reacted(spend))
        for other in turns(self.mix.T > 0):
            course = course_of(self.base, media, self.usual, other)
            out[other] += self.mix[other, place] * self._still.totals(course)
        return np.asarray(out)

    @cached_property
    def _still(self) -> Any:
        """The plan in which nothing reacts, since reactions are in the media."""
        if self.base.influence is None:
            return self.base
        return replace(self.base, influence=None, held=())


def exchanged(mmm: FittedMMM, members: Sequence[Any], seed: int = 0) -> list[Any]:
    """Return members' plans in which channels exchange what they may have brought.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
    members : sequence of MediaPlan
        Of the same rows.
    seed : int
    """
    mix = draw_exchanges(mmm, len(members), np.random.default_rng([seed, 1]))
    mix[:, mix.mean(axis=0) < _LITTLE] = 0.0
    mix /= mix.sum(axis=1, keepdims=True)
    if (mix == np.eye(mix.shape[1])).all():
        return list(members)
    usual = _usual_media(mmm, members[0].region)
    return [ExchangedPlan(p, m, usual) for p, m in zip(members, mix, strict=True)]


def _usual_media(mmm: FittedMMM, region: np.ndarray) -> np.ndarray:
    """Return the mean media of rows' regions in training, of all for a new region."""
    plan = mmm.media_plan(training_rows(mmm))
    media = pd.DataFrame(plan.media(plan.spend)).groupby(plan.region).mean()
    return np.asarray(media.reindex(region).fillna(media.mean()))
