"""Media from the first training week on, and what they bring."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from sklearn_mmm.components._frequency import (
    frequency_parameters,
    response_to_frequency,
)
from sklearn_mmm.functional._link import compounded
from sklearn_mmm.network import MMMModule


@dataclass(frozen=True)
class MediaSequence:
    """Regions' media from the first training week on, and what modulates them.

    Attributes
    ----------
    module : MMMModule
    region : Tensor of shape (region,)
        Codes; -1 for a region not seen in training.
    media : Tensor of shape (region, week, channel)
        In units of the media scale.
    controls : Tensor of shape (region, week, control)
        Standardised.
    calendar : Tensor of shape (week, feature)
    later : bool Tensor of shape (week,)
        Weeks beyond the training weeks.
    memory : Tensor of shape (region, state) or None
        What the GRU remembers of the weeks before these.
    frequency : Tensor of shape (region, week, reached) or None
        Contacts of those who are reached, of the channels with reach.
    rest : Tensor of shape (region, week) or None
        Where effects multiply, the outcome without media, relative to the region's
        mean; None where they add up.
    """

    module: MMMModule
    region: Tensor
    media: Tensor
    controls: Tensor
    calendar: Tensor
    later: Tensor
    memory: Tensor | None = None
    frequency: Tensor | None = None
    rest: Tensor | None = None

    @property
    def apart(self) -> bool:
        """Whether what a channel brings hangs on no media but its own."""
        adds = self.rest is None and not self.module.modulation.active
        return adds and self.module.media.shape.apart

    def contributions(
        self, media: Tensor, first: int = 0, channel: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return contributions and their modulation, (region, week - first, channel).

        Parameters
        ----------
        media : Tensor of shape (region, week, channel)
            In units of the media scale. Contributions are relative to the region's
            mean outcome.
        first : int, default=0
            Weeks at the beginning of which nothing is asked.
        channel : int Tensor of shape (column,), optional
            Whose media the columns are, where channels are :attr:`apart`; each
            channel's, in order, without it.
        """
        module, shape = self.module, self.module.media.shape
        own = media, self.region, self.frequency
        out = module.media.of_series(*own, first, channel)
        if not module.modulation.active:
            return self._brought(out, first), torch.ones_like(out)
        factor = module.modulation.predict(
            shape.together(media),
            self.controls,
            self.calendar.expand(len(media), -1, -1),
            self.region,
            self.later,
            self.memory,
        )
        factor = shape.each(factor[:, first:])
        return self._brought(out * factor, first), factor

    def _brought(self, effects: Tensor, first: int) -> Tensor:
        """Return contributions by effects, (region, week - first, channel)."""
        if self.rest is None:
            return effects
        total = effects.sum(-1, keepdim=True)
        return effects * self.rest[:, first:, None] * compounded(total)

    @torch.no_grad()
    def with_module(self, module: MMMModule) -> "MediaSequence":
        """Return the sequence by other parameters that fit the same outcome."""
        other = replace(self, module=module)
        if self.rest is None:
            return other
        own, others = (
            replace(one, rest=None).contributions(self.media)[0].sum(-1)
            for one in (self, other)
        )
        return replace(other, rest=self.rest * (own - others).exp())

    @torch.no_grad()
    def usual_worth(self, weight: Tensor) -> Tensor:
        """Return what an effect of 1 brings on average, (region,).

        Where effects multiply.

        Parameters
        ----------
        weight : Tensor of shape (region, week)
            Of the weeks.
        """
        assert self.rest is not None
        total = replace(self, rest=None).contributions(self.media)[0].sum(-1)
        size = weight.sum(1).clamp_min(1e-12)
        return (self.rest * compounded(total) * weight).sum(1) / size

    @property
    def frequency_parameters(self) -> dict[str, np.ndarray]:
        """Of the curve of frequency, by name, each of shape (reached,)."""
        found = frequency_parameters(self._of_reach)
        return {name: values.detach().numpy() for name, values in found.items()}

    def response_to_frequency(self, frequency: np.ndarray) -> np.ndarray:
        """Return the curve of frequency at (..., reached) contacts."""
        seen = torch.as_tensor(frequency)
        return response_to_frequency(self._of_reach, seen).detach().numpy()

    @property
    def _of_reach(self) -> dict[str, Tensor]:
        """Raw parameters of the channels with reach."""
        media = self.module.media
        units = media.shape.reach_units
        return {name: values[units] for name, values in media.raw.items()}

    def between(self, start: int, end: int) -> "MediaSequence":
        """Keep some weeks, and what is remembered of those before."""
        modulation, memory = self.module.modulation, self.memory
        if modulation.active and start > 0:
            calendar = self.calendar[:start].expand(len(self.media), -1, -1)
            with torch.no_grad():
                before = self.module.media.shape.together(self.media[:, :start])
                memory = modulation.memory(before, self.controls[:, :start], calendar)
        return MediaSequence(
            self.module,
            self.region,
            self.media[:, start:end],
            self.controls[:, start:end],
            self.calendar[start:end],
            self.later[start:end],
            memory,
            None if self.frequency is None else self.frequency[:, start:end],
            None if self.rest is None else self.rest[:, start:end],
        )
