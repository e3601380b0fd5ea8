"""What a fitted model says about its media: plans, effects, curves."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from sklearn_mmm._arguments import check_choice, check_number, check_whole
from sklearn_mmm._intervals import check_coverage
from sklearn_mmm._threads import one_thread
from sklearn_mmm._warn import warn_caller
from sklearn_mmm.estimator._channel_effects import (
    KINDS,
    Parts,
    channel_effects,
    direct_effects,
    effects_table,
)
from sklearn_mmm.estimator._curve import Curve
from sklearn_mmm.estimator._media_plan import MediaPlan
from sklearn_mmm.estimator._parameter_mixin import ParameterTableMixin
from sklearn_mmm.estimator._response_curves import SteadyState
from sklearn_mmm.exceptions import FreeMediaWarning
from sklearn_mmm.graph._influence import ChannelInfluence
from sklearn_mmm.panel._outcome_value import check_worth
from sklearn_mmm.panel._region_labels import dimension_table
from sklearn_mmm.panel._rows import Rows

_LEVELS = ("channel", "channel×region")


class MediaInspectionMixin(ParameterTableMixin):
    """Questions about media that a fitted regressor answers."""

    contributions_: pd.DataFrame
    _influence: ChannelInfluence
    _steady_state: SteadyState
    _seed: int

    @one_thread()
    def media_plan(self, X: Any, react: str | Collection[str] = "none") -> MediaPlan:
        """Prepare rows for the question what other media would have brought.

        Parameters
        ----------
        X : DataFrame or array of shape (n_rows, n_columns)
            The plan: rows to predict, with the media as planned.
        react : {"none", "graph"} or list of str, default="none"
            Channels that follow, as the graph (``dag_``) says, where spend departs from
            the plan: none, all, or these. The others stay as planned, and mediators as
            they are in X.

        Returns
        -------
        MediaPlan
            Outcome and its gradient for any spend in these rows.

        Notes
        -----
        Media without any spend (see ``spend_columns``) stay as planned whatever is
        spent; there is a warning where others of their channel were paid for.
        """
        plan = self._plans(X, members=False)[0]
        return plan.reacting(self._influence, react)

    @one_thread()
    def member_plans(
        self, X: Any, react: str | Collection[str] = "none"
    ) -> list[MediaPlan]:
        """Prepare rows for the same question, asked of each member.

        Parameters
        ----------
        X : DataFrame or array of shape (n_rows, n_columns)
        react : {"none", "graph"} or list of str, default="none"
            See :meth:`media_plan`. Each member has a graph of its own, drawn from what
            resamples of the data make of it.

        Returns
        -------
        list of MediaPlan
            None if there are no members.
        """
        rng = np.random.default_rng(self._seed)
        return [
            plan.reacting(self._influence.draw(rng), react)
            for plan in self._plans(X, members=True)[1]
        ]

    @property
    def outcome_value_(self) -> pd.Series:
        """Worth of an outcome unit in each training row, (n_rows,)."""
        worth = self._predictor.history.worth
        return pd.Series(worth, self.contributions_.index, name="outcome_value")

    @property
    def outcome_value_column_(self) -> str | None:
        """Name of the column with the worth of an outcome unit."""
        column = self._roles.value
        return f"x{column}" if isinstance(column, int) else column

    def _plans(self, X: Any, members: bool) -> tuple[MediaPlan, list[MediaPlan]]:
        rows = self._read(X)
        check_worth(rows.value, self._roles.value)
        self._warn_of_drift(rows)
        self._warn_of_free_media(rows)
        index = X.index if isinstance(X, pd.DataFrame) else None
        return self._make_plans(rows, index, members)

    def _warn_of_free_media(self, rows: Rows) -> None:
        free = (rows.media > 0) & (rows.spend <= 0) & ~self._predictor.history.free
        if not free.any():
            return
        row, channel = (int(i[0]) for i in np.nonzero(free))
        warn_caller(
            f"{int(free.sum())} amounts of media are planned without any spend, first "
            f"{self.media_columns_[channel]!r} in row {row}; they stay as planned and "
            "are no part of a budget. Give the money behind them (spend_columns), or "
            "None there for a channel that costs nothing",
            FreeMediaWarning,
        )

    def _make_plans(
        self, rows: Rows, index: pd.Index | None, members: bool
    ) -> tuple[MediaPlan, list[MediaPlan]]:
        index = pd.RangeIndex(len(rows.region)) if index is None else index
        plan = self._predictor.plan(rows, list(self.media_columns_), index)
        names = self._dimension_names
        if len(names) > 1:
            table = dimension_table(rows.region, names)
            parts = {name: table[name].to_numpy() for name in names}
            plan = replace(plan, dimensions=parts)
        return plan, self._predictor.member_plans(plan, rows) if members else []

    @one_thread()
    def effects(
        self,
        kind: str = "direct",
        X: Any = None,
        coverage: float | None = None,
        by: str = "channel",
    ) -> pd.DataFrame:
        """Return what channels bring themselves and through channels that they drive.

        A channel is switched off, in the weeks before the rows as well, and the
        channels that it drives (``dag_``) lose what came through it.

        Parameters
        ----------
        kind : {"direct", "mediated", "total"}, default="direct"
            The channel's own contribution, what comes through its children, or both.
        X : DataFrame or array of shape (n_rows, n_columns), default=None
            Rows whose outcome counts; by default those of fit.
        coverage : float, default=None
            Probability of intervals; None for none.
        by : {"channel", "channel×region", "group"} or str, default="channel"
            One row for each channel, for each channel and region, or for each group of
            ``channel_groups`` and each channel outside them.
            Where ``region_column`` names several columns, each of them may stand in the
            place of "region": "channel×brand".

        Returns
        -------
        DataFrame
            Indexed by channel or group, or with the columns ``channel`` and ``region``
            (or that of the dimension):
            ``spend`` (spend units), ``contribution`` (outcome units, or money with an
            ``outcome_value``), ``roi`` and ``marginal_roi`` (the same per spend unit,
            on average and for the next unit, spread as the channel's spend is; NaN
            where nothing was spent); with an ``outcome_value`` also ``outcome``, the
            contribution in outcome units. With ``coverage`` also ``low`` and ``high``
            of the contribution, ``roi_low``, ``roi_high``, ``marginal_roi_low`` and
            ``marginal_roi_high``, over members and weights of the graph. With "total"
            also ``moved_in``, ``moved_out`` and ``attributed``: the direct contribution
            plus what is moved here from children, less what is moved to parents, in the
            unit of ``contribution``.

        Raises
        ------
        ValueError
            If ``kind`` or ``by`` is none of these, ``coverage`` is not between 0 and
            1, or there are no members.

        Notes
        -----
        Direct contributions sum to the media's part of the prediction (of
        its worth, with an ``outcome_value``), and so does ``attributed``. Total
        contributions do not: what TV brings through search is part of both. Where
        ancestors lead to the same channel, they share what it would lose without all of
        them in proportion to what it loses without each. The graph says how channels
        moved with one another in the data; that they would react to a change of plan is
        an assumption.

        Examples
        --------
        >>> from sklearn_mmm import DeepCausalMMMRegressor
        >>> from sklearn_mmm.datasets import make_mmm
        >>> X, y, truth = make_mmm(4, 60, 3, graph=True, random_state=0)
        >>> mmm = DeepCausalMMMRegressor(
        ...     truth.media_columns, truth.control_columns, "region", "week",
        ...     random_state=0, max_epochs=100, validation=False,
        ... ).fit(X, y)
        >>> table = mmm.effects("total")
        >>> table.index.tolist()
        ['tv', 'search', 'social']
        >>> direct = mmm.effects("direct")["contribution"]
        >>> bool(abs(table["attributed"].sum() / direct.sum() - 1) < 1e-9)
        True
        """
        check_choice("kind", kind, KINDS)
        return self._effects((kind,), X, coverage, by)[kind]

    @one_thread()
    def effects_by_kind(
        self, X: Any = None, coverage: float | None = None, by: str = "channel"
    ) -> dict[str, pd.DataFrame]:
        """Return direct, mediated and total effects, for little more than one of them.

        Parameters
        ----------
        X, coverage, by
            See :meth:`effects`.

        Returns
        -------
        dict of DataFrame
            By kind, as :meth:`effects` returns it.

        Raises
        ------
        ValueError
            As :meth:`effects`.
        """
        return self._effects(KINDS, X, coverage, by)

    def _effects(
        self, kinds: Sequence[str], X: Any, coverage: float | None, by: str
    ) -> dict[str, pd.DataFrame]:
        check_is_fitted(self)
        several = self._dimension_names if len(self._dimension_names) > 1 else []
        further = [f"channel×{name}" for name in several]
        check_choice("by", by, (*_LEVELS, "group", *further))
        if coverage is not None:
            check_coverage(coverage)
            self._need_members()
        if X is None:
            history, index = self._predictor.history, self.contributions_.index
            plan, _ = self._make_plans(history, index, members=False)
        else:
            plan, _ = self._plans(X, members=False)
        wanted = coverage is not None
        members = self._predictor.media_of_members(plan) if wanted else []
        rng = np.random.default_rng(self._seed)
        alone = tuple(kinds) == ("direct",)
        if alone:
            found, *draws = direct_effects(plan, members)
        else:
            worlds = [(m, self._influence.draw(rng)) for m in members]
            found, *draws = channel_effects(plan, self._influence, worlds)
        counted = None
        if self._predictor.history.value is not None:
            whole = plan.in_outcome_units()
            counted = (
                direct_effects(whole)[0]
                if alone
                else channel_effects(whole, self._influence)[0]
            )
        names, parts = plan.channels, _parts_of(plan, by)
        if by == "group":
            names, part = self._by_group()
            found, draws = found.summed(part), [draw.summed(part) for draw in draws]
            counted = None if counted is None else counted.summed(part)
        return {
            k: effects_table(found, draws, names, parts, k, coverage, counted, by)
            for k in kinds
        }

    @property
    def channel_groups_(self) -> dict[str, list[str]]:
        """Names of the channels in each group of campaigns."""
        names = list(self.media_columns_)
        return {group: [names[c] for c in own] for group, own in self._groups.items()}

    @property
    def _groups(self) -> dict[str, list[int]]:
        raise NotImplementedError

    def _by_group(self) -> tuple[list[str], np.ndarray]:
        """Return groups and channels outside them, and which channels are in which."""
        label = list(self.media_columns_)
        for group, members in self._groups.items():
            for channel in members:
                label[channel] = group
        rows = list(dict.fromkeys(label))
        part = np.array([[float(own == row) for row in rows] for own in label])
        return rows, part

    @one_thread()
    def response_curves(
        self,
        by: str = "channel",
        *,
        n_points: int = 51,
        reach: float = 2.0,
        coverage: float = 0.9,
    ) -> pd.DataFrame:
        """Return the steady-state response to constant weekly spend.

        Parameters
        ----------
        by : {"channel", "channel×region"}, default="channel"
            One curve for each channel, spend being split over regions as it was on
            average in training, or one for each channel and region.
        n_points : int, default=51
            Points of each curve.
        reach : float, default=2.0
            Largest spend of a curve, as a multiple of the largest seen in training.
        coverage : float, default=0.9
            Probability of the intervals.

        Returns
        -------
        DataFrame
            ``channel``, ``region`` (when by region), ``spend`` (spend units per time
            step), ``response`` (outcome units per time step, or money with an
            ``outcome_value``: that of a region's mean training row),
            ``marginal_response`` (the same per spend unit), ``extrapolated``: whether
            the spend is larger than any seen in training; and, if there are members,
            ``low`` and ``high`` of the response.

        Raises
        ------
        ValueError
            If ``by`` is neither, there are fewer than two points, ``reach`` is not
            positive or ``coverage`` not between 0 and 1.
        """
        check_whole("n_points", n_points, 2)
        check_number("reach", reach, positive=True)
        check_coverage(coverage)
        tables = [c.table(n_points, reach, coverage) for c in self._curves(by)]
        return pd.concat(tables, ignore_index=True)

    @one_thread()
    def saturation_points(
        self, by: str = "channel", *, marginal_response: float = 1.0
    ) -> pd.DataFrame:
        """Return where each channel stands on its response curve.

        Parameters
        ----------
        by : {"channel", "channel×region"}, default="channel"
            See :meth:`response_curves`.
        marginal_response : float, default=1.0
            What the last spend unit has to bring, outcome units or money: 1 where the
            outcome is money or has an ``outcome_value``, else the inverse of the value
            of one outcome unit.

        Returns
        -------
        DataFrame
            ``channel``, ``region`` (when by region); the operating point: ``spend``
            (training mean per time step), ``response``, ``marginal_response``,
            ``share_of_maximum``; ``spend_at_50`` and ``spend_at_90``, where 50 and
            90 % of the maximum are reached; ``spend_at_marginal``, the largest spend
            whose last unit still brings ``marginal_response`` (0 if no spend does,
            infinite if any does); ``largest`` spend seen; ``maximum`` response. All per
            time step. Where the saturation has no maximum, that and the spend at a
            share of it are infinite, and ``share_of_maximum`` is 0.

        Raises
        ------
        ValueError
            If ``by`` is neither or ``marginal_response`` is not positive.
        """
        check_number("marginal_response", marginal_response, positive=True)
        points = [c.points(marginal_response) for c in self._curves(by)]
        return pd.DataFrame(points)

    def _curves(self, by: str) -> list[Curve]:
        check_is_fitted(self)
        check_choice("by", by, _LEVELS)
        if by == "channel":
            return self._steady_state.by_channel()
        return self._steady_state.by_region()


def _parts_of(plan: MediaPlan, by: str) -> Parts | None:
    """Return the parts of a plan for which effects are asked; None for the whole."""
    if by in ("channel", "group"):
        return None
    name = by.removeprefix("channel×")
    regions, first = np.unique(plan.region, return_index=True)
    if name == "region":
        return Parts(name, regions, np.arange(len(regions)))
    labels, code = np.unique(plan.dimensions[name][first], return_inverse=True)
    return Parts(name, labels, code)
