"""Run benchmarks one after the other and keep what they print, for docs/benchmarks.rst."""

import argparse
import datetime
import importlib.metadata
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

from _machine import processor

import sklearn_mmm

HERE = Path(__file__).parent
RESULTS = HERE.parent / "docs" / "benchmarks"
PACKAGES = ("torch", "scikit-learn", "numpy", "pandas")
# Name of the result: what is run. Those of the first group take minutes together.
QUICK = {
    "recovery": "recovery.py --presets small growing medium",
    "coverage": "coverage.py --parts coverage --draws 6",
    "media_share": "media_share.py --seeds 3",
}
LONG = {
    "allocation": "allocation.py --seeds 3 --parts truth time fine curve",
    "allocation_promises": "allocation.py --parts probability twins --panels 20",
    "allocation_solver": "allocation.py --parts evolution",
    "experiments": "experiments.py",
    "collinear": "coverage.py --parts collinear update",
    "forecast": "forecast.py",
    "graph": "graph.py --parts simulations mediators large --sizes 10 20 --no-baseline",
    "graph_cycles": "graph.py --parts confounded --cycles all",
    "graph_panels": "graph.py --parts panels",
    "link": (
        "worlds.py --models ours adding --kinds multiplicative synergy additive "
        "--seeds 0 1 2 3 4 5"
    ),
    "memory": (
        "speed.py --only controls channels days_10_regions_182 days_10_regions_730 "
        "days_1250 days_5000 wide labels --limit 420"
    ),
    "modes": "modes.py",
    "peers": (
        "peers.py --peers pymc deepcausalmmm --panels small growing outliers/1:5x10 "
        "always-on/saturating kernels/delayed"
    ),
    "peers_all": (
        "peers.py --seeds 0 1 2 --timeout 300 --minutes 60 "
        "--kept docs/benchmarks/peers_all.csv"
    ),
    "regions": "speed.py --only wide wider widest --limit 3600",
    "report": "report.py",
    "speed": "speed.py --against f441c66 --only small growing medium grid --limit 420",
    "speed_large": "speed.py --against f441c66 --only large real days",
    "time_varying": "time_varying.py",
    "treatments": "treatments.py",
    "worlds": "worlds.py --quick",
    "worlds_peer": "worlds.py --peer pymc",
}


def header(command, minutes):
    """Return what stands above a table: command, date, machine and versions."""
    versions = f"sklearn_mmm {sklearn_mmm.__version__}, " + ", ".join(
        f"{p} {importlib.metadata.version(p)}" for p in PACKAGES
    )
    took = "unfinished" if minutes is None else f"{minutes:.1f} minutes"
    return (
        f"$ python benchmarks/{command}\n"
        f"{datetime.date.today():%d %B %Y}, {took}\n"
        f"{processor()}, one thread, {platform.system()}, "
        f"Python {platform.python_version()}\n{versions}\n\n"
    )


def run(name, command):
    """Run a benchmark and keep its output, line by line as it comes."""
    script, *arguments = command.split()
    start = time.perf_counter()
    RESULTS.mkdir(exist_ok=True)
    path, told = RESULTS / f"{name}.txt", []
    made = path.with_suffix(".part")
    with subprocess.Popen(
        [sys.executable, str(HERE / script), *arguments],
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"},
    ) as process:
        for line in process.stdout:
            told.append(line)
            made.write_text(header(command, None) + "".join(told), encoding="utf-8")
    if process.returncode:
        raise SystemExit(
            f"{script} ended with status {process.returncode}; what it had printed is "
            f"in {made}"
        )
    minutes = (time.perf_counter() - start) / 60
    path.write_text(header(command, minutes) + "".join(told), encoding="utf-8")
    made.unlink(missing_ok=True)


def main():
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=[*QUICK, *LONG])
    parser.add_argument("--long", action="store_true", help="hours instead of minutes")
    args = parser.parse_args()
    chosen = args.only or [*QUICK, *(LONG if args.long else ())]
    for name in chosen:
        print(name, flush=True)
        run(name, (QUICK | LONG)[name])


if __name__ == "__main__":
    main()
