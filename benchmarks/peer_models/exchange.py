"""What goes in and out of a peer's environment: CSV files in one folder.

Runs in the environment of each peer, whose Python and pandas may be old, so it imports
nothing of this library.
"""

import json
import resource
import sys
from pathlib import Path

import numpy as np
import pandas as pd


class Task:
    """One panel to fit.

    Attributes
    ----------
    train, future : DataFrame
        ``region``, ``week``, media, controls and, in ``train``, ``outcome``; sorted by
        region and week.
    media, controls : list of str
    year : float
        Time steps per year.
    options : dict
        ``draws``, ``chains``, ``seed`` and the like.
    """

    def __init__(self, folder):
        folder = Path(folder)
        told = json.loads((folder / "task.json").read_text(encoding="utf-8"))
        self.folder = folder
        self.train = pd.read_csv(folder / "train.csv", parse_dates=["week"])
        self.future = pd.read_csv(folder / "future.csv", parse_dates=["week"])
        self.media, self.controls = told["media"], told["controls"]
        self.year, self.options = told["year"], told["options"]
        self.regions = list(dict.fromkeys(self.train["region"]))

    def grid(self, column, table=None):
        """Return a column (or several) as an array (region, week, ...)."""
        table = self.train if table is None else table
        values = table[column].to_numpy(float)
        return values.reshape(len(self.regions), -1, *values.shape[1:])


class Answer:
    """What a peer says of a task.

    Parameters
    ----------
    draws : ndarray of shape (draw, region, week, channel), optional
        Contributions; without draws, ``mean`` alone.
    mean : ndarray of shape (region, week, channel), optional
    forecast : ndarray of shape (region, horizon) or None
    """

    def __init__(self, draws=None, mean=None, forecast=None):
        self.draws = draws
        self.mean = draws.mean(axis=0) if mean is None else mean
        self.forecast = forecast

    def intervals(self, task):
        """Return the ends of 90 % intervals of totals; None if there are no draws."""
        if self.draws is None:
            return None
        rows = []
        totals = self.draws.sum(axis=2)
        for i, channel in enumerate(task.media):
            apart = {r: totals[:, j, i] for j, r in enumerate(task.regions)}
            apart["all"] = totals[..., i].sum(axis=1)
            for region, values in apart.items():
                low, high = np.quantile(values, [0.05, 0.95])
                rows.append((channel, region, low, high))
        return pd.DataFrame(rows, columns=["channel", "region", "low", "high"])

    def write(self, task):
        """Write the answer into the task's folder."""
        flat = self.mean.reshape(-1, len(task.media))
        table = pd.DataFrame(flat, columns=task.media)
        table.to_csv(task.folder / "contributions.csv", index=False)
        table = self.intervals(task)
        if table is not None:
            table.to_csv(task.folder / "intervals.csv", index=False)
        if self.forecast is not None:
            future = pd.DataFrame({"forecast": np.asarray(self.forecast).ravel()})
            future.to_csv(task.folder / "forecast.csv", index=False)


def used():
    """Return CPU seconds so far and peak memory in MB, children that ended included."""
    own, theirs = map(
        resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    seconds = own.ru_utime + own.ru_stime + theirs.ru_utime + theirs.ru_stime
    return seconds, max(own.ru_maxrss, theirs.ru_maxrss) / 1024


def main(fit):
    """Fit the task in the folder that the command line names.

    The time is the CPU's, of all threads and children, from data to draws: imports are
    not in it, what a peer compiles for its model is.
    """
    task = Task(sys.argv[1])
    before, _ = used()
    answer = fit(task)
    after, memory = used()
    answer.write(task)
    measured = {"seconds": after - before, "memory": memory}
    (task.folder / "measured.json").write_text(json.dumps(measured), encoding="utf-8")
