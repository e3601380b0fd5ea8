"""Go on from a fitted model when weeks have been added."""

from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np
import torch

from sklearn_mmm.baseline._outliers import Outliers, gross_outliers
from sklearn_mmm.likelihood._data import TrainingData
from sklearn_mmm.likelihood._experiments import Experiment, experiment_rows
from sklearn_mmm.likelihood._penalised import Believed, overlaid
from sklearn_mmm.likelihood._randomisation import Parameters
from sklearn_mmm.network import MMMModule
from sklearn_mmm.network._rescaled import rescaled
from sklearn_mmm.panel._groups import Groups
from sklearn_mmm.panel._scales import Rescaling
from sklearn_mmm.posterior import (
    Hyperparameters,
    Mode,
    Schedule,
    carried_members,
    deviations_of,
)
from sklearn_mmm.training._checkpoint import Checkpoint
from sklearn_mmm.training._fit_network import Fitted, complete_fit, drawn_members
from sklearn_mmm.training._options import TrainingOptions
from sklearn_mmm.training._resize import resized
from sklearn_mmm.training._stage import train

# What has been found is near what is found with a few weeks more, and the next update
# goes on from there.
_SCHEDULE = Schedule(
    n_rounds=1, n_steps=2, n_last_steps=30, n_iterations=3, several_starts=False
)
# Times that of a fit.
_TOLERANCE = 10.0
_N_CORRECTIONS = 1
# Weeks since members were drawn, among all, up to which they are carried on: what is
# not linear fades with each time.
_MOST_CARRIED = 0.1


class FormerFit(NamedTuple):
    """A fit to go on from.

    Attributes
    ----------
    fitted : Fitted
    later : bool
        Whether all that is new is later than what was known.
    """

    fitted: Fitted
    later: bool


def update_network(
    former: FormerFit,
    data: TrainingData,
    rescaling: Rescaling,
    options: TrainingOptions,
    experiments: list[Experiment],
    outcome_scale: np.ndarray,
    seed: int,
) -> Fitted:
    """Find the mode anew on more weeks.

    What inner validation chose is kept, and so is what the GRU makes of its inputs.
    A few later weeks move members by what they say; else members are drawn anew.

    Parameters
    ----------
    former : FormerFit
    data : TrainingData
        All weeks, with a season if the fitted model has one.
    rescaling : Rescaling
    options : TrainingOptions
    experiments : list of Experiment
    outcome_scale : ndarray of shape (n_regions,)
        Outcome units of a relative contribution.
    seed : int
    """
    previous, later = former
    if previous.link == "log":
        # Another unit of the outcome moves the level of its logarithm, and no more.
        data, rescaling = data.logged(), replace(rescaling, outcome=1.0)
    module = resized(previous.net.module_, data, rescaling.region)
    _rescale(module, rescaling)
    rows = experiment_rows(experiments, module, data, outcome_scale)
    outliers = _continued(
        previous.hyper.outliers, previous.baseline.position, data, rescaling
    )
    hyper = _grown(previous.hyper, options.believed, outliers, rescaling, data.groups)
    nothing = Checkpoint()
    usual = data.with_usual_past()
    rough = replace(options, tol=_TOLERANCE * options.tol)
    net, mode = train(
        module, usual, hyper, rows, _SCHEDULE, rough, seed, "update", nothing
    )
    n_weeks, settings = len(data.position), previous.settings
    carries = (
        later
        and rows is None
        and len(previous.members) == options.n_members
        and _believes_alike(hyper, previous.hyper)
        and (rescaling.region >= 0).all()
        and n_weeks - previous.n_drawn <= _MOST_CARRIED * n_weeks
    )
    if carries:
        carry = partial(_carried, previous, mode, rescaling, seed)
        found = complete_fit(net, mode, settings, data, options, carry)
        return replace(found, n_drawn=previous.n_drawn)
    draw = partial(drawn_members, mode, options, _N_CORRECTIONS, seed)
    return complete_fit(net, mode, settings, data, options, draw)


def _believes_alike(one: Hyperparameters, other: Hyperparameters) -> bool:
    """Return whether the priors of curves and carry-over are the same."""
    priors = one.penalties.shape, other.penalties.shape
    return all(
        np.array_equal(own, former)
        for name in priors[0]
        for own, former in zip(*(each[name] for each in priors), strict=True)
    )


def _carried(
    previous: Fitted, mode: Mode, rescaling: Rescaling, seed: int
) -> Parameters:
    """Return the former members as they are with the weeks that have been added."""
    former = [member.module for member in previous.members]
    return carried_members(
        mode.posterior,
        mode.at,
        deviations_of(former, previous.net.module_),
        rescaling.region,
        rescaling.outcome,
        len(previous.baseline.position),
        # Not the numbers that former weeks were drawn by.
        seed + len(mode.posterior.common_columns),
    )


@torch.no_grad()
def _rescale(module: MMMModule, rescaling: Rescaling) -> None:
    media = module.media
    ratio, groups = torch.as_tensor(rescaling.media), media.shape.groups
    if groups is not None:
        ratio = ratio[list(groups.first)]
    raw, factor = rescaled(media.shape, media.raw, ratio)
    for name, value in raw.items():
        getattr(media, name).copy_(value)
    media.log_effect.add_((factor * rescaling.outcome).log())


def _continued(
    former: Outliers, position: np.ndarray, data: TrainingData, rescaling: Rescaling
) -> Outliers:
    """Return what was taken off former weeks, and what is gross in new regions."""
    reasons = np.concatenate([data.media, data.controls], axis=2)
    new, seen = rescaling.region < 0, rescaling.region >= 0
    shift, weight = np.zeros(data.target.shape), np.ones(data.target.shape)
    own = data.target[new], data.observed[new], reasons[new]
    shift[new], weight[new] = gross_outliers(*own)
    _, weeks, known = np.intersect1d(data.position, position, return_indices=True)
    place = np.ix_(np.flatnonzero(seen), weeks)
    at = np.ix_(rescaling.region[seen], known)
    there = data.observed[place]
    shift[place] = former.shift[at] * rescaling.outcome * there
    weight[place] = np.where(there, former.weight[at], 1.0)
    return Outliers(shift, weight)


def _grown(
    hyper: Hyperparameters,
    believed: Believed,
    outliers: Outliers,
    rescaling: Rescaling,
    groups: Groups | None = None,
) -> Hyperparameters:
    """Carry what was learned over to more weeks; what is believed may be new."""
    time, seen = hyper.time, rescaling.region >= 0
    former = np.where(seen, rescaling.region, 0)
    sigma = np.where(seen, time.sigma[former], np.median(time.sigma))
    time = replace(
        time,
        sigma=sigma * rescaling.outcome,
        loadings=time.loadings[former] * seen[:, None],
        groups=groups,
    )
    penalties = hyper.penalties
    penalties = replace(penalties, shape=overlaid(penalties.shape, believed))
    return Hyperparameters(time, penalties, outliers)
