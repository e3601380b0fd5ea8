"""Derivatives of the penalised likelihood by its parameters, in closed form."""

from typing import NamedTuple

import torch
from torch import Tensor

from sklearn_mmm.likelihood._data import exposure
from sklearn_mmm.likelihood._difference import difference
from sklearn_mmm.likelihood._experiments import ExperimentRows
from sklearn_mmm.likelihood._penalised import BELOW_ZERO
from sklearn_mmm.likelihood._pooling import OF_GROUPS
from sklearn_mmm.likelihood._posterior import Posterior
from sklearn_mmm.likelihood._randomisation import Parameters, Randomisation
from sklearn_mmm.network import week_weights

# Step of the differences that stand for derivatives of experiments, balancing the
# errors of rounding and truncation.
_DIFFERENCE = 1e-5

Step = tuple[Tensor, Tensor]


class MediaSlopes(NamedTuple):
    """Contributions and their derivatives, (member, region, week, channel) each.

    Attributes
    ----------
    contribution : Tensor
    by : dict of Tensor
        By the raw parameters of the response's shape, of the cell's own unit.
    factor : Tensor or None
        Modulation of units; None where effects do not vary with time.
    """

    contribution: Tensor
    by: dict[str, Tensor]
    factor: Tensor | None


def media_slopes(posterior: Posterior, at: Parameters) -> MediaSlopes:
    """Return contributions and their derivatives in one pass."""
    seen = exposure(posterior.inputs)
    share, slopes = posterior.shape.share_and_derivatives(at, *seen)
    effect = posterior.regional_effect(at)
    factor = posterior.factor(at)
    modulated = posterior.each_effect(effect * factor, at)
    return MediaSlopes(
        share * modulated,
        {name: slope * modulated for name, slope in slopes.items()},
        factor if isinstance(factor, Tensor) else None,
    )


class Features(NamedTuple):
    """The derivatives of the fit for one member, not whitened.

    Attributes
    ----------
    columns : Tensor of shape (region, week, feature)
        By the shared parameters but those of the common baseline, in the order of
        ``spans``.
    media : Tensor of shape (1, region, week)
        What all channels bring.
    """

    columns: Tensor
    media: Tensor


def features(
    posterior: Posterior, at: Parameters, dtype: torch.dtype = torch.float64
) -> Features:
    """Return the derivatives of the fit, so many regions at once as fit the cache.

    Parameters
    ----------
    posterior : Posterior
    at : dict of Tensor
        One member.
    dtype : torch.dtype, default=torch.float64
        Of the derivatives.
    """
    out = posterior.target.new_empty(0)
    media = posterior.target.new_empty(1, *posterior.target.shape)
    for regions, part, own in posterior.parts(at):
        slopes = media_slopes(part, own)
        columns = _columns(part, own, slopes)
        if not len(out):
            shape = *posterior.target.shape, columns.shape[2]
            out = torch.empty(shape, dtype=dtype)
        out[regions] = columns
        media[:, regions] = slopes.contribution.sum(-1)
    return Features(out, media)


def _columns(posterior: Posterior, at: Parameters, media: MediaSlopes) -> Tensor:
    together = posterior.shape.together
    contribution = together(media.contribution)
    columns = [contribution / at["effect"][:, None, None, :]]
    columns += [together(slope) for slope in media.by.values()]
    columns += campaign_columns(posterior, media.contribution)
    if media.factor is not None:
        columns += _head_columns(posterior, at, contribution, media.factor)
    controls = posterior.inputs["controls"]
    signed = posterior.module.controls.signed
    if signed is not None:
        controls = controls * _shared_steepness(signed, at)[0, :, None]
    return torch.cat([*(c[0] for c in columns), controls], -1)


def _shared_steepness(signed: Tensor, at: Parameters) -> Tensor:
    """Return how much shared coefficients move effects, (member, region, control)."""
    return torch.where(signed, at["control_deviation"].exp(), 1.0)


def control_steepness(posterior: Posterior, at: Parameters) -> Tensor | float:
    """Return how much more a region's deviation moves its effects of controls.

    More than the shared coefficients do, (member, 1, control): 1 where it is a
    difference, the coefficient itself where it is the difference of a logarithm.
    """
    signed = posterior.module.controls.signed
    if signed is None:
        return 1.0
    return torch.where(signed, at["coefficient"], 1.0).unsqueeze(1)


def campaign_columns(posterior: Posterior, values: Tensor) -> list[Tensor]:
    """Return derivatives by campaigns' deviations, of (..., channel) contributions.

    There are none without groups.
    """
    groups = posterior.shape.groups
    return [] if groups is None else [groups.by_campaign(values)]


def _head_columns(
    posterior: Posterior, at: Parameters, contribution: Tensor, factor: Tensor
) -> list[Tensor]:
    r"""Return derivatives by the head's weights, one tensor for each feature.

    With :math:`m_t = e^{g_t} / \bar e`, the derivative is :math:`m_t (g_t' x_t -
    \sum_s w_s m_s g_s' x_s)`.
    """
    modulation = posterior.module.modulation
    head = at["head"].reshape(-1, 1, *modulation.head.shape)
    steep = modulation.steepness(posterior.modulating @ head)
    inner = week_weights(posterior.inputs["observed"]) * factor * steep
    columns = []
    for feature in posterior.modulating.unbind(-1):
        x = feature.unsqueeze(-1)
        mean = (inner * x).sum(2, keepdim=True)
        columns.append(contribution * (steep * x - mean))
    return columns


def gradient(
    posterior: Posterior, at: Parameters, random: Randomisation
) -> tuple[Step, Tensor]:
    """Return the negative gradients of the members' objectives, and innovations.

    Returns
    -------
    step : tuple of Tensor
        By shared parameters (member, shared), and those of the regions (member,
        region, own).
    innovation : Tensor of shape (member, region, week)
        With the randomisation.
    """
    media = media_slopes(posterior, at)
    innovation = posterior.innovations(at, media.contribution.sum(-1)) + random.noise
    clipped = posterior.noise.slope_of_tensor(innovation) * posterior.observed
    pull = posterior.transpose_whiten(posterior.decorrelate(clipped))
    columns = pull.unsqueeze(-1)
    together = posterior.shape.together
    each = (columns * media.contribution).sum(2)
    own = together(each)  # (member, region, unit)
    parts = [own.sum(1) / at["effect"]]
    parts += [together((columns * s).sum((1, 2))) for s in media.by.values()]
    parts += campaign_columns(posterior, each.sum(1))
    if media.factor is not None:
        contribution = together(media.contribution)
        head = [
            (columns * c).sum((1, 2))
            for c in _head_columns(posterior, at, contribution, media.factor)
        ]
        parts.append(torch.cat(head, 1))
    controls = torch.einsum("mrt,rtk->mrk", pull, posterior.inputs["controls"])
    signed = posterior.module.controls.signed
    if signed is not None:
        controls = controls * _shared_steepness(signed, at)
    common = pull.sum(1) @ posterior.common_columns
    pooled = common.new_zeros(len(common), posterior.n_pooled)
    shared = torch.cat([*parts, controls.sum(1), common, pooled], 1)
    if posterior.regional:
        controls = controls * control_steepness(posterior, at)
        regional = torch.cat([own, controls], -1)
    else:
        regional = own[..., :0]
    return with_priors(posterior, at, random, shared, regional), innovation


def with_priors(
    posterior: Posterior,
    at: Parameters,
    random: Randomisation,
    shared: Tensor,
    own: Tensor,
) -> Step:
    """Return the gradients of the fit, less those of experiments and priors."""
    if posterior.experiments is not None:
        rows, row_own = experiment_features(posterior, at)
        gaps = posterior.gaps(at) + random.experiments
        shared = shared - torch.einsum("mes,me->ms", rows, gaps)
        if posterior.regional:
            pull = torch.einsum("merc,me->mrc", row_own, gaps)
            own[..., : pull.shape[2]] -= pull
    below = posterior.below(at)
    first = posterior.spans["intercept"].start
    columns = posterior.common_columns
    if below.any():
        shared[:, first : first + columns.shape[1]] += below @ columns / BELOW_ZERO
    residuals = posterior.prior_residuals(at, random)
    for name, span in posterior.spans.items():
        if name in residuals:
            shared[:, span] -= residuals[name] / posterior.priors[name][1]
    shared[:, posterior.spans["effect"]] -= posterior.l1
    parts = [residuals[n] / posterior.priors[n][1] for n in posterior.regional]
    if posterior.pooling is not None:
        for name, part in zip(posterior.regional, parts, strict=True):
            # Groups follow their cells.
            span = posterior.spans[OF_GROUPS[name]]
            shared[:, span] += posterior.pooling.sums(part)
    return shared, own - torch.cat(parts, -1) if parts else own


def experiment_features(posterior: Posterior, at: Parameters) -> tuple[Tensor, Tensor]:
    """Return derivatives of the gaps by shared and regional media parameters.

    Returns
    -------
    shared : Tensor of shape (member, experiment, n_shared)
    own : Tensor of shape (member, experiment, region, unit)
        By the regions' deviations.
    """
    n_members = len(at["effect"])
    n_shared = max(span.stop for span in posterior.spans.values())
    rows = posterior.experiments
    n_rows = 0 if rows is None else rows.n_experiments
    n_regions, n_units = at["deviation"].shape[1:]
    shared = at["effect"].new_zeros(n_members, n_rows * n_shared)
    own = at["effect"].new_zeros(n_members, n_rows * n_units, n_regions)
    if rows is not None:
        media, state = posterior.module.media, posterior.media_state(at)
        error = rows.std_error[rows.part_experiment]
        by_region = rows.lift_of_parts(media, state) / error[:, None]
        # Channels of a unit have one place in an experiment, others their own.
        row, unit = rows.part_experiment, rows.part_unit
        own.index_add_(1, row * n_units + unit, by_region)
        lift = by_region.sum(-1)
        first = row * n_shared
        effect = first + posterior.spans["effect"].start + unit
        shared.index_add_(1, effect, lift / at["effect"][:, unit])
        for name in posterior.shape.priors:
            slope = _slopes_of_parts(posterior, at, rows, name) / error
            shared.index_add_(1, first + posterior.spans[name].start + unit, slope)
        groups = posterior.shape.groups
        if groups is not None:
            span = posterior.spans["campaign"]
            own_part = rows.part_channel[:, None] == torch.arange(len(groups.unit))
            by = groups.by_campaign(lift[..., None] * own_part)
            places = first[:, None] + torch.arange(span.start, span.stop)
            shared.index_add_(1, places.flatten(), by.flatten(1))
    own = own.reshape(n_members, n_rows, n_units, n_regions).mT
    return shared.reshape(n_members, n_rows, n_shared), own


def _slopes_of_parts(
    posterior: Posterior, at: Parameters, rows: ExperimentRows, name: str
) -> Tensor:
    """Return derivatives of lifts by a raw parameter of their unit, (member, part)."""

    def lift(value: Tensor) -> Tensor:
        moved = posterior.media_state(at | {name: value})
        return rows.lift_of_parts(posterior.module.media, moved)

    return difference(lift, at[name], _DIFFERENCE).sum(-1)
