"""From a fitted estimator to tidy tables."""

from sklearn_mmm.inspection._channels import channel_summary
from sklearn_mmm.inspection._forecast import (
    forecast_metrics,
    skill_score,
    within_region_r2,
)

__all__ = [
    "channel_summary",
    "forecast_metrics",
    "skill_score",
    "within_region_r2",
]
