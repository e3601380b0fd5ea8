"""The marketing mix model as one module: forward gives the named decomposition."""

from collections.abc import Collection
from copy import copy
from typing import NamedTuple, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from sklearn_mmm.network._baseline import CommonBaseline
from sklearn_mmm.network._controls import ControlEffects
from sklearn_mmm.network._media import MediaResponse
from sklearn_mmm.network._modulation import Modulation
from sklearn_mmm.network._response_shape import ResponseShape
from sklearn_mmm.panel._groups import Groups

_Module = TypeVar("_Module", bound=nn.Module)


class Decomposition(NamedTuple):
    """Parts of the outcome, on the scale of the region's mean outcome.

    Attributes
    ----------
    baseline : Tensor of shape (week,) or ()
        Intercept and common course.
    controls : Tensor of shape (region, week, control)
    media : Tensor of shape (region, week, channel)
    """

    baseline: Tensor
    controls: Tensor
    media: Tensor

    @property
    def total(self) -> Tensor:
        """Sum of the parts, (region, week)."""
        return self.baseline + self.controls.sum(-1) + self.media.sum(-1)


class Sizes(NamedTuple):
    """Sizes of a panel.

    Attributes
    ----------
    n_regions, n_channels, n_controls : int
    n_weeks : int
        0 leaves the common course in time out.
    n_calendar : int
        Features of the calendar; 0 leaves effects constant in time.
    """

    n_regions: int
    n_weeks: int
    n_channels: int
    n_controls: int
    n_calendar: int


class Signs(NamedTuple):
    """Signs of effects that are known, 1 or -1, 0 where one is not; or nothing.

    Attributes
    ----------
    media : tuple of int
        Where nothing is known, effects of media are positive.
    controls : tuple of int
    """

    media: tuple[int, ...] = ()
    controls: tuple[int, ...] = ()


class MMMModule(nn.Module):
    """Media response, controls and shared baseline of a panel.

    Parameters
    ----------
    sizes : Sizes
    shape : ResponseShape
        Of the response to media.
    signs : Signs, optional
    groups : Groups or None, default=None
        Of the regions, with several dimensions.
    """

    def __init__(
        self,
        sizes: Sizes,
        shape: ResponseShape,
        signs: Signs | None = None,
        groups: Groups | None = None,
    ) -> None:
        super().__init__()
        signs = signs or Signs()
        n_regions, n_channels = sizes.n_regions, sizes.n_channels
        self.media = MediaResponse(n_regions, n_channels, shape, signs.media, groups)
        self.controls = ControlEffects(
            n_regions, sizes.n_controls, signs.controls, groups
        )
        self.baseline = CommonBaseline(sizes.n_weeks)
        self.modulation = Modulation(
            sizes.n_regions,
            len(self.media.log_effect),
            sizes.n_controls,
            sizes.n_calendar,
        )

    @property
    def signs(self) -> Signs:
        """Signs of effects that are known."""
        return Signs(self.media.signs, self.controls.signs)

    def forward(
        self,
        lags: Tensor,
        controls: Tensor,
        region: Tensor,
        observed: Tensor,
        calendar: Tensor,
        frequency: Tensor | None = None,
    ) -> Decomposition:
        """Return the decomposition of a training panel.

        Parameters
        ----------
        lags : Tensor of shape (region, week, channel, lag)
        controls : Tensor of shape (region, week, control)
        region : Tensor of shape (region,)
        observed : Tensor of shape (region, week)
            1 where there is a row, else 0.
        calendar : Tensor of shape (region, week, n_calendar)
        frequency : Tensor of shape (region, week, n_reach, lag), optional
            Of channels with reach.
        """
        media = self.media(lags, region, None, frequency)
        if self.modulation.active:
            now = self.media.shape.together(lags[..., 0])
            features = self.modulation.features(now, controls, calendar)
            factor = self.modulation(features, observed)
            media = media * self.media.shape.each(factor)
        return Decomposition(self.baseline(), self.controls(controls, region), media)


def copied(module: _Module, shared: Collection[object]) -> _Module:
    """Return a module of the same kind with tensors of its own.

    Parameters
    ----------
    module : Module
    shared : collection of Module and Tensor
        Parts that stay those of the given one.
    """
    own = copy(module)
    known = {id(part) for part in shared}

    def of(part: object) -> object:
        if id(part) in known:
            return part
        if isinstance(part, nn.Module):
            return copied(part, shared)
        if isinstance(part, nn.Parameter):
            return nn.Parameter(part.detach().clone(), part.requires_grad)
        return part.clone() if isinstance(part, Tensor) else part

    for name in ("_parameters", "_buffers", "_modules"):
        parts = getattr(module, name).items()
        setattr(own, name, {key: of(part) for key, part in parts})
    return own


@torch.no_grad()
def effect_columns(module: MMMModule, inputs: dict[str, Tensor]) -> np.ndarray:
    """Return what one of each unit's effect does, (region, week, unit)."""
    given = inputs["region"], None, inputs.get("frequency")
    media = module.media(inputs["lags"], *given)
    return np.asarray(
        (module.media.shape.together(media) / module.media.effect).numpy()
    )
