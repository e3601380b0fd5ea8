"""How well each built-in adstock and saturation recovers its own truth.

Panels of ``make_mmm`` whose truth has the form, fitted with the same form and otherwise
default settings. The truths of forms differ, so figures of one form stand beside those
of the others and are no ranking of forms.
"""

import argparse
import warnings

import numpy as np
import pandas as pd
import torch
from _machine import describe_machine

from sklearn_mmm import DeepCausalMMMRegressor
from sklearn_mmm.components._adstock import ADSTOCKS
from sklearn_mmm.components._saturation import SATURATIONS
from sklearn_mmm.datasets import make_mmm

# From no spend to the largest training spend, on the grid of the truth.
N_POINTS = 13


def forms():
    """Return every form beside the default of the other kind, the defaults first."""
    kernels = [{"adstock": a, "saturation": "hill"} for a in ADSTOCKS]
    curves = [{"adstock": "geometric", "saturation": s} for s in SATURATIONS]
    both = {"adstock": "geometric", "saturation": "hill"}
    return [both, *(f for f in (*kernels, *curves) if f != both)]


def recover(form, size, seed):
    """Return errors of a fit of one panel."""
    X, y, truth = make_mmm(*size, random_state=seed, **form)
    channels = truth.media_columns
    mmm = DeepCausalMMMRegressor(
        channels,
        truth.control_columns,
        "region",
        "week",
        validation=False,
        graph=False,
        time_varying=False,
        random_state=0,
        **form,
    ).fit(X, y)
    found, true = mmm.contributions_[channels].sum(), truth.contributions.sum()
    kernel = np.abs(mmm.adstock_.to_numpy() - truth.adstock_weights.to_numpy())
    return {
        "total": ((found - true).abs() / true).mean(),
        "kernel": kernel.sum(axis=1).mean() / 2,
        "curve": curve_error(mmm, truth),
        "R²": mmm.score(X, y),
    }


def curve_error(mmm, truth):
    """Return the root mean square error of curves over training spend, relative."""
    keys = ["channel", "region"]
    found = mmm.response_curves("channel×region", n_points=N_POINTS, reach=1.0)
    true = truth.response_curves.groupby(keys, sort=False).head(N_POINTS)
    found, true = (
        table.sort_values([*keys, "spend"]).reset_index(drop=True)
        for table in (found, true)
    )
    np.testing.assert_allclose(found["spend"], true["spend"])
    squares = (found["response"] - true["response"]) ** 2
    ratio = (
        squares.groupby(true["channel"]).sum()
        / (true["response"] ** 2).groupby(true["channel"]).sum()
    )
    return np.sqrt(ratio).mean()


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--size", type=int, nargs=3, default=[8, 104, 4])
    args = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    print(describe_machine())
    print(
        f"{args.seeds} panels of {args.size[0]} regions, {args.size[1]} weeks and "
        f"{args.size[2]} channels; means over panels and channels, the standard error "
        "of the first in brackets"
    )
    print(f"{'adstock':10} {'saturation':12} {'total':>14} {'kernel':>7} {'curve':>7}")
    for form in forms():
        rows = [recover(form, args.size, seed) for seed in range(args.seeds)]
        table = pd.DataFrame(rows)
        mean, error = table.mean(), table["total"].sem()
        print(
            f"{form['adstock']:10} {form['saturation']:12} {mean['total']:6.3f} "
            f"({error:5.3f}) {mean['kernel']:7.3f} {mean['curve']:7.3f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
