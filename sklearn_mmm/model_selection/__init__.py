"""Splitting panels: by time, into blocks, at random."""

from sklearn_mmm.model_selection._bootstrap import PanelBootstrap
from sklearn_mmm.model_selection._k_fold import PanelKFold
from sklearn_mmm.model_selection._time_series_split import PanelTimeSeriesSplit

__all__ = ["PanelBootstrap", "PanelKFold", "PanelTimeSeriesSplit"]
