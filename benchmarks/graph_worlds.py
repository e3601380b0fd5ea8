"""Panels of spend whose channels share budget cycles, with or without influences."""

import numpy as np
import pandas as pd

KINDS = ("region", "nation", "season", "all")
OWN = ("exponential", "lognormal", "autoregressive", "gamma", "bursts")


def autoregression(rng, shape, memory):
    """Draw stationary series of variance 1 along the last axis."""
    out = rng.standard_normal(shape)
    for t in range(1, shape[-1]):
        out[..., t] *= np.sqrt(1 - memory**2)
        out[..., t] += memory * out[..., t - 1]
    return out


def own_spend(rng, kind, shape):
    """Draw what a channel spends of its own accord."""
    if kind == "exponential":
        return rng.exponential(size=shape)
    if kind == "lognormal":
        return np.exp(0.5 * rng.standard_normal(shape))
    if kind == "autoregressive":
        return np.exp(0.5 * autoregression(rng, shape, 0.6))
    if kind == "gamma":
        return rng.gamma(3.0, size=shape) / 3
    wish = autoregression(rng, shape, 0.7)
    return np.where(wish > 0, 0.5 + wish, 0) * np.exp(0.3 * rng.standard_normal(shape))


def common_causes(rng, n_regions, n_weeks, kind):
    """Draw the logarithm of a cycle of budgets, of variance 1, by region and week."""
    years = np.arange(n_weeks) / 52.18
    parts = {
        "region": autoregression(rng, (n_regions, n_weeks), 0.8),
        "nation": autoregression(rng, (1, n_weeks), 0.8),
        "season": np.sqrt(2) * np.cos(2 * np.pi * (years - rng.random()))[None],
    }
    chosen = list(parts) if kind == "all" else [kind]
    total = sum(np.broadcast_to(parts[name], (n_regions, n_weeks)) for name in chosen)
    return total / np.sqrt(len(chosen))


def confounded_world(
    seed, n_regions, strength, kind="region", n=5, n_edges=0, n_weeks=130
):
    """Return spend, names of channels and true edges, row to column.

    Every channel's own spend is multiplied by ``exp(strength * cycle)``; children
    then get a share of 0.3 to 0.5 of their variance from their parents.
    """
    rng = np.random.default_rng(seed)
    cycle = common_causes(rng, n_regions, n_weeks, kind)
    shape = (n_regions, n_weeks)
    spend = np.stack(
        [own_spend(rng, OWN[(j + seed) % len(OWN)], shape) for j in range(n)], axis=2
    )
    spend *= np.exp(strength * cycle)[..., None]
    edges = np.zeros((n, n))
    order = rng.permutation(n)
    pairs = [(order[a], order[b]) for a in range(n) for b in range(a + 1, n)]
    for k in rng.choice(len(pairs), n_edges, replace=False):
        edges[pairs[k]] = rng.uniform(0.6, 1.4)
    for child in order:
        parents = np.flatnonzero(edges[:, child])
        if not len(parents):
            continue
        weight = edges[parents, child] / edges[parents, child].sum()
        pull = (spend[..., parents] / spend[..., parents].mean((0, 1))) @ weight
        share = rng.uniform(0.3, 0.5)
        sizes = [
            (v - v.mean(1, keepdims=True)).std() for v in (spend[..., child], pull)
        ]
        spend[..., child] += np.sqrt(share / (1 - share)) * sizes[0] / sizes[1] * pull
    names = [f"channel_{j}" for j in range(n)]
    X = pd.DataFrame(spend.reshape(-1, n), columns=names)
    X["region"] = np.repeat(np.arange(n_regions), n_weeks)
    X["week"] = np.tile(np.arange(n_weeks), n_regions)
    return X, names, edges


def mediated_world(seed, n_regions=6, n_weeks=130):
    """Return rows, outcome, names of media and what TV brings in all.

    Half of what TV brings comes through brand searches, which nobody buys: they
    follow the carry-over of TV, and have a life of their own. They bring as much for
    each search, whatever caused it.
    """
    rng = np.random.default_rng(seed)
    shape = (n_regions, n_weeks)
    names = ["tv", "social", "print"]
    spend = [own_spend(rng, kind, shape) for kind in ("bursts", "gamma", "lognormal")]
    carried = [_carried(values, 0.5) for values in spend]
    size = np.exp(0.4 * rng.standard_normal((n_regions, 1)))
    season = np.cos(2 * np.pi * (np.arange(n_weeks) / 52.18 - rng.random()))
    own = 1 + 0.1 * season + 0.2 * autoregression(rng, shape, 0.5)
    direct = carried[0] / (carried[0] + 2 * carried[0].mean())
    caused = 0.4 * carried[0] / carried[0].mean()
    searches = np.maximum(own, 0.1) + caused
    per_search = (size * direct).sum() / (size * caused).sum()
    brought = direct + per_search * searches
    for values in carried[1:]:
        brought = brought + values / (values + values.mean())
    level = 5 + 0.5 * season + 0.15 * autoregression(rng, shape, 0.95)
    outcome = size * (level + brought + 0.1 * rng.standard_normal(shape))
    X = pd.DataFrame(
        {n: (size * v).ravel() for n, v in zip(names, spend, strict=True)}
        | {"brand_search_volume": 1000 * (size * searches).ravel()}
    )
    X["region"] = np.repeat(np.arange(n_regions), n_weeks)
    X["week"] = np.tile(np.arange(n_weeks), n_regions)
    return X, outcome.ravel(), names, float(2 * (size * direct).sum())


def _carried(values, decay):
    """Return media with what is left of the weeks before, along the last axis."""
    out = (1 - decay) * values
    for t in range(1, values.shape[-1]):
        out[..., t] += decay * out[..., t - 1]
    return out
