import copy
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd
import pytest
import torch

from sklearn_mmm import DeepCausalMMMRegressor
from sklearn_mmm.datasets import make_mmm

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def panel():
    """Return a small panel with its truth."""
    return make_mmm(4, 80, 3, random_state=0)


@pytest.fixture(scope="session")
def make_regressor(panel):
    """Return a factory of regressors that know the panel's columns."""
    _, _, truth = panel

    def make(**kwargs):
        options = {"max_epochs": 200, "random_state": 0} | kwargs
        return DeepCausalMMMRegressor(
            truth.media_columns, truth.control_columns, "region", "week", **options
        )

    return make


@pytest.fixture(scope="session")
def fitted(panel, make_regressor):
    """Return a regressor fitted to all but the last eight weeks."""
    X, y, _ = panel
    train = X["week"] < X["week"].unique()[-8]
    return make_regressor().fit(X[train], y[train])


class WithMembers(DeepCausalMMMRegressor):
    """A fitted model that answers as one with an ensemble does, with made-up bounds."""

    def predict_interval(self, X, coverage=0.9):
        predicted = self.predict(X)
        return np.column_stack([predicted - 10 * coverage, predicted + 20 * coverage])

    def effects(self, kind="total", X=None, coverage=None, by="channel"):
        if by == "channel":
            table = super().effects(kind, X)
        else:
            region = self.history_["region"].to_numpy()
            parts = self.contributions_[self.media_columns_].groupby(region).sum()
            table = parts.rename_axis("region").reset_index()
            table = table.melt("region", var_name="channel", value_name="contribution")
            table["roi"] = table["marginal_roi"] = 1.0
        if coverage is not None:
            table["low"] = 0.5 * table["contribution"]
            table["high"] = 2.0 * table["contribution"]
            for name in ("roi", "marginal_roi"):
                table[f"{name}_low"] = 0.5 * table[name]
                table[f"{name}_high"] = 2.0 * table[name]
        return table

    def response_curves(self, *args, **kwargs):
        table = super().response_curves(*args, **kwargs)
        return table.assign(low=0.5 * table["response"], high=2 * table["response"])

    def parameter_table(self, coverage=0.9):
        table = self.adstock_.rename_axis("channel").reset_index()
        table = table.melt("channel", var_name="lag", value_name="estimate")
        return table.assign(
            parameter="adstock_weight",
            low=0.5 * table["estimate"],
            high=2 * table["estimate"],
        )

    def edge_table(self, coverage=0.9):
        source, target = self.media_columns_[:2]
        row = [source, target, 0, 0.5, 0.4, 0.6, 0.9]
        names = ["from", "to", "lag", "weight", "low", "high", "strength"]
        return pd.DataFrame([row], columns=names)


@pytest.fixture(scope="session")
def with_members(fitted):
    """Return the fitted regressor as one with an ensemble."""
    mmm = copy.copy(fitted)
    mmm.__class__ = WithMembers
    mmm.n_members_ = 8
    mmm.response_curves_ = mmm.response_curves()
    return mmm


@pytest.fixture(scope="session")
def holdout(panel):
    """Return the last eight weeks, which ``fitted`` has not seen."""
    X, y, _ = panel
    later = X["week"] >= X["week"].unique()[-8]
    return X[later], y[later]
