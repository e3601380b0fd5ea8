"""What a fitted model has learned, as tables of parameters, beliefs and edges."""

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from sklearn_mmm._threads import one_thread
from sklearn_mmm.estimator._fitted_tables import edge_table, parameter_table
from sklearn_mmm.estimator._prediction_mixin import PredictionMixin
from sklearn_mmm.estimator._prior_table import prior_table
from sklearn_mmm.graph._influence import ChannelInfluence
from sklearn_mmm.training import Fitted


class ParameterTableMixin(PredictionMixin):
    """Tables of what a fitted regressor has learned."""

    contributions_: pd.DataFrame
    dag_strength_: pd.DataFrame
    _influence: ChannelInfluence
    _fitted: Fitted

    @property
    def feature_importances_(self) -> np.ndarray:
        """Share of each column of X in what columns contribute.

        An array of shape (``n_features_in_``,): the mean absolute contribution of media
        and controls over the training rows, relative to the sum of these; 0 for keys
        and other columns. Selectors of features, such as
        :class:`~sklearn.feature_selection.SelectFromModel`, ask for it.
        """
        check_is_fitted(self)
        names = [*self._roles.media, *self._roles.controls]
        table = self.contributions_[[*self.media_columns_, *self.control_columns_]]
        size = table.abs().mean().to_numpy().copy()
        # A channel of reach and frequency is as much the one's as the other's.
        reached = list(self._roles.reached)
        size[reached] /= 2
        names += [frequency for _, frequency in self._roles.reach.values()]
        size = np.append(size, size[reached])
        given = getattr(self, "feature_names_in_", None)
        columns = list(range(self.n_features_in_)) if given is None else list(given)
        out = np.zeros(len(columns))
        out[[columns.index(name) for name in names]] = size
        return out / max(out.sum(), np.finfo(float).tiny)

    @one_thread()
    def parameter_table(self, coverage: float = 0.9) -> pd.DataFrame:
        """Return the channels' parameters with intervals.

        Parameters
        ----------
        coverage : float, default=0.9
            Probability of the intervals.

        Returns
        -------
        DataFrame
            ``parameter`` (those of adstock and saturation, "effect" and
            "adstock_weight"), ``channel``, ``lag`` (time steps, for
            "adstock_weight" alone), ``estimate``, ``low`` and ``high``.

        Raises
        ------
        ValueError
            If ``coverage`` is not between 0 and 1, or there are no members.
        """
        check_is_fitted(self)
        self._need_members()
        own = self._predictor
        return parameter_table(
            own.module, own.members, list(self.media_columns_), coverage
        )

    def prior_table(self) -> pd.DataFrame:
        """Return the channels' parameters as believed before and after the data.

        Returns
        -------
        DataFrame
            ``parameter``, ``channel``, ``prior_mean``, ``prior_sd``, ``posterior_mean``
            and ``posterior_sd``; see :func:`~sklearn_mmm.inspection.prior_posterior`.

        Raises
        ------
        ValueError
            If there are fewer than two members.
        """
        check_is_fitted(self)
        self._need_members()
        if len(self._predictor.members) < 2:
            raise ValueError("one member has no spread; fit with n_members=32")
        own, channels = self._predictor, list(self.media_columns_)
        penalties = self._fitted.hyper.penalties
        return prior_table(own.module, own.members, channels, penalties)

    @one_thread()
    def edge_table(self, coverage: float = 0.9) -> pd.DataFrame:
        """Return the edges of the channel graph with intervals of their weights.

        Parameters
        ----------
        coverage : float, default=0.9
            Probability of the intervals, which come from standard errors that are
            robust against dependence inside regions (with few of them, inside blocks
            of weeks), the edges being given.

        Returns
        -------
        DataFrame
            ``from``, ``to``, ``lag`` (time steps), ``weight``, ``low``, ``high`` and
            ``strength``, the share of resamples with the edge.

        Raises
        ------
        ValueError
            If ``coverage`` is not between 0 and 1.
        """
        check_is_fitted(self)
        strength = self.dag_strength_.to_numpy()
        channels = list(self.media_columns_)
        return edge_table(self._influence, strength, channels, coverage)
