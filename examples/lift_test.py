"""
Plan the test that is worth most
================================

Data leave open what a channel brings. Which experiment would tell most, where should it
run, and what would it cost?
"""

import warnings

import plotly.express as px

from sklearn_mmm import (
    DeepCausalMMMRegressor,
    allocate_budget,
    make_future,
    plan_experiments,
)
from sklearn_mmm.datasets import make_mmm

warnings.simplefilter("ignore")
X, y, truth = make_mmm(n_regions=8, n_weeks=110, n_channels=4, random_state=5)
mmm = DeepCausalMMMRegressor(
    truth.media_columns, truth.control_columns, "region", "week", random_state=0
).fit(X, y)

# %%
# The quarter to come, planned as the year before.
future = make_future(mmm, periods=13)
print(allocate_budget(mmm, future).recommendation)

# %%
# Tests by what they are worth: the profit of a better plan, less what the test costs.
tests = plan_experiments(mmm, future, durations=(4,))
print(tests[["channel", "kind", "power", "cost", "value"]].round(2).to_string())

# %%
# Power costs money: each point is a test.
px.scatter(
    tests,
    x="cost",
    y="power",
    color="channel",
    symbol="kind",
    template="plotly_white",
    labels={"cost": "cost of the test", "power": "chance to see the lift"},
).update_traces(marker_size=12)
