"""Time and memory of fits and of what follows them, beside those of another revision.

``--against REVISION`` takes that revision's sources out of git into a temporary folder
and runs both in turn, each measurement in a process of its own: wall-clock seconds of
the first fit, import included, CPU seconds of the second one in the same process, and
its peak memory. Everything is on: inner validation, graph, 32 members. ``--peers`` adds
PyMC-Marketing and DeepCausalMMM, see ``peers.py``.
"""

import argparse
import io
import json
import os
import pickle
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from _machine import describe_machine
from _speed_panels import make_panel

HERE = Path(__file__).resolve().parent
PEERS = "pymc", "deepcausalmmm"


class Case(NamedTuple):
    """A panel, what is done with its model, and parameters other than the default."""

    panel: str
    further: tuple[str, ...] = ()
    options: Mapping[str, Any] = MappingProxyType({})


CASES = {
    "small": Case("small", ("partial_fit",)),
    "growing": Case("growing"),
    "medium": Case("medium", ("partial_fit",)),
    "large": Case("large", ("effects",)),
    "real": Case("real", ("report", "allocate", "partial_fit")),
    "wide": Case("500x156x20"),
    "days": Case("1x730x2 days"),
    "channels": Case("1x104x150"),
    "grid": Case("1x104x4", ("grid",)),
    "channels_without_graph": Case("1x104x150", options={"graph": False}),
}
# What 0.1.0 did not finish, and how time grows with the size of a panel.
LONG = {
    "wider": Case("2000x156x20"),
    "widest": Case("10000x104x10"),
    "days_10_regions_182": Case("10x182x8 days"),
    "days_10_regions_730": Case("10x730x8 days"),
    "days_1250": Case("1x1250x2 days"),
    "days_5000": Case("1x5000x2 days"),
    "controls": Case("1x156x4x60"),
    "labels": Case("100000x4x2"),
}


def sources(revision, folder):
    """Write the package as it was at a revision into a folder."""
    packed = subprocess.run(
        ["git", "archive", "--format=tar", revision, "sklearn_mmm"],
        cwd=HERE.parent,
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")


def in_a_process(arguments, tree, limit):
    """Return what a process prints as JSON, or why there is nothing."""
    one_thread = {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(tree)}
    try:
        done = subprocess.run(
            [sys.executable, *map(str, arguments)],
            env=os.environ | one_thread,
            capture_output=True,
            text=True,
            timeout=limit,
        )
    except subprocess.TimeoutExpired:
        return f"> {limit:.0f} s"
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["killed"])[-1][:60]
    return json.loads(done.stdout.splitlines()[-1])


def least(runs):
    """Return each step's least figures over runs, or why there are none."""
    found = [run for run in runs if isinstance(run, dict)]
    if not found:
        return runs[0]
    return {
        step: tuple(map(min, zip(*(run[step] for run in found), strict=True)))
        for step in found[0]
    }


def show(case, results):
    """Print a line for each step: CPU, wall and memory of each revision, and ratios."""
    steps = next((list(r) for r in results if isinstance(r, dict)), ["fit"])
    for step in steps:
        cells, cpu, wall = [], [], []
        for result in results:
            if not isinstance(result, dict):
                cells.append(f"{result:>25}")
                continue
            found = result[step]
            cpu.append(found[0])
            wall.append(found[1])
            peak = f"{found[2]:7.2f}" if len(found) > 2 else f"{'':7}"
            cells.append(f"{found[0]:8.2f} {found[1]:8.2f} {peak}")
        ratios = ""
        if len(results) == len(cpu) == 2:
            ratios = f"{cpu[0] / cpu[1]:7.1f} {wall[0] / wall[1]:7.1f}"
        print(f"{case:22} {step:12} {' '.join(cells)} {ratios}".rstrip(), flush=True)


def heading(names):
    """Print what the columns are."""
    print(f"{'':35} {' '.join(f'{name:>25}' for name in names)}")
    columns = " ".join([f"{'CPU s':>8} {'wall s':>8} {'GB':>7}"] * len(names))
    ratios = f"{'CPU':>7} {'wall':>7} times faster" if len(names) > 1 else ""
    print(f"{'case':22} {'step':12} {columns} {ratios}".rstrip(), flush=True)


def compare(args, trees, folder):
    """Measure the cases on each tree in turn."""
    heading(list(trees))
    path, made = Path(folder) / "panel.pkl", None
    for name in args.only:
        case = (CASES | LONG)[name]
        if case.panel != made:
            made = case.panel
            path.write_bytes(pickle.dumps(make_panel(made, args.data)._asdict()))
        runs = {tree: [] for tree in trees}
        for _ in range(args.repeats):
            for tree, place in trees.items():
                script = HERE / "_speed_child.py", path, place
                given = json.dumps(case.further), json.dumps(dict(case.options))
                runs[tree].append(in_a_process((*script, *given), place, args.limit))
        show(name, [least(found) for found in runs.values()])


def compare_peers(folder):
    """Measure other packages on the panels that they were made for."""
    panels = "--panels", "small", "growing", "--data", str(folder)
    script = str(HERE / "peers.py")
    subprocess.run([sys.executable, script, "--peers", *PEERS, *panels], check=True)


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", metavar="REVISION")
    parser.add_argument(
        "--only", nargs="+", choices=[*CASES, *LONG], default=list(CASES)
    )
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--limit", type=float, default=1800.0, help="seconds of a case")
    parser.add_argument("--data", type=Path, default=HERE.parent / "../shared/data")
    parser.add_argument("--peers", action="store_true")
    args = parser.parse_args()
    print(describe_machine())
    with tempfile.TemporaryDirectory() as folder:
        trees = {"today": HERE.parent}
        if args.against:
            before = Path(folder) / "before"
            sources(args.against, before)
            trees = {args.against: before} | trees
        compare(args, trees, folder)
        if args.peers:
            print(flush=True)
            compare_peers(args.data)


if __name__ == "__main__":
    main()
