"""Panels with known contributions, for any seed.

The published benchmark pymc-labs/mmm-param-recovery (Apache-2.0) draws weekly panels
for four businesses. This module writes its generative process down again from its
description, so that recovery can be measured on seeds that nobody has tuned to. The
random streams differ from the published ones; the distributions are the same:

- spend by pattern: a reflected AR(2) walk, the same times a yearly double cosine,
  the same with a late start and a ramp, or random on/off flights;
- contribution = effectiveness * base * Hill(geometric adstock(spend / regional
  maximum)), eight taps, not normalised, equal parameters in all regions;
- baseline = base * (1 + U(-0.1, 0.1)) * (1 + amplitude * sin) * (1 + N(0, 0.1));
- controls enter linearly.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

N_TAPS = 8


@dataclass
class Series:
    """How one spend or control column is drawn."""

    name: str
    pattern: str
    base: float
    volatility: float
    effect: float
    trend: float = 0.0
    amplitude: float = 0.3
    phase: float = 0.0
    start: int = 0
    ramp: int = 4
    end: int | None = None
    p_on: float = 0.4
    shortest: int = 2
    longest: int = 8
    alpha: float = 0.0
    slope: float = 1.0
    kappa: float = 1.0


@dataclass
class Business:
    """One preset: its size, its baseline and its columns."""

    n_regions: int
    n_weeks: int
    base: float
    amplitude: float
    channels: list[Series] = field(default_factory=list)
    controls: list[Series] = field(default_factory=list)


def _walk(rng, series, n_weeks):
    sd = series.base * series.volatility
    x = rng.normal(0, sd, n_weeks)
    for t in range(2, n_weeks):
        x[t] = max(0.0, 0.6 * x[t - 1] + 0.3 * x[t - 2] + rng.normal(0, sd))
    return np.clip(x, 0, None)


def _draw(rng, series, n_weeks, day_of_year):
    if series.pattern == "on_off":
        x = np.zeros(n_weeks)
        t = 0
        while t < n_weeks:
            if rng.random() < series.p_on:
                last = min(
                    t + rng.integers(series.shortest, series.longest + 1), n_weeks
                )
                x[t:last] = series.base
                t = last + 1
            else:
                t += 1
        on = x > 0
        x[on] += rng.normal(0, series.base * series.volatility, on.sum())
        return np.clip(x, 0, None)
    x = _walk(rng, series, n_weeks)
    if series.pattern == "linear":
        return x * (1 + np.linspace(0, series.trend * n_weeks, n_weeks))
    if series.pattern == "seasonal":
        wave = np.cos(series.phase + 4 * np.pi * day_of_year / 365.25)
        return np.clip(x * series.amplitude * wave, 0, None)
    if series.pattern == "delayed":
        stop = min(series.start + series.ramp, n_weeks, series.end or n_weeks)
        x[: series.start] = 0
        x[series.start : stop] *= np.linspace(0, 1, stop - series.start)
        return x
    raise ValueError(f"unknown pattern {series.pattern!r}")


def _positive(rng, series, n_weeks, day_of_year):
    while True:  # a channel that never spends has no scale
        x = _draw(rng, series, n_weeks, day_of_year)
        if x.max() > 0:
            return x


def _hill_adstock(x, series):
    z = x / x.max()
    adstocked = sum(
        series.alpha**lag * np.concatenate([np.zeros(lag), z[: len(z) - lag]])
        for lag in range(N_TAPS)
    )
    powered = adstocked**series.slope
    return powered / (powered + series.kappa**series.slope)


def _small(rng):
    return Business(
        1,
        104,
        5000.0,
        0.2,
        [
            Series(
                "Search-Ads",
                "linear",
                100,
                0.8,
                1.5,
                trend=0.004,
                alpha=0.0,
                slope=1,
                kappa=1,
            ),
            Series(
                "Social-Media",
                "seasonal",
                500,
                0.3,
                1.2,
                amplitude=0.4,
                phase=0.5,
                alpha=0.2,
                slope=1.5,
                kappa=0.8,
            ),
            Series(
                "Local-Ads",
                "on_off",
                500,
                0.6,
                0.9,
                p_on=0.3,
                shortest=2,
                longest=4,
                alpha=0.4,
                slope=1,
                kappa=1.5,
            ),
            Series(
                "Email",
                "on_off",
                100,
                0.5,
                1.2,
                p_on=0.2,
                shortest=1,
                longest=1,
                alpha=0.3,
                slope=2,
                kappa=0.5,
            ),
        ],
        [
            Series("Event", "on_off", 100, 0.5, 0.5, p_on=0.04, shortest=3, longest=5),
            Series("Sale", "on_off", 50, 0.5, 0.5, p_on=0.1, shortest=1, longest=4),
        ],
    )


def _growing(rng):
    rows = [
        ("Search-Ads", "linear", 300, 0.7, 0.3, dict(trend=0.002), (0.0, 1, 0.3)),
        (
            "Search-Ads-Brand",
            "linear",
            100,
            0.8,
            1.1,
            dict(trend=0.002),
            (0.2, 1.5, 1.5),
        ),
        ("Video", "delayed", 500, 0.5, 1.4, dict(start=25, ramp=10), (0.4, 0.8, 0.4)),
        (
            "Social-Media",
            "seasonal",
            500,
            0.6,
            0.7,
            dict(amplitude=0.4, phase=0.5),
            (0.3, 2, 0.5),
        ),
        (
            "Display-Ads",
            "on_off",
            500,
            0.5,
            0.3,
            dict(p_on=0.3, shortest=2, longest=4),
            (0.0, 0.4, 2),
        ),
        (
            "Email",
            "on_off",
            100,
            0.4,
            0.4,
            dict(p_on=0.2, shortest=1, longest=1),
            (0.2, 1.5, 1.25),
        ),
    ]
    controls = [
        Series("Event", "on_off", 500, 0.5, 0.5, p_on=0.04, shortest=3, longest=5),
        Series("Sale", "on_off", 25, 0.5, 1.5, p_on=0.1, shortest=1, longest=4),
    ]
    return Business(2, 131, 5000.0, 0.2, _channels(rows), controls)


def _medium(rng):
    season, flight = "seasonal", "on_off"
    rows = [
        ("Search-Ads", "linear", 300, 0.8, 1.1, dict(trend=0.002), (0, 1, 1)),
        ("Search-Ads-Brand", "linear", 100, 1.1, 1.2, dict(trend=0.002), (0.2, 1.5, 0.4)),
        ("Video", "delayed", 500, 0.9, 1.1, dict(start=25, ramp=10), (0.4, 0.8, 0.55)),
        ("Video-2", "delayed", 1000, 1.2, 0.9, dict(start=75, end=125), (0.3, 2, 0.7)),
        ("Social-Media", season, 1000, 1.2, 0.5, dict(amplitude=0.4, phase=0.5), (0.2, 1, 0.4)),
        ("Social-Media-2", season, 1000, 0.9, 1.1, dict(amplitude=0.2, phase=np.pi / 4), (0.1, 0.8, 1.2)),
        ("Display-Ads", flight, 500, 0.7, 0.8, dict(p_on=0.3, shortest=2, longest=4), (0.05, 0.5, 0.5)),
        ("Influencer", flight, 500, 1.1, 1.3, dict(p_on=0.1, shortest=2, longest=6), (0.1, 1.2, 0.9)),
    ]  # fmt: skip
    controls = [
        Series("Event-A", "on_off", 500, 0.5, 0.5, p_on=0.04, shortest=3, longest=5),
        Series("Event-B", "on_off", 1000, 0.5, 0.2, p_on=0.2, shortest=1, longest=8),
        Series("Linear", "linear", 1000, 1.0, 0.8, trend=0.005),
        Series("Sale", "on_off", 25, 0.5, 100.0, p_on=0.1, shortest=1, longest=4),
    ]
    return Business(8, 156, 100_000.0, 0.6, _channels(rows), controls)


def _channels(rows):
    return [
        Series(name, pattern, base, vol, effect, alpha=a, slope=s, kappa=k, **extra)
        for name, pattern, base, vol, effect, extra, (a, s, k) in rows
    ]


def _large(rng):
    u = rng.uniform
    channels = [
        Series(f"linear-{n}", "linear", u(500, 5000), u(0.8, 1.2), u(0.5, 2), trend=u(0, 0.04))
        for n in range(10)
    ]  # fmt: skip
    channels += [
        Series(
            f"delayed-start-{n}",
            "delayed",
            u(500, 5000),
            u(0.8, 1.2),
            u(0.5, 2),
            start=int(rng.integers(10, 104)),
            ramp=int(rng.integers(10, 52)),
        )
        for n in range(5)
    ]
    channels += [
        Series(
            f"seasonal-{n}",
            "seasonal",
            u(500, 5000),
            u(0.8, 1.2),
            u(0.5, 2),
            amplitude=u(0.2, 1),
            phase=u(0, np.pi),
        )
        for n in range(5)
    ]
    channels += [_flights(rng, n, u(500, 5000), (0.05, 0.1), 11) for n in range(10)]
    for channel in channels:
        channel.alpha, channel.slope, channel.kappa = u(0, 0.5), u(0, 2), u(0, 2)
    controls = [_flights(rng, n, u(100, 1000), (0.01, 0.1), 9) for n in range(6)]
    controls += [
        Series(f"linear-{n}", "linear", u(100, 1000), u(0.8, 1.2), u(0.1, 2), trend=u(0, 0.01))
        for n in range(3)
    ]  # fmt: skip
    controls.append(Series("seasonal", "seasonal", 1000, 1.0, 0.5, trend=0.1))
    return Business(50, 208, 10_000.0, 0.2, channels, controls)


def _flights(rng, n, base, p_range, longest):
    return Series(
        f"on-off-{n}",
        "on_off",
        base,
        rng.uniform(0.8, 1.2),
        rng.uniform(0.1, 2),
        p_on=rng.uniform(*p_range),
        shortest=int(rng.integers(1, n + 2)),
        longest=int(rng.integers(n + 1, longest)),
    )


PRESETS = {"small": _small, "growing": _growing, "medium": _medium, "large": _large}


def make_recovery_panel(preset, seed):
    """Draw one panel of a preset.

    Returns
    -------
    data : DataFrame
        Columns week, region, the channels (``x...``), the controls (``c...``), sales.
    truth : DataFrame
        The true weekly contribution of each channel, same rows, sales units.
    """
    rng = np.random.default_rng(seed)
    business = PRESETS[preset](rng)
    weeks = pd.date_range("2020-01-05", periods=business.n_weeks, freq="W")
    day_of_year = weeks.dayofyear.to_numpy()
    season = business.amplitude * np.sin(2 * np.pi * np.arange(len(weeks)) / 52)
    data, truth = [], []
    for region in range(business.n_regions):
        columns = {"week": weeks, "region": f"geo_{region + 1}"}
        contributions = {"week": weeks, "region": f"geo_{region + 1}"}
        level = business.base * (1 + rng.uniform(-0.1, 0.1))
        sales = level * (1 + season) * (1 + rng.normal(0, 0.1, len(weeks)))
        for i, channel in enumerate(business.channels, start=1):
            x = _positive(rng, channel, len(weeks), day_of_year)
            x *= 1 + rng.uniform(-0.1, 0.1)
            name = f"x{i}_{channel.name}"
            columns[name] = x
            contributions[name] = (
                business.base * channel.effect * _hill_adstock(x, channel)
            )
            sales = sales + contributions[name]
        for i, control in enumerate(business.controls, start=1):
            columns[f"c{i}"] = _draw(rng, control, len(weeks), day_of_year)
            sales = sales + control.effect * columns[f"c{i}"]
        data.append(pd.DataFrame(columns | {"sales": sales}))
        truth.append(pd.DataFrame(contributions))
    return (
        pd.concat(data, ignore_index=True),
        pd.concat(truth, ignore_index=True),
    )
