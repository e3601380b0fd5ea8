"""Two dimensions: brands in geos, whose effects differ along both.

Each cell has baseline, size and course of its own; log effects are sums of those of geo,
brand and their crossing. A fit that knows the dimensions stands beside one in which the
same cells are plain regions, and both say what four cells do that they have not seen.
"""

import itertools
import warnings

import numpy as np
import pandas as pd

from sklearn_mmm import DeepCausalMMMRegressor

N_GEOS, N_BRANDS, N_WEEKS = 8, 4, 104
CHANNELS = ["tv", "search", "social"]
EFFECTS, DECAYS = np.array([0.3, 0.2, 0.15]), (0.6, 0.2, 0.4)
# Standard deviations of log effects by geo, by brand and of their crossing.
SPREAD = 0.5, 0.5, 0.15
# Standard deviations of a week of a brand in a geo, relative to its mean: with little
# noise, what is left is mostly the curve's error, which both fits share.
NOISES = 0.08, 0.15
KEYS = ["geo", "brand"]
# Of errors with dimensions to those without.
LIMIT, UNSEEN_LIMIT = 0.8, 1.0


def draw(seed, noise):
    """Return rows, their outcome, and what each channel brought to them."""
    rng = np.random.default_rng(seed)
    shape = N_GEOS, N_BRANDS

    def crossed(of_geo, of_brand, crossing, n):
        parts = (N_GEOS, 1, n), (1, N_BRANDS, n), (*shape, n)
        scales = of_geo, of_brand, crossing
        return sum(s * rng.normal(size=p) for s, p in zip(scales, parts, strict=True))

    size = 1000 * np.exp(crossed(0.5, 0.5, 0.2, 1)[..., 0])
    log_effect = crossed(*SPREAD, len(CHANNELS))
    wander = crossed(0.01, 0.01, 0.005, N_WEEKS).cumsum(axis=-1)
    season = 0.05 * np.sin(2 * np.pi * np.arange(N_WEEKS) / 52)
    media = rng.gamma(2.0, 0.5, (*shape, N_WEEKS, len(CHANNELS)))
    media *= rng.random(media.shape) < 0.4
    stock = np.empty_like(media)
    for channel, decay in enumerate(DECAYS):
        kernel = decay ** np.arange(8)
        kernel /= kernel.sum()
        stock[..., channel] = np.apply_along_axis(
            lambda x, k=kernel: np.convolve(x, k)[:N_WEEKS], 2, media[..., channel]
        )
    effect = EFFECTS * np.exp(log_effect)
    brought = effect[:, :, None] * stock / (1 + stock)
    mean = 1 + season + wander + brought.sum(axis=-1)
    outcome = mean + noise * rng.normal(size=mean.shape)
    geo, brand, week = (i.ravel() for i in np.indices(mean.shape))
    units = size[geo, brand]
    flat = media.reshape(-1, len(CHANNELS)) * units[:, None] / 10
    X = pd.DataFrame(flat, columns=CHANNELS)
    X["geo"], X["brand"] = [f"geo {i}" for i in geo], [f"brand {i}" for i in brand]
    X["week"] = week
    truth = pd.DataFrame(
        brought.reshape(-1, len(CHANNELS)) * units[:, None], columns=CHANNELS
    )
    return X, outcome.ravel() * units, truth


def fit(X, y, region_column):
    """Return a default fit."""
    mmm = DeepCausalMMMRegressor(CHANNELS, None, region_column, "week", random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return mmm.fit(X, y)


def errors(X, y, truth, plain, region_column):
    """Return errors of the channels of all cells, and of channels and outcome of unseen.

    Mean absolute errors: of what channels brought to a cell, relative to its outcome,
    and of its weeks, relative to their mean. Unseen are a cell of each brand, in a geo
    of its own, by a fit without these.
    """
    cell = plain["cell"].to_numpy()
    rows = X if region_column == KEYS else plain
    mmm = fit(rows, y, region_column)
    found = mmm.contributions_[CHANNELS].groupby(cell).sum()
    gap = found.to_numpy() - truth.groupby(cell).sum().to_numpy()
    whole = pd.Series(y).groupby(cell).sum().to_numpy()
    pairs = [f"geo {2 * i}, brand {i}" for i in range(N_BRANDS)]
    gone = np.isin(cell, pairs)
    other = fit(rows[~gone], y[~gone], region_column)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parts = other.decompose(rows[gone])
    of, seen = cell[gone], pd.Series(y[gone])
    size = seen.groupby(of).sum()
    missed = parts[CHANNELS].groupby(of).sum() - truth[gone].groupby(of).sum()
    weeks = np.abs(parts.sum(axis=1).to_numpy() - y[gone])
    return {
        "channels": np.abs(gap / whole[:, None]).mean(),
        "unseen channels": (missed.abs().mean(axis=1) / size).mean(),
        "unseen outcome": (pd.Series(weeks).groupby(of).sum() / size).mean(),
    }


def run(seeds=(0, 1, 2)):
    """Return ratios of errors with two dimensions to those of plain regions."""
    rows = []
    for noise, seed in itertools.product(NOISES, seeds):
        X, y, truth = draw(seed, noise)
        plain = X.drop(columns=KEYS).assign(cell=X["geo"] + ", " + X["brand"])
        crossed, alone = (
            errors(X, y, truth, plain, column) for column in (KEYS, "cell")
        )
        for figure, limit in (
            ("channels", LIMIT),
            ("unseen channels", UNSEEN_LIMIT),
            ("unseen outcome", UNSEEN_LIMIT),
        ):
            value = crossed[figure] / alone[figure]
            name = f"error of {figure}, to that of plain regions"
            case = f"two dimensions, noise {noise:g}"
            rows.append((case, seed, name, value, limit, value <= limit))
    columns = ["case", "seed", "figure", "value", "limit", "met"]
    return pd.DataFrame(rows, columns=columns)


if __name__ == "__main__":
    print(run().to_string(index=False))
