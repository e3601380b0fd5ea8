"""Models that are judged on the worlds: ours, two baselines, and a bound."""

import time
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from _worlds import carried, kernel
from scipy.optimize import nnls
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mmm import (
    AdstockHillTransformer,
    DeepCausalMMMRegressor,
    RegionEncoder,
)


@dataclass(frozen=True)
class Estimate:
    """What a model says of a world.

    Attributes
    ----------
    contributions : DataFrame of shape (n_training_rows, n_channels)
    low, high : Series or None
        90 % intervals of the channels' totals.
    forecast : ndarray of shape (n_held_out_rows,)
    seconds : float
        CPU time of the fit, and of intervals and forecast.
    """

    contributions: pd.DataFrame
    low: pd.Series | None
    high: pd.Series | None
    forecast: np.ndarray
    seconds: float


def ours(world, **options):
    """Fit the regressor with its default settings but for the graph of channels."""
    train = world.is_training
    start = time.process_time()
    mmm = DeepCausalMMMRegressor(
        world.media,
        world.controls,
        "region",
        "week",
        **{"random_state": 0, "graph": False, **options},
    ).fit(world.X[train], world.y[train])
    table = mmm.effects("direct", coverage=0.9)
    forecast = mmm.predict(world.X[~train])
    seconds = time.process_time() - start
    parts = mmm.contributions_[world.media].reset_index(drop=True)
    return Estimate(parts, table["low"], table["high"], forecast, seconds)


def ridge(world):
    """Fit the linear mix model of this library's transformers."""
    train = world.is_training
    X = world.X[train]
    start = time.process_time()
    model = make_pipeline(
        AdstockHillTransformer(world.media, "region", "week"),
        RegionEncoder("region", "week"),
        StandardScaler(),
        Ridge(),
    ).fit(X, world.y[train])
    full = model.predict(X)
    parts = {
        name: full - model.predict(X.assign(**{name: 0.0})) for name in world.media
    }
    forecast = model.predict(world.X[~train])
    seconds = time.process_time() - start
    return Estimate(pd.DataFrame(parts), None, None, forecast, seconds)


def grids(world, columns):
    """Return columns as arrays (region, step, column)."""
    n_regions = world.X["region"].nunique()
    return world.X[columns].to_numpy(float).reshape(n_regions, -1, len(columns))


def free_design(world, with_controls=True):
    """Return a level, trend and two harmonics for each region, and controls.

    Shape (region, step, column); columns of regions are zero elsewhere.
    """
    n_regions, n_steps, _ = grids(world, world.media).shape
    t = np.arange(n_steps)
    angle = 2 * np.pi * t[:, None] / world.year * np.array([1.0, 2.0])
    waves = np.column_stack(
        [np.ones(n_steps), t / n_steps, np.cos(angle), np.sin(angle)]
    )
    own = np.kron(np.eye(n_regions), waves).reshape(n_regions, n_steps, -1)
    if not with_controls:
        return own
    return np.concatenate([own, grids(world, world.controls)], axis=2)


def kernel_grid(year):
    """Return kernels of several lengths, in time steps."""
    scale = year / (365.25 / 7)
    length = int(np.ceil(60 * max(scale, 1.0)))
    falling = [
        kernel("geometric", decay ** (1 / scale), length=length)
        for decay in (0.0, 0.3, 0.6, 0.8, 0.9)
    ]
    late = [
        kernel("delayed", peak * scale, 0.7 ** (1 / scale**2), length=length)
        for peak in (2, 4)
    ]
    return falling + late


def without(free):
    """Return a function that takes free columns out of values (Frisch & Waugh, 1933)."""
    basis, _ = np.linalg.qr(free)
    return lambda values: values - basis @ (basis.T @ values)


def nonnegative(world):
    """Regress on a trend, two harmonics and media carried over by a grid of kernels.

    Media coefficients are at least zero and shared by regions; outcome and media are
    relative to the region's means. Free coefficients are projected out first, which
    leaves a non-negative least-squares problem.
    """
    train = world.is_training
    start = time.process_time()
    media = grids(world, world.media)
    n_regions, n_steps, n = media.shape
    n_train = n_steps - world.horizon
    y = world.y.to_numpy().reshape(n_regions, n_steps)
    scale = y[:, :n_train].mean(axis=1, keepdims=True)
    relative = media / np.maximum(media[:, :n_train].mean(axis=1, keepdims=True), 1e-12)
    kernels = kernel_grid(world.year)
    columns = np.stack(
        [carried(relative[..., c], k) for c in range(n) for k in kernels], axis=2
    )
    free = free_design(world)

    def rows(array):
        return array[:, :n_train].reshape(n_regions * n_train, -1)

    rest, target = without(rows(free)), rows((y / scale)[..., None])
    weights, _ = nnls(rest(rows(columns)), rest(target).ravel(), maxiter=10_000)
    left = target - rows(columns) @ weights[:, None]
    level = np.linalg.lstsq(rows(free), left, rcond=None)[0].ravel()
    forecast = (columns @ weights + free @ level) * scale
    parts = (columns * weights).reshape(n_regions, n_steps, n, -1).sum(axis=3)
    parts = parts * scale[..., None]
    seconds = time.process_time() - start
    found = pd.DataFrame(parts.reshape(-1, n)[train], columns=world.media)
    return Estimate(found, None, None, forecast.ravel()[~train], seconds)


def told(world):
    """Regress on the true carry-over, curves and form of the baseline; sizes are left.

    Nobody has that: it shows what the noise alone leaves of an estimate. The columns
    are the true contributions, so that their coefficients should be one.
    """
    train = world.is_training
    start = time.process_time()
    scale = world.y[train].groupby(world.X["region"][train]).mean()
    unit = world.X["region"].map(scale).to_numpy()[:, None]
    columns = world.contributions[world.media].to_numpy() / unit
    free = free_design(world).reshape(len(world.X), -1)
    rest, target = without(free[train]), world.y.to_numpy() / unit[:, 0]
    seen = rest(columns[train])
    # What never changes cannot be told from the level.
    constant = np.linalg.norm(seen, axis=0) < 1e-6 * np.linalg.norm(columns, axis=0)
    size, _ = nnls(np.where(constant, 0.0, seen), rest(target[train]))
    left = target[train] - columns[train] @ size
    level = np.linalg.lstsq(free[train], left, rcond=None)[0]
    forecast = ((columns @ size + free @ level) * unit[:, 0])[~train]
    parts = pd.DataFrame((columns * size * unit)[train], columns=world.media)
    return Estimate(parts, None, None, forecast, time.process_time() - start)


def trend_and_harmonics(world):
    """Return a forecast by a straight trend and two harmonics of each region."""
    train = world.is_training
    n_regions = world.X["region"].nunique()
    y = world.y.to_numpy().reshape(n_regions, -1)
    design = free_design(world, with_controls=False)
    flat = design.reshape(-1, design.shape[2])
    weights = np.linalg.lstsq(flat[train], y.ravel()[train], rcond=None)[0]
    return (flat @ weights)[~train]


MODELS = {"ours": ours, "nonnegative": nonnegative, "ridge": ridge}
# Those that are asked for by name.
OTHERS = {"told": told, "adding": partial(ours, link="identity")}
