"""What any media would bring in given rows: the counterfactual forward pass."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from sklearn_mmm._threads import one_thread
from sklearn_mmm.estimator._media_sequence import MediaSequence
from sklearn_mmm.estimator._plan_along import PlanAlong
from sklearn_mmm.estimator._reactions import ReactionsOfPlan, free_to_react
from sklearn_mmm.graph._influence import ChannelInfluence
from sklearn_mmm.network._response_along import ResponseAlong


@dataclass(frozen=True)
class MediaPlan(ReactionsOfPlan):
    """Rows with planned media, ready to be asked about other media.

    What media bring is in money where an outcome unit is worth money
    (``outcome_value``), and in outcome units where it is not: below, "value units".
    Made by :meth:`DeepCausalMMMRegressor.media_plan`. Carry-over out of the training
    weeks into the plan, and out of the plan into the weeks that follow, is part of
    every answer. Weeks that are missing before or between the rows keep the media that
    are interpolated for the plan as given; rows of the training weeks that follow the
    plan keep theirs.

    Attributes
    ----------
    channels : list of str
    index : Index of length n_rows
        Of the rows.
    region, time : ndarray of shape (n_rows,)
        Keys of the rows.
    spend : ndarray of shape (n_rows, n_channels)
        As planned, spend units per time step.
    rest : ndarray of shape (n_rows,)
        Baseline and controls, outcome units per time step.
    media_scale : ndarray of shape (n_rows, n_channels)
        What the largest training media of the row's region cost at the row's price,
        spend units per time step.
    price : ndarray of shape (n_rows, n_channels)
        Spend of a unit of media.
    given : ndarray of shape (n_rows, n_channels)
        Media that cost nothing and stay whatever is spent, in units of the media scale.
    free : bool ndarray of shape (n_channels,)
        Channels that cost nothing at all, such as organic ones.
    silent : bool ndarray of shape (n_rows, n_channels)
        Whether the row's region never had the channel in training.
    outcome_scale : ndarray of shape (n_regions,)
        Mean outcome of the plan's regions.
    worth : ndarray of shape (n_regions, n_weeks)
        Of an outcome unit in the sequence's weeks; 1 where it is counted itself.
    sequence : MediaSequence
    cells : tuple of ndarray
        Region and week of each row in the sequence.
    influence : ChannelInfluence or None
        How channels react where spend departs from the plan; None if none does.
    held : tuple of int
        Channels that do not react.
    dimensions : dict of str to ndarray of shape (n_rows,)
        Labels of the rows by dimension, where regions have several.
    """

    channels: list[str]
    index: pd.Index
    region: np.ndarray
    time: np.ndarray
    spend: np.ndarray
    rest: np.ndarray
    media_scale: np.ndarray
    price: np.ndarray
    given: np.ndarray
    free: np.ndarray
    silent: np.ndarray
    outcome_scale: np.ndarray
    worth: np.ndarray
    sequence: MediaSequence
    cells: tuple[np.ndarray, np.ndarray]
    influence: ChannelInfluence | None = None
    held: tuple[int, ...] = ()
    dimensions: Mapping[str, np.ndarray] = field(default_factory=dict)

    @property
    def organic(self) -> np.ndarray:
        """Baseline and controls of the rows, value units per time step."""
        return np.asarray(self.rest * self.worth[self.cells])

    def in_outcome_units(self) -> "MediaPlan":
        """Return the plan in outcome units, whatever these are worth."""
        return replace(self, worth=np.ones_like(self.worth))

    @one_thread()
    def contributions(
        self, spend: np.ndarray, channel: np.ndarray | None = None
    ) -> np.ndarray:
        """Return what each channel contributes to the rows.

        Parameters
        ----------
        spend : ndarray of shape (n_rows, n_channels)
            Spend units per time step.
        channel : int ndarray of shape (n_columns,), optional
            Whose spend the columns are, where channels are :attr:`apart`; each
            channel's, in order, without it. What is returned has the same columns.

        Returns
        -------
        ndarray of shape (n_rows, n_channels)
            Value units per time step.
        """
        values = self._found(spend, channel)
        region, week = self.cells
        return values[region, week - self._first]

    @one_thread()
    def after(self, spend: np.ndarray, channel: np.ndarray | None = None) -> np.ndarray:
        """Return what the rows' media contribute where there is no row.

        That is the carry-over into the weeks after the plan, as far as it goes beyond
        what these weeks would have without any media in the plan.

        Parameters
        ----------
        spend, channel
            See :meth:`contributions`.

        Returns
        -------
        ndarray of shape (n_regions, n_channels)
            Value units; regions are sorted. Weeks after all rows are worth as much as
            the last one.
        """
        return self._outside(spend, channel) - self._nothing(channel)

    def totals(
        self, spend: np.ndarray, channel: np.ndarray | None = None
    ) -> np.ndarray:
        """Return what each channel contributes to the rows and after them.

        Parameters
        ----------
        spend, channel
            See :meth:`contributions`.

        Returns
        -------
        ndarray of shape (n_channels,)
            Value units: :meth:`contributions` and :meth:`after`, summed.
        """
        return np.asarray(self.regional_totals(spend, channel).sum(axis=0))

    @one_thread()
    def regional_totals(
        self, spend: np.ndarray, channel: np.ndarray | None = None
    ) -> np.ndarray:
        """Return what each channel contributes to the rows of a region and after them.

        Parameters
        ----------
        spend, channel
            See :meth:`contributions`.

        Returns
        -------
        ndarray of shape (n_regions, n_channels)
            Value units; regions are sorted.
        """
        return self._found(spend, channel).sum(axis=1) - self._nothing(channel)

    @one_thread()
    def value_and_gradient(self, spend: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the contributions of all channels together and their gradient.

        Parameters
        ----------
        spend : ndarray of shape (n_rows, n_channels)
            Spend units per time step.

        Returns
        -------
        value : float
            Value units: over the rows, and after them as in :meth:`after`.
        gradient : ndarray of shape (n_rows, n_channels)
            Value units per spend unit.
        """
        given = torch.tensor(spend, dtype=torch.float64, requires_grad=True)
        total = self._values(given).sum()
        (gradient,) = torch.autograd.grad(total, given)
        value = float(total.detach()) - float(self._outside_of_nothing.sum())
        return value, gradient.numpy()

    @one_thread()
    def along(
        self,
        start: np.ndarray,
        change: np.ndarray,
        channel: np.ndarray | None = None,
    ) -> PlanAlong:
        """Return the plan along ``start + multiple * change``, asked quickly.

        For channels that are :attr:`apart`.

        Parameters
        ----------
        start, change : ndarray of shape (n_rows, n_columns)
            Spend units per time step.
        channel : int ndarray of shape (n_columns,), optional
            See :meth:`contributions`.
        """
        window, region, week = self._window
        first, media = self._first_in_window, window.module.media
        own = np.arange(len(self.channels)) if channel is None else channel
        column = torch.as_tensor(own)
        moved = torch.as_tensor(change / self.media_scale[:, own])
        planned = self._planned(torch.as_tensor(start), column)
        with torch.no_grad():
            response = ResponseAlong.of(
                media.shape,
                media.raw,
                planned,
                torch.zeros_like(planned[:, first:]).index_put(
                    (region, week - first), moved
                ),
                first,
                column,
            )
            effect = media.regional_effect(window.region)[..., column]
        cells = self.cells[0], self.cells[1] - self._first
        worth, nothing = self._value_of_scale, self._nothing(channel)
        return PlanAlong(response, effect, worth, nothing, cells)

    def extrapolated(self, spend: np.ndarray) -> np.ndarray:
        """Return which cells, (n_rows, n_channels), exceed what training has seen.

        In a region that never had the channel, any media do.
        """
        scaled = spend / self.media_scale + self.given
        # The curve of a group has been seen as far as its campaigns went together.
        shape = self.sequence.module.media.shape
        whole = shape.each(shape.together(torch.as_tensor(scaled))).numpy()
        beyond = (whole > 1 + 1e-9) | self.silent
        return np.asarray((scaled > 0) & beyond)

    def media(self, spend: np.ndarray) -> np.ndarray:
        """Return the media of (n_rows, n_channels) spend, in their own units."""
        return np.asarray(
            spend / self.price + self.given * self.media_scale / self.price
        )

    def with_free_media(self, factor: np.ndarray) -> "MediaPlan":
        """Return the plan with multiples of what costs nothing.

        Parameters
        ----------
        factor : ndarray, broadcast to (n_rows, n_channels)
        """
        return replace(self, given=self.given * factor)

    @property
    def reached(self) -> list[int]:
        """The channels that are told as reach and frequency."""
        return list(self.sequence.module.media.shape.reach)

    @property
    def frequency(self) -> np.ndarray:
        """Contacts of those who are reached, (n_rows, len(reached)); usual ones if 0.

        The media of these channels are their reach.
        """
        if self.sequence.frequency is None:
            return np.empty((len(self.index), 0))
        return np.asarray(self.sequence.frequency[self.cells].numpy())

    @property
    def frequency_parameters(self) -> dict[str, np.ndarray]:
        """Half-saturation (contacts) and slope of frequency, each (len(reached),)."""
        return self.sequence.frequency_parameters

    def response_to_frequency(self, frequency: np.ndarray) -> np.ndarray:
        """Return the curve of frequency, between 0 and 1.

        Parameters
        ----------
        frequency : ndarray of shape (..., len(reached))
        """
        return self.sequence.response_to_frequency(frequency)

    def at_frequency(self, frequency: np.ndarray) -> "MediaPlan":
        """Return the plan with other frequencies, at the price of an impression.

        Each row then has the impressions that it had, for the same spend, and so fewer
        people are reached if they are to see more of them.

        Parameters
        ----------
        frequency : ndarray of shape (n_rows, len(reached))
            At least 1.
        """
        if self.sequence.frequency is None:
            return self
        dearer = np.ones(self.price.shape)
        dearer[:, self.reached] = frequency / self.frequency
        own = self.sequence.frequency.clone()
        own[self.cells] = torch.tensor(frequency)
        # Scale and price are those of a person reached.
        return replace(
            self,
            media_scale=self.media_scale * dearer,
            price=self.price * dearer,
            given=self.given / dearer,
            sequence=replace(self.sequence, frequency=own),
        )

    def reacting(
        self, influence: ChannelInfluence, react: str | Collection[str]
    ) -> "MediaPlan":
        """Return the plan with channels that follow what drives them.

        Parameters
        ----------
        influence : ChannelInfluence
        react : {"none", "graph"} or list of str
            Channels that are free to react: none, all, or these.

        Raises
        ------
        ValueError
            If ``react`` is none of these or names an unknown channel.
        """
        free = free_to_react(react, self.channels)
        held = tuple(c for c, name in enumerate(self.channels) if name not in free)
        if not free or not influence.exists:
            return replace(self, influence=None, held=())
        return replace(self, influence=influence, held=held)

    @cached_property
    def _first_in_window(self) -> int:
        return int(self._window[2].min())

    @cached_property
    def _value_of_scale(self) -> Tensor:
        """What the regions' mean outcome is worth, (region, week, 1)."""
        n_weeks = self._window[0].media.shape[1] - self._first_in_window
        worth = self.worth[:, self._first : self._first + n_weeks]
        return torch.as_tensor(self.outcome_scale[:, None] * worth)[..., None]

    def _values(self, spend: Tensor, channel: Tensor | None = None) -> Tensor:
        """Return contributions from the first planned week on, in value units."""
        media = self._follow(self._planned(spend, channel))
        out, _ = self._window[0].contributions(media, self._first_in_window, channel)
        return out * self._value_of_scale

    def _found(self, spend: np.ndarray, channel: np.ndarray | None) -> np.ndarray:
        """Return :meth:`_values` without derivatives, (region, week, column)."""
        own = None if channel is None else torch.as_tensor(channel)
        with torch.no_grad():
            return self._values(
                torch.as_tensor(spend, dtype=torch.float64), own
            ).numpy()

    def _outside(
        self, spend: np.ndarray, channel: np.ndarray | None = None
    ) -> np.ndarray:
        values = self._found(spend, channel)
        region, week = self.cells
        elsewhere = np.ones(values.shape[:2])
        elsewhere[region, week - self._first] = 0.0
        return (values * elsewhere[..., None]).sum(axis=1)

    def _nothing(self, channel: np.ndarray | None) -> np.ndarray:
        """Return what the weeks outside have without the plan, (region, column)."""
        own = self._outside_of_nothing
        return own if channel is None else own[:, channel]

    @cached_property
    def _outside_of_nothing(self) -> np.ndarray:
        nothing = replace(self, given=np.zeros_like(self.given), influence=None)
        return nothing._outside(np.zeros_like(self.spend))
