"""From tables to interactive Plotly figures."""

from sklearn_mmm.plotting._contributions import plot_contributions
from sklearn_mmm.plotting._fit import plot_fit
from sklearn_mmm.plotting._response_curves import plot_response_curves

__all__ = ["plot_contributions", "plot_fit", "plot_response_curves"]
