"""Whether the posterior has more than the one mode that is found.

At the hyper-parameters of a fit, Gauss-Newton starts again from draws of the priors of
effects, kernels and curves. An end counts as the same mode if the objective is within
0.1 units of log-likelihood of the fit's and no channel's share of the outcome differs
by more than 0.005; as a flat direction if only the objective is; as another mode if the
objective is within 3 units, which would give it a weight of 0.05 or more; as worse
otherwise.
"""

import argparse
import warnings
from unittest.mock import patch

import numpy as np
import pandas as pd
import torch
from _machine import describe_machine
from _world_kinds import KINDS

from sklearn_mmm import DeepCausalMMMRegressor
from sklearn_mmm.posterior._gauss_newton import gauss_newton_step
from sklearn_mmm.posterior._members import no_randomisation
from sklearn_mmm.training import _fit_network

_WORLDS = [
    "additive/1",
    "additive/6",
    "regional/6",
    "multiplicative/1",
    "always-on/noise",
    "always-on/saturating",
    "always-on/linear",
    "kernels/mixed",
    "channels/correlated",
    "synergy/1",
    "phase/1",
    "noise/lockdown",
]
_MOST_STEPS = 60


def mode_of(world):
    """Return the posterior and its mode, as a fit finds them."""
    seen = {}

    def watch(posterior, at, *_):
        seen["mode"] = posterior, at
        return []

    train = world.is_training
    mmm = DeepCausalMMMRegressor(
        world.media, world.controls, "region", "week", graph=False, random_state=0
    )
    with patch.object(_fit_network, "make_members", watch):
        mmm.fit(world.X[train], world.y[train])
    return seen["mode"]


def shares(posterior, at):
    """Return the channels' mean contributions relative to the mean outcome."""
    media = posterior.media(at)[0] * posterior.observed[..., None]
    return (media.sum((0, 1)) / posterior.observed.sum()).numpy()


def another_start(posterior, at, rng):
    """Return the mode with effects, kernels and curves drawn from their priors."""
    start = {name: value.clone() for name, value in at.items()}
    for name in posterior.shape.priors:
        mean, sd = posterior.priors[name]
        noise = torch.as_tensor(rng.standard_normal(at[name].shape))
        start[name] = torch.as_tensor(mean) + torch.as_tensor(sd) * noise
    scale = torch.as_tensor(posterior.priors["effect"][1])
    size = torch.as_tensor(np.abs(rng.standard_normal(at["effect"].shape)))
    start["effect"] = torch.maximum(scale * size, posterior.least_effect)
    return start


@torch.no_grad()
def ends(posterior, at, n_starts, rng):
    """Return how far objective and shares of each end are from those of the mode."""
    still = no_randomisation(posterior)
    best, mode = posterior.objective(at, still).item(), shares(posterior, at)
    found = []
    for _ in range(n_starts):
        here = another_start(posterior, at, rng)
        value = posterior.objective(here, still)
        for _ in range(_MOST_STEPS):
            here, new, _ = gauss_newton_step(posterior, here, value, still)
            gained = (value - new).item()
            value = new
            if gained < 1e-3:
                break
        moved = np.abs(shares(posterior, here) - mode).max()
        found.append((value.item() - best, moved))
    return np.array(found)


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", nargs="+", default=_WORLDS)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--starts", type=int, default=8)
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    print(describe_machine())
    rows = []
    for name in args.worlds:
        for seed in args.seeds:
            rng = np.random.default_rng(seed)
            far, moved = ends(*mode_of(KINDS[name](seed)), args.starts, rng).T
            near = np.abs(far) < 0.1
            rows.append(
                {
                    "world": name,
                    "starts": len(far),
                    "same": (near & (moved <= 0.005)).sum(),
                    "flat": (near & (moved > 0.005)).sum(),
                    "better": (far <= -0.1).sum(),
                    "another": ((far >= 0.1) & (far < 3)).sum(),
                    "worse": (far >= 3).sum(),
                    "largest move": moved[far < 3].max(initial=0.0),
                }
            )
    table = pd.DataFrame(rows).groupby("world", sort=False)
    counts = table[["starts", "same", "flat", "better", "another", "worse"]].sum()
    counts["largest move"] = table["largest move"].max().round(3)
    print(counts.to_string())
    whole = counts.drop(columns="largest move").sum()
    shown = ", ".join(f"{name} {n}" for name, n in whole.items())
    print(f"\nall together: {shown}")


if __name__ == "__main__":
    main()
