"""Go on from a fitted model when weeks have been added."""

from copy import copy
from dataclasses import dataclass, replace

import numpy as np
import torch

from sklearn_mmm._random import torch_seed
from sklearn_mmm.baseline._variances import TimeHyperparameters
from sklearn_mmm.likelihood._data import TrainingData
from sklearn_mmm.likelihood._experiments import Experiment, experiment_rows
from sklearn_mmm.network import MMMModule, Sizes
from sklearn_mmm.posterior._settle import Settling
from sklearn_mmm.training._fit import Fitted, finish
from sklearn_mmm.training._options import TrainingOptions

_SETTLING = Settling(n_rounds=2, n_steps=30, n_corrections=0)


@dataclass(frozen=True)
class Rescaling:
    """How the units of a panel have changed.

    Attributes
    ----------
    region : int ndarray of shape (n_regions,)
        Former code of each region; -1 for a new one.
    media : ndarray of shape (n_channels,)
        Former units of media in new ones, in the median region.
    outcome : float
        Former unit of the outcome in new ones.
    """

    region: np.ndarray
    media: np.ndarray
    outcome: float


def update_network(
    previous: Fitted,
    data: TrainingData,
    rescaling: Rescaling,
    options: TrainingOptions,
    experiments: list[Experiment],
    outcome_scale: np.ndarray,
    seed: int,
) -> Fitted:
    """Settle a fitted model on more weeks.

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
    module = _grown(previous.net.module_, data, rescaling, options)
    net = copy(previous.net)
    net.module_ = module
    hyper = _grown_hyperparameters(previous.hyper, rescaling)
    rows = experiment_rows(experiments, module, data, outcome_scale)
    return finish(net, hyper, previous.choice, data, options, rows, _SETTLING, seed)


@torch.no_grad()
def _grown(
    old: MMMModule, data: TrainingData, rescaling: Rescaling, options: TrainingOptions
) -> MMMModule:
    """Return a module for the new sizes that starts from the old parameters."""
    n_regions, n_weeks, n_channels = data.media.shape
    has_course = n_regions > 1 and data.covariance.wanders
    with torch_seed(0):  # whatever is drawn is replaced
        new = MMMModule(
            Sizes(
                n_regions,
                n_weeks if has_course else 0,
                n_channels,
                data.controls.shape[2],
                old.effects.n_calendar,
            ),
            options.max_lag,
            options.min_slope,
            options.adstock,
        ).double()
    known = torch.as_tensor(rescaling.region >= 0)
    former = torch.as_tensor(rescaling.region[rescaling.region >= 0])
    values = dict(old.named_parameters())
    for name, parameter in new.named_parameters():
        value = values.get(name)
        if value is not None and value.shape == parameter.shape:
            parameter.copy_(value)
    for part in ("media", "controls"):
        deviation = getattr(new, part).deviation
        deviation.zero_()
        deviation[known] = getattr(old, part).deviation[former]
    new.media.log_half_saturation.add_(torch.as_tensor(np.log(rescaling.media)))
    new.media.log_effect.add_(float(np.log(rescaling.outcome)))
    # The course is solved for anew; it is linear.
    new.baseline.innovation.zero_()
    new.effects.active = old.effects.active
    new.effects.future_share = old.effects.future_share
    return new


def _grown_hyperparameters(
    hyper: TimeHyperparameters, rescaling: Rescaling
) -> TimeHyperparameters:
    known = rescaling.region >= 0
    former = np.where(known, rescaling.region, 0)
    sigma = np.where(known, hyper.sigma[former], np.median(hyper.sigma))
    return replace(
        hyper,
        sigma=sigma * rescaling.outcome,
        loadings=hyper.loadings[former] * known[:, None],
    )
