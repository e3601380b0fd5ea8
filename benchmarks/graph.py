"""Graphs: published simulations beside least-squares NOTEARS, and panels with truth."""

import argparse
import time
import warnings

import numpy as np
import scipy.linalg
import torch
from _machine import describe_machine
from allocation import RANGE, TrueGain, fit
from graph_worlds import KINDS, confounded_world, mediated_world
from scipy.optimize import minimize

from sklearn_mmm import (
    ChannelGraph,
    DeepCausalMMMRegressor,
    allocate_budget,
    simulate,
)
from sklearn_mmm.datasets import make_mmm, true_outcome

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


def confounded(args):
    print(
        f"\nbudget cycles that all channels share, {args.seeds} seeds a cell: false "
        "edges and pairs in confounded_\nof five channels without influences; F1 of "
        "eight channels with five influences; CPU seconds of both"
    )
    print(
        f"{'cycle':<8}{'regions':>8}{'strength':>9}{'false':>7}{'named':>7}{'F1':>7}{'s':>7}"
    )
    for kind in args.cycles:
        for n_regions in args.regions:
            for strength in args.strengths:
                start = time.process_time()
                values = [
                    confounded_cell(seed, n_regions, strength, kind)
                    for seed in range(args.seeds)
                ]
                seconds = (time.process_time() - start) / args.seeds
                false, named, f1 = np.mean(values, axis=0)
                print(
                    f"{kind:<8}{n_regions:8d}{strength:9.1f}{false:7.2f}{named:7.1f}"
                    f"{f1:7.2f}{seconds:7.2f}",
                    flush=True,
                )


def confounded_cell(seed, n_regions, strength, kind):
    X, names, _ = confounded_world(seed, n_regions, strength, kind)
    graph = ChannelGraph(names, "region", "week").fit(X)
    false = (graph.adjacency_ != 0).to_numpy().sum()
    named = graph.confounded_.to_numpy().sum() / 2
    X, names, true = confounded_world(seed, n_regions, strength, kind, 8, 5)
    graph = ChannelGraph(names, "region", "week").fit(X)
    return false, named, compare(graph.adjacency_.to_numpy(), true)[0]


def panels(args):
    print(
        f"\nfits of 20 regions, 156 weeks, 8 channels, {args.seeds} seeds: F1 of dag_; "
        "error of what is lost without\na driving channel, against the truth (mean, "
        "largest), with react='graph' and without; gains of\nbudgets for 52 weeks "
        "within 50 %: promised / true, and true / the truth's best, with react and "
        "without"
    )
    print(
        f"{'seed':>4}{'F1':>7}{'error':>8}{'largest':>9}{'without':>9}"
        f"{'promised':>10}{'reached':>9}{'promised':>10}{'reached':>9}"
    )
    rows = []
    for seed in range(args.seeds):
        rows.append(panel_row(seed))
        print_panel(f"{seed:4d}", rows[-1])
    print_panel("mean", np.mean(rows, axis=0))
    close = np.abs(np.array(rows)[:, [4, 6]] - 1) <= 0.1
    with_react, without = close.sum(axis=0)
    print(
        f"promised within 10 % of the truth: {with_react} of {len(rows)} with react, "
        f"{without} without",
        flush=True,
    )


def print_panel(label, row):
    print(
        f"{label}{row[0]:7.3f}{row[1]:8.3f}{row[2]:9.3f}{row[3]:9.3f}"
        f"{row[4]:10.2f}{row[5]:9.3f}{row[6]:10.2f}{row[7]:9.3f}",
        flush=True,
    )


def panel_row(seed):
    """Return F1, errors of what is lost, and gains, of one panel."""
    X, y, truth = make_mmm(20, 156, 8, graph=True, random_state=seed)
    mmm = fit(X, y, truth)
    f1, _ = compare(mmm.dag_.to_numpy(), truth.graph.to_numpy())
    before = true_outcome(truth, X).sum()
    errors = []
    for name in truth.graph.index[truth.graph.any(axis=1)]:
        off = X.assign(**{name: 0.0})
        lost = before - true_outcome(truth, off).sum()
        found = [simulate(mmm, X, {name: 0.0}, react=r) for r in ("graph", "none")]
        brought = [(s.planned_outcome - s.outcome).sum() for s in found]
        errors.append([abs(value / lost - 1) for value in brought])
    errors = np.array(errors)
    weeks = X["week"].unique()
    # Eight weeks follow, so that all carry-over is seen.
    planned = X["week"].isin(weeks[96:148])
    gain = TrueGain(X, truth, planned)
    best = gain.optimum(n_starts=2)
    gains = []
    for react in ("graph", "none"):
        found = allocate_budget(mmm, X[planned], bounds=RANGE, react=react)
        true = gain.of_plan(found.spend)
        gains += [found.gain / true, true / best]
    return [f1, errors[:, 0].mean(), errors[:, 0].max(), errors[:, 1].mean(), *gains]


def mediators(args):
    print(
        f"\nbrand searches carry half of TV's effect, 130 weeks, {args.seeds} seeds: "
        "effect of TV found relative to\nthe true total effect, direct and total, "
        "largest error of the total, and CPU seconds of a fit"
    )
    for n_regions in (1, 6):
        found, start = [], time.process_time()
        for seed in range(args.seeds):
            X, y, names, true = mediated_world(seed, n_regions)
            mmm = DeepCausalMMMRegressor(
                names,
                region_column="region",
                time_column="week",
                mediators=["brand_search_volume"],
                random_state=0,
            ).fit(X, y)
            by_kind = mmm.effects_by_kind()
            found.append(
                [
                    by_kind[k].loc["tv", "contribution"] / true
                    for k in ("direct", "total")
                ]
            )
        seconds = (time.process_time() - start) / args.seeds
        direct, total = np.mean(found, axis=0)
        worst = np.abs(np.array(found)[:, 1] - 1).max()
        print(
            f"{n_regions} regions: direct {direct:.3f}, total {total:.3f}, largest "
            f"error {worst:.3f}; {seconds:.1f} s",
            flush=True,
        )


def large(args):
    rng = np.random.default_rng(0)
    X, true = draw_model(rng, 100, "ER", 100, "Laplace")
    start = time.perf_counter()
    f1, shd = compare(ChannelGraph().fit(X).adjacency_.to_numpy(), true)
    seconds = time.perf_counter() - start
    print(f"\nd = 100, 100 edges, Laplace: F1 {f1:.3f}, SHD {shd}, {seconds:.1f} s")


def main():
    parts = {
        "simulations": simulations,
        "confounded": confounded,
        "panels": panels,
        "mediators": mediators,
        "large": large,
    }
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 20, 50])
    parser.add_argument("--kinds", nargs="+", default=["ER", "SF"])
    parser.add_argument("--cycles", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--regions", type=int, nargs="+", default=[1, 6, 20])
    parser.add_argument("--strengths", type=float, nargs="+", default=[0.3, 0.6, 0.9])
    parser.add_argument("--no-baseline", dest="baseline", action="store_false")
    parser.add_argument("--parts", nargs="+", choices=parts, default=list(parts))
    args = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    print(describe_machine())
    for part in args.parts:
        parts[part](args)


if __name__ == "__main__":
    main()
