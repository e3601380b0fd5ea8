"""How often intervals cover the truth, what they cost, and what experiments add."""

import argparse
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from _machine import describe_machine
from recovery import load
from recovery_panels import make_recovery_panel

from sklearn_mmm import DeepCausalMMMRegressor
from sklearn_mmm.datasets import make_mmm, true_contributions, true_outcome

_HORIZON = 8
_SIZES = {
    "make_mmm": {},
    "5 regions": {"n_regions": 5, "n_weeks": 104, "n_channels": 5},
    "1 region": {"n_regions": 1, "n_weeks": 156, "n_channels": 4},
    "drifting": {"time_varying": True},
}


def recovery_panel(data, truth):
    media = [c for c in truth if c.startswith("x")]
    controls = [c for c in data if c[0] == "c" and c[1:].isdigit()]
    return data.drop(columns="sales"), data["sales"], truth[media], media, controls


def synthetic_panel(kind, seed):
    X, y, truth = make_mmm(**_SIZES[kind], random_state=seed)
    return X, y, truth.contributions, truth.media_columns, truth.control_columns


def regressor(media, controls, **options):
    return DeepCausalMMMRegressor(
        media, controls, "region", "week", random_state=0, **options
    )


def measure(panel):
    """Return coverage and width of intervals on a panel.

    Totals of the channels are in units of the true totals, so that channels of all
    sizes count alike.
    """
    X, y, true, media, controls = panel
    weeks = np.sort(X["week"].unique())
    train = (X["week"] < weeks[-_HORIZON]).to_numpy()
    start = time.process_time()
    mmm = regressor(media, controls, graph=False).fit(X[train], y[train])
    seconds = time.process_time() - start
    table = mmm.effects("direct", coverage=0.9, by="channel×region")
    region = X["region"][train].to_numpy()
    total = true[train].groupby(region).sum()
    expected = total.to_numpy().T.ravel()
    assert table["region"].iloc[: len(total)].tolist() == [str(r) for r in total.index]
    low, high = table["low"].to_numpy(), table["high"].to_numpy()
    ends = mmm.predict_interval(X[~train])
    y_test = y[~train].to_numpy()
    return {
        "inside": (low <= expected) & (expected <= high),
        "below": expected < low,
        "width": (high - low) / expected,
        "error": table["contribution"].to_numpy() / expected - 1,
        "forecast": (ends[:, 0] <= y_test) & (y_test <= ends[:, 1]),
        "forecast_width": (ends[:, 1] - ends[:, 0]) / y_test,
        "seconds": np.array([seconds]),
    }


def print_coverage(name, results):
    joined = {k: np.concatenate([r[k] for r in results]) for k in results[0]}
    rmse = np.sqrt(np.mean(joined["error"] ** 2))
    width = np.median(joined["width"])
    print(
        f"{name:<12}{len(results):7d}{joined['inside'].mean():10.3f}"
        f"{joined['below'].mean():8.3f}{width:8.3f}{rmse:8.3f}{width / rmse:8.2f}"
        f"{joined['forecast'].mean():10.3f}{np.median(joined['forecast_width']):8.3f}"
        f"{joined['seconds'].mean():8.1f}",
        flush=True,
    )


def coverage(args):
    print(
        "\n90 % intervals: of each channel's total contribution in each region, and of\n"
        f"outcomes in the {_HORIZON} weeks after; widths and RMSE relative to the truth"
    )
    print(
        f"{'panel':<12}{'draws':>7}{'coverage':>10}{'below':>8}{'width':>8}{'RMSE':>8}"
        f"{'ratio':>8}{'forecast':>10}{'width':>8}{'CPU s':>8}"
    )
    everything = []
    for preset in ("small", "growing", "medium"):
        results = []
        if args.data.exists():
            results.append(measure(recovery_panel(*load(args.data, preset))))
        for seed in range(args.seed, args.seed + args.draws // 4):
            results.append(measure(recovery_panel(*make_recovery_panel(preset, seed))))
        print_coverage(preset, results)
        everything += results
    for kind in args.kinds:
        draws = args.draws if kind == "make_mmm" else args.draws // 2
        results = [
            measure(synthetic_panel(kind, seed))
            for seed in range(args.seed, args.seed + draws)
        ]
        print_coverage(kind, results)
        if kind == "make_mmm":
            everything += results
            print_coverage("all above", everything)


def timed(function, *args):
    start = time.process_time()
    out = function(*args)
    return out, time.process_time() - start


def real_panel(folder):
    data = pd.read_csv(folder / "dma_panel_train.csv.gz").rename(
        columns={"dma": "region"}
    )
    media = [c for c in data if c.startswith("channel_")]
    controls = [c for c in data if c.startswith("control_")]
    return data.drop(columns="visits"), data["visits"], media, controls


def cost_panels(args):
    data, truth = make_recovery_panel("medium", args.seed)
    X, y, _, media, controls = recovery_panel(data, truth)
    panels = {"medium": (X, y, media, controls)}
    if args.data.exists():
        panels["real panel"] = real_panel(args.data)
    return panels


def cost(args):
    print("\nCPU seconds of a fit without and with 32 members")
    for name, (X, y, media, controls) in cost_panels(args).items():
        _, plain = timed(regressor(media, controls, n_members=0).fit, X, y)
        _, full = timed(regressor(media, controls).fit, X, y)
        print(f"{name:<12}{plain:8.1f}{full:8.1f}{full / plain:8.2f} times", flush=True)


def collinear_panel(seed, correlation=0.95):
    """Make search's spend follow TV's, and the outcome follow both."""
    X, y, truth = make_mmm(5, 104, 4, random_state=seed)
    tv, other = truth.media_columns[:2]
    scale = X.groupby("region")[[tv, other]].transform("max")
    first, second = (X[[tv, other]] / scale).to_numpy().T
    low, high = 0.0, 1.0
    for _ in range(40):
        share = 0.5 * (low + high)
        mixed = share * first + (1 - share) * second
        found = np.corrcoef(mixed, first)[0, 1]
        low, high = (share, high) if found < correlation else (low, share)
    changed = X.assign(**{other: mixed * scale[other].to_numpy()})
    outcome = y + true_outcome(truth, changed) - true_outcome(truth, X)
    return changed, outcome, truth, tv, other


def lift_test(X, truth, channel, rng):
    """Return a test of the channel's spend everywhere, in its eight busiest weeks."""
    spend = X.groupby("week")[channel].sum()
    last = int(spend.rolling(8).sum().argmax())
    weeks = spend.index[last - 7 : last + 1]
    inside = X["week"].isin(weeks)
    without = X.assign(**{channel: X[channel].where(~inside, 0.0)})
    change = true_outcome(truth, X) - true_outcome(truth, without)
    lift = change[inside].sum()
    error = 0.1 * lift
    return pd.DataFrame(
        {
            "channel": [channel],
            "start": [weeks[0]],
            "end": [weeks[-1]],
            "lift": [lift + error * rng.standard_normal()],
            "std_error": [error],
        }
    )


def collinear(args):
    print(
        "\ntwo channels with correlation 0.95, one of them tested for eight weeks with a\n"
        "standard error of 10 % of the lift; errors and widths relative to the channel's\n"
        "true contribution, and errors relative to that of both"
    )
    rows = []
    for seed in range(args.seed, args.seed + args.draws):
        X, y, truth, tv, other = collinear_panel(seed)
        rng = np.random.default_rng(seed)
        test = lift_test(X, truth, tv, rng)
        true = true_contributions(truth, X)[[tv, other]].sum()
        row = {}
        for name, tests in (("without", None), ("with", test)):
            mmm = regressor(truth.media_columns, truth.control_columns, graph=False)
            mmm.fit(X, y, lift_tests=tests)
            table = mmm.effects("direct", coverage=0.9).loc[[tv, other]]
            error = (table["contribution"] - true).abs()
            row[f"error {name}"] = (error / true).to_numpy()
            row[f"of both {name}"] = (error / true.sum()).to_numpy()
            row[f"width {name}"] = ((table["high"] - table["low"]) / true).to_numpy()
            row[f"inside {name}"] = (
                (table["low"] <= true) & (true <= table["high"])
            ).to_numpy()
        rows.append(row)
    print(f"{'':<16}{'tested':>8}{'other':>8}{'mean':>8}")
    for key in rows[0]:
        first, second = np.mean([row[key] for row in rows], axis=0)
        print(f"{key:<16}{first:8.3f}{second:8.3f}{(first + second) / 2:8.3f}")


def update(args):
    print("\npartial_fit with 4 further weeks beside a refit on all of them")
    print(
        f"{'panel':<12}{'fit, CPU s':>12}{'update':>11}{'share':>8}{'difference':>12}"
    )
    panels = cost_panels(args)
    X, y, _, media, controls = synthetic_panel("make_mmm", args.seed)
    panels["make_mmm"] = (X, y, media, controls)
    for name, (X, y, media, controls) in panels.items():
        weeks = np.sort(X["week"].unique())
        old = (X["week"] < weeks[-4]).to_numpy()
        mmm = regressor(media, controls).fit(X[old], y[old])
        updated, short = timed(mmm.partial_fit, X[~old], y[~old])
        full, long = timed(regressor(media, controls).fit, X, y)
        total = full.contributions_.to_numpy().sum()
        apart = updated.contributions_.sum() - full.contributions_.sum()
        print(
            f"{name:<12}{long:12.1f}{short:11.1f}{short / long:8.2f}"
            f"{apart.abs().max() / total:12.4f}",
            flush=True,
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", nargs="+", default=list(_SIZES))
    parts = {
        "coverage": coverage,
        "cost": cost,
        "collinear": collinear,
        "update": update,
    }
    parser.add_argument("--parts", nargs="+", default=list(parts))
    args = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    print(describe_machine())
    for part in args.parts:
        parts[part](args)


if __name__ == "__main__":
    main()
