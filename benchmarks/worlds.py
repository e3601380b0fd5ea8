"""How models fare on worlds that nobody tuned to, kind by kind.

Misallocated is the sum of the absolute errors of the channels' totals as a share of the
sum of the true totals; weekly, the same by row. Models are fitted without the last steps (13 weeks,
28 days, 6 months), which they forecast; skill is 1 − SSE / SSE of the mean of each
region's last four steps. ``--models told nonnegative ridge`` puts in our place a
regression that is told all but the sizes of effects: how often the noise alone lets any
model win.
"""

import argparse
import json
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from _environments import PEERS, environment
from _machine import describe_machine
from _peer_runs import fit_peer
from _world_kinds import KINDS
from _world_models import MODELS, OTHERS, trend_and_harmonics
from _world_tables import compare, print_beside, print_limits, print_table
from joblib import Parallel, delayed

_QUICK = [
    "additive/1",
    "additive/6",
    "multiplicative/1",
    "outliers/1:none",
    "outliers/1:5x10",
    "outliers/5:none",
    "outliers/5:5x10",
    "always-on/noise",
    "always-on/saturating",
    "always-on/linear",
    "kernels/mixed",
    "noise/ar1",
    "noise/lockdown",
    "channels/zero",
    "synergy/1",
    "frequency/monthly",
]
_FAILURES = (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError)


def recent_mean(world):
    """Return the mean of each region's last four training steps, for the rows after."""
    train = world.is_training
    region = world.X["region"]
    last = world.y[train].groupby(region[train]).apply(lambda s: s.tail(4).mean())
    return region[~train].map(last).to_numpy()


def skill(world, forecast):
    """Return how much better a forecast is than the recent mean."""
    actual = world.y[~world.is_training].to_numpy()
    naive = ((actual - recent_mean(world)) ** 2).sum()
    return 1 - ((actual - forecast) ** 2).sum() / naive


def judge(world, estimate):
    """Return how far a model's estimates are from the truth."""
    train = world.is_training
    true = world.contributions[train].reset_index(drop=True)
    found = estimate.contributions[world.media]
    sales = world.y[train].sum()
    total, truth = found.sum(), true.sum()
    effective = [c for c in world.media if c not in world.zero]
    row = {
        "misallocated": (total - truth).abs().sum() / truth.sum(),
        "weekly": (found - true).abs().to_numpy().sum() / truth.sum(),
        "total": total.sum() / truth.sum(),
        "true_share": truth.sum() / sales,
        "share": total.sum() / sales,
        "skill": skill(world, estimate.forecast),
        "seconds": estimate.seconds,
        "n_zero": len(world.zero),
    }
    if "noise" in world.zero:
        row["noise_share"] = total["noise"] / sales
    table = pd.DataFrame({"true": truth, "found": total})
    if estimate.low is not None:
        low, high = estimate.low[world.media], estimate.high[world.media]
        reaches = low <= 0.001 * sales
        inside = (low <= truth) & (truth <= high)
        row["n_inside"] = int(inside[effective].sum() + reaches[list(world.zero)].sum())
        row["n_channels"] = len(world.media)
        row["zero_reached"] = int(reaches[list(world.zero)].sum())
        table = table.assign(low=low, high=high)
    row["channels"] = json.dumps(
        {name: [float(f"{v:.6g}") for v in r] for name, r in table.T.items()}
    )
    return row


def estimate_of(model, world, options):
    """Return what a model says of a world; options are ours, or those of a peer."""
    if model in PEERS:
        return fit_peer(model, world, seed=0, **options["peer"]).estimate
    return (MODELS | OTHERS)[model](
        world, **(options["ours"] if model == "ours" else {})
    )


def measure(name, seed, models, options):
    """Return one row for each model on one world."""
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    world = KINDS[name](seed)
    marks = {
        "world": name,
        "kind": name.split("/")[0],
        "seed": seed,
        "clean": world.clean,
        "demand_driven": world.demand_driven,
        "reference": world.reference,
        "harmonics_skill": skill(world, trend_and_harmonics(world)),
    }
    rows = []
    for model in models:
        try:
            found = judge(world, estimate_of(model, world, options))
        except _FAILURES as error:
            found = {"error": f"{type(error).__name__}: {error}"}
        rows.append({**marks, "model": model, **found})
    return rows


def chosen(kinds, quick):
    """Return the names of worlds to run, with the references of those with outliers."""
    every = list(KINDS)
    if quick:
        every = _QUICK
    if not kinds:
        return every
    names = [n for n in every if n in kinds or n.split("/")[0] in kinds]
    names += [k for k in kinds if k in KINDS and k not in names]
    if not names:
        raise SystemExit(f"no such kind; there are {', '.join(KINDS)}")
    clean = [n.split(":")[0] + ":none" for n in names if n.startswith("outliers/")]
    return list(dict.fromkeys([*clean, *names]))


def jobs_of(args):
    """Return names and seeds; a peer stands beside us on one seed of national worlds."""
    names = chosen(args.kinds, args.quick)
    if args.peer:
        names = [n for n in names if KINDS[n](0).national]
    seeds = args.seeds or ([0] if args.peer else [0, 1, 2])
    return [(n, s) for n in names for s in seeds]


def run(args):
    """Run all worlds and return a table of rows."""
    jobs = jobs_of(args)
    start, rows = time.perf_counter(), []
    options = {
        "ours": json.loads(args.model_args),
        "peer": {"draws": args.draws, "chains": 4},
    }
    results = Parallel(n_jobs=args.jobs, return_as="generator")(
        delayed(measure)(name, seed, args.models, options) for name, seed in jobs
    )
    for (name, seed), found in zip(jobs, results, strict=True):
        rows += found
        first = found[0]
        print(
            f"{name:<24}{seed:3d}  {first['model']}: "
            f"misallocated {first.get('misallocated', np.nan):.2f}, "
            f"total {first.get('total', np.nan):.2f}, "
            f"{first.get('seconds', np.nan):.1f} s, "
            f"elapsed {time.perf_counter() - start:.0f} s {first.get('error', '')}",
            flush=True,
        )
        if args.csv:
            pd.DataFrame(rows).to_csv(args.csv, index=False)
    return pd.DataFrame(rows)


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kinds", nargs="+", help="kinds, or kind/variant")
    parser.add_argument("--seeds", type=int, nargs="+", help="0 1 2; with --peer 0")
    parser.add_argument("--models", nargs="+", default=list(MODELS))
    parser.add_argument(
        "--peer", choices=list(PEERS), help="stand beside it alone, on national worlds"
    )
    parser.add_argument("--draws", type=int, default=500, help="of a peer's 4 chains")
    parser.add_argument("--quick", action="store_true", help="16 worlds instead of all")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--csv", type=Path, help="where rows go as they are measured")
    parser.add_argument("--model-args", default="{}", help="JSON: of the regressor")
    parser.add_argument("--list", action="store_true", help="name all worlds")
    parser.add_argument("--summary", nargs="+", help="files of --csv to show together")
    args = parser.parse_args()
    if args.list:
        print("\n".join(KINDS))
    elif args.summary:
        compare(args.summary)
    else:
        print(describe_machine())
        if args.peer:
            version = environment(args.peer)[1]
            print(f"{PEERS[args.peer].title} {version}, 4 chains of {args.draws} draws")
            args.models = ["ours", args.peer]
        found = run(args)
        if args.peer or args.models == ["ours", "adding"]:
            print_beside(found)
            return
        print_table(found)
        print_limits(found)


if __name__ == "__main__":
    main()
