"""From a fitted estimator to tidy tables."""

from sklearn_mmm.inspection._channels import channel_summary
from sklearn_mmm.inspection._curve_fit import ResponseCurveFit
from sklearn_mmm.inspection._forecast import (
    forecast_metrics,
    skill_score,
    within_region_r2,
)
from sklearn_mmm.inspection._simulate import Simulation, simulate

__all__ = [
    "ResponseCurveFit",
    "Simulation",
    "channel_summary",
    "forecast_metrics",
    "simulate",
    "skill_score",
    "within_region_r2",
]
