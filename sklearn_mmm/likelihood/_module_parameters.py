"""The parameters of a module as those of a member, and back."""

import torch
from torch import Tensor

from sklearn_mmm.likelihood._pooling import group_parameters, install_groups
from sklearn_mmm.likelihood._randomisation import Parameters
from sklearn_mmm.network import MMMModule


def parameters_of(
    module: MMMModule, least_effect: Tensor, factor: Tensor
) -> Parameters:
    """Return a module's parameters as those of one member.

    Parameters
    ----------
    module : MMMModule
    least_effect : Tensor of shape (unit,)
    factor : Tensor of shape (week, week)
        Of the covariance of the common course.
    """
    media, controls, baseline = module.media, module.controls, module.baseline
    innovation = baseline.innovation.detach()
    if baseline.has_course:
        # The same course under the present covariance.
        course = (baseline.factor @ innovation).unsqueeze(-1)
        innovation = torch.linalg.solve_triangular(factor, course, upper=False)
    modulation = module.modulation
    head = {"head": modulation.head.reshape(-1)} if modulation.active else {}
    campaign = {} if media.shape.groups is None else {"campaign": media.campaign}
    named = {
        "effect": torch.maximum(media.effect, least_effect),
        **media.raw,
        **campaign,
        **head,
        "coefficient": controls.coefficient.clamp(*controls.range),
        "intercept": baseline.intercept.reshape(1),
        "innovation": innovation.reshape(-1),
        "deviation": media.deviation,
        "control_deviation": controls.deviation,
        **group_parameters(module),
    }
    return {name: value.detach().clone()[None] for name, value in named.items()}


@torch.no_grad()
def write_parameters(module: MMMModule, own: Parameters, factor: Tensor) -> None:
    """Write parameters into a module of the same kind.

    Parameters
    ----------
    module : MMMModule
    own : dict of Tensor
        Of one member, without the axis of members.
    factor : Tensor of shape (week, week)
        See :func:`parameters_of`.
    """
    media, controls, baseline = module.media, module.controls, module.baseline
    for name, value in media.raw.items():
        value.copy_(own[name])
    if media.shape.groups is not None:
        media.campaign.copy_(own["campaign"])
    media.log_effect.copy_(own["effect"].log())
    media.deviation.copy_(own["deviation"])
    controls.coefficient.copy_(own["coefficient"])
    controls.deviation.copy_(own["control_deviation"])
    baseline.intercept.copy_(own["intercept"][0])
    if baseline.has_course:
        if not torch.equal(baseline.factor, factor):
            baseline.factor.copy_(factor)
        baseline.innovation.copy_(own["innovation"])
    if module.modulation.active:
        head = module.modulation.head
        head.copy_(own["head"].reshape(head.shape))
    install_groups(module, own)
