"""Fits of peers in environments of their own: a panel goes in, estimates come out."""

import json
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from _environments import PEERS, environment
from _world_models import Estimate

SCRIPTS = Path(__file__).parent / "peer_models"
# How the reason of a fit begins that took longer than it may.
TIMED_OUT = "not done after"
# One core each: what is compared is work, not how it is spread.
_THREADS = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS",
)  # fmt: skip


class FitError(RuntimeError):
    """A peer that did not finish; the message says why."""


@dataclass(frozen=True)
class PeerFit:
    """What a peer says of a panel, and what that took.

    Attributes
    ----------
    estimate : Estimate
    by_region : DataFrame or None
        90 % intervals: channel, region, low, high.
    memory : float
        Peak resident memory of the process, in MB.
    """

    estimate: Estimate
    by_region: pd.DataFrame | None
    memory: float


def write_task(world, folder, options):
    """Write a panel and what is asked of it."""
    columns = [*world.media, *world.controls]
    table = world.X[["region", "week", *columns]]
    train = world.is_training
    table[train].assign(outcome=world.y[train]).to_csv(
        folder / "train.csv", index=False
    )
    table[~train].to_csv(folder / "future.csv", index=False)
    told = {
        "media": world.media,
        "controls": world.controls,
        "year": world.year,
        "options": options,
    }
    (folder / "task.json").write_text(json.dumps(told), encoding="utf-8")


def limited(seconds):
    """Return a function that limits the CPU time of the process which calls it."""
    seconds = int(seconds)
    return lambda: resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))


def call(python, script, folder, timeout):
    """Run a fit."""
    env = os.environ | dict.fromkeys(_THREADS, "1")
    with open(folder / "log.txt", "w", encoding="utf-8") as log:
        process = subprocess.Popen(
            [python, str(SCRIPTS / script), str(folder)],
            stdout=log, stderr=subprocess.STDOUT, env=env, cwd=folder,
            preexec_fn=limited(timeout),
        )  # fmt: skip
        process.wait()
    if -process.returncode in (signal.SIGXCPU, signal.SIGKILL):
        raise FitError(f"{TIMED_OUT} {timeout / 60:.0f} CPU minutes")
    if process.returncode:
        lines = (folder / "log.txt").read_text(encoding="utf-8").strip().splitlines()
        errors = [
            line for line in lines if re.match(r"[\w.]*(Error|Exception)\b", line)
        ]
        raise FitError((errors or lines or ["no message"])[-1][:160])


def read_answer(world, folder):
    """Return what a peer wrote."""
    measured = json.loads((folder / "measured.json").read_text(encoding="utf-8"))
    parts = pd.read_csv(folder / "contributions.csv")[world.media]
    low = high = by_region = None
    if (folder / "intervals.csv").exists():
        table = pd.read_csv(folder / "intervals.csv", dtype={"region": str})
        ends = table[table["region"] == "all"].set_index("channel")
        low, high = ends.loc[world.media, "low"], ends.loc[world.media, "high"]
        by_region = table[table["region"] != "all"].reset_index(drop=True)
    forecast = None
    if (folder / "forecast.csv").exists():
        forecast = pd.read_csv(folder / "forecast.csv")["forecast"].to_numpy()
    estimate = Estimate(parts, low, high, forecast, measured["seconds"])
    return PeerFit(estimate, by_region, measured["memory"])


def fit_peer(name, world, timeout=3600.0, **options):
    """Fit a peer, or ours, in a process of its own.

    Parameters
    ----------
    name : str
        ``"ours"``, or a key of ``_environments.PEERS``.
    world : World
        Regions need the same time steps.
    timeout : float
        CPU seconds, so that a busy machine changes nothing.
    **options : object
        What the peer's script understands: ``draws``, ``chains``, ``seed``, and ``money``:
        whether media are in money.

    Raises
    ------
    CannotInstallError, FitError
        With the reason.
    """
    if name == "ours":
        python, script = sys.executable, "ours_fit.py"
    else:
        python, script = environment(name)[0], PEERS[name].script
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        write_task(world, folder, options)
        call(python, script, folder, timeout)
        return read_answer(world, folder)
