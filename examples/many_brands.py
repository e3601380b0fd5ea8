"""
One model for each brand
========================

Hundreds of panels are fitted side by side; a panel that fails does not end the others.
"""

import pandas as pd
import plotly.express as px

from sklearn_mmm import DeepCausalMMMRegressor, fit_many
from sklearn_mmm.datasets import make_mmm

panels = {
    brand: make_mmm(2, 80, 2, random_state=seed)[:2]
    for seed, brand in enumerate(["soap", "tea", "bread"])
}
mmm = DeepCausalMMMRegressor(
    ["tv", "search"],
    ["price", "promotion"],
    "region",
    "week",
    graph=False,
    validation=False,
    n_members=8,
    random_state=0,
)
fits = fit_many(mmm, panels)
print(fits)

# %%
# Results by brand, in one table.
roi = pd.DataFrame({brand: fits[brand].effects("direct")["roi"] for brand in fits})
print(roi.round(2).to_string())

# %%
px.bar(
    roi,
    barmode="group",
    template="plotly_white",
    labels={"value": "ROI", "variable": "brand"},
)
