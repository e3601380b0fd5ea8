"""Keeping what was learned: files without code, pickles and skops."""

from sklearn_mmm.storage._archive import fingerprint, load, save
from sklearn_mmm.storage._stored import StoredEstimator, skops_types

__all__ = ["StoredEstimator", "fingerprint", "load", "save", "skops_types"]
