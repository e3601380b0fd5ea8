"""How the cost of a fit grows with the number of regions, and what skorch adds to it.

The panels are random: only time and memory are measured.
"""

import argparse
import resource
import time
import warnings

import numpy as np
import pandas as pd
import torch
from _machine import describe_machine

from sklearn_mmm import DeepCausalMMMRegressor


def make_panel(n_regions, n_weeks, n_channels, seed=0):
    """Return X, y of a panel with random media."""
    rng = np.random.default_rng(seed)
    media = rng.gamma(1.0, 1.0, (n_regions, n_weeks, n_channels))
    y = 100 + 5 * np.sqrt(media).sum(-1) + rng.standard_normal(media.shape[:2])
    X = pd.DataFrame(
        media.reshape(-1, n_channels), columns=[f"m{i}" for i in range(n_channels)]
    )
    X["region"] = np.repeat(np.arange(n_regions), n_weeks)
    X["week"] = np.tile(np.arange(n_weeks), n_regions)
    return X, y.ravel()


def fit(X, y, args, **parameters):
    """Return a fitted model and its seconds."""
    mmm = DeepCausalMMMRegressor(
        region_column="region",
        time_column="week",
        random_state=0,
        device=args.device,
        verbose=args.verbose,
        max_epochs=args.epochs,
        **parameters,
    )
    start = time.perf_counter()
    mmm.fit(X, y)
    return mmm, time.perf_counter() - start


def loop_overhead(n_steps=200):
    """Return seconds per step of skorch and of a bare loop, same net and data."""
    from sklearn_mmm.training import _fit_network

    taken = {}
    original = _fit_network.MMMNet.fit

    def timed_fit(net, X, y):
        net.set_params(max_epochs=n_steps, callbacks=None)
        net.initialize()
        criterion = net.criterion_
        n_regions, n_weeks = y["outcome"].shape
        criterion.whitener = torch.eye(n_weeks)[None]
        criterion.precision = torch.ones(n_regions)
        criterion.loadings = torch.zeros(n_regions, 0)

        def bare():
            optimizer = torch.optim.Adam(net.module_.parameters(), lr=net.lr)
            for _ in range(n_steps):
                optimizer.zero_grad()
                parts = net.module_(**X)
                loss = criterion(parts, y) + sum(net.penalties_(net.module_).values())
                (loss / net.n_observations).backward()
                optimizer.step()

        def looped():
            net.fit_loop(X, y, epochs=n_steps)

        for name, run in [("bare", bare), ("skorch", looped)] * 2:
            start = time.perf_counter()
            run()
            seconds = (time.perf_counter() - start) / n_steps
            taken[name] = min(seconds, taken.get(name, np.inf))
        raise StopIteration

    _fit_network.MMMNet.fit = timed_fit
    try:
        fit(
            *make_panel(190, 101, 13),
            argparse.Namespace(device="cpu", verbose=0, epochs=n_steps),
            validation=False,
        )
    except StopIteration:
        pass
    finally:
        _fit_network.MMMNet.fit = original
    return taken


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--regions", type=int, nargs="+", default=[25, 200])
    parser.add_argument("--weeks", type=int, default=104)
    parser.add_argument("--channels", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=1000)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--verbose", type=int, default=0)
    args = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    print(describe_machine())
    print(f"{'regions':>8} {'weeks':>6} {'channels':>8} {'s':>8} {'peak GB':>8}")
    for n_regions in args.regions:
        X, y = make_panel(n_regions, args.weeks, args.channels)
        _, seconds = fit(X, y, args)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(
            f"{n_regions:8} {args.weeks:6} {args.channels:8} {seconds:8.1f} "
            f"{peak:8.2f}",
            flush=True,
        )
    taken = loop_overhead()
    share = taken["skorch"] / taken["bare"] - 1
    print(
        f"a step on 190 x 101 x 13: bare loop {1e3 * taken['bare']:.2f} ms, "
        f"skorch {1e3 * taken['skorch']:.2f} ms ({share:+.1%})"
    )


if __name__ == "__main__":
    main()
