"""A plan under members whose channels bring parts of what others might bring."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from sklearn_mmm.inspection._exchange import (
    Encounter,
    draw_exchanges,
    encounters,
    training_plan,
)
from sklearn_mmm.inspection._fitted_mmm import FittedMMM
from sklearn_mmm.inspection._plan_around import PlanAround

# Mean share below which nothing is exchanged.
_LITTLE = 0.01


@dataclass(frozen=True)
class ExchangedPlan(PlanAround):
    """A plan in which parts of a channel's response belong to other channels.

    A part of another's response goes on as it was, to media of the own course.

    Attributes
    ----------
    mix : ndarray of shape (n_channels, n_channels)
        Row: who brings it; column: whose response it is. Columns sum to 1.
    usual : ndarray of shape (n_rows, n_channels)
        Mean media of the row's region in training.
    """

    mix: np.ndarray
    usual: np.ndarray

    def contributions(self, spend: np.ndarray) -> np.ndarray:
        """Return what each channel contributes to the rows."""
        return self._mixed("contributions", spend)

    def after(self, spend: np.ndarray) -> np.ndarray:
        """Return what the rows' media contribute where there is no row, by region."""
        return self._mixed("after", spend)

    def totals(self, spend: np.ndarray) -> np.ndarray:
        """Return what each channel contributes to the rows and after them."""
        return self._mixed("totals", spend)

    def regional_totals(self, spend: np.ndarray) -> np.ndarray:
        """Return what each channel contributes by region, after the rows as well."""
        return self._mixed("regional_totals", spend)

    @property
    def straight(self) -> bool:
        """Whether media of any course grow in proportion to spend, so that they add."""
        return self.base.straight and not any(
            self.base.given[:, pairs.one].any() for pairs in self._encounters
        )

    def along(self, start: np.ndarray, change: np.ndarray) -> "ExchangedAlong":
        """Return the plan along ``start + multiple * change``, asked quickly.

        What goes on to media of another's course is one more column of the plan within.
        """
        n = len(self.mix)
        column, mover = np.arange(n), np.arange(n)
        parts, mix = [(start, change)], [np.diag(np.diag(self.mix))]
        for pairs in self._encounters:
            begin, end = (
                pairs.course(self.base.media(spend), self.usual)
                for spend in (start, start + change)
            )
            parts.append((begin, end - begin))
            mix.append(self._given(pairs))
            column, mover = np.r_[column, pairs.one], np.r_[mover, pairs.other]
        starts, changes = (np.hstack(side) for side in zip(*parts, strict=True))
        line = self.base.along(starts, changes, column)
        return ExchangedAlong(line, mover, np.vstack(mix))

    def in_outcome_units(self) -> "ExchangedPlan":
        """Return the plan in outcome units, whatever these are worth."""
        return replace(self, base=self.base.in_outcome_units())

    def with_free_media(self, factor: np.ndarray) -> "ExchangedPlan":
        """Return the plan with multiples of what costs nothing."""
        return replace(self, base=self.base.with_free_media(factor))

    def _mixed(self, ask: str, spend: np.ndarray) -> np.ndarray:
        """Ask the plan about channels' own parts, and about those of others."""
        out = np.asarray(np.diag(self.mix) * getattr(self.base, ask)(spend))
        media = self.base.media(self.base.reacted(spend))
        for pairs in self._encounters:
            part = pairs.ask(ask, media, self.usual)
            out += part @ self._given(pairs)
        return out

    def _given(self, pairs: Encounter) -> np.ndarray:
        """Return the parts of responses that go to others, (n_pairs, n_channels)."""
        out = np.zeros((len(pairs.one), len(self.mix)))
        out[np.arange(len(out)), pairs.other] = self.mix[pairs.other, pairs.one]
        return out

    @cached_property
    def _encounters(self) -> list[Encounter]:
        """Whose responses have the courses of whom."""
        shared = self.mix.T > 0
        np.fill_diagonal(shared, False)
        return list(encounters(self.base, shared))


@dataclass(frozen=True)
class ExchangedAlong:
    """A plan whose channels exchange parts, along straight lines of spend.

    Attributes
    ----------
    line : PlanAlong
        Of channels' own responses, and of those to the courses of others.
    mover : int ndarray of shape (n_columns,)
        Channel whose multiple moves the column.
    mix : ndarray of shape (n_columns, n_channels)
        Parts of the columns that belong to channels.
    """

    line: Any
    mover: np.ndarray
    mix: np.ndarray

    def contributions(self, multiple: np.ndarray) -> np.ndarray:
        """Return what channels contribute to the rows, (n_rows, n_channels)."""
        own = self.line.contributions(multiple[..., self.mover])
        return np.asarray(own @ self.mix)

    def totals(self, multiple: np.ndarray) -> np.ndarray:
        """Return what channels contribute, see :class:`PlanAlong`."""
        return np.asarray(self.line.totals(multiple[..., self.mover]) @ self.mix)

    def regional_totals(self, multiple: np.ndarray) -> np.ndarray:
        """Return the same by region, (n_regions, n_channels)."""
        own = self.line.regional_totals(multiple[..., self.mover])
        return np.asarray(own @ self.mix)


def exchanged(mmm: FittedMMM, members: Sequence[Any]) -> list[Any]:
    """Return members' plans in which channels exchange what they may have brought.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
    members : sequence of MediaPlan
        Of the same rows. Fewer than two are no distribution, and stay as they are.
    """
    if len(members) < 2:
        return list(members)
    past = training_plan(mmm)
    mix = draw_exchanges(mmm, past, len(members), np.random.default_rng(0))
    mix[:, mix.mean(axis=0) < _LITTLE] = 0.0
    mix /= mix.sum(axis=1, keepdims=True)
    if (mix == np.eye(mix.shape[1])).all():
        return list(members)
    usual = _usual_media(past, members[0].region)
    return [ExchangedPlan(p, m, usual) for p, m in zip(members, mix, strict=True)]


def _usual_media(past: Any, region: np.ndarray) -> np.ndarray:
    """Return the mean media of rows' regions in training, of all for a new region."""
    media = pd.DataFrame(past.media(past.spend)).groupby(past.region).mean()
    return np.asarray(media.reindex(region).fillna(media.mean()))
