"""Predicting outcomes and their parts from a fitted model."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_mmm._arguments import check_truth
from sklearn_mmm._intervals import half_width, interval_around
from sklearn_mmm._threads import one_thread
from sklearn_mmm._warn import warn_caller
from sklearn_mmm.estimator._predictor import Predictor
from sklearn_mmm.exceptions import ExtrapolationWarning, UnknownRegionWarning
from sklearn_mmm.panel._columns import as_table, index_of
from sklearn_mmm.panel._region_labels import (
    RegionSpec,
    dimension_names,
    dimension_table,
)
from sklearn_mmm.panel._roles import Roles
from sklearn_mmm.panel._rows import Rows, read_rows
from sklearn_mmm.panel._time_axis import TimeAxis


class PredictionMixin:
    """What a fitted regressor says about rows."""

    region_column: RegionSpec
    time_column: str | int | None
    handle_unknown: str
    media_columns_: list[str]
    control_columns_: list[str]
    n_features_in_: int
    n_members_: int
    _predictor: Predictor
    _roles: Roles
    _axis: TimeAxis | None

    @one_thread()
    def predict(
        self, X: Any, return_std: bool = False
    ) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
        """Predict the outcome.

        Parameters
        ----------
        X : DataFrame or array of shape (n_rows, n_columns)
            Rows to predict; with a time column they continue or replace training rows.
        return_std : bool, default=False
            Whether to return standard deviations of the outcome as well.

        Returns
        -------
        prediction : ndarray of shape (n_rows,)
            Outcome units per time step.
        std : ndarray of shape (n_rows,)
            Only with ``return_std``: uncertainty of parameters and baseline, and the
            noise of single weeks.

        Raises
        ------
        ValueError
            If ``return_std`` is asked of a model without members.
        """
        check_truth("return_std", return_std)
        rows = self._read(X)
        prediction = self._decompose(rows, None).to_numpy().sum(axis=1)
        if not return_std:
            return prediction
        return prediction, self._outcome_std(rows, prediction)

    @one_thread()
    def predict_interval(self, X: Any, coverage: float = 0.9) -> np.ndarray:
        """Predict intervals of the outcome.

        Parameters
        ----------
        X : DataFrame or array of shape (n_rows, n_columns)
        coverage : float, default=0.9
            Probability that an outcome lies in its interval.

        Returns
        -------
        ndarray of shape (n_rows, 2)
            Lower and upper ends, outcome units per time step.

        Raises
        ------
        ValueError
            If ``coverage`` is not between 0 and 1, or there are no members.

        Notes
        -----
        The spread of the members' predictions, the variance of the baseline given the
        training weeks and the noise of single weeks add up. Beyond the training weeks
        the latter two are scaled by the factor that made intervals hold at the origins
        of inner validation.
        """
        width = half_width(coverage)
        prediction, std = self.predict(X, return_std=True)
        if self._predictor.multiplies:
            # Symmetric on the scale of the logarithm.
            factor = np.exp(width * std / prediction)
            return np.column_stack([prediction / factor, prediction * factor])
        half = width * std
        return np.column_stack([prediction - half, prediction + half])

    @one_thread()
    def decompose(self, X: Any, coverage: float | None = None) -> pd.DataFrame:
        """Split predictions into baseline, controls and channels.

        Parameters
        ----------
        X : DataFrame or array of shape (n_rows, n_columns)
        coverage : float, default=None
            Probability of intervals; None for none.

        Returns
        -------
        DataFrame of shape (n_rows, 1 + n_controls + n_channels)
            Outcome units; each row sums to its prediction. A channel's column is what
            the prediction would lose without the channel. With ``coverage`` each part
            has the columns ``contribution``, ``low`` and ``high`` (a MultiIndex).
            Where effects multiply (``link_``), channels share in what the prediction
            would lose without all of them, by the sizes of their effects.

        Raises
        ------
        ValueError
            If ``coverage`` is not between 0 and 1, or there are no members.
        """
        rows = self._read(X)
        parts = self._decompose(rows, index_of(X))
        if coverage is None:
            return parts
        self._need_members()
        draws = np.array(list(self._predictor.decompose_members(rows)))
        estimate = parts.to_numpy()
        low, high = interval_around(draws, estimate, coverage)
        # The baseline wanders beyond what parameters say.
        wanders = self._predictor.baseline_variance(rows, estimate.sum(axis=1))
        further = half_width(coverage) ** 2 * wanders
        step = np.sqrt((0.5 * (high[:, 0] - low[:, 0])) ** 2 + further)
        low[:, 0], high[:, 0] = estimate[:, 0] - step, estimate[:, 0] + step
        columns = pd.MultiIndex.from_product(
            [parts.columns, ["contribution", "low", "high"]], names=["part", "value"]
        )
        values = np.stack([estimate, low, high], axis=2).reshape(len(parts), -1)
        return pd.DataFrame(values, parts.index, columns)

    @property
    def reach_frequency_(self) -> dict[str, tuple[str, str]]:
        """Columns of reach and frequency, by channel that has them."""

        def name(column: Any) -> str:
            return column if isinstance(column, str) else f"x{column}"

        pairs = self._roles.reach.items()
        return {c: (name(reach), name(often)) for c, (reach, often) in pairs}

    @property
    def dimensions_(self) -> pd.DataFrame:
        """Labels of the regions by dimension, (n_regions, n_dimensions).

        A column for each column of ``region_column``; indexed as regions are called
        in all tables.
        """
        check_is_fitted(self)
        return self._dimensions_of(self._predictor.scales.regions)

    def _dimensions_of(self, regions: np.ndarray) -> pd.DataFrame:
        """Return the labels of regions by dimension."""
        return dimension_table(regions, self._dimension_names)

    @property
    def _dimension_names(self) -> list[str]:
        names = getattr(self, "feature_names_in_", None)
        return dimension_names(self.region_column, names)

    def _read(self, X: Any) -> Rows:
        check_is_fitted(self)
        table = as_table(X, getattr(self, "feature_names_in_", None))
        validate_data(self, table, reset=False, skip_check_array=True)
        rows, _ = read_rows(
            table,
            self._roles,
            self.region_column,
            self.time_column,
            self._axis,
            regions=self._predictor.scales.regions,
        )
        self._check_regions(rows)
        return rows

    def _decompose(self, rows: Rows, index: pd.Index | None) -> pd.DataFrame:
        self._warn_of_drift(rows)
        names = ["baseline", *self.control_columns_, *self.media_columns_]
        return pd.DataFrame(self._predictor.decompose(rows), index, names)

    def _warn_of_drift(self, rows: Rows) -> None:
        far = self._predictor.drifted(rows)
        if far.any():
            names = [n for n, f in zip(self.control_columns_, far, strict=True) if f]
            warn_caller(
                f"controls {names} have drifted: most rows lie more than a standard "
                "deviation outside their region's training range; their effect is "
                "held at that range's edge",
                ExtrapolationWarning,
            )

    def row_keys(self, X: Any) -> pd.DataFrame:
        """Return region and time of rows.

        Parameters
        ----------
        X : DataFrame or array of shape (n_rows, n_columns)

        Returns
        -------
        DataFrame of shape (n_rows, 2)
            ``region`` and ``time``, as in ``history_``.
        """
        rows = self._read(X)
        return pd.DataFrame({"region": rows.region, "time": rows.time})

    @one_thread()
    def control_totals(self) -> np.ndarray:
        """Return what members say that controls brought in the training rows.

        Returns
        -------
        ndarray of shape (n_members, n_controls)
            Outcome units, or money with an ``outcome_value``; measured from
            ``control_reference_``.
        """
        check_is_fitted(self)
        n = len(self.control_columns_)
        history = self._predictor.history
        draws = self._predictor.controls_of_members(history)
        totals = [history.worth @ draw for draw in draws]
        return np.reshape(totals, (self.n_members_, n))

    def _outcome_std(self, rows: Rows, prediction: np.ndarray) -> np.ndarray:
        self._need_members()
        own = self._predictor
        draws = [d.sum(axis=1) for d in own.decompose_members(rows)]
        variance = np.var(draws, axis=0) + own.baseline_variance(rows, prediction)
        return np.asarray(np.sqrt(variance + own.noise_variance(rows, prediction)))

    def _need_members(self) -> None:
        if not self.n_members_:
            raise ValueError(
                "there are no members to make intervals of; fit with n_members=32"
            )

    def _check_regions(self, rows: Rows) -> None:
        code = self._predictor.scales.code(rows.region)
        if self.handle_unknown == "error" and (code < 0).any():
            unknown = np.unique(rows.region[code < 0])[:5].tolist()
            raise ValueError(
                f"regions {unknown} were not seen in fit; fit with them or set "
                "handle_unknown='shared'"
            )
        for unseen, used in (
            (code == -1, "shared parameters and the median region's size are used"),
            (code < -1, "what their groups have in common is used"),
        ):
            if unseen.any():
                labels = np.unique(rows.region[unseen])[:5].tolist()
                warn_caller(
                    f"regions {labels} were not seen in fit; {used}",
                    UnknownRegionWarning,
                )
