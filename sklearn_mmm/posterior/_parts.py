"""What members explain, as many at once as fit the cache."""

import torch
from torch import Tensor

from sklearn_mmm.likelihood._posterior import Posterior
from sklearn_mmm.likelihood._randomisation import Parameters

# Numbers that the media of members may take which are evaluated at once.
AT_ONCE = 100_000


def parts_of(posterior: Posterior, n_members: int) -> tuple[Tensor, ...]:
    """Return which members are evaluated at once, (n_at_once,) in each part."""
    return torch.arange(n_members).split(posterior.at_once(AT_ONCE))


def those_of(at: Parameters, members: Tensor) -> Parameters:
    """Return the parameters of some members, (n_members,)."""
    return {name: values[members] for name, values in at.items()}


def explained_by(posterior: Posterior, at: Parameters) -> Tensor:
    """Return all but the common and regional courses, (member, region, week).

    Parameters
    ----------
    posterior : Posterior
        Of the data whose weeks are asked for.
    at : dict of Tensor
    """
    parts = (those_of(at, part) for part in parts_of(posterior, len(at["effect"])))
    return torch.cat(
        [posterior.without_courses(part, posterior.media(part)) for part in parts]
    )
