"""Whether the reported media share follows the truth, also where it is zero."""

import argparse
import warnings

import numpy as np

from sklearn_mmm import DeepCausalMMMRegressor
from sklearn_mmm.datasets import make_mmm


def reported_share(share, seed):
    """Fit a panel of a given media share and return the share reported."""
    X, y, truth = make_mmm(12, 104, 4, media_share=share, random_state=seed)
    mmm = DeepCausalMMMRegressor(
        truth.media_columns, truth.control_columns, "region", "week", random_state=0
    ).fit(X, y)
    return mmm.contributions_[truth.media_columns].to_numpy().sum() / y.sum()


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    print(f"{'true':>6} {'mean':>6} {'min':>6} {'max':>6}   reported media share")
    for share in (0.0, 0.1, 0.4, 0.7):
        found = [reported_share(share, seed) for seed in range(args.seeds)]
        print(
            f"{share:6.0%} {np.mean(found):6.1%} {min(found):6.1%} {max(found):6.1%}",
            flush=True,
        )


if __name__ == "__main__":
    main()
