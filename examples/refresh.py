"""
Four new weeks
==============

A model is kept, meets weeks that it has not seen, takes them in and says what changed.
"""

import tempfile
from pathlib import Path

import sklearn_mmm
from sklearn_mmm import DeepCausalMMMRegressor
from sklearn_mmm.datasets import make_mmm
from sklearn_mmm.inspection import change_table
from sklearn_mmm.metrics import forecast_skill_scorer
from sklearn_mmm.plotting import plot_changes

X, y, truth = make_mmm(n_regions=5, n_weeks=112, n_channels=4, random_state=3)
known = X["week"] < X["week"].unique()[-4]
mmm = DeepCausalMMMRegressor(
    truth.media_columns, truth.control_columns, "region", "week", random_state=0
).fit(X[known], y[known])

# %%
# One file without code keeps it until next month.
with tempfile.TemporaryDirectory() as folder:
    path = mmm.save(Path(folder) / "model.mmm")
    before = sklearn_mmm.load(path)

# %%
# How well did it forecast what has come? 0 is no better than the last weeks' mean.
print(f"skill: {forecast_skill_scorer(before, X[~known], y[~known]):.2f}")

# %%
# The new weeks join in a fraction of a fit's time.
mmm.partial_fit(X[~known], y[~known])
changes = change_table(mmm, before)
print(changes.round(2).to_string())

# %%
plot_changes(changes)
