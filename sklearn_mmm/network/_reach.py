"""Carry-over of channels with reach and frequency, and their places among others."""

import torch
from torch import Tensor


def as_series(lags: Tensor) -> Tensor:
    """Return series with what was before them, (region, lag - 1 + week, channel).

    Parameters
    ----------
    lags : Tensor of shape (region, week, channel, lag)
        Of consecutive weeks.
    """
    before = lags[:, 0, :, 1:].movedim(-1, 1).flip(1)
    return torch.cat([before, lags[..., 0]], dim=1)


def carried(weights: Tensor, series: Tensor) -> Tensor:
    """Return the carry-over of :func:`as_series`, (..., region, week, channel).

    Parameters
    ----------
    weights : Tensor of shape (..., channel, lag)
    series : Tensor of shape (..., region, lag - 1 + week, channel)
    """
    n_lags = weights.shape[-1]
    n_weeks = series.shape[-2] - n_lags + 1
    kernel = weights[..., None, None, :, :]
    out = kernel[..., 0] * series[..., n_lags - 1 :, :]
    for lag in range(1, n_lags):
        start = n_lags - 1 - lag
        out = out + kernel[..., lag] * series[..., start : start + n_weeks, :]
    return out


def placed(whole: Tensor, part: Tensor, channels: list[int]) -> Tensor:
    """Return (..., channel) values with those of some channels replaced."""
    shape = torch.broadcast_shapes(whole.shape[:-1], part.shape[:-1])
    out = whole.expand(*shape, whole.shape[-1]).clone()
    out[..., channels] = part
    return out
