"""Response curves from the model's own media response."""

import numpy as np
import pandas as pd
import torch

from sklearn_mmm.network._media import MediaResponse

_N_POINTS = 51


@torch.no_grad()
def response_curves(
    media: MediaResponse,
    channels: list[str],
    outcome_scale: np.ndarray,
    media_scale: np.ndarray,
    usual: np.ndarray,
    largest: np.ndarray,
) -> pd.DataFrame:
    """Return weekly steady-state response to weekly spend, summed over regions.

    Spend is split over regions as it was on average in training; once it has been
    constant for as long as the carry-over lasts, adstocked media equal spend, since
    the kernel's weights sum to 1.

    Parameters
    ----------
    media : MediaResponse
    channels : list of str
    outcome_scale : ndarray of shape (n_regions,)
    media_scale : ndarray of shape (n_regions, n_channels)
    usual : ndarray of shape (n_regions, n_channels)
        Mean weekly spend.
    largest : ndarray of shape (n_channels,)
        Largest weekly total over regions.

    Returns
    -------
    DataFrame
        channel, spend and response per time step, marginal_response (outcome units
        per spend unit) and whether the point lies beyond the largest spend seen.
    """
    share = usual / np.where(usual.sum(0) > 0, usual.sum(0), 1.0)
    grid = np.linspace(0.0, 2.0, _N_POINTS)
    region = torch.arange(len(outcome_scale))
    effect = media.regional_effect(region).numpy() * outcome_scale[:, None]
    spend = grid[:, None] * largest  # (point, channel)
    scaled = spend[:, None] * share / media_scale  # (point, region, channel)
    saturated = media.saturate(torch.as_tensor(scaled)).numpy()
    response = (saturated * effect).sum(1)
    slope = media.slope.numpy()
    # d Hill / d spend = slope Hill (1 - Hill) / spend, and share / scale inside.
    with np.errstate(divide="ignore", invalid="ignore"):
        marginal = (slope * saturated * (1 - saturated) * effect).sum(1) / spend
    # At no spend the curve's own first step stands for a derivative that may be
    # infinite (slope below 1).
    step = np.where(largest > 0, spend[1], 1.0)
    marginal[0] = (response[1] - response[0]) / step
    marginal = np.nan_to_num(marginal)
    n = len(channels)
    return pd.DataFrame(
        {
            "channel": np.repeat(channels, _N_POINTS),
            "spend": spend.T.ravel(),
            "response": response.T.ravel(),
            "marginal_response": marginal.T.ravel(),
            "extrapolated": np.tile(grid > 1.0, n),
        }
    )
