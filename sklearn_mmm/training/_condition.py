"""The baseline of a trained module: what wanders, given media and controls."""

import numpy as np
import torch
from torch import Tensor

from sklearn_mmm.baseline._condition import condition
from sklearn_mmm.baseline._forecast import TimeBaseline
from sklearn_mmm.baseline._variances import TimeHyperparameters
from sklearn_mmm.components._noise import HuberNoise
from sklearn_mmm.likelihood._data import TrainingData, calendar_features, exposure
from sklearn_mmm.network import MMMModule, effect_columns


@torch.no_grad()
def media_and_controls(
    module: MMMModule,
    data: TrainingData,
    n_weeks: int,
    inputs: dict[str, Tensor] | None = None,
) -> np.ndarray:
    """Return what media and controls bring in all weeks, (region, week).

    Parameters
    ----------
    module : MMMModule
        Trained on the first weeks.
    data : TrainingData
    n_weeks : int
        How many those are. Controls do not extrapolate beyond what they showed there.
    inputs : dict of Tensor, optional
        Of the data, where they are known.
    """
    X = inputs or data.inputs(module.media.max_lag)
    early = X["controls"][:, :n_weeks]
    low, high = early.amin(1, keepdim=True), early.amax(1, keepdim=True)
    controls = X["controls"].clamp(low, high)
    lags, frequency = exposure(X)
    media: Tensor = module.media(lags, X["region"], None, frequency)
    if module.modulation.active:
        position = data.position
        season = data.covariance.season_length
        features = calendar_features(position, position[n_weeks - 1], season)
        calendar = torch.as_tensor(features).expand(len(controls), -1, -1)
        scaled = module.media.shape.together(X["lags"][..., 0])
        later = torch.arange(len(position)) >= n_weeks
        factor = module.modulation.predict(
            scaled, X["controls"], calendar, X["region"], later
        )
        media = media * module.media.shape.each(factor)
    effect = module.controls(controls, X["region"])
    return np.asarray((media.sum(-1) + effect.sum(-1)).numpy())


def share_of_outcome(explained: np.ndarray, data: TrainingData) -> float:
    """Return the share of the outcome that media and controls bring over all weeks.

    Parameters
    ----------
    explained : ndarray of shape (n_regions, n_weeks)
        See :func:`media_and_controls`.
    data : TrainingData
    """
    seen = data.observed
    size = np.abs(data.target[seen]).mean()
    return float(explained[seen].mean() / max(size, 1e-12))


def baseline_of(
    module: MMMModule,
    hyper: TimeHyperparameters,
    data: TrainingData,
    explained: np.ndarray,
    noise: HuberNoise,
    inputs: dict[str, Tensor] | None = None,
) -> TimeBaseline:
    """Return the baseline given a trained module.

    Parameters
    ----------
    module : MMMModule
    hyper : TimeHyperparameters
        By which it is forecast.
    data : TrainingData
    explained : ndarray of shape (n_regions, n_weeks)
        See :func:`media_and_controls`.
    noise : HuberNoise
    inputs : dict of Tensor, optional
        Of the data, where they are known.
    """

    def columns() -> np.ndarray:
        return effect_columns(module, inputs or data.inputs(module.media.max_lag))

    intercept = module.baseline.intercept.item()
    return condition(
        data.covariance,
        hyper,
        data.position,
        data.observed,
        intercept,
        data.target - explained - intercept,
        columns,
        module.baseline.has_course,
        noise,
    )
