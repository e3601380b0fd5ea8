"""What time-varying effects gain where they are true, and cost where they are not."""

import argparse
import time
import warnings

import numpy as np
import torch
from _machine import describe_machine

from sklearn_mmm import DeepCausalMMMRegressor
from sklearn_mmm.datasets import make_mmm


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3])
    args = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    print(describe_machine())
    print(
        f"{'seed':>4} {'truth':8} {'SRMSE varying':>13} {'constant':>9} {'ratio':>6} "
        f"{'corr min':>8} {'mean':>6} {'CPU s':>6}"
    )
    for seed in args.seeds:
        for varies in (True, False):
            X, y, truth = make_mmm(
                n_regions=20,
                n_weeks=156,
                n_channels=6,
                time_varying=varies,
                random_state=seed,
            )
            channels = truth.media_columns
            true = np.asarray(truth.contributions[channels])
            region = X["region"].to_numpy()
            errors = []
            for time_varying in (True, False):
                start = time.process_time()
                mmm = DeepCausalMMMRegressor(
                    channels,
                    truth.control_columns,
                    "region",
                    "week",
                    time_varying=time_varying,
                    random_state=0,
                ).fit(X, y)
                if time_varying:
                    seconds = time.process_time() - start
                    modulation = mmm.modulation_.to_numpy()
                found = mmm.contributions_[channels].to_numpy()
                rows = [region == r for r in np.unique(region)]
                srmse = [
                    np.sqrt(((found[r] - true[r]) ** 2).mean(0)) / true[r].mean(0)
                    for r in rows
                ]
                errors.append(float(np.mean(srmse)))
            text = f"{'':8} {'':6}"
            if varies:
                multiplier = np.asarray(truth.multipliers)
                large = np.flatnonzero(true.sum(0) >= 0.05 * y.sum())
                corr = [
                    np.corrcoef(modulation[:, c], multiplier[:, c])[0, 1]
                    if modulation[:, c].std() > 0
                    else 0.0
                    for c in large
                ]
                text = f"{min(corr):8.2f} {np.mean(corr):6.2f}"
            print(
                f"{seed:4} {'drifts' if varies else 'constant':8} {errors[0]:13.3f} "
                f"{errors[1]:9.3f} {errors[0] / errors[1]:6.2f} {text} {seconds:6.1f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
