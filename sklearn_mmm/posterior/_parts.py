"""What members explain, as many at once as fit the cache."""

import torch
from torch import Tensor

from sklearn_mmm.likelihood._bounds import within_bounds
from sklearn_mmm.likelihood._data import exposure
from sklearn_mmm.likelihood._posterior import Posterior
from sklearn_mmm.likelihood._randomisation import Parameters
from sklearn_mmm.likelihood._slopes import Step

# Numbers that the media of members may take which are evaluated at once.
AT_ONCE = 100_000


def parts_of(posterior: Posterior, n_members: int) -> tuple[Tensor, ...]:
    """Return which members are evaluated at once, (n_at_once,) in each part."""
    return torch.arange(n_members).split(posterior.at_once(AT_ONCE))


def those_of(at: Parameters, members: Tensor) -> Parameters:
    """Return the parameters of some members, (n_members,)."""
    return {name: values[members] for name, values in at.items()}


def shifted(posterior: Posterior, at: Parameters, step: Step) -> Parameters:
    """Return parameters that are moved by vectors, as far as bounds allow."""
    shared, own = step
    out = dict(at)
    for name, span in posterior.spans.items():
        out[name] = at[name] + shared[:, span]
    begin = 0
    for name in posterior.regional:
        end = begin + at[name].shape[2]
        out[name] = at[name] + own[..., begin:end]
        begin = end
    return within_bounds(posterior, out)


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
        [
            posterior.without_courses(part, posterior.media_together(part))
            for part in parts
        ]
    )


def explained_with_share(posterior: Posterior, at: Parameters) -> tuple[Tensor, Tensor]:
    """Return what :func:`explained_by` and :func:`mean_share` do, in one pass."""
    explained, shares = [], []
    for members in parts_of(posterior, len(at["effect"])):
        own = those_of(at, members)
        media, sums = [], []
        for _, part, here in posterior.parts(own):
            share = part.shape.share(here, *exposure(part.inputs))
            media.append(part.media(here, share).sum(-1))
            sums.append(_summed_share(part, here, share))
        explained.append(posterior.without_courses(own, torch.cat(media, 1)))
        shares.append(torch.stack(sums).sum(0))
    return torch.cat(explained), torch.cat(shares) / posterior.inputs["observed"].sum()


def mean_share(posterior: Posterior, at: Parameters) -> Tensor:
    """Return the mean of the units' saturation, (member, unit).

    Of a group it is the mean contribution per unit of its effect.
    """
    sums = [
        _summed_share(part, own, part.shape.share(own, *exposure(part.inputs)))
        for _, part, own in posterior.parts(at)
    ]
    return torch.stack(sums).sum(0) / posterior.inputs["observed"].sum()


def _summed_share(posterior: Posterior, at: Parameters, share: Tensor) -> Tensor:
    """Return the sum over regions and weeks of saturations, (member, unit).

    Parameters
    ----------
    posterior : Posterior
        Of those regions.
    at : dict of Tensor
    share : Tensor of shape (member, region, week, channel)
    """
    groups = posterior.shape.groups
    if groups is not None:
        ones = torch.ones_like(at["effect"])[:, None, None]
        share = groups.together(share * groups.effects(ones, at["campaign"]))
    return (share * posterior.inputs["observed"].unsqueeze(-1)).sum((1, 2))
