"""Marketing mix models for scikit-learn."""

from sklearn_mmm import metrics as metrics
from sklearn_mmm import mlflow as mlflow
from sklearn_mmm._version import __version__ as __version__
from sklearn_mmm.allocation import (
    allocate_budget,
    best_frequency,
    budget_at_marginal_roi,
    budget_frontier,
    make_future,
    minimize_spend,
    plan_experiments,
)
from sklearn_mmm.estimator._regressor import DeepCausalMMMRegressor
from sklearn_mmm.graph._channel_graph import ChannelGraph
from sklearn_mmm.inspection import ResponseCurveFit, check_data, simulate
from sklearn_mmm.model_selection import (
    PanelBootstrap,
    PanelKFold,
    PanelTimeSeriesSplit,
)
from sklearn_mmm.parallel import fit_many
from sklearn_mmm.report import make_report
from sklearn_mmm.storage import load
from sklearn_mmm.transformers import (
    AdstockHillTransformer,
    EventEncoder,
    RegionEncoder,
)

__all__ = [
    "AdstockHillTransformer",
    "ChannelGraph",
    "DeepCausalMMMRegressor",
    "EventEncoder",
    "PanelBootstrap",
    "PanelKFold",
    "PanelTimeSeriesSplit",
    "RegionEncoder",
    "ResponseCurveFit",
    "allocate_budget",
    "best_frequency",
    "budget_at_marginal_roi",
    "budget_frontier",
    "check_data",
    "fit_many",
    "load",
    "make_future",
    "make_report",
    "minimize_spend",
    "plan_experiments",
    "simulate",
]
