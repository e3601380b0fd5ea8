"""Reach and frequency: what is found of a truth in which both are known."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from sklearn_mmm import DeepCausalMMMRegressor, best_frequency

_SEEDS = (0, 1, 2)
_LAGS = 13


class World(NamedTuple):
    """A panel with a channel of which reach and frequency are known.

    Attributes
    ----------
    X : DataFrame
    y : Series
    contribution : float
        Of that channel, over all rows.
    frequency : float
        At which a spend unit brings most.
    """

    X: pd.DataFrame
    y: pd.Series
    contribution: float
    frequency: float


def make_world(n_regions: int, n_weeks: int, seed: int) -> World:
    r"""Return a panel with television, search and a channel of reach and frequency.

    Campaigns of some weeks follow one another, each with a frequency of its own between
    one and nine contacts; some weeks are off. An impression has a price, so that the
    best frequency is where the curve of frequency, divided by it, is largest:
    :math:`\kappa (s - 1)^{1 / s}`.
    """
    rng = np.random.default_rng(seed)
    half, slope = rng.uniform(2.0, 3.5), rng.uniform(2.0, 3.0)
    decay = rng.uniform(0.3, 0.6)
    population = rng.lognormal(13.0, 0.5, n_regions)[:, None]
    level = population * 0.02
    shape = n_regions, n_weeks
    wander = np.cumsum(rng.normal(0, 0.006, shape), axis=1)
    year = 0.06 * np.sin(2 * np.pi * np.arange(n_weeks) / 52.18 + rng.uniform(0, 6))
    reach, frequency = _campaigns(rng, *shape)
    people = reach * population
    price = 0.004 * rng.lognormal(0, 0.1, (n_regions, 1))
    seen = people * frequency**slope / (frequency**slope + half**slope)
    youtube = _carried(seen, decay)
    youtube *= 0.15 * level.sum() * n_weeks / youtube.sum()
    tv = level * _bursts(rng, *shape)
    search = level * 0.3 * rng.lognormal(0, 0.35, shape)
    outcome = level * (1 + wander + year) + youtube
    outcome += level * 0.25 * _saturated(_carried(tv / level, 0.6), 1.0)
    outcome += level * 0.15 * _saturated(_carried(search / level, 0.2), 0.4)
    outcome += level * rng.normal(0, 0.03, shape)
    weeks = pd.date_range("2021-01-04", periods=n_weeks, freq="W-MON")
    X = pd.DataFrame(
        {
            "region": np.repeat([f"r{i:02d}" for i in range(n_regions)], n_weeks),
            "week": np.tile(weeks, n_regions),
            "tv": tv.ravel(),
            "search": search.ravel(),
            "youtube_reach": people.ravel(),
            "youtube_frequency": frequency.ravel(),
            "youtube_spend": (people * frequency * price).ravel(),
        }
    )
    best = half * (slope - 1) ** (1 / slope)
    y = pd.Series(outcome.ravel(), name="sales")
    return World(X, y, float(youtube.sum()), float(best))


def fitted(world: World, seed: int) -> DeepCausalMMMRegressor:
    """Return a fit with default settings."""
    return DeepCausalMMMRegressor(
        media_columns=["tv", "search"],
        region_column="region",
        time_column="week",
        spend_columns={
            "tv": "tv",
            "search": "search",
            "youtube": "youtube_spend",
        },
        reach_frequency={"youtube": ("youtube_reach", "youtube_frequency")},
        random_state=seed,
    ).fit(world.X, world.y)


def run(seeds: Sequence[int] = _SEEDS) -> pd.DataFrame:
    """Return figures beside their limits, one row each."""
    rows = []
    for case, n_regions, n_weeks in (("national", 1, 156), ("panel", 10, 104)):
        for seed in seeds:
            world = make_world(n_regions, n_weeks, seed)
            mmm = fitted(world, seed)
            found = best_frequency(mmm, world.X).loc["youtube", "optimal_frequency"]
            brought = mmm.contributions_["youtube"].sum()
            for figure, value, limit in (
                ("optimal frequency, error", found / world.frequency - 1, 0.10),
                ("contribution, error", brought / world.contribution - 1, 0.15),
            ):
                met = abs(value) <= limit
                rows.append((f"reach, {case}", seed, figure, value, limit, met))
    columns = ["case", "seed", "figure", "value", "limit", "met"]
    return pd.DataFrame(rows, columns=columns)


def _campaigns(
    rng: np.random.Generator, n_regions: int, n_weeks: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the share of people reached and their contacts, (region, week)."""
    reach, often = np.zeros((n_regions, n_weeks)), np.zeros((n_regions, n_weeks))
    for region in range(n_regions):
        start = 0
        while start < n_weeks:
            weeks = slice(start, start + int(rng.integers(2, 7)))
            n = len(reach[region, weeks])
            if rng.random() < 0.75:
                own = np.exp(rng.uniform(np.log(1.2), np.log(9.0)))
                reach[region, weeks] = rng.uniform(0.05, 0.5) * rng.lognormal(0, 0.2, n)
                often[region, weeks] = np.maximum(own * rng.lognormal(0, 0.15, n), 1)
            start = weeks.stop
    return np.minimum(reach, 0.9), often


def _bursts(rng: np.random.Generator, n_regions: int, n_weeks: int) -> np.ndarray:
    on = rng.random((n_regions, n_weeks // 4 + 1)) < 0.5
    amount = rng.lognormal(0, 0.4, on.shape) * on
    return np.repeat(amount, 4, axis=1)[:, :n_weeks] * 0.8


def _carried(media: np.ndarray, decay: float) -> np.ndarray:
    kernel = decay ** np.arange(_LAGS)
    kernel /= kernel.sum()
    n = media.shape[1]
    return np.array([np.convolve(row, kernel)[:n] for row in media])


def _saturated(media: np.ndarray, half: float) -> np.ndarray:
    return np.asarray(media / (media + half))


if __name__ == "__main__":
    print(run().to_string(index=False))
