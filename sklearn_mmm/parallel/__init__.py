"""Many fits at once: on this machine or on a cluster."""

from sklearn_mmm.parallel._dask import on_dask
from sklearn_mmm.parallel._fit_many import FittedPanels, fit_many

__all__ = ["FittedPanels", "fit_many", "on_dask"]
