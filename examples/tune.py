"""
Search and cross-validation on a panel
======================================

Splits go between weeks, never inside one, and a test fold continues the carry-over of
its training fold.
"""

import pandas as pd
import plotly.express as px
from sklearn.model_selection import GridSearchCV

from sklearn_mmm import DeepCausalMMMRegressor, PanelTimeSeriesSplit
from sklearn_mmm.datasets import make_mmm
from sklearn_mmm.metrics import forecast_skill_scorer

X, y, truth = make_mmm(n_regions=3, n_weeks=104, n_channels=3, random_state=6)
mmm = DeepCausalMMMRegressor(
    truth.media_columns,
    truth.control_columns,
    "region",
    "week",
    graph=False,
    validation=False,
    n_members=0,
    random_state=0,
)

# %%
# R² of a panel says little, since regions differ in size; skill compares with a
# forecast that costs nothing.
search = GridSearchCV(
    mmm,
    {"max_lag": [4, 8], "saturation": ["hill", "logistic"]},
    scoring=forecast_skill_scorer,
    cv=PanelTimeSeriesSplit(n_splits=2, test_size=8, time_column="week"),
).fit(X, y)
table = pd.DataFrame(search.cv_results_)
print(table[["param_max_lag", "param_saturation", "mean_test_score"]].to_string())

# %%
px.bar(
    table,
    x="param_max_lag",
    y="mean_test_score",
    color="param_saturation",
    barmode="group",
    template="plotly_white",
    labels={
        "param_max_lag": "weeks of carry-over",
        "mean_test_score": "forecast skill",
        "param_saturation": "saturation",
    },
).update_xaxes(type="category")
