"""A trained module for a panel of other regions or weeks."""

import numpy as np
import torch

from sklearn_mmm._random import torch_seed
from sklearn_mmm.likelihood._data import TrainingData
from sklearn_mmm.network import MMMModule, ResponseShape, Sizes


@torch.no_grad()
def resized(
    old: MMMModule,
    data: TrainingData,
    former: np.ndarray,
    shape: ResponseShape | None = None,
) -> MMMModule:
    """Return a module for the sizes of a panel that starts from old parameters.

    Parameters
    ----------
    old : MMMModule
    data : TrainingData
    former : int ndarray of shape (n_regions,)
        Former code of each region; -1 for a new one.
    shape : ResponseShape or None, default=None
        Of the response; None for the old one.
    """
    n_regions, n_weeks, n_channels = data.media.shape
    has_course = n_regions > 1 and data.covariance.wanders
    with torch_seed(0):  # whatever is drawn is replaced
        new = MMMModule(
            Sizes(
                n_regions,
                n_weeks if has_course else 0,
                n_channels,
                data.controls.shape[2],
                old.modulation.n_calendar,
            ),
            shape or old.media.shape,
            old.signs,
            data.groups,
        ).double()
    values = dict(old.named_parameters())
    for name, parameter in new.named_parameters():
        value = values.get(name)
        if value is not None and value.shape == parameter.shape:
            parameter.copy_(value)
    seen = torch.as_tensor(former >= 0)
    place = torch.as_tensor(former[former >= 0])
    for part in ("media", "controls"):
        deviation = getattr(new, part).deviation
        deviation.zero_()
        deviation[seen] = getattr(old, part).deviation[place]
    if new.baseline.has_course and old.baseline.has_course:
        _continue_course(old, new)
    new.modulation.active = old.modulation.active
    new.modulation.future_share = old.modulation.future_share
    return new


def _continue_course(old: MMMModule, new: MMMModule) -> None:
    """Start from the old course, which goes on at its last level."""
    course = old.baseline.factor @ old.baseline.innovation
    n = min(len(course), len(new.baseline.innovation))
    new.baseline.innovation[:n] = course[:n]
    new.baseline.innovation[n:] = course[n - 1]
    new.baseline.factor.copy_(torch.eye(len(new.baseline.innovation)))
