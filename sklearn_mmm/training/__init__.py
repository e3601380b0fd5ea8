"""Training: covariance of what wanders, losses, callbacks and the skorch net."""

from sklearn_mmm.training._baseline import TimeBaseline
from sklearn_mmm.training._covariance import TimeCovariance
from sklearn_mmm.training._data import TrainingData, calendar_features
from sklearn_mmm.training._experiments import Experiment
from sklearn_mmm.training._fit import Fitted, Member, TrainingOptions, fit_network
from sklearn_mmm.training._graph import EdgeRules, GraphData, LearnedGraph, learn_graph
from sklearn_mmm.training._graph_data import independent_rows, panel_rows

__all__ = [
    "EdgeRules",
    "Experiment",
    "Fitted",
    "GraphData",
    "LearnedGraph",
    "Member",
    "TimeBaseline",
    "TimeCovariance",
    "TrainingData",
    "TrainingOptions",
    "calendar_features",
    "fit_network",
    "independent_rows",
    "learn_graph",
    "panel_rows",
]
