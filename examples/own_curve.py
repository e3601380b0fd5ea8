"""
A saturation of your own
========================

A curve is one class: its parameters as priors, and a formula on tensors. Fit, curves,
budgets and intervals follow.
"""

import math

import torch

from sklearn_mmm import DeepCausalMMMRegressor
from sklearn_mmm.components import Prior, Saturation
from sklearn_mmm.datasets import make_mmm
from sklearn_mmm.plotting import plot_response_curves


class ArctanSaturation(Saturation):
    """2 / pi * arctan(x / half_saturation)."""

    priors = (Prior("half_saturation", "log", -0.5, 0.8, media_power=1),)

    def value(self, parameters, x):
        """Return the curve at adstocked media."""
        return 2 / math.pi * torch.atan(x / parameters["half_saturation"])


X, y, truth = make_mmm(n_regions=4, n_weeks=104, n_channels=3, random_state=0)
columns = (truth.media_columns, truth.control_columns, "region", "week")
mmm = DeepCausalMMMRegressor(
    *columns, saturation=ArctanSaturation(), graph=False, random_state=0
).fit(X, y)
print(mmm.saturation_parameters_.round(2).to_string())

# %%
# It extrapolates in another way than a Hill curve does: where curves are dashed,
# nothing was seen, and the form decides.
plot_response_curves(mmm)
