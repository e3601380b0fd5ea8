"""What outcomes are worth: money of a whole panel, of orders, and of promotions."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.base import clone

from sklearn_mmm import DeepCausalMMMRegressor, allocate_budget, make_future
from sklearn_mmm.datasets import make_mmm
from sklearn_mmm.inspection import media_total

_SEEDS = (0, 1, 2)
_FILE = Path(__file__).resolve().parents[1] / "../shared/data/geo_all_channels.csv.gz"
_COLUMNS = ["case", "seed", "figure", "value", "limit", "met"]
_PROMOTION = 400.0
_WORTH = 37.3
Figure = tuple[str, float, float]


def run(seeds: Sequence[int] = _SEEDS, data: str | Path = _FILE) -> pd.DataFrame:
    """Return figures beside their limits, one row each.

    Parameters
    ----------
    seeds : sequence of int
    data : path-like
        Meridian's example, geo_all_channels.csv; without it, its case is left out.
    """
    cases = {
        "one worth": constant_worth,
        "orders": orders,
        "promotions": promotions,
    }
    rows = [
        (case, seed, figure, value, limit, bool(abs(value) <= limit))
        for case, figures in cases.items()
        for seed in seeds
        for figure, value, limit in figures(seed)
    ]
    if Path(data).exists():
        rows += [
            ("whole panel", seed, figure, value, limit, bool(abs(value) <= limit))
            for seed in seeds
            for figure, value, limit in whole_panel(pd.read_csv(data), seed)
        ]
    return pd.DataFrame(rows, columns=_COLUMNS)


def constant_worth(seed: int) -> list[Figure]:
    """Return how far orders of one worth are from their revenue."""
    X, y, truth = make_mmm(4, 104, 3, random_state=seed)
    roles = _roles(truth) | {"random_state": seed}
    orders = DeepCausalMMMRegressor(**roles, outcome_value=_WORTH).fit(X, y)
    revenue = DeepCausalMMMRegressor(**roles).fit(X, y * _WORTH)
    found, other = (m.effects("total", coverage=0.9) for m in (orders, revenue))
    apart = (found[other.columns] / other - 1).abs().max().max()
    gains = [allocate_budget(m, X).outcome for m in (orders, revenue)]
    return [
        ("effects against revenue's, apart", float(apart), 1e-6),
        ("best outcome against revenue's, apart", gains[0] / gains[1] - 1, 1e-6),
    ]


def orders(seed: int) -> list[Figure]:
    """Return the error of the money that media bring by orders of any worth."""
    X, y, truth = make_mmm(8, 156, 4, outcome_value=True, random_state=seed)
    mmm = DeepCausalMMMRegressor(
        **_roles(truth), outcome_value=truth.outcome_value, random_state=seed
    ).fit(X, y)
    worth = X[truth.outcome_value]
    money = float(truth.contributions.sum(axis=1) @ worth)
    total = media_total(mmm, coverage=0.9)
    outside = max(total["low"] - money, money - total["high"], 0.0) / money
    return [
        ("money of media, error", total["contribution"] / money - 1, 0.15),
        ("money of media, outside of its interval", outside, 0.15),
    ]


def promotions(seed: int) -> list[Figure]:
    """Return the error of what promotions brought, measured from none."""
    X, y, truth = make_mmm(1, 156, 2, 0, noise=0.01, random_state=seed)
    size = y.mean() / 2000.0
    rng = np.random.default_rng(seed)
    X["promotion"] = (rng.random(len(X)) < 0.2) * 1.0
    y = y / size + _PROMOTION * X["promotion"]
    mmm = DeepCausalMMMRegressor(
        truth.media_columns,
        ["promotion"],
        "region",
        "week",
        control_reference={"promotion": 0},
        random_state=seed,
    ).fit(X, y)
    brought = mmm.contributions_["promotion"]
    elsewhere = brought[X["promotion"] == 0].abs().max()
    whole = _PROMOTION * X["promotion"].sum()
    return [
        ("promotions, error", brought.sum() / whole - 1, 0.10),
        ("weeks without a promotion", float(elsewhere), 1e-9),
    ]


def whole_panel(data: pd.DataFrame, seed: int) -> list[Figure]:
    """Return figures of Meridian's example with all its columns.

    Five channels with impressions and spend, an organic one, a promotion, controls and
    revenue per conversion.
    """
    data = data.assign(time=pd.to_datetime(data["time"]))
    channels = [f"Channel{i}" for i in range(5)]
    organic = "Organic_channel0_impression"
    money = [f"{c}_spend" for c in channels]
    sold, worth = data["conversions"], data["revenue_per_conversion"]
    revenue = DeepCausalMMMRegressor(
        [f"{c}_impression" for c in channels],
        ["competitor_sales_control", "sentiment_score_control", "Promo"],
        "geo",
        "time",
        spend_columns=money,
        organic_columns=[organic],
        n_members=8,
        graph=False,
        random_state=seed,
    )
    mmm = clone(revenue).set_params(outcome_value=worth.name).fit(data, sold)
    revenue.fit(data, sold * worth)
    worse = revenue.score(data, sold * worth) - mmm.score(data, sold)
    found = mmm.effects("direct")
    by_hand = mmm.contributions_[mmm.media_columns_].mul(worth, axis=0).sum()
    spent = data[money].to_numpy().sum()
    future = make_future(mmm, 8)
    best = allocate_budget(mmm, future)
    moved = np.abs(best.plan[organic] - future[organic]).max()
    roi = by_hand.drop(organic).to_numpy() / data[money].sum().to_numpy()
    given = found["roi"].drop(organic).to_numpy()
    return [
        ("R² below that of a fit of revenue", max(worse, 0.0), 0.01),
        ("money of all channels, apart", found["spend"].sum() / spent - 1, 1e-9),
        ("money of the organic channel", found["spend"][organic], 0.0),
        ("organic channel with an ROI", float(np.isfinite(found["roi"][organic])), 0.0),
        ("ROI in money against by hand", float(np.abs(given / roi - 1).max()), 1e-6),
        ("budget, planned against the table", _planned(best, future, money), 1e-9),
        ("budget, organic media moved", float(moved), 0.0),
        ("budget, money lost by the best plan", max(-best.gain, 0.0), 0.0),
    ]


def _planned(best: object, future: pd.DataFrame, money: list[str]) -> float:
    """Return how far the plan's money is from that of the spend columns."""
    return float(best.planned_total / future[money].to_numpy().sum() - 1)


def _roles(truth: dict) -> dict:
    return {
        "media_columns": truth["media_columns"],
        "control_columns": truth["control_columns"],
        "region_column": truth["region_column"],
        "time_column": truth["time_column"],
    }


if __name__ == "__main__":
    print(run().to_string(index=False))
