"""What tables, budgets and reports ask of a fitted model."""

from collections.abc import Collection
from typing import Any, Protocol

import numpy as np
import pandas as pd

from sklearn_mmm.estimator._media_plan import MediaPlan


class FittedMMM(Protocol):
    """The public side of a fitted :class:`~sklearn_mmm.DeepCausalMMMRegressor`.

    What stands above the estimator knows no more of it than this; see there for what
    the members are.
    """

    # Names of columns or, for a model fitted to an array, their positions.
    region_column: Any
    time_column: Any
    spend_columns: Any
    outcome_value: Any

    media_columns_: list[str]
    control_columns_: list[str]
    organic_columns_: list[str]
    mediators_: list[str]
    spend_columns_: list[str | None]
    reach_frequency_: dict[str, tuple[str, str]]
    outcome_value_column_: str | None
    n_features_in_: int
    feature_names_in_: np.ndarray

    dimensions_: pd.DataFrame
    history_: pd.DataFrame
    outcome_: pd.Series
    outcome_value_: pd.Series
    spend_: pd.DataFrame
    lift_tests_: pd.DataFrame | None
    lift_test_fit_: pd.DataFrame
    outlier_weights_: pd.DataFrame

    contributions_: pd.DataFrame
    modulation_: pd.DataFrame
    link_: str
    response_curves_: pd.DataFrame
    control_reference_: pd.DataFrame
    adstock_: pd.DataFrame
    adstock_parameters_: pd.DataFrame
    saturation_parameters_: pd.DataFrame
    hyperparameters_: dict[str, float]
    n_members_: int
    net_: Any

    dag_: pd.DataFrame
    dag_lagged_: pd.DataFrame
    dag_strength_: pd.DataFrame

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters of the constructor."""

    def fit(self, X: Any, y: Any) -> Any:
        """Learn from rows, for what asks for another fit of a copy."""

    def predict(self, X: Any) -> np.ndarray:
        """Return the outcome of rows."""

    def predict_interval(self, X: Any, coverage: float = 0.9) -> np.ndarray:
        """Return intervals of the outcome of rows."""

    def control_totals(self) -> np.ndarray:
        """Return what members say that controls brought."""

    def row_keys(self, X: Any) -> pd.DataFrame:
        """Return region and time of rows."""

    def media_plan(self, X: Any, react: str | Collection[str] = "none") -> MediaPlan:
        """Prepare rows for the question what other media would have brought."""

    def member_plans(
        self, X: Any, react: str | Collection[str] = "none"
    ) -> list[MediaPlan]:
        """Prepare rows for the same question, asked of each member."""

    @property
    def channel_groups_(self) -> dict[str, list[str]]:
        """Channels of each group of campaigns."""

    def effects(
        self,
        kind: str = "direct",
        X: Any = None,
        coverage: float | None = None,
        by: str = "channel",
    ) -> pd.DataFrame:
        """Return what channels bring."""

    def effects_by_kind(
        self, X: Any = None, coverage: float | None = None, by: str = "channel"
    ) -> dict[str, pd.DataFrame]:
        """Return direct, mediated and total effects."""

    def response_curves(
        self,
        by: str = "channel",
        *,
        n_points: int = 51,
        reach: float = 2.0,
        coverage: float = 0.9,
    ) -> pd.DataFrame:
        """Return the steady-state response to constant spend."""

    def saturation_points(
        self, by: str = "channel", *, marginal_response: float = 1.0
    ) -> pd.DataFrame:
        """Return where each channel stands on its response curve."""

    def parameter_table(self, coverage: float = 0.9) -> pd.DataFrame:
        """Return parameters with intervals."""

    def prior_table(self) -> pd.DataFrame:
        """Return parameters as believed before and after the data."""

    def edge_table(self, coverage: float = 0.9) -> pd.DataFrame:
        """Return edges of the graph with intervals."""

    def save(self, path: Any) -> Any:
        """Write the model to a file."""
