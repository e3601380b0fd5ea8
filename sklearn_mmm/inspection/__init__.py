"""From a fitted estimator to tidy tables."""

from sklearn_mmm.inspection._channels import channel_summary
from sklearn_mmm.inspection._check_data import check_data
from sklearn_mmm.inspection._contributions import (
    baseline_components,
    contribution_table,
    waterfall_table,
)
from sklearn_mmm.inspection._controls import control_table
from sklearn_mmm.inspection._curve_fit import ResponseCurveFit
from sklearn_mmm.inspection._data_quality import (
    collinearity,
    coverage_table,
    outlier_table,
    outlier_weight_table,
    zero_spells,
)
from sklearn_mmm.inspection._demand import demand_table
from sklearn_mmm.inspection._diagnosis import diagnose
from sklearn_mmm.inspection._effects import effect_table, roi_table, share_table
from sklearn_mmm.inspection._events import event_table
from sklearn_mmm.inspection._fit_table import (
    autocorrelation,
    fit_metrics,
    fit_over_time,
    fit_table,
    residual_table,
)
from sklearn_mmm.inspection._forecast import (
    forecast_metrics,
    skill_score,
    within_region_r2,
)
from sklearn_mmm.inspection._frequency import frequency_curves
from sklearn_mmm.inspection._graph_tables import graph_tables
from sklearn_mmm.inspection._groups import group_table
from sklearn_mmm.inspection._media_total import media_total
from sklearn_mmm.inspection._naive import forecast_comparison, naive_forecasts
from sklearn_mmm.inspection._placebo import placebo_test
from sklearn_mmm.inspection._prior_posterior import prior_posterior
from sklearn_mmm.inspection._regions import region_channel_table, region_table
from sklearn_mmm.inspection._responses import (
    adstock_table,
    half_life,
    modulation_table,
    response_curve_table,
    saturation_table,
)
from sklearn_mmm.inspection._robustness import robustness_table, robustness_value
from sklearn_mmm.inspection._simulate import Simulation, simulate
from sklearn_mmm.inspection._spend_and_return import (
    carry_over_table,
    change_table,
    period_roi_table,
    spend_table,
)
from sklearn_mmm.inspection._stability import stability
from sklearn_mmm.inspection._training import training_tables
from sklearn_mmm.inspection._training_rows import (
    Units,
    channels_by_size,
    has_intervals,
    training_rows,
    units_of,
)

__all__ = [
    "ResponseCurveFit",
    "Simulation",
    "Units",
    "adstock_table",
    "autocorrelation",
    "baseline_components",
    "carry_over_table",
    "change_table",
    "channel_summary",
    "channels_by_size",
    "check_data",
    "collinearity",
    "contribution_table",
    "control_table",
    "coverage_table",
    "demand_table",
    "diagnose",
    "effect_table",
    "event_table",
    "fit_metrics",
    "fit_over_time",
    "fit_table",
    "forecast_comparison",
    "forecast_metrics",
    "frequency_curves",
    "graph_tables",
    "group_table",
    "half_life",
    "has_intervals",
    "media_total",
    "modulation_table",
    "naive_forecasts",
    "outlier_table",
    "outlier_weight_table",
    "period_roi_table",
    "placebo_test",
    "prior_posterior",
    "region_channel_table",
    "region_table",
    "residual_table",
    "response_curve_table",
    "robustness_table",
    "robustness_value",
    "roi_table",
    "saturation_table",
    "share_table",
    "simulate",
    "skill_score",
    "spend_table",
    "stability",
    "training_rows",
    "training_tables",
    "units_of",
    "waterfall_table",
    "within_region_r2",
    "zero_spells",
]
