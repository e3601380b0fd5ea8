"""How well the default settings recover known contributions.

Published panels (``--data FOLDER`` with recovery_*_business.csv.gz and their truth), and
fresh draws of the same generative process for seeds that nobody tuned to.
"""

import argparse
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from _machine import describe_machine
from recovery_panels import PRESETS, make_recovery_panel

from sklearn_mmm import DeepCausalMMMRegressor


def load(folder, preset):
    """Read a published panel and its truth, in the same order of rows."""
    data = pd.read_csv(folder / f"recovery_{preset}_business.csv.gz")
    truth = pd.read_csv(folder / f"recovery_{preset}_business_truth.csv.gz")
    data["week"] = pd.to_datetime(data["week"])
    keys = ["region", "week"]
    truth["week"] = pd.to_datetime(truth["week"])
    truth = data[keys].merge(truth, on=keys, validate="one_to_one")
    return data, truth


def recover(data, truth):
    """Fit with default settings; return errors by channel and region, R² and time."""
    media = [c for c in truth if c.startswith("x")]
    controls = [c for c in data if c[0] == "c" and c[1:].isdigit()]
    X, y = data.drop(columns="sales"), data["sales"]
    start = time.process_time()
    mmm = DeepCausalMMMRegressor(media, controls, "region", "week", random_state=0)
    mmm.fit(X, y)
    seconds = time.process_time() - start
    region = data["region"].to_numpy()
    found, true = mmm.contributions_[media], truth[media]
    total, true_total = found.groupby(region).sum(), true.groupby(region).sum()
    squares = ((found - true) ** 2).groupby(region).mean()
    srmse = (np.sqrt(squares) / true.groupby(region).mean()).to_numpy()
    error = ((total - true_total).abs() / true_total).to_numpy()
    share = total.sum() / total.sum().sum() - true_total.sum() / true_total.sum().sum()
    return error, srmse, float(share.abs().mean()), mmm.score(X, y), seconds


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--presets", nargs="+", default=list(PRESETS))
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2])
    args = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    print(describe_machine())
    print(
        f"{'panel':8} {'seed':>9} {'total error':>17} {'SRMSE':>17} "
        f"{'share error':>11} {'R²':>6} {'CPU s':>8}"
    )
    print(f"{'':18} {'mean   median':>17} {'mean   median':>17}")
    for preset in args.presets:
        for seed in ["published", *args.seeds]:
            if seed != "published":
                panel = make_recovery_panel(preset, seed)
            elif args.data.exists():
                panel = load(args.data, preset)
            else:
                continue
            error, srmse, share, r2, seconds = recover(*panel)
            print(
                f"{preset:8} {seed:>9} {error.mean():8.3f} {np.median(error):8.3f} "
                f"{srmse.mean():8.3f} {np.median(srmse):8.3f} {share:11.3f} "
                f"{r2:6.3f} {seconds:8.1f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
