"""What members explain, as many at once as fit the cache."""

from collections.abc import Iterator

import torch
from torch import Tensor

from sklearn_mmm.likelihood._posterior import Posterior
from sklearn_mmm.likelihood._randomisation import Parameters

# Numbers that the media of members may take which are evaluated at once.
AT_ONCE = 100_000


def parts_of(posterior: Posterior, at: Parameters) -> Iterator[Parameters]:
    """Yield members in parts.

    Parameters
    ----------
    posterior : Posterior
    at : dict of Tensor
        Of any number of members.
    """
    n = posterior.at_once(AT_ONCE)
    for first in range(0, len(at["effect"]), n):
        yield {name: value[first : first + n] for name, value in at.items()}


def explained_by(posterior: Posterior, at: Parameters) -> Tensor:
    """Return all but the common and regional courses, (member, region, week).

    Parameters
    ----------
    posterior : Posterior
        Of the data whose weeks are asked for.
    at : dict of Tensor
    """
    found = [
        posterior.without_courses(part, posterior.media(part))
        for part in parts_of(posterior, at)
    ]
    return torch.cat(found)
