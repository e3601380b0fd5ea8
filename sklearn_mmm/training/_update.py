"""Go on from a fitted model when weeks have been added."""

from dataclasses import replace

import numpy as np
import torch

from sklearn_mmm.baseline._outliers import Outliers
from sklearn_mmm.likelihood._data import TrainingData
from sklearn_mmm.likelihood._experiments import Experiment, experiment_rows
from sklearn_mmm.likelihood._penalised import Believed, overlaid
from sklearn_mmm.network import MMMModule
from sklearn_mmm.panel._groups import Groups
from sklearn_mmm.panel._scales import Rescaling
from sklearn_mmm.posterior import Hyperparameters, Schedule
from sklearn_mmm.training._checkpoint import Checkpoint
from sklearn_mmm.training._fit_network import (
    Fitted,
    complete_fit,
    initial,
    train,
)
from sklearn_mmm.training._options import TrainingOptions
from sklearn_mmm.training._resize import resized

# Variances that have been found are near those of a few weeks more.
_SCHEDULE = Schedule(
    n_rounds=1, n_steps=2, n_last_steps=30, n_iterations=4, several_starts=False
)


def update_network(
    previous: Fitted,
    data: TrainingData,
    rescaling: Rescaling,
    options: TrainingOptions,
    experiments: list[Experiment],
    outcome_scale: np.ndarray,
    seed: int,
) -> Fitted:
    """Find the mode anew on more weeks.

    What inner validation chose is kept, and so is what the GRU makes of its inputs.

    Parameters
    ----------
    previous : Fitted
    data : TrainingData
        All weeks, with a season if the fitted model has one.
    rescaling : Rescaling
    options : TrainingOptions
    experiments : list of Experiment
    outcome_scale : ndarray of shape (n_regions,)
        Outcome units of a relative contribution.
    seed : int
    """
    module = resized(previous.net.module_, data, rescaling.region)
    _rescale(module, rescaling)
    rows = experiment_rows(experiments, module, data, outcome_scale)
    outliers = initial(module, data, options).outliers
    hyper = _grown(previous.hyper, options.believed, outliers, rescaling, data.groups)
    nothing = Checkpoint()
    usual = data.with_usual_past()
    net, mode = train(
        module, usual, hyper, rows, _SCHEDULE, options, seed, "update", nothing
    )
    return complete_fit(net, mode, previous.settings, data, options, 1, seed)


@torch.no_grad()
def _rescale(module: MMMModule, rescaling: Rescaling) -> None:
    media = module.media
    ratio, groups = torch.as_tensor(rescaling.media), media.shape.groups
    if groups is not None:
        ratio = ratio[list(groups.first)]
    raw, factor = media.shape.rescaled(media.raw, ratio)
    for name, value in raw.items():
        getattr(media, name).copy_(value)
    media.log_effect.add_((factor * rescaling.outcome).log())


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
