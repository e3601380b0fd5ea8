"""Panels whose fits are timed, as files that any revision reads alike."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from recovery_panels import make_recovery_panel

from sklearn_mmm.datasets import make_mmm


class TimedPanel(NamedTuple):
    """A table and what its columns are."""

    X: pd.DataFrame
    y: pd.Series
    media: list[str]
    controls: list[str]
    region: str | None
    time: str


def recovery(preset, folder):
    """Return the published recovery panel, or one of the same process."""
    path = folder / f"recovery_{preset}_business.csv.gz"
    if path.exists():
        data = pd.read_csv(path)
        data["week"] = pd.to_datetime(data["week"])
    else:
        data = make_recovery_panel(preset, 0)[0]
    media = [c for c in data if c.startswith("x")]
    controls = [c for c in data if c[0] == "c" and c[1:].isdigit()]
    X, y = data.drop(columns="sales"), data["sales"]
    return TimedPanel(X, y, media, controls, "region", "week")


def real(folder):
    """Return the real panel of 190 regions, or a synthetic one of its size."""
    path = folder / "dma_panel_train.csv.gz"
    if not path.exists():
        return synthetic(190, 101, 13, 7)
    data = pd.read_csv(path)
    media = [c for c in data if c.startswith("channel_")]
    controls = [c for c in data if c.startswith("control_")]
    X, y = data.drop(columns="visits"), data["visits"]
    return TimedPanel(X, y, media, controls, "dma", "week")


def synthetic(n_regions, n_weeks, n_channels, n_controls=2):
    """Return a panel of the package's own generator."""
    X, y, truth = make_mmm(n_regions, n_weeks, n_channels, n_controls, random_state=0)
    channels, controls = truth.media_columns, truth.control_columns
    return TimedPanel(X, y, channels, controls, "region", "week")


def daily(n_regions, n_days, n_channels):
    """Return days with a yearly and a weekly season, a level that wanders and flights.

    The first days of a longer panel are those of a shorter one.
    """
    days = pd.date_range("2010-01-01", periods=n_days, freq="D")
    at = np.arange(n_days)
    tables = []
    for region in range(n_regions):
        streams = np.random.default_rng([7, region]).spawn(n_channels + 2)
        columns = {"region": f"r{region:03d}", "day": days}
        level, noise = (stream.standard_normal(n_days) for stream in streams[:2])
        sales = 100 + 0.3 * level.cumsum() + 3 * noise
        sales += 8 * np.sin(2 * np.pi * at / 365.25) + 4 * np.sin(2 * np.pi * at / 7)
        for channel, stream in enumerate(streams[2:]):
            bought = stream.gamma(2.0, 50.0, n_days)
            bought *= np.repeat(stream.random(n_days // 14 + 1) < 0.4, 14)[:n_days]
            carried = np.convolve(bought, 0.6 ** np.arange(10))[:n_days]
            sales += 12 * carried / (carried + 150.0)
            columns[f"m{channel}"] = bought
        tables.append(pd.DataFrame(columns | {"sales": sales}))
    data = pd.concat(tables, ignore_index=True)
    X, y = data.drop(columns="sales"), data["sales"]
    media = [f"m{channel}" for channel in range(n_channels)]
    return TimedPanel(X, y, media, [], "region", "day")


def make_panel(name, folder):
    """Return a panel by name: "real", a preset, or its sizes and perhaps "days".

    Parameters
    ----------
    name : str
    folder : path-like
        With the published panels, where they are at hand.
    """
    folder = Path(folder)
    if name in ("small", "growing", "medium", "large"):
        return recovery(name, folder)
    if name == "real":
        return real(folder)
    sizes, *unit = name.split()
    make = daily if unit else synthetic
    return make(*map(int, sizes.split("x")))
