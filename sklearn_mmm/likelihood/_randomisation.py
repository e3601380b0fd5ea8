"""What sets members apart."""

from dataclasses import dataclass

import torch
from torch import Tensor

Parameters = dict[str, Tensor]


@dataclass(frozen=True)
class Randomisation:
    """What sets members apart; zeros leave the objective as it is.

    Attributes
    ----------
    noise : Tensor of shape (member, region, week)
        Added to the standardised innovations.
    experiments : Tensor of shape (member, experiment)
        Added to the standardised gaps between model and experiments.
    priors : dict of Tensor
        By parameter, added to the prior's mean, in its standard deviations.
    """

    noise: Tensor
    experiments: Tensor
    priors: Parameters

    @classmethod
    def joined(cls, parts: "list[Randomisation]") -> "Randomisation":
        """Return those of the members of several parts."""
        return cls(
            torch.cat([p.noise for p in parts]),
            torch.cat([p.experiments for p in parts]),
            {n: torch.cat([p.priors[n] for p in parts]) for n in parts[0].priors},
        )

    def of(self, members: Tensor) -> "Randomisation":
        """Return those of some members, (n_members,)."""
        return Randomisation(
            self.noise[members],
            self.experiments[members],
            {name: value[members] for name, value in self.priors.items()},
        )
