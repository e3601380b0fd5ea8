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
from sklearn_mmm.estimator._reactions import free_to_react
from sklearn_mmm.graph._influence import ChannelInfluence


@dataclass(frozen=True)
class MediaPlan:
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
    def contributions(self, spend: np.ndarray) -> np.ndarray:
        """Return what each channel contributes to the rows.

        Parameters
        ----------
        spend : ndarray of shape (n_rows, n_channels)
            Spend units per time step.

        Returns
        -------
        ndarray of shape (n_rows, n_channels)
            Value units per time step.
        """
        with torch.no_grad():
            values = self._values(torch.as_tensor(spend, dtype=torch.float64))
        region, week = self.cells
        return values.numpy()[region, week - self._first]

    @one_thread()
    def after(self, spend: np.ndarray) -> np.ndarray:
        """Return what the rows' media contribute where there is no row.

        That is the carry-over into the weeks after the plan, as far as it goes beyond
        what these weeks would have without any media in the plan.

        Parameters
        ----------
        spend : ndarray of shape (n_rows, n_channels)

        Returns
        -------
        ndarray of shape (n_regions, n_channels)
            Value units; regions are sorted. Weeks after all rows are worth as much as
            the last one.
        """
        return self._outside(spend) - self._outside_of_nothing

    def totals(self, spend: np.ndarray) -> np.ndarray:
        """Return what each channel contributes to the rows and after them.

        Parameters
        ----------
        spend : ndarray of shape (n_rows, n_channels)

        Returns
        -------
        ndarray of shape (n_channels,)
            Value units: :meth:`contributions` and :meth:`after`, summed.
        """
        return np.asarray(self.regional_totals(spend).sum(axis=0))

    @one_thread()
    def regional_totals(self, spend: np.ndarray) -> np.ndarray:
        """Return what each channel contributes to the rows of a region and after them.

        Parameters
        ----------
        spend : ndarray of shape (n_rows, n_channels)

        Returns
        -------
        ndarray of shape (n_regions, n_channels)
            Value units; regions are sorted.
        """
        with torch.no_grad():
            values = self._values(torch.as_tensor(spend, dtype=torch.float64))
        return np.asarray(values.sum(1).numpy() - self._outside_of_nothing)

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
    def reacted(self, spend: np.ndarray) -> np.ndarray:
        """Return what is spent once channels have reacted to the plan's changes.

        Parameters
        ----------
        spend : ndarray of shape (n_rows, n_channels)
            Of everybody's own accord.

        Returns
        -------
        ndarray of shape (n_rows, n_channels)
            Spend units per time step, at least 0; ``spend`` where nothing reacts.
        """
        if self.influence is None:
            return spend
        with torch.no_grad():
            return np.asarray(self._reacted(torch.tensor(spend)).numpy())

    @one_thread()
    def cost_and_gradient(
        self, spend: np.ndarray, weight: np.ndarray | None = None
    ) -> tuple[float, np.ndarray]:
        """Return all spend after reactions, and its gradient.

        Parameters
        ----------
        spend : ndarray of shape (n_rows, n_channels)
            Of everybody's own accord.
        weight : ndarray of shape (n_rows, n_channels), optional
            Of each cell's spend after reactions; 1 without it.

        Returns
        -------
        cost : float
            Spend units.
        gradient : ndarray of shape (n_rows, n_channels)
            The weight where no other channel reacts.
        """
        weight = np.ones_like(spend) if weight is None else weight
        if self.influence is None:
            return float((weight * spend).sum()), weight
        given = torch.tensor(spend, requires_grad=True)
        total = (self._reacted(given) * torch.as_tensor(weight)).sum()
        (gradient,) = torch.autograd.grad(total, given)
        return float(total.detach()), gradient.numpy()

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

    @property
    def _first(self) -> int:
        return int(self.cells[1].min())

    @cached_property
    def _window(self) -> tuple[MediaSequence, Tensor, Tensor]:
        """The weeks that matter, and the rows' cells among them."""
        max_lag = self.sequence.module.media.max_lag
        start = max(0, self._first - max_lag + 1)
        end = int(self.cells[1].max()) + max_lag
        cut = self.sequence.between(start, end)
        region, week = map(torch.as_tensor, self.cells)
        return cut, region, week - start

    def _values(self, spend: Tensor) -> Tensor:
        """Return contributions from the first planned week on, in value units."""
        window, region, week = self._window
        scaled = spend / torch.as_tensor(self.media_scale) + torch.as_tensor(self.given)
        media = self._follow(window.media.index_put((region, week), scaled))
        out, _ = window.contributions(media)
        n_before = int(week.min())
        out = out[:, n_before:]
        worth = self.worth[:, self._first : self._first + out.shape[1]]
        return out * torch.as_tensor(self.outcome_scale[:, None] * worth)[..., None]

    def _follow(self, media: Tensor) -> Tensor:
        """Return media of the window after reactions, which rows alone show."""
        if self.influence is None:
            return media
        window, region, week = self._window
        rows = torch.zeros(media.shape[:2], dtype=torch.bool)
        rows[region, week] = True
        change = self.influence.follow(
            media - window.media, window.media, self.held, rows
        )
        return window.media + change

    def _reacted(self, spend: Tensor) -> Tensor:
        """Return the rows' spend after reactions, (n_rows, n_channels)."""
        window, region, week = self._window
        scale, given = torch.tensor(self.media_scale), torch.tensor(self.given)
        media = window.media.index_put((region, week), spend / scale + given)
        moved = (self._follow(media) - media)[region, week] * scale
        # What costs nothing reacts for nothing.
        paid = torch.as_tensor(~self.free)
        return torch.clamp(spend + moved * paid, min=0.0)

    def _outside(self, spend: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            values = self._values(torch.as_tensor(spend, dtype=torch.float64)).numpy()
        region, week = self.cells
        elsewhere = np.ones(values.shape[:2])
        elsewhere[region, week - self._first] = 0.0
        return (values * elsewhere[..., None]).sum(axis=1)

    @cached_property
    def _outside_of_nothing(self) -> np.ndarray:
        nothing = replace(self, given=np.zeros_like(self.given), influence=None)
        return nothing._outside(np.zeros_like(self.spend))
