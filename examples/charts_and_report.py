"""
Charts, their tables, and the report
====================================

Every chart is a function of a fitted estimator that returns a Plotly figure, and the
table behind it is a function too.
"""

import tempfile
from pathlib import Path

from sklearn_mmm import DeepCausalMMMRegressor, allocate_budget, make_report
from sklearn_mmm.datasets import make_mmm
from sklearn_mmm.inspection import (
    Units,
    diagnose,
    fit_table,
    forecast_comparison,
    roi_table,
)
from sklearn_mmm.plotting import (
    plot_allocation,
    plot_channel_graph,
    plot_fit,
    plot_roi,
    plot_waterfall,
)

X, y, truth = make_mmm(
    n_regions=6, n_weeks=130, n_channels=5, graph=True, random_state=2
)
train = X["week"] < X["week"].unique()[-13]
mmm = DeepCausalMMMRegressor(
    media_columns=truth.media_columns,
    control_columns=truth.control_columns,
    region_column="region",
    time_column="week",
    random_state=0,
).fit(X[train], y[train])
units = Units(outcome="sales", spend="$", time="week")

# %%
# The fit, with the last quarter as a holdout; the menu chooses a region.
fit = fit_table(mmm, X[~train], y[~train])
plot_fit(fit, units=units)

# %%
# Whether the forecast was worth the effort.
forecast_comparison(fit).round(3)

# %%
# What each channel added to the baseline.
plot_waterfall(mmm, units=units)

# %%
# A table can be changed before it is drawn.
table = roi_table(mmm)
plot_roi(table[table["contribution"] > 0.05 * table["contribution"].sum()], units=units)

# %%
# Which channel drives which.
plot_channel_graph(mmm)

# %%
# A better split of the last quarter's budget.
allocation = allocate_budget(mmm, X[~train], bounds=(0.7, 1.3))
plot_allocation(allocation, units=units)

# %%
# What to be careful about.
for message in diagnose(mmm, fit, allocation)["message"]:
    print("-", message)

# %%
# All of it in one file, with the allocation just made.
with tempfile.TemporaryDirectory() as folder:
    path = make_report(
        mmm, Path(folder) / "report.html", X[~train], y[~train], allocation, units=units
    )
    print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB")
