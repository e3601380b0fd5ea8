"""
Quickstart
==========

Fit a marketing mix model to a panel of regions and weeks, see what each channel
brought in, and compare with the truth, which synthetic data let us know.
"""

import argparse

import pandas as pd
from sklearn.linear_model import Ridge
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

from sklearn_mmm import (
    AdstockHillTransformer,
    DeepCausalMMMRegressor,
    PanelTimeSeriesSplit,
    RegionEncoder,
    make_report,
)
from sklearn_mmm.datasets import make_mmm
from sklearn_mmm.inspection import Units, channel_summary
from sklearn_mmm.plotting import plot_contributions, plot_response_curves, plot_roi

parser = argparse.ArgumentParser()
parser.add_argument("--output", default="demo_report.html")
args, _ = parser.parse_known_args()

# %%
# Three years of weekly sales in twenty regions, with spend on six channels, which drive
# one another. The last quarter is kept back.
X, y, truth = make_mmm(
    n_regions=20, n_weeks=156, n_channels=6, graph=True, random_state=0
)
train = X["week"] < X["week"].drop_duplicates().sort_values().iloc[-13]

mmm = DeepCausalMMMRegressor(
    media_columns=truth.media_columns,
    control_columns=truth.control_columns,
    region_column="region",
    time_column="week",
    random_state=0,
).fit(X[train], y[train])
print(f"R² on the last quarter: {mmm.score(X[~train], y[~train]):.3f}")

# %%
# What each channel brought in, beside the truth.
table = channel_summary(mmm)[["spend", "contribution", "roi"]]
table["true contribution"] = truth.contributions[train].sum()
print(table.round(2).to_string())

# %%
# Contributions over time.
plot_contributions(mmm)

# %%
# What a unit of spend brought on average, and what the next one would bring.
plot_roi(mmm)

# %%
# Response curves: dashed beyond the largest spend seen.
plot_response_curves(mmm)

# %%
# The transformers make a linear marketing mix model of any regressor.
linear = make_pipeline(
    AdstockHillTransformer(truth.media_columns, "region", "week"),
    RegionEncoder("region", "week"),
    Ridge(),
)
cv = PanelTimeSeriesSplit(n_splits=3, test_size=13, time_column="week")
scores = cross_val_score(linear, X, y, cv=cv)
print("R² of the linear model by fold:", pd.Series(scores).round(3).tolist())

# %%
# One HTML file to share, with the forecast of the last quarter and its best budget.
units = Units(outcome="sales", spend="$", time="week")
path = make_report(mmm, args.output, X[~train], y[~train], plan=X[~train], units=units)
print(f"report: {path}")
