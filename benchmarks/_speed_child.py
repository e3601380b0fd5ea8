"""One process of speed.py: fits a panel, does more with it, prints what it took.

It is run on the source tree that PYTHONPATH names, of any version since 0.1.0.
"""

import json
import os
import pickle
import resource
import sys
import tempfile
import time
import warnings
from inspect import signature
from pathlib import Path

# A fit that took longer is not repeated: what importing costs is nothing beside it.
_LONG = 60.0


class Watch:
    """CPU and wall-clock time since it was made, of children that ended as well."""

    def __init__(self):
        self.cpu, self.wall = self._cpu(), time.perf_counter()

    @staticmethod
    def _cpu():
        taken = os.times()
        return sum(taken[:4])

    def read(self):
        """Return CPU and wall seconds."""
        return self._cpu() - self.cpu, time.perf_counter() - self.wall


def regressor(panel, **options):
    """Return an unfitted regressor with default settings."""
    from sklearn_mmm import DeepCausalMMMRegressor

    known = signature(DeepCausalMMMRegressor).parameters
    chosen = {name: value for name, value in options.items() if name in known}
    keys = panel["region"], panel["time"]
    media, controls = panel["media"], panel["controls"] or None
    return DeepCausalMMMRegressor(media, controls, *keys, random_state=0, **chosen)


def last_steps(panel, n):
    """Return which rows are of the last steps."""
    time_steps = panel["X"][panel["time"]]
    return (time_steps >= sorted(time_steps.unique())[-n]).to_numpy()


def report(mmm, panel):
    """Write the report, with a plan."""
    from sklearn_mmm import make_report

    X = panel["X"][last_steps(panel, 8)]
    with tempfile.TemporaryDirectory() as folder:
        make_report(mmm, Path(folder) / "report.html", plan=X)


def allocate(mmm, panel):
    """Allocate the spend of the last weeks anew, by channel."""
    from sklearn_mmm import allocate_budget

    allocate_budget(mmm, panel["X"][last_steps(panel, 8)], by="channel")


def effects(mmm, panel):
    """Return effects with intervals."""
    mmm.effects(coverage=0.9)


def grid(mmm, panel):
    """Search 12 settings by 4 folds on two processes."""
    from sklearn.model_selection import GridSearchCV

    from sklearn_mmm import PanelTimeSeriesSplit

    folds = PanelTimeSeriesSplit(n_splits=4, time_column=panel["time"])
    settings = {"max_lag": [4, 6, 8, 12], "huber_delta": [1.5, 2.0, 3.0]}
    search = GridSearchCV(regressor(panel), settings, cv=folds, n_jobs=2)
    search.fit(panel["X"], panel["y"])


def update(panel):
    """Return the time of four further weeks; fitted before on those until then."""
    last = last_steps(panel, 4)
    X, y = panel["X"], panel["y"]
    mmm = regressor(panel).fit(X[~last], y[~last])
    watch = Watch()
    mmm.partial_fit(X[last], y[last])
    return watch.read()


FURTHER = {"report": report, "allocate": allocate, "effects": effects, "grid": grid}


def measure(panel, further, options, watch):
    """Return seconds of each step, and the peak memory of the fits in GB.

    The first fit is timed by a watch that has run since before the import.
    """
    mmm = regressor(panel, **options).fit(panel["X"], panel["y"])
    cpu, first = watch.read()
    if first < _LONG:
        mmm = regressor(panel, **options)
        watch = Watch()
        mmm.fit(panel["X"], panel["y"])
        cpu = watch.read()[0]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    unit = 2**30 if sys.platform == "darwin" else 2**20
    found = {"fit": (cpu, first, peak / unit)}
    for name in further:
        if name == "partial_fit":
            found[name] = update(panel)
            continue
        watch = Watch()
        FURTHER[name](mmm, panel)
        found[name] = watch.read()
    return found


def main():
    """Print what was measured as JSON, last of all."""
    watch = Watch()
    import sklearn_mmm

    warnings.simplefilter("ignore")
    os.environ["PYTHONWARNINGS"] = "ignore"
    path, tree, further, options = sys.argv[1:]
    if not Path(sklearn_mmm.__file__).is_relative_to(tree):
        sys.exit(f"{sklearn_mmm.__file__} is not in {tree}")
    with open(path, "rb") as file:
        panel = pickle.load(file)
    found = measure(panel, json.loads(further), json.loads(options), watch)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
