"""Kernels of single channels, and campaigns inside channels: what is found of a truth."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from sklearn_mmm import DeepCausalMMMRegressor
from sklearn_mmm.datasets import make_mmm

_SEEDS = (0, 1, 2)
_SIZE = {"n_regions": 6, "n_weeks": 156, "n_channels": 3}
_KERNELS = {"tv": "delayed", "search": "geometric", "social": "weibull"}
# Two channels with the shares of their campaigns that change from row to row.
_CAMPAIGNS = ["prospecting", "retargeting"]
_COVERAGE = 0.9


def fitted(
    X: pd.DataFrame, y: Any, media: list[str], seed: int, **options: Any
) -> DeepCausalMMMRegressor:
    """Return a fit with default settings but those that are the case's."""
    controls = [c for c in ("price", "promotion") if c in X]
    keys = controls, "region", "week"
    return DeepCausalMMMRegressor(media, *keys, random_state=seed, **options).fit(X, y)


def kernel_errors(seed: int, adstock: Any) -> pd.Series:
    """Return the part of each kernel's weight that a fit puts at the wrong lag."""
    X, y, truth = make_mmm(**_SIZE, adstock=adstock, random_state=seed)
    lags = truth.adstock_weights.shape[1]
    mmm = fitted(X, y, truth.media_columns, seed, adstock=adstock, max_lag=lags)
    gap = mmm.adstock_.to_numpy() - truth.adstock_weights.to_numpy()
    return pd.Series(np.abs(gap).sum(axis=1) / 2, truth.media_columns)


def mixed_kernels(seed: int) -> dict[str, float]:
    """Return by how much kernels are found worse than where all have the same form."""
    mixed = kernel_errors(seed, _KERNELS)
    alone = {name: kernel_errors(seed, form)[name] for name, form in _KERNELS.items()}
    return {
        "kernel error, mixed less alone": float(
            mixed.mean() - np.mean([*alone.values()])
        )
    }


def in_two(X: pd.DataFrame, channel: str, seed: int) -> pd.DataFrame:
    """Return X with a channel as two campaigns, whose shares are drawn for each row."""
    part = np.random.default_rng(seed).uniform(0.0, 1.0, len(X))
    split = dict(
        zip(_CAMPAIGNS, (X[channel] * part, X[channel] * (1 - part)), strict=True)
    )
    return X.drop(columns=channel).assign(**split)


def random_split(seed: int) -> dict[str, float]:
    """Return by how much a split at random changes the total of a channel."""
    X, y, truth = make_mmm(**_SIZE, random_state=seed)
    channel, *others = truth.media_columns
    whole = fitted(X, y, truth.media_columns, seed)
    campaigns = in_two(X, channel, seed)
    groups = {"video": _CAMPAIGNS}
    media = [*_CAMPAIGNS, *others]
    split = fitted(campaigns, y, media, seed, channel_groups=groups)
    found = split.contributions_[_CAMPAIGNS].to_numpy().sum()
    return {
        "total of the channel, change": found / whole.contributions_[channel].sum() - 1
    }


def better_campaign(seed: int) -> dict[str, float]:
    """Return what is found of a campaign whose effect is twice that of the other."""
    X, y, truth = make_mmm(**_SIZE, random_state=seed)
    channel, *others = truth.media_columns
    split = in_two(X, channel, seed)
    kernel = truth.adstock_weights.loc[channel].to_numpy()

    def carried(media: pd.Series) -> np.ndarray:
        def of_region(own: pd.Series) -> np.ndarray:
            return np.convolve(own, kernel)[: len(own)]

        return media.groupby(X["region"].to_numpy()).transform(of_region).to_numpy()

    own, other = (carried(split[name]) for name in _CAMPAIGNS)
    share = np.divide(own, own + other, out=np.zeros_like(own), where=own + other > 0)
    brought = truth.contributions[channel].to_numpy()
    # Effects of 4 / 3 and 2 / 3 of the channel's.
    y = y + brought * ((4 * share + 2 * (1 - share)) / 3 - 1)
    groups = {"video": _CAMPAIGNS}
    mmm = fitted(split, y, [*_CAMPAIGNS, *others], seed, channel_groups=groups)
    effects = mmm.effects("direct", coverage=_COVERAGE).loc[_CAMPAIGNS]
    total = brought @ ((4 * share + 2 * (1 - share)) / 3)
    apart = effects["roi_low"].iloc[0] / effects["roi_high"].iloc[1] - 1
    return {
        "ratio of effects, found by true": float(
            np.divide(*mmm.effect_[_CAMPAIGNS]) / 2
        ),
        "lower end of the better over upper end of the other": float(apart),
        "total of the group, error": float(effects["contribution"].sum() / total - 1),
    }


def run(seeds: Sequence[int] = _SEEDS) -> pd.DataFrame:
    """Return figures beside their limits, one row each."""
    limits = {
        "kernel error, mixed less alone": (-1.0, 0.03),
        "total of the channel, change": (-0.03, 0.03),
        "ratio of effects, found by true": (0.75, 1.33),
        "lower end of the better over upper end of the other": (0.0, np.inf),
        "total of the group, error": (-0.15, 0.15),
    }
    cases = {
        "mixed kernels": mixed_kernels,
        "split at random": random_split,
        "a campaign twice as good": better_campaign,
    }
    rows = []
    for case, measure in cases.items():
        for seed in seeds:
            for figure, value in measure(seed).items():
                low, high = limits[figure]
                limit = high if np.isfinite(high) else low
                rows.append((case, seed, figure, value, limit, low <= value <= high))
    columns = ["case", "seed", "figure", "value", "limit", "met"]
    return pd.DataFrame(rows, columns=columns)


if __name__ == "__main__":
    print(run().to_string(index=False))
