"""The truth of a synthetic panel and its rows, as tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

from sklearn_mmm.datasets._demand import control_names
from sklearn_mmm.datasets._events import event_names
from sklearn_mmm.datasets._media import Media
from sklearn_mmm.datasets._media_table import (
    media_table,
    organic_columns,
    paid_names,
    reach_columns,
    spend_column,
    spend_of,
)
from sklearn_mmm.datasets._worth import COLUMN

_CURVE_POINTS = 25
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def rows_of(panel: Bunch, truth: Bunch) -> pd.DataFrame:
    """Return the rows of X that are not missing.

    Parameters
    ----------
    panel : Bunch
        From ``draw_panel``.
    truth : Bunch
        From :func:`tabulate`.
    """
    labels, steps = panel.cells.labels, panel.clock.labels
    keys = labels.repeat(len(steps)).to_frame(index=False)
    keys[panel.clock.column] = np.tile(steps, len(labels))
    values = panel.controls.values.reshape(len(keys), -1)
    other = pd.DataFrame(values, columns=truth.control_columns)
    if panel.worth is not None:
        other[COLUMN] = panel.worth.ravel()
    X = pd.concat([keys, media_table(panel.media), other], axis=1)
    return X.iloc[panel.kept].reset_index(drop=True)


def tabulate(panel: Bunch) -> Bunch:
    """Return the truth as :func:`make_mmm` describes it.

    Parameters
    ----------
    panel : Bunch
        From ``draw_panel``.
    """
    parts, media = panel.parts, panel.media
    columns = media.campaigns.names
    n_controls, n_events = (
        parts[name].shape[-1] if name in parts else 0
        for name in ("controls", "event_contributions")
    )
    names = dict.fromkeys(parts, columns) | {
        "controls": control_names(n_controls),
        "event_contributions": event_names(n_events),
    }
    tables = {
        name: pd.DataFrame(
            values.reshape(panel.baseline.size, -1)[panel.kept], columns=names[name]
        )
        for name, values in parts.items()
    }
    return Bunch(
        **tables,
        baseline=pd.Series(panel.baseline.reshape(-1)[panel.kept], name="baseline"),
        noise=pd.Series(panel.error.reshape(-1)[panel.kept], name="noise"),
        **_of_channels(panel, columns),
        **_further(panel),
        response_curves=_curves(panel, columns),
        **roles_of(panel, names["controls"]),
        panel=panel,
    )


def _of_channels(panel: Bunch, columns: list[str]) -> dict[str, Any]:
    """Return the truth of each column of media; campaigns share most of it."""
    media: Media = panel.media
    channel, response = media.campaigns.channel, media.response
    by_region = {"index": panel.cells.labels, "columns": columns}

    def table(parameters: dict[str, np.ndarray]) -> pd.DataFrame:
        own = {name: values[channel] for name, values in parameters.items()}
        return pd.DataFrame(own, index=columns)

    curve = table(response.curve_parameters)
    direct, through = (panel.parts[name] for name in ("contributions", "mediated"))
    spend = pd.Series(spend_of(media).sum(axis=(0, 1)), columns)
    kernel = table(response.kernel_parameters)
    return {
        "adstock": kernel.assign(max_lag=response.n_lags),
        "adstock_weights": pd.DataFrame(response.weights[channel], index=columns),
        "saturation": curve,
        "half_saturation": pd.Series(response.half_saturation[channel], columns),
        "slope": curve.get("slope", pd.Series(np.nan, columns)),
        "scale": pd.DataFrame(media.scale[:, channel], **by_region),
        "effect": pd.DataFrame(_effect(panel), **by_region),
        "graph": pd.DataFrame(_graph(media), columns, columns),
        "total_effects": pd.Series((direct + through).sum(axis=(0, 1)), columns),
        "roi": pd.Series(direct.sum(axis=(0, 1)), columns) / spend.where(spend > 0),
    }


def _effect(panel: Bunch) -> np.ndarray:
    """Return effects at full saturation, (region, column)."""
    own = panel.media.campaigns
    return np.asarray(panel.effect[:, own.channel] * own.effect)


def _graph(media: Media) -> np.ndarray:
    """Return the graph among columns; there are no campaigns where there is one."""
    if not media.campaigns.alone:
        return np.zeros((len(media.campaigns.names),) * 2)
    return media.graph


def _further(panel: Bunch) -> dict[str, Any]:
    """Return the truth of events, weekdays and frequency, where there are any."""
    out: dict[str, Any] = {}
    if panel.events is not None:
        out |= {"events": panel.events.table, "event_effects": panel.events.effects}
    if panel.weekdays is not None:
        out["weekdays"] = pd.Series(panel.weekdays, _WEEKDAYS, name="factor")
    reach = panel.media.reach
    if reach is not None:
        out["frequency"] = pd.DataFrame(
            {
                "half_saturation": reach.half_saturation,
                "slope": reach.slope,
                "optimal": reach.optimal,
            },
            index=list(reach_columns(panel.media)),
        )
    return out


def roles_of(panel: Bunch, controls: list[str]) -> dict[str, Any]:
    """Return what a regressor is to be told of the columns of X, by parameter.

    Parameters
    ----------
    panel : Bunch
    controls : list of str
    """
    media: Media = panel.media
    keys, paid, reach = panel.cells.columns, paid_names(media), reach_columns(media)
    spend = None
    if reach:
        spend = dict(zip(paid, paid, strict=True))
        spend |= {name: spend_column(name) for name in reach}
    reference = map(float, panel.controls.reference)
    own = media.campaigns
    members = {
        name: [n for n, c in zip(own.names, own.channel, strict=True) if c == i]
        for i, name in enumerate(media.names)
    }
    return {
        "media_columns": paid,
        "control_columns": controls,
        "region_column": keys[0] if len(keys) == 1 else keys,
        "time_column": panel.clock.column,
        "organic_columns": organic_columns(media),
        "spend_columns": spend,
        "reach_frequency": reach or None,
        "channel_groups": {k: v for k, v in members.items() if len(v) > 1} or None,
        "control_reference": dict(zip(controls, reference, strict=True)),
        "outcome_value": None if panel.worth is None else COLUMN,
    }


def _curves(panel: Bunch, columns: list[str]) -> pd.DataFrame:
    """Steady state by region and column of media, at the mean multiplier of 1."""
    grid = np.linspace(0.0, 2.0, _CURVE_POINTS)
    media: Media = panel.media
    channel = media.campaigns.channel
    shape = (len(media.scale), len(columns), _CURVE_POINTS)
    values = np.repeat(grid[:, np.newaxis], len(media.names), axis=1)
    share = media.response.saturate(values).T[channel]  # (column, point)
    steepness = media.response.steepness(values).T[channel]
    # A derivative at no spend may be infinite; the first step stands for it.
    steepness[:, 0] = share[:, 1] / grid[1]
    scale = media.scale[:, channel][..., np.newaxis]
    top = _effect(panel)[..., np.newaxis]
    regions = panel.cells.labels.repeat(shape[1] * shape[2]).to_frame(index=False)
    table = pd.DataFrame(
        {
            "channel": np.tile(np.repeat(columns, _CURVE_POINTS), shape[0]),
            **dict(regions.items()),
            "spend": (scale * grid).ravel(),
            "response": (top * share).ravel(),
            "marginal_response": (top * steepness / scale).ravel(),
        }
    )
    return table
