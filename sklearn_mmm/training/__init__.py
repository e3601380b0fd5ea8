"""Training: covariance of what wanders, losses, callbacks and the skorch net."""

from sklearn_mmm.training._baseline import TimeBaseline
from sklearn_mmm.training._covariance import TimeCovariance
from sklearn_mmm.training._data import TrainingData, calendar_features
from sklearn_mmm.training._ensemble import Member
from sklearn_mmm.training._experiments import Experiment
from sklearn_mmm.training._fit import Fitted, TrainingOptions, fit_network
from sklearn_mmm.training._graph import (
    EdgeRules,
    GraphData,
    LearnedGraph,
    learn_graph,
    refit_weights,
)
from sklearn_mmm.training._graph_data import independent_rows, panel_rows
from sklearn_mmm.training._update import Rescaling, update_network

__all__ = [
    "EdgeRules",
    "Experiment",
    "Fitted",
    "GraphData",
    "LearnedGraph",
    "Member",
    "Rescaling",
    "TimeBaseline",
    "TimeCovariance",
    "TrainingData",
    "TrainingOptions",
    "calendar_features",
    "fit_network",
    "independent_rows",
    "learn_graph",
    "panel_rows",
    "refit_weights",
    "update_network",
]
