"""How channels follow where spend departs from a plan, and which may."""

from collections.abc import Collection
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from sklearn_mmm._threads import one_thread
from sklearn_mmm.estimator._media_sequence import MediaSequence
from sklearn_mmm.graph._influence import ChannelInfluence


class ReactionsOfPlan:
    """A plan's media in the weeks that matter, and spend after reactions.

    Attributes are those of :class:`MediaPlan`.
    """

    media_scale: np.ndarray
    given: np.ndarray
    free: np.ndarray
    influence: ChannelInfluence | None
    held: tuple[int, ...]
    sequence: MediaSequence
    cells: tuple[np.ndarray, np.ndarray]

    @property
    def _first(self) -> int:
        return int(self.cells[1].min())

    @property
    def apart(self) -> bool:
        """Whether what a channel brings hangs on no spend but its own."""
        return self.sequence.apart and self.influence is None

    @property
    def straight(self) -> bool:
        """Whether media grow in proportion to spend as well, so that there are lines.

        See :meth:`MediaPlan.along`.
        """
        return self.apart

    @cached_property
    def _window(self) -> tuple[MediaSequence, Tensor, Tensor]:
        """The weeks that matter, and the rows' cells among them."""
        max_lag = self.sequence.module.media.max_lag
        start = max(0, self._first - max_lag + 1)
        end = int(self.cells[1].max()) + max_lag
        cut = self.sequence.between(start, end)
        region, week = map(torch.as_tensor, self.cells)
        return cut, region, week - start

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

    def _planned(self, spend: Tensor, channel: Tensor | None = None) -> Tensor:
        """Return media of the window, (region, week, column), by the rows' spend."""
        window, region, week = self._window
        scale, given = torch.as_tensor(self.media_scale), torch.as_tensor(self.given)
        media = window.media
        if channel is not None:
            scale, given = scale[:, channel], given[:, channel]
            media = media[..., channel]
        return media.index_put((region, week), spend / scale + given)

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
        _, region, week = self._window
        media, scale = self._planned(spend), torch.as_tensor(self.media_scale)
        moved = (self._follow(media) - media)[region, week] * scale
        # What costs nothing reacts for nothing.
        paid = torch.as_tensor(~self.free)
        return torch.clamp(spend + moved * paid, min=0.0)


def free_to_react(react: str | Collection[str], channels: list[str]) -> set[str]:
    """Return the channels that ``react`` leaves free.

    Parameters
    ----------
    react : {"none", "graph"} or list of str
        None of them, all of them, or these.
    channels : list of str

    Raises
    ------
    ValueError, TypeError
        If it is none of these or names an unknown channel.
    """
    if isinstance(react, str):
        if react not in ("none", "graph"):
            raise ValueError(
                f"got react={react!r}; choose 'none', 'graph' or a list of channels"
            )
        return set(channels) if react == "graph" else set()
    if not isinstance(react, Collection):
        raise TypeError(
            f"got react={react!r}; give 'none', 'graph' or a list of channels"
        )
    unknown = [name for name in react if name not in channels]
    if unknown:
        raise ValueError(
            f"react names unknown channels {unknown}; the channels are {channels}"
        )
    return set(react)
