"""Forecasts of a real panel, beside forecasts that cost nothing.

The panel is a CSV with one row per region and week, such as the anonymised panel that
DeepCausalMMM ships.
"""

import argparse
import time
import warnings

import numpy as np
import pandas as pd
import torch
from _machine import describe_machine
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mmm import AdstockHillTransformer, DeepCausalMMMRegressor, RegionEncoder
from sklearn_mmm.inspection import forecast_metrics


def columns(data, prefix):
    """Return the columns whose names start with a prefix."""
    return [c for c in data if c.startswith(prefix)]


def seasonal_naive(train, test, recent, args):
    """Return last four weeks times how the year before went on, in the median region.

    Where there is no year before, the ratio is 1.
    """
    wide = train.pivot(index=args.region, columns=args.time, values=args.target)
    now = train[args.time].max() + 1
    year = 52
    past = wide.reindex(columns=range(now - year - 4, now - year)).mean(axis="columns")
    ratio = {
        week: (wide[week - year] / past).median() if week - year in wide else np.nan
        for week in test[args.time].unique()
    }
    middling = recent.median()
    level = test[args.region].map(recent).fillna(middling)
    return (level * test[args.time].map(ratio).fillna(1.0)).to_numpy()


def forecasts(train, test, args):
    """Yield the name, the forecast and the seconds of each model."""
    media, controls = columns(train, args.media), columns(train, args.controls)
    X, y = train.drop(columns=args.target), train[args.target]
    X_test = test.drop(columns=args.target)
    by_region = train.sort_values(args.time).groupby(args.region)[args.target]
    mean = by_region.mean()
    recent = by_region.apply(lambda s: s.tail(4).mean())
    for name, table in (("mean of region", mean), ("mean of last 4", recent)):
        found = test[args.region].map(table).fillna(mean.median())
        yield name, found.to_numpy(), 0.0
    yield "seasonal naive", seasonal_naive(train, test, recent, args), 0.0
    linear = make_pipeline(
        AdstockHillTransformer(
            media, args.region, args.time, decay=0.3, half_saturation=0.5, slope=1.0
        ),
        RegionEncoder(args.region, args.time),
        StandardScaler(),
        Ridge(),
    )
    boosting = make_pipeline(
        RegionEncoder(args.region, args.time),
        HistGradientBoostingRegressor(random_state=0),
    )
    deep = DeepCausalMMMRegressor(
        media, controls, args.region, args.time, random_state=0
    )
    models = (
        ("Ridge pipeline", linear),
        ("HistGradBoost", boosting),
        ("DeepCausalMMM", deep),
    )
    for name, model in models:
        start = time.process_time()
        found = model.fit(X, y).predict(X_test)
        yield name, found, time.process_time() - start


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="../shared/data/dma_panel_train.csv.gz")
    parser.add_argument("--target", default="visits")
    parser.add_argument("--region", default="dma")
    parser.add_argument("--time", default="week")
    parser.add_argument("--media", default="channel_", help="prefix of the columns")
    parser.add_argument("--controls", default="control_", help="prefix of the columns")
    parser.add_argument("--origins", type=int, nargs="+", default=[60, 68, 76, 84, 92])
    parser.add_argument("--horizon", type=int, default=8)
    args = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    data = pd.read_csv(args.data)
    print(describe_machine())
    print(
        f"{'origin':>6} {'model':16} {'R²':>8} {'within':>8} {'skill':>8} {'CPU s':>6}"
    )
    rename = {args.region: "region", args.time: "time", args.target: "outcome"}
    squares = {}
    for origin in args.origins:
        train = data[data[args.time] < origin]
        window = data[args.time].between(origin, origin + args.horizon - 1)
        test = data[window].reset_index(drop=True)
        for name, found, seconds in forecasts(train, test, args):
            metrics = forecast_metrics(
                train.rename(columns=rename), test.rename(columns=rename), found
            )
            r2, within, skill = np.array(list(metrics.values()))
            sse = float(((test[args.target] - found) ** 2).sum())
            squares.setdefault(name, []).append(sse)
            print(
                f"{origin:6} {name:16} {r2:8.4f} {within:8.3f} {skill:8.3f} "
                f"{seconds:6.1f}",
                flush=True,
            )
    naive = sum(squares["mean of last 4"])
    for name, found in squares.items():
        print(f"{'all':>6} {name:16} {'':8} {'':8} {1 - sum(found) / naive:8.3f}")


if __name__ == "__main__":
    main()
