"""Effects that vary with time: a GRU's modulation of each channel."""

import numpy as np
import torch
from torch import Tensor, nn

N_HIDDEN = 8
# Standard deviation of the weights that read media and controls. What moves effects
# is the calendar unless the data insist: their own past mostly reshapes responses.
_OWN_INPUT_SCALE = 0.1
# Beyond this factor, up or down, a modulation would no longer be a drift.
_MOST_LOG = 2.0


def week_weights(observed: Tensor) -> Tensor:
    """Return weights of the weeks that sum to 1 in each region, (region, week, 1).

    A region that has no weeks at all gets the same weight everywhere.
    """
    n_weeks = observed.sum(1, keepdim=True)
    weight = torch.where(n_weeks > 0, observed, torch.ones_like(observed))
    return (weight / weight.sum(1, keepdim=True)).unsqueeze(-1)


class Modulation(nn.Module):
    r"""Positive modulation of media effects with mean 1 over the training weeks.

    A gated recurrent unit (Cho et al., 2014, "Learning Phrase Representations using
    RNN Encoder-Decoder") reads a region's media, controls and the calendar; the
    logarithm of the modulation is linear in its state and in the calendar. The head
    starts at zero, so an untrained module does not modulate; it may have a leading
    member axis.

    Parameters
    ----------
    n_regions, n_channels, n_controls, n_calendar : int
        Sizes; ``n_calendar=0`` leaves the modulation out. Channels of a group are one
        here: their media are summed, and their effects vary together.
    """

    log_mean: Tensor
    input_scale: Tensor

    def __init__(
        self, n_regions: int, n_channels: int, n_controls: int, n_calendar: int
    ) -> None:
        super().__init__()
        self.n_calendar = n_calendar
        self.active = False
        # What is left of the logarithm beyond the training weeks; 1 is all.
        self.future_share = 1.0
        self.register_buffer("log_mean", torch.zeros(n_regions, n_channels))
        if n_calendar:
            n_inputs = n_channels + n_controls + n_calendar
            self.gru = nn.GRU(n_inputs, N_HIDDEN, batch_first=True)
            scale = torch.ones(n_inputs)
            scale[: n_channels + n_controls] = _OWN_INPUT_SCALE
            self.register_buffer("input_scale", scale)
            with torch.no_grad():
                dict(self.gru.named_parameters())["weight_ih_l0"].mul_(scale)
            self.head = nn.Parameter(torch.zeros(N_HIDDEN + n_calendar, n_channels))

    @torch.no_grad()
    def arrange(self, media: np.ndarray, controls: np.ndarray) -> None:
        """Give untrained weights to columns in an order of the columns' own.

        Parameters
        ----------
        media, controls : int ndarray of shape (n_channels,) and (n_controls,)
            Columns, in an order that does not depend on where they stand.
        """
        weights = dict(self.gru.named_parameters())["weight_ih_l0"]
        order = np.concatenate([media, len(media) + controls])
        weights[:, order] = weights[:, : len(order)].clone()

    def remove(self) -> None:
        """Drop what is not used: effects are constant."""
        self.n_calendar = 0
        for name in ("gru", "head", "input_scale"):
            if hasattr(self, name):
                delattr(self, name)

    def gru_penalty(self) -> Tensor:
        """Return the negative log prior of the GRU's weights."""
        squares = []
        for name, weight in self.gru.named_parameters():
            scale = self.input_scale if name == "weight_ih_l0" else 1.0
            squares.append((weight / scale).square().sum())
        return 0.5 * torch.stack(squares).sum()

    def features(
        self,
        media: Tensor,
        controls: Tensor,
        calendar: Tensor,
        memory: Tensor | None = None,
    ) -> Tensor:
        """Return what the head reads, (region, week, state + calendar).

        Parameters
        ----------
        media : Tensor of shape (region, week, channel)
            In units of the media scale.
        controls : Tensor of shape (region, week, control)
            Standardised.
        calendar : Tensor of shape (region, week, n_calendar)
        memory : Tensor of shape (region, state), optional
            The state that the weeks before left behind.
        """
        inputs = self._inputs(media, controls, calendar)
        start = None if memory is None else memory.unsqueeze(0)
        state, _ = self.gru(inputs, start)
        return torch.cat([state, calendar], dim=-1)

    def memory(self, media: Tensor, controls: Tensor, calendar: Tensor) -> Tensor:
        """Return the state that weeks leave behind, (region, state)."""
        return self.gru(self._inputs(media, controls, calendar))[1].squeeze(0)

    def _inputs(self, media: Tensor, controls: Tensor, calendar: Tensor) -> Tensor:
        # Roots even out bursts, and extreme inputs must not drive the state. The
        # derivative at no media, which is infinite, is taken as zero.
        some = media > 0
        root = torch.where(some, media, torch.ones_like(media)).clamp(max=4).sqrt()
        return torch.cat([root * some, controls.clamp(-3, 3) / 3, calendar], dim=-1)

    def log_modulation(self, features: Tensor) -> Tensor:
        """Return the logarithm before it is centred, (..., region, week, channel)."""
        head = self.head.unsqueeze(-3)
        return _MOST_LOG * torch.tanh(features @ head / _MOST_LOG)

    def steepness(self, added: Tensor) -> Tensor:
        """Return the derivative of the logarithm by what the head adds up to."""
        return 1 - torch.tanh(added / _MOST_LOG) ** 2

    def forward(self, features: Tensor, observed: Tensor) -> Tensor:
        """Return the modulation of a training panel, (..., region, week, channel).

        Parameters
        ----------
        features : Tensor of shape (region, week, state + calendar)
            See :meth:`features`.
        observed : Tensor of shape (region, week)
            Weights of the weeks over which the mean is 1.
        """
        modulation = self.log_modulation(features).exp()
        mean = (modulation * week_weights(observed)).sum(-2, keepdim=True)
        return modulation / mean

    def remember_mean(self, features: Tensor, observed: Tensor) -> None:
        """Keep the training weeks' mean as each region's unit for later weeks."""
        modulation = self.log_modulation(features).exp()
        mean = (modulation * week_weights(observed)).sum(-2)
        self.log_mean.copy_(mean.log())

    def predict(
        self,
        media: Tensor,
        controls: Tensor,
        calendar: Tensor,
        region: Tensor,
        later: Tensor,
        memory: Tensor | None = None,
    ) -> Tensor:
        """Return the modulation of any weeks, relative to the training mean.

        Parameters
        ----------
        media, controls, calendar : Tensor
            From the first training week on, or from where ``memory`` ends; see
            :meth:`features`.
        region : Tensor of shape (region,)
            Codes; an unknown region (-1) has the mean of the others.
        later : bool Tensor of shape (week,)
            Weeks beyond the training weeks, where effects are closer to the usual.
        memory : Tensor of shape (region, state), optional
        """
        known = (region >= 0).unsqueeze(-1)
        log_mean = torch.where(
            known, self.log_mean[region.clamp_min(0)], self.log_mean.mean(0)
        )
        raw = self.log_modulation(self.features(media, controls, calendar, memory))
        left = torch.where(later, self.future_share, 1.0).to(raw).unsqueeze(-1)
        return ((raw - log_mean.unsqueeze(1)) * left).exp()
