"""Channels that move together: what might as well be another one's doing."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from sklearn_mmm.inspection._fitted_mmm import FittedMMM
from sklearn_mmm.inspection._training_rows import training_rows

# Correlation within regions below which data can tell channels apart.
_TOGETHER = 0.5
# Time steps of a mean that the wandering level may follow as well.
_LEVEL = 13
# Of what all channels bring.
_LITTLE = 1e-3


def training_plan(mmm: FittedMMM) -> Any:
    """Return the plan of the training rows, in outcome units.

    Noise, which evidence is measured by, is that of the outcome.
    """
    return mmm.media_plan(training_rows(mmm)).in_outcome_units()


def draw_exchanges(
    mmm: FittedMMM, plan: Any, n_members: int, rng: np.random.Generator
) -> np.ndarray:
    r"""Draw which part of each channel's response is another channel's.

    Members lie around one explanation of the data. Where two channels moved together
    in the past, a share :math:`s` of what one brings may as well have been brought by
    the other, by the same response to media of the same course. It costs a
    log-likelihood of :math:`s^2 D / 2` with :math:`D = \sum_t d_t^2 / \sigma^2`, and
    :math:`d` what would have been brought less if the one channel's media had had the
    course of the other's; what the level may follow is no evidence. Shares are drawn
    from that likelihood under a flat prior.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
    plan : MediaPlan
        See :func:`training_plan`.
    n_members : int
    rng : Generator

    Returns
    -------
    ndarray of shape (n_members, n_channels, n_channels)
        Row: who brings it; column: whose response it is. Columns sum to 1.
    """
    evidence = evidence_against(mmm, plan)
    n = len(evidence)
    # Shares as odds, so that those of several others together stay below 1.
    odds = np.tile(np.eye(n), (n_members, 1, 1))
    for one, other in np.argwhere(np.isfinite(evidence)):
        u = (rng.permutation(n_members) + 0.5) / n_members
        share = _share(u, float(evidence[one, other]))
        odds[:, other, one] = share / (1 - share)
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def evidence_against(mmm: FittedMMM, plan: Any) -> np.ndarray:
    """Return D of :func:`draw_exchanges`, (from, to); infinite where it is clear."""
    media = plan.media(plan.spend)
    n = len(plan.channels)
    _, region = np.unique(plan.region, return_inverse=True)
    mean = _by_region(media, region)[region]
    together = _correlation(media - mean) > _TOGETHER
    np.fill_diagonal(together, False)
    together[plan.free], together[:, plan.free] = False, False
    sigma = _noise(mmm).to_numpy()[region]
    found = plan.contributions(plan.spend)
    order = np.lexsort((plan.time, region))
    out = np.full((n, n), np.inf)
    for pairs in encounters(plan, together):
        lost = found[:, pairs.one] - pairs.ask("contributions", media, mean)
        quick = _without_level(lost[order], region[order]) / sigma[order][:, None]
        out[pairs.one, pairs.other] = (quick**2).sum(axis=0)
    return out + _tested(mmm, found.sum(axis=0))


class Encounter(NamedTuple):
    """Pairs of channels that are asked about at once.

    Attributes
    ----------
    plan : MediaPlan
        In which nothing reacts.
    one, other : int ndarray of shape (n_pairs,)
        Whose response, and whose course its media take. Any pairs where channels are
        apart; otherwise each is in one pair at most, and in none keeps its course.
    """

    plan: Any
    one: np.ndarray
    other: np.ndarray

    def ask(self, question: str, media: np.ndarray, usual: np.ndarray) -> np.ndarray:
        """Ask the plan what each one would bring at the course of the other.

        Parameters
        ----------
        question : str
            A method of the plan.
        media : ndarray of shape (n_rows, n_channels)
            In their own units.
        usual : ndarray of shape (n_rows, n_channels)
            Media of each channel's own amount, by which courses are compared.

        Returns
        -------
        ndarray of shape (..., n_pairs)
        """
        find = getattr(self.plan, question)
        if self.plan.apart:
            return np.asarray(find(self.course(media, usual), self.one))
        place = np.arange(media.shape[1])
        whose = place.copy()
        whose[self.one] = self.other
        return np.asarray(find(self._course(media, usual, place, whose))[..., self.one])

    def course(self, media: np.ndarray, usual: np.ndarray) -> np.ndarray:
        """Return spend at which each one's media have the other's course, by pair."""
        return self._course(media, usual, self.one, self.other)

    def _course(
        self, media: np.ndarray, usual: np.ndarray, one: np.ndarray, other: np.ndarray
    ) -> np.ndarray:
        """Return spend at which media of ``one`` have the course of ``other``."""
        plan, level = self.plan, usual[:, other]
        per_unit = usual[:, one] / np.where(level > 0, level, np.inf)
        free = (plan.given * plan.media_scale)[:, one]
        cost = media[:, other] * per_unit * plan.price[:, one] - free
        return np.where(plan.free[one], 0.0, np.maximum(cost, 0.0))


def encounters(plan: Any, together: np.ndarray) -> Iterator[Encounter]:
    """Yield pairs of channels until all have been met, as few times as it can be.

    Parameters
    ----------
    plan : MediaPlan
    together : bool ndarray of shape (n_channels, n_channels)
        Pairs to be met: whose response, and whose course.
    """
    if plan.influence is not None:
        # Reactions are in the media whose courses are taken.
        plan = replace(plan, influence=None, held=())
    one, other = np.nonzero(together)
    if plan.apart and len(one):
        yield Encounter(plan, one, other)
    elif len(one):
        # The first, second, ... pair of each channel.
        turn = np.arange(len(one)) - np.searchsorted(one, one)
        for now in range(turn.max() + 1):
            yield Encounter(plan, one[turn == now], other[turn == now])


def _tested(mmm: FittedMMM, brought: np.ndarray) -> np.ndarray:
    """Return what lift tests add to the evidence, (from, to).

    A test of either channel would show what was moved, in proportion to all of it.
    """
    names = list(mmm.media_columns_)
    out = np.zeros((len(names), len(names)))
    tests = mmm.lift_test_fit_
    measured = tests[["model", "std_error"]].to_numpy(float)
    for channel, (model, error) in zip(tests["channel"], measured, strict=True):
        if channel not in names:
            continue
        c = names.index(channel)
        out[c] += (model / error) ** 2
        if brought[c] > _LITTLE * brought.sum():
            out[:, c] += (model * brought / brought[c] / error) ** 2
        else:
            # It was seen to bring little, and cannot have brought another's.
            out[:, c] = np.inf
    return out


def _share(u: np.ndarray, evidence: float) -> np.ndarray:
    """Return quantiles of the density exp(-s² D / 2) on [0, 1].

    Examples
    --------
    >>> import numpy as np
    >>> u = np.array([0.25, 0.5])
    >>> _share(u, 0.0), _share(u, 1e4).round(4)
    (array([0.25, 0.5 ]), array([0.0032, 0.0067]))
    """
    if evidence < 1e-6:
        return u
    root = np.sqrt(evidence)
    return np.asarray(ndtri(0.5 + u * (ndtr(root) - 0.5)) / root)


def _by_region(values: np.ndarray, region: np.ndarray) -> np.ndarray:
    return pd.DataFrame(values).groupby(region).mean().to_numpy()


def _correlation(centred: np.ndarray) -> np.ndarray:
    size = np.sqrt((centred**2).sum(axis=0))
    unit = np.divide(centred, size, out=np.zeros_like(centred), where=size > 0)
    return np.asarray(unit.T @ unit)


def _noise(mmm: FittedMMM) -> pd.Series:
    """Return the standard deviation of residuals by region, sorted."""
    rest = mmm.outcome_.to_numpy() - mmm.contributions_.to_numpy().sum(axis=1)
    spread = pd.Series(rest).groupby(mmm.history_["region"].to_numpy()).std(ddof=0)
    least = 1e-6 * float(np.abs(mmm.outcome_).mean())
    return spread.sort_index().clip(lower=max(least, 1e-300))


def _without_level(values: np.ndarray, region: np.ndarray) -> np.ndarray:
    """Return values less their moving mean, by region."""
    # Sums of windows are differences of running sums, which begin anew in each region.
    _, first, size = np.unique(region, return_index=True, return_counts=True)
    start, end = np.repeat(first, size), np.repeat(first + size, size)
    place, half = np.arange(len(values)), _LEVEL // 2
    low, high = np.maximum(place - half, start), np.minimum(place + half + 1, end)
    running = np.vstack([np.zeros(values.shape[1]), np.cumsum(values, axis=0)])
    return values - (running[high] - running[low]) / (high - low)[:, None]
