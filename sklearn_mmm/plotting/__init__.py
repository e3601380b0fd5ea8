"""From tables to interactive Plotly figures."""

from sklearn_mmm.plotting._beliefs import plot_events, plot_prior_posterior
from sklearn_mmm.plotting._budget import plot_allocation, plot_frontier
from sklearn_mmm.plotting._changes import plot_changes
from sklearn_mmm.plotting._channels import (
    plot_effects,
    plot_roi,
    plot_saturation,
    plot_shares,
)
from sklearn_mmm.plotting._collinearity import plot_collinearity
from sklearn_mmm.plotting._contributions import (
    plot_baseline,
    plot_contributions,
    plot_waterfall,
)
from sklearn_mmm.plotting._data_quality import (
    plot_coverage,
    plot_outliers,
    plot_zero_spells,
)
from sklearn_mmm.plotting._fit_and_residuals import plot_fit, plot_residuals
from sklearn_mmm.plotting._frequency import plot_frequency
from sklearn_mmm.plotting._graph_figure import plot_channel_graph
from sklearn_mmm.plotting._predicted_actual import plot_predicted_actual
from sklearn_mmm.plotting._regions import plot_region_heatmap, plot_regions
from sklearn_mmm.plotting._responses import (
    plot_adstock,
    plot_modulation,
    plot_response_curves,
)
from sklearn_mmm.plotting._spend_and_return import (
    plot_bubbles,
    plot_carry_over,
    plot_period_roi,
    plot_spend,
)
from sklearn_mmm.plotting._style import channel_colours
from sklearn_mmm.plotting._training import plot_training

__all__ = [
    "channel_colours",
    "plot_adstock",
    "plot_allocation",
    "plot_baseline",
    "plot_bubbles",
    "plot_carry_over",
    "plot_changes",
    "plot_channel_graph",
    "plot_collinearity",
    "plot_contributions",
    "plot_coverage",
    "plot_effects",
    "plot_events",
    "plot_fit",
    "plot_frequency",
    "plot_frontier",
    "plot_modulation",
    "plot_outliers",
    "plot_period_roi",
    "plot_predicted_actual",
    "plot_prior_posterior",
    "plot_region_heatmap",
    "plot_regions",
    "plot_residuals",
    "plot_response_curves",
    "plot_roi",
    "plot_saturation",
    "plot_shares",
    "plot_spend",
    "plot_training",
    "plot_waterfall",
    "plot_zero_spells",
]
