"""Beside the peers: errors, coverage, forecasts, CPU time and memory in one table.

Each peer is fitted with what its own documentation starts with, in an environment of its
own that is built on first use ($PEER_CACHE, else in the user's cache). Panels: draws of
the public recovery benchmark, foreign worlds (``worlds.py``), and a real panel if there
is one (``real/sum``: the sum of its regions, ``real/10``: its ten largest regions). The
last eight weeks are held back: one origin. All panels are fitted with the first seed before
the next one is begun, those on which peers take longest after all seeds of the others, and
rows in ``--kept`` are not measured again, so that a run which is cut off leaves a balanced
table and the next one goes on. Misallocated is the sum of absolute errors of
channels' totals over the sum of true totals; error the mean of |found - true| / true over
channels and regions; coverage that of 90 % intervals of totals, by channel and region;
skill 1 - SSE / SSE of each region's last four weeks. NUTS runs its chains one after the
other on one core.
"""

import argparse
import importlib.metadata
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from _environments import PEERS, CannotInstallError, environment
from _machine import describe_machine
from _peer_rows import KeptRows, digest_of_fit
from _peer_runs import FitError, fit_peer
from _world_kinds import KINDS
from _worlds import World
from joblib import Parallel, delayed
from recovery_panels import PRESETS, make_recovery_panel
from worlds import skill

_HORIZON = 8
_YEAR = 365.25 / 7
PANELS = (
    "small",
    "outliers/1:5x10",
    "always-on/saturating",
    "kernels/delayed",
    "demand/blind",
    "growing",
    "real/sum",
    "additive/6",
    "medium",
    "real/10",
)
_LONGEST = "medium", "real/10"
_COLUMNS = ("misallocated", "error", "coverage", "skill", "seconds", "memory")


def recovery_world(preset, seed):
    """Return a panel of the public recovery benchmark."""
    data, truth = make_recovery_panel(preset, seed)
    media = [c for c in truth if c.startswith("x")]
    controls = [c for c in data if c[0] == "c" and c[1:].isdigit()]
    return World(
        data.drop(columns="sales"), data["sales"], truth[media], media, controls,
        _HORIZON, _YEAR,
    )  # fmt: skip


def real_world(folder, part=""):
    """Return the regions of the real panel that have all weeks; its truth is unknown.

    Parameters
    ----------
    folder : Path
    part : str
        A number, of the largest regions; ``"sum"`` for one series, whose controls are
        means of the regions; empty for all regions.
    """
    data = pd.read_csv(folder / "dma_panel_train.csv.gz")
    rows = data.groupby("dma")["week"].transform("size")
    data = data[rows == data["week"].nunique()].sort_values(["dma", "week"])
    if part == "sum":
        how = {
            c: "mean" if c.startswith("control_") else "sum" for c in data.columns[2:]
        }
        data = data.groupby("week", as_index=False).agg(how).assign(dma="all")
    elif part:
        largest = data.groupby("dma")["visits"].sum().nlargest(int(part))
        data = data[data["dma"].isin(largest.index)]
    data = data.rename(columns={"dma": "region"}).reset_index(drop=True)
    data["region"] = "dma " + data["region"].astype(str)
    start = pd.Timestamp("2020-01-06")
    data["week"] = start + pd.to_timedelta(7 * data["week"], unit="D")
    media = [c for c in data if c.startswith("channel_")]
    controls = [c for c in data if c.startswith("control_")]
    return World(
        data.drop(columns="visits"), data["visits"], None, media, controls,
        _HORIZON, _YEAR,
    )  # fmt: skip


def is_real(name):
    """Return whether a panel is the real one, or regions of it."""
    return name.partition("/")[0] == "real"


def panel(name, seed, folder):
    """Return a panel by its name."""
    if is_real(name):
        return real_world(folder, name.partition("/")[2])
    if name in PRESETS:
        return recovery_world(name, seed)
    return KINDS[name](seed)


def by_region(world, table):
    """Return totals of the training rows, by channel and region."""
    region = world.X["region"][world.is_training].astype(str).to_numpy()
    return table[world.media].groupby(region).sum().T.stack()


def judge(world, found):
    """Return the figures of a row."""
    row = {"seconds": found.estimate.seconds, "memory": found.memory}
    if found.estimate.forecast is not None:
        row["skill"] = skill(world, found.estimate.forecast)
    if world.contributions is None:
        return row
    true = by_region(world, world.contributions[world.is_training])
    total = by_region(world, found.estimate.contributions)
    row["misallocated"] = (total - true).groupby(level=0).sum().abs().sum() / true.sum()
    has = true > 0
    row["error"] = ((total - true).abs() / true)[has].mean()
    if found.by_region is not None:
        ends = found.by_region.set_index(["channel", "region"]).loc[true.index]
        inside = (ends["low"] <= true) & (true <= ends["high"])
        row["coverage"] = inside[has].mean()
    return row


def installed(names):
    """Print what stands beside us, and return what is installed here."""
    found = []
    for name in names:
        if name == "ours":
            print(f"  sklearn_mmm {importlib.metadata.version('sklearn_mmm')}")
            found.append(name)
            continue
        try:
            print(f"  {PEERS[name].title} {environment(name)[1]}", flush=True)
            found.append(name)
        except CannotInstallError as error:
            print(f"  {PEERS[name].title}: not installable here: {error}", flush=True)
    return found


def line(row):
    """Return a row as text; what was not measured is left blank."""
    formats = {"seconds": "9.1f", "memory": "9.0f"}
    cells = [
        format(row[c], formats.get(c, "9.2f")) if pd.notna(row.get(c)) else f"{'':9}"
        for c in _COLUMNS
    ]
    title = PEERS[row["model"]].title if row["model"] in PEERS else "sklearn_mmm"
    cells = "".join(f"{cell:>12}" for cell in cells)
    return f"{row['panel']:<22}{row['seed']:>4}  {title:<16}{cells}  {row['note']}"


def jobs_of(args):
    """Return names and seeds of panels, seed by seed; the real one is there once.

    Those on which peers take longest come last.
    """
    jobs = [(n, s) for s in args.seeds for n in args.panels if not is_real(n)]
    for name in filter(is_real, args.panels):
        if args.data.exists():
            jobs.insert(args.panels.index(name), (name, args.seeds[0]))
        else:
            print(f"{name}: no such folder, see --data")
    return sorted(jobs, key=lambda job: job[0] in _LONGEST)


def measure(model, name, seed, args, kept, deadline):
    """Return the row of a model on a panel, None if its time has come too late.

    Ours is measured in each run, as it is the one that changes, and for all panels of which
    a peer's row was kept.
    """
    row = {"panel": name, "seed": seed, "model": model, "note": ""}
    world = panel(name, seed, args.data)
    options = {
        "draws": args.draws, "chains": args.chains, "seed": seed,
        "money": not is_real(name),
    }  # fmt: skip
    if model != "ours":
        row["digest"] = digest_of_fit(model, world, args.timeout, **options)
        before = kept.find(row["digest"])
        if before is not None:
            return before
    is_late = time.perf_counter() > deadline
    if is_late and not (model == "ours" and kept.knows(name, seed)):
        return None
    try:
        found = fit_peer(model, world, args.timeout, **options)
    except FitError as error:
        return row | {"note": str(error)}
    return row | judge(world, found)


def run(args, models):
    """Fit everything and return a table of rows."""
    deadline = time.perf_counter() + 60 * args.minutes
    jobs = [(*job, model) for job in jobs_of(args) for model in models]
    kept = KeptRows(args.kept)
    found = Parallel(n_jobs=args.jobs, prefer="threads", return_as="generator")(
        delayed(measure)(model, name, seed, args, kept, deadline)
        for name, seed, model in jobs
    )
    rows = []
    for row in filter(None, found):
        rows.append(row)
        kept.keep(row)
        print(line(row).rstrip(), flush=True)
    print()
    if kept.used:
        print(kept.told())
    begun = {(row["panel"], row["seed"], row["model"]) for row in rows}
    print_missing([job for job in jobs if job not in begun], len(jobs))
    return pd.DataFrame(rows)


def print_missing(missing, n_jobs):
    """Print which fits were not begun."""
    if not missing:
        return
    print(f"no time was left for {len(missing)} of {n_jobs} fits:")
    for name in dict.fromkeys(name for name, _, _ in missing):
        seeds = sorted({seed for other, seed, _ in missing if other == name})
        print(f"  {name}, seed {', '.join(map(str, seeds))}")


def print_means(rows):
    """Print the means of each model over the panels that all of them finished."""
    if rows.empty or rows["panel"].map(is_real).all():
        return
    rows = rows[~rows["panel"].map(is_real)]
    never = rows.groupby("model")["note"].transform(lambda s: (s != "").all())
    rows = rows[~never]
    n_models = rows["model"].nunique()
    done = rows.groupby(["panel", "seed"])["note"].transform(
        lambda s: len(s) == n_models and (s == "").all()
    )
    rows = rows[done.astype(bool)]
    if rows.empty:
        return
    print(f"\nmeans over the {rows.groupby(['panel', 'seed']).ngroups} panels of known "
          "truth that all of them finished")  # fmt: skip
    for model, part in rows.groupby("model", sort=False):
        means = {c: part[c].mean() if c in part else np.nan for c in _COLUMNS}
        print(line({"panel": "", "seed": "", "model": model, "note": "", **means}))


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", nargs="*", choices=list(PEERS), default=list(PEERS))
    parser.add_argument("--panels", nargs="+", default=list(PANELS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--draws", type=int, default=1000, help="of each chain of NUTS")
    parser.add_argument("--chains", type=int, default=4)
    parser.add_argument(
        "--timeout", type=float, default=3600, help="CPU seconds a fit may take"
    )
    parser.add_argument("--jobs", type=int, default=1, help="fits at a time")
    parser.add_argument(
        "--minutes", type=float, default=np.inf, help="after which no fit is begun"
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument(
        "--kept", type=Path, help="CSV of peers' rows, which are not measured again"
    )
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    print(describe_machine())
    print(
        f"NUTS: {args.chains} chains of {args.draws} draws, as many to tune "
        "(LightweightMMM: 2 chains, its default)"
    )
    models = installed(["ours", *args.peers])
    header = "".join(
        f"{c:>12}" for c in ("misallocated", *_COLUMNS[1:4], "CPU s", "MB")
    )
    print(f"\n{'panel':<22}{'seed':>4}  {'model':<16}{header}")
    print_means(run(args, models))


if __name__ == "__main__":
    main()
