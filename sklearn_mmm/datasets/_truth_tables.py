"""The truth of a synthetic panel and its rows, as tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

from sklearn_mmm.components._response import ChannelResponse
from sklearn_mmm.datasets._demand import control_names
from sklearn_mmm.datasets._spend import channel_names

_CURVE_POINTS = 25


def rows_of(panel: Bunch, truth: Bunch) -> pd.DataFrame:
    """Return the rows of X that are not missing.

    Parameters
    ----------
    panel : Bunch
        From ``draw_panel``.
    truth : Bunch
        From :func:`tabulate`.
    """
    n_weeks = len(panel.weeks)
    spend = (panel.activity * panel.scale[:, np.newaxis]).reshape(
        -1, panel.scale.shape[1]
    )
    keys = pd.DataFrame(
        {
            "region": np.repeat(panel.regions, n_weeks),
            "week": np.tile(panel.weeks, len(panel.regions)),
        }
    )
    media = pd.DataFrame(spend, columns=truth.media_columns)
    other = pd.DataFrame(
        panel.controls.reshape(len(keys), -1), columns=truth.control_columns
    )
    X = pd.concat([keys, media, other], axis=1)
    return X.iloc[panel.kept].reset_index(drop=True)


def tabulate(panel: Bunch) -> Bunch:
    """Return the truth as :func:`make_mmm` describes it.

    Parameters
    ----------
    panel : Bunch
        From ``draw_panel``.
    """
    parts, kept = panel.parts, panel.kept
    channels = channel_names(panel.scale.shape[1])
    names = dict.fromkeys(parts, channels) | {
        "controls": control_names(parts["controls"].shape[-1])
    }
    tables = {
        name: pd.DataFrame(
            values.reshape(panel.baseline.size, -1)[kept], columns=names[name]
        )
        for name, values in parts.items()
    }
    spend = pd.Series(
        (panel.activity * panel.scale[:, np.newaxis]).sum(axis=(0, 1)), channels
    )
    by_region = {"index": pd.Index(panel.regions, name="region"), "columns": channels}
    response: ChannelResponse = panel.response
    curve = pd.DataFrame(response.curve_parameters, index=channels)
    total = pd.Series(
        (parts["contributions"] + parts["mediated"]).sum(axis=(0, 1)), channels
    )
    return Bunch(
        **tables,
        baseline=pd.Series(panel.baseline.reshape(-1)[kept], name="baseline"),
        noise=pd.Series(panel.error.reshape(-1)[kept], name="noise"),
        adstock=pd.DataFrame(
            response.kernel_parameters | {"max_lag": response.n_lags}, index=channels
        ),
        adstock_weights=pd.DataFrame(response.weights, index=channels),
        saturation=curve,
        half_saturation=pd.Series(response.half_saturation, channels),
        slope=curve.get("slope", pd.Series(np.nan, channels)),
        scale=pd.DataFrame(panel.scale, **by_region),
        effect=pd.DataFrame(panel.effect, **by_region),
        graph=pd.DataFrame(panel.graph, channels, channels),
        total_effects=total,
        roi=pd.Series(parts["contributions"].sum(axis=(0, 1)), channels) / spend,
        response_curves=_curves(panel, channels),
        media_columns=channels,
        control_columns=names["controls"],
        panel=panel,
    )


def _curves(panel: Bunch, channels: list[str]) -> pd.DataFrame:
    """Weekly steady state by region and channel, at the mean multiplier of 1."""
    grid = np.linspace(0.0, 2.0, _CURVE_POINTS)
    shape = (len(panel.regions), len(channels), _CURVE_POINTS)
    response: ChannelResponse = panel.response
    media = np.repeat(grid[:, np.newaxis], len(channels), axis=1)
    share = response.saturate(media).T  # (channel, point)
    steepness = response.steepness(media).T
    # A derivative at no spend may be infinite; the first step stands for it.
    steepness[:, 0] = share[:, 1] / grid[1]
    scale, top = panel.scale[..., np.newaxis], panel.effect[..., np.newaxis]
    return pd.DataFrame(
        {
            "channel": np.tile(np.repeat(channels, _CURVE_POINTS), shape[0]),
            "region": np.repeat(panel.regions, shape[1] * shape[2]),
            "spend": (scale * grid).ravel(),
            "response": (top * share).ravel(),
            "marginal_response": (top * steepness / scale).ravel(),
        }
    )
