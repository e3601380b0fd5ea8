"""Marketing mix models for scikit-learn."""

from sklearn_mmm._regressor import DeepCausalMMMRegressor

__all__ = ["DeepCausalMMMRegressor"]

__version__ = "0.1.0"
