"""
From model to money
===================

Where do channels stand on their response curves, what would a changed plan bring, and
which plan would bring most? The truth of a synthetic panel tells how good the advice
is.
"""

import warnings

from sklearn_mmm import (
    DeepCausalMMMRegressor,
    allocate_budget,
    budget_frontier,
    simulate,
)
from sklearn_mmm.allocation import budget_at_marginal_roi, minimize_spend
from sklearn_mmm.datasets import make_mmm, true_outcome
from sklearn_mmm.plotting import plot_allocation, plot_frontier

warnings.simplefilter("ignore")
X, y, truth = make_mmm(n_regions=10, n_weeks=156, n_channels=5, random_state=1)
mmm = DeepCausalMMMRegressor(
    media_columns=truth.media_columns,
    control_columns=truth.control_columns,
    region_column="region",
    time_column="week",
    random_state=0,
).fit(X, y)

# %%
# The operating point of each channel, and where its last unit would bring just one
# outcome unit.
print(mmm.saturation_points().round(2).to_string())

# %%
# A quarter of the last year, which other weeks follow: what would have happened with
# more television and less search?
weeks = X["week"].unique()
plan = X[X["week"].isin(weeks[120:133])]
simulation = simulate(mmm, plan, {"tv": 1.2, "search": 0.9})
print(simulation)
print(simulation.by_channel.round(0).to_string())

# %%
# The same money, better spent; the truth agrees.
result = allocate_budget(mmm, plan)
print(result)
print(result.channels.round(2).to_string())
changed = X.copy()
changed.loc[plan.index, truth.media_columns] = result.spend
gain = (true_outcome(truth, changed) - true_outcome(truth, X)).sum()
print(f"gain by the model {result.gain:,.0f}, by the truth {gain:,.0f}")

# %%
plot_allocation(result)

# %%
# What other budgets would bring, the least that brings what was planned, and how much
# to spend if the last unit has to bring three.
frontier = budget_frontier(mmm, plan)
print(frontier.iloc[:, :6].round(2).to_string())
print(minimize_spend(mmm, plan, result.planned_outcome, bounds=(0.5, 1.5)))
print(budget_at_marginal_roi(mmm, plan, 3.0, bounds=(0, 2)))

# %%
plot_frontier(frontier)
