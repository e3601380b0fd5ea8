"""Graphs: published simulations beside least-squares NOTEARS, and panels with truth."""

import argparse
import time
import warnings

import numpy as np
import scipy.linalg
import torch
from _machine import describe_machine
from scipy.optimize import minimize

from sklearn_mmm import ChannelGraph, DeepCausalMMMRegressor
from sklearn_mmm.datasets import make_mmm

NOISE = {
    "Gaussian": "normal",
    "Gumbel": "gumbel",
    "exponential": "exponential",
    "Laplace": "laplace",
}


def draw_model(rng, n, kind, n_edges, noise, n_rows=1000):
    """Draw rows of a linear model as in Zheng et al. (2018)."""
    if kind == "ER":
        present = np.triu(rng.random((n, n)) < 2 * n_edges / (n * (n - 1)), 1)
    else:
        present, degree = np.zeros((n, n), bool), np.ones(n)
        for j in range(1, n):
            k = min(j, n_edges // n)
            chosen = rng.choice(j, k, replace=False, p=degree[:j] / degree[:j].sum())
            present[chosen, j] = True
            degree[chosen] += 1
            degree[j] += k
    weights = present * rng.uniform(0.5, 2, (n, n)) * rng.choice([-1, 1], (n, n))
    error = getattr(rng, NOISE[noise])(size=(n_rows, n))
    rows = error @ np.linalg.inv(np.eye(n) - weights)
    order = rng.permutation(n)
    return rows[:, order], weights[np.ix_(order, order)]


def notears(X, l1=0.1, threshold=0.3):
    """Least squares with the exponential's acyclicity, as NOTEARS was published."""
    X = X - X.mean(0)
    n, d = X.shape
    moments = X.T @ X / n

    def unpack(w):
        return (w[: d * d] - w[d * d :]).reshape(d, d)

    def loss(w, rho, alpha):
        W = unpack(w)
        gap = np.eye(d) - W
        squares = 0.5 * np.trace(gap.T @ moments @ gap)
        power = scipy.linalg.expm(W * W)
        h = np.trace(power) - d
        smooth = -moments @ gap + (rho * h + alpha) * power.T * W * 2
        gradient = np.concatenate([smooth.ravel() + l1, -smooth.ravel() + l1])
        return squares + 0.5 * rho * h * h + alpha * h + l1 * w.sum(), gradient

    free = [
        (0, 0 if i == j else None) for _ in range(2) for i in range(d) for j in range(d)
    ]
    w, rho, alpha, h = np.zeros(2 * d * d), 1.0, 0.0, np.inf
    for _ in range(100):
        while rho < 1e16:
            new = minimize(
                loss, w, args=(rho, alpha), jac=True, method="L-BFGS-B", bounds=free
            ).x
            new_h = np.trace(scipy.linalg.expm(unpack(new) ** 2)) - d
            if new_h <= 0.25 * h:
                break
            rho *= 10
        w, h = new, new_h
        alpha += rho * h
        if h <= 1e-8 or rho >= 1e16:
            break
    W = unpack(w)
    return np.where(np.abs(W) < threshold, 0.0, W)


def compare(found, true):
    """Return F1 of directed edges and the structural Hamming distance."""
    found, true = found != 0, true != 0
    f1 = 2 * (found & true).sum() / max(1, found.sum() + true.sum())
    wrong = found != true
    return f1, int(np.triu(wrong | wrong.T).sum())


def simulations(args):
    print(f"\nn = 1,000 rows, {args.seeds} graphs each; F1, SHD, seconds")
    print(
        f"{'graph':<5}{'d':>4}{'edges':>6} {'noise':<12}"
        f"{'F1':>7}{'SHD':>6}{'F1 std.':>9}{'SHD std.':>9}{'s':>6}"
        f"{'NOTEARS F1':>12}{'std.':>7}{'s':>6}"
    )
    for kind in args.kinds:
        for d in args.sizes:
            for density in (1, 2):
                for noise in NOISE:
                    row(kind, d, density * d, noise, args.seeds, args.baseline)


def row(kind, d, n_edges, noise, n_seeds, baseline):
    values = []
    for seed in range(n_seeds):
        rng = np.random.default_rng(1000 + seed)
        X, true = draw_model(rng, d, kind, n_edges, noise)
        standard = (X - X.mean(0)) / X.std(0)
        start = time.perf_counter()
        raw = ChannelGraph().fit(X).adjacency_.to_numpy()
        ours = time.perf_counter() - start
        scaled = ChannelGraph().fit(standard).adjacency_.to_numpy()
        other, seconds = [(np.nan, 0), (np.nan, 0)], np.nan
        if baseline:
            start = time.perf_counter()
            other = [compare(notears(Z), true) for Z in (X, standard)]
            seconds = (time.perf_counter() - start) / 2
        own = [*compare(raw, true), *compare(scaled, true), ours]
        values.append([*own, other[0][0], other[1][0], seconds])
    m = np.mean(values, axis=0)
    print(
        f"{kind:<5}{d:4d}{n_edges:6d} {noise:<12}{m[0]:7.3f}{m[1]:6.1f}{m[2]:9.3f}"
        f"{m[3]:9.1f}{m[4]:6.1f}{m[5]:12.3f}{m[6]:7.3f}{m[7]:6.1f}",
        flush=True,
    )


def panels(args):
    print(
        "\npanels of 20 regions, 156 weeks, 8 channels, ten seeds: edges of ChannelGraph"
    )
    for linked in (True, False):
        scores, counts = [], []
        for seed in range(10):
            X, _, truth = make_mmm(20, 156, 8, graph=linked, random_state=seed)
            media = truth.media_columns
            X[media] /= X.groupby("region")[media].transform("max")
            graph = ChannelGraph(media, "region", "week", n_lags=1).fit(X)
            found = graph.adjacency_.to_numpy()
            scores.append(compare(found, truth.graph.to_numpy())[0])
            counts.append(int((found != 0).sum()))
        if linked:
            print(f"with a graph: F1 {np.mean(scores):.3f}, worst {np.min(scores):.3f}")
        else:
            print(f"without one: {np.mean(counts):.1f} edges, most {np.max(counts)}")


def effects(args):
    print(
        "\nfull default fits of the panels with a graph: F1 of dag_,\n"
        "mean error of upstream channels' effects, reading direct "
        "contributions and total effects"
    )
    values = []
    for seed in range(10):
        X, y, truth = make_mmm(20, 156, 8, graph=True, random_state=seed)
        mmm = DeepCausalMMMRegressor(
            truth.media_columns,
            truth.control_columns,
            "region",
            "week",
            random_state=0,
        ).fit(X, y)
        f1, _ = compare(mmm.dag_.to_numpy(), truth.graph.to_numpy())
        upstream = truth.graph.any(axis=1)
        wrong = [
            (mmm.effects(kind)["contribution"] / truth.total_effects - 1)[upstream]
            .abs()
            .mean()
            for kind in ("direct", "total")
        ]
        values.append([f1, *wrong])
        print(
            f"seed {seed}: F1 {f1:.3f}, direct {wrong[0]:.3f}, total {wrong[1]:.3f}",
            flush=True,
        )
    f1, direct, total = np.mean(values, axis=0)
    print(f"mean:   F1 {f1:.3f}, direct {direct:.3f}, total {total:.3f}")


def large(args):
    rng = np.random.default_rng(0)
    X, true = draw_model(rng, 100, "ER", 100, "Laplace")
    start = time.perf_counter()
    f1, shd = compare(ChannelGraph().fit(X).adjacency_.to_numpy(), true)
    seconds = time.perf_counter() - start
    print(f"\nd = 100, 100 edges, Laplace: F1 {f1:.3f}, SHD {shd}, {seconds:.1f} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 20, 50])
    parser.add_argument("--kinds", nargs="+", default=["ER", "SF"])
    parser.add_argument("--no-baseline", dest="baseline", action="store_false")
    parser.add_argument(
        "--parts", nargs="+", default=["simulations", "panels", "effects", "large"]
    )
    args = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    print(describe_machine())
    for part in args.parts:
        part_of = {
            "simulations": simulations,
            "panels": panels,
            "effects": effects,
            "large": large,
        }
        part_of[part](args)


if __name__ == "__main__":
    main()
