"""Fingerprints of results on three panels: what moves code alone must leave them.

Run it before and after; the last line covers all. Fingerprints are of all bits, so they
can be compared on one machine and with one set of versions only.
"""

import hashlib
import warnings

import numpy as np
import pandas as pd
from _machine import describe_machine

from sklearn_mmm import DeepCausalMMMRegressor
from sklearn_mmm.datasets import make_mmm


def short(*results):
    """Return a fingerprint of tables, series and arrays."""
    digest = hashlib.sha256()
    for result in results:
        table = pd.DataFrame(result)
        digest.update("|".join(map(str, table.columns)).encode())
        digest.update(np.ascontiguousarray(table.to_numpy(dtype=float)).tobytes())
    return digest.hexdigest()[:12]


def regions():
    """Regions with gaps, controls, a graph and a lift test."""
    X, y, truth = make_mmm(4, 80, 3, graph=True, missing=0.05, random_state=0)
    weeks = X["week"].unique()
    lift = pd.DataFrame(
        {
            "channel": [truth.media_columns[0]],
            "start": [weeks[30]],
            "end": [weeks[35]],
            "lift": [float(y.mean())],
            "std_error": [float(y.mean()) / 2],
        }
    )
    options = {"lift_tests": lift}
    keys = {"region_column": "region", "time_column": "week"}
    return X, y, truth, keys, options


def drifting():
    """Effects that vary with time, one region and dates."""
    X, y, truth = make_mmm(1, 130, 2, time_varying=True, random_state=1)
    return X.drop(columns="region"), y, truth, {"time_column": "week"}, {}


def bare():
    """Rows without keys, and components other than the usual ones."""
    X, y, truth = make_mmm(1, 100, 2, n_controls=1, random_state=2)
    keys = {"adstock": "weibull", "saturation": "logistic"}
    columns = [*truth.media_columns, *truth.control_columns]
    return X[columns], y, truth, keys, {}


def fingerprints(draw):
    """Fit a panel and return fingerprints by kind of result."""
    X, y, truth, keys, options = draw()
    mmm = DeepCausalMMMRegressor(
        truth.media_columns,
        truth.control_columns,
        n_members=8,
        random_state=0,
        **keys,
    ).fit(X, y, **options)
    low_high = mmm.predict_interval(X, coverage=0.8)
    return {
        "predictions": short(mmm.predict(X)),
        "contributions": short(mmm.contributions_, mmm.response_curves_.iloc[:, 1:]),
        "intervals": short(low_high, mmm.effects("direct", coverage=0.8)),
        "dag": short(mmm.dag_),
    }


def main():
    """Print a row for each panel."""
    print(describe_machine())
    rows = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for draw in (regions, drifting, bare):
            rows[draw.__name__] = fingerprints(draw)
    table = pd.DataFrame(rows).T
    print(table.to_string())
    whole = hashlib.sha256(table.to_csv().encode()).hexdigest()[:16]
    print(f"all: {whole}")


if __name__ == "__main__":
    main()
