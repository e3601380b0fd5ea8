"""
How far to trust a model
========================

Good forecasts do not prove contributions. These checks look for what would make them
wrong: channels that move together, spend that follows demand, hidden causes.
"""

from sklearn_mmm import DeepCausalMMMRegressor, check_data
from sklearn_mmm.datasets import make_mmm
from sklearn_mmm.inspection import (
    collinearity,
    demand_table,
    diagnose,
    robustness_table,
)
from sklearn_mmm.plotting import plot_collinearity

X, y, truth = make_mmm(n_regions=4, n_weeks=104, n_channels=4, random_state=4)
roles = dict(
    media_columns=truth.media_columns,
    control_columns=truth.control_columns,
    region_column="region",
    time_column="week",
)

# %%
# Before any fit: what stops, distorts or deserves a note.
print(check_data(X, y, **roles).to_string())

# %%
mmm = DeepCausalMMMRegressor(**roles, random_state=0).fit(X, y)
for message in diagnose(mmm)["message"]:
    print("-", message)

# %%
# Which columns move together?
plot_collinearity(collinearity(mmm))

# %%
# Does spend follow what sales did before?
print(demand_table(mmm).round(3).to_string())

# %%
# How strong would a hidden cause have to be to explain a channel away?
print(robustness_table(mmm).round(3).to_string())
