"""Kernels and curves of which each channel has a form of its own.

One component that holds those of all channels: what it is given and returns is of all
channels, last, so that whoever calls it need not know that forms differ.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from sklearn_mmm.components._adstock import Adstock
from sklearn_mmm.components._component import Component, Parameters
from sklearn_mmm.components._prior import Prior
from sklearn_mmm.components._saturation import Saturation


@dataclass(frozen=True)
class PriorByChannel:
    """A parameter that some channels have, each with a prior of its own.

    Attributes
    ----------
    name : str
    priors : tuple of Prior or None
        Of each channel; None where it has no such parameter. Its real number is then
        kept at 0, and the parameter is NaN.
    """

    name: str
    priors: tuple[Prior | None, ...]

    @property
    def mean(self) -> np.ndarray:
        """Means of the real numbers, (channel,)."""
        return np.array([0.0 if p is None else p.mean for p in self.priors])

    @property
    def sd(self) -> np.ndarray:
        """Standard deviations of the real numbers, (channel,)."""
        return np.array([1.0 if p is None else p.sd for p in self.priors])

    def natural(self, raw: Tensor) -> Tensor:
        """Return the parameter, see :meth:`Prior.natural`."""
        return self._of_each(lambda prior, own: prior.natural(own), np.nan, raw)

    def derivative(self, raw: Tensor) -> Tensor:
        """Return the derivative of :meth:`natural`, 0 without a parameter."""
        return self._of_each(lambda prior, own: prior.derivative(own), 0.0, raw)

    def in_unit(self, raw: Tensor, ratio: Tensor) -> Tensor:
        """Return the real numbers in another unit, see :meth:`Prior.in_unit`."""
        return self._of_each(lambda prior, *own: prior.in_unit(*own), 0.0, raw, ratio)

    def _of_each(
        self, formula: Callable[..., Tensor], missing: float, *values: Tensor
    ) -> Tensor:
        """Apply a formula to the channels of each prior."""
        parts = []
        blocks = _blocks(self.priors)
        for prior, channels in blocks:
            own = [value[..., channels] for value in values]
            parts.append(
                torch.full_like(own[0], missing)
                if prior is None
                else formula(prior, *own)
            )
        return torch.cat(parts, dim=-1)[..., _places(blocks)]


AnyPrior = Prior | PriorByChannel


class AdstockByChannel(Adstock):
    """Kernels of which each channel has a form and a length of its own.

    Parameters
    ----------
    forms : tuple of Adstock
    form_of : tuple of int
        Number of each channel's form.
    lags : tuple of int
        Length of each channel's kernel; shorter ones are padded by zeros.
    """

    def __init__(
        self,
        forms: tuple[Adstock, ...],
        form_of: tuple[int, ...],
        lags: tuple[int, ...],
    ) -> None:
        self.forms = forms
        self.form_of = form_of
        self.lags = lags

    def priors_for(  # type: ignore[override]
        self, n_lags: int, weeks_per_step: float = 1.0
    ) -> tuple[PriorByChannel, ...]:
        """Return the parameters of all channels."""
        return _joined(
            form.priors_for(lags, weeks_per_step)
            for form, lags in zip(_each(self), self.lags, strict=True)
        )

    def weights(self, parameters: Parameters, n_lags: int) -> Tensor:
        """Return the weights, (..., channel, lag), see :class:`Adstock`."""
        return self._of_each(
            lambda form, own, lags: {"": form.weights(own, lags)}, parameters, n_lags
        )[""]

    def weights_and_derivatives(
        self, parameters: Parameters, n_lags: int
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the weights and their derivatives, 0 without a parameter."""

        def both(form: Adstock, own: Parameters, lags: int) -> dict[str, Tensor]:
            weights, slopes = form.weights_and_derivatives(own, lags)
            return {"": weights, **slopes}

        found = self._of_each(both, parameters, n_lags)
        return found.pop(""), {name: found[name] for name in parameters}

    def _of_each(
        self,
        formula: Callable[[Adstock, Parameters, int], dict[str, Tensor]],
        parameters: Parameters,
        n_lags: int,
    ) -> dict[str, Tensor]:
        """Apply a formula to the channels of each form and length."""
        blocks = _blocks(zip(self.form_of, self.lags, strict=True))
        shape = np.broadcast_shapes(*(p.shape[:-1] for p in parameters.values()))
        parts: dict[str, list[Tensor]] = {name: [] for name in ("", *parameters)}
        for (number, lags), channels in blocks:
            form = self.forms[number]
            own = {p.name: parameters[p.name] for p in form.priors_for(lags)}
            own = {name: p[..., channels] for name, p in own.items()}
            found = formula(form, own, lags)
            for name, into in parts.items():
                values = found.get(name, torch.zeros_like(found[""]))
                values = values.expand(*shape, len(channels), lags)
                into.append(torch.nn.functional.pad(values, (0, n_lags - lags)))
        places = _places(blocks)
        return {n: torch.cat(p, dim=-2)[..., places, :] for n, p in parts.items()}


class SaturationByChannel(Saturation):
    """Curves of which each channel has a form of its own.

    Parameters
    ----------
    forms : tuple of Saturation
    form_of : tuple of int
        Number of each channel's form.
    """

    def __init__(self, forms: tuple[Saturation, ...], form_of: tuple[int, ...]) -> None:
        self.forms = forms
        self.form_of = form_of

    @property
    def priors(self) -> tuple[PriorByChannel, ...]:  # type: ignore[override]
        """The parameters of all channels."""
        return _joined(form.priors for form in _each(self))

    def value(self, parameters: Parameters, x: Tensor) -> Tensor:
        """Return the curves at (..., channel) media, see :class:`Saturation`."""
        found = self._of_each(
            lambda form, own, x: {"": form.value(own, x)}, parameters, x
        )
        return found[""]

    def value_and_derivatives(
        self, parameters: Parameters, x: Tensor
    ) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """Return the curves and their derivatives, 0 without a parameter."""

        def all_of(form: Saturation, own: Parameters, x: Tensor) -> dict[str, Tensor]:
            value, slope, slopes = form.value_and_derivatives(own, x)
            return {"": value, "x": slope, **slopes}

        found = self._of_each(all_of, parameters, x)
        return found[""], found["x"], {name: found[name] for name in parameters}

    def inverse(self, parameters: Parameters, value: Tensor | float) -> Tensor:
        """Return the media at which the curves have a value."""
        value = torch.as_tensor(value, dtype=torch.float64).expand(len(self.form_of))
        found = self._of_each(
            lambda form, own, value: {"": form.inverse(own, value)}, parameters, value
        )
        return found[""]

    def of_cells(self, channels: Tensor) -> "SaturationByChannel":
        """Return the curves of cells whose channels are (cell,)."""
        own = tuple(self.form_of[c] for c in channels.tolist())
        return SaturationByChannel(self.forms, own)

    def _of_each(
        self,
        formula: Callable[[Saturation, Parameters, Tensor], dict[str, Tensor]],
        parameters: Parameters,
        x: Tensor,
    ) -> dict[str, Tensor]:
        """Apply a formula to the channels of each form."""
        blocks = _blocks(self.form_of)
        given = (x, *parameters.values())
        shape = np.broadcast_shapes(
            (len(self.form_of),), *(tuple(v.shape) for v in given)
        )
        x = x.expand(*x.shape[:-1], shape[-1])
        parts: dict[str, list[Tensor]] = {}
        for number, channels in blocks:
            form = self.forms[number]
            own = {p.name: parameters[p.name][..., channels] for p in form.priors}
            found = formula(form, own, x[..., channels])
            for name in ("", "x", *parameters):
                values = found.get(name, torch.zeros_like(found[""]))
                values = values.expand(*shape[:-1], len(channels))
                parts.setdefault(name, []).append(values)
        places = _places(blocks)
        return {n: torch.cat(p, dim=-1)[..., places] for n, p in parts.items()}


def adstock_of(forms: Sequence[Adstock], lags: Sequence[int]) -> Adstock:
    """Return one adstock for all channels; a plain one where they do not differ.

    Parameters
    ----------
    forms : list of Adstock
        One for each channel; channels of the same form have the same object.
    lags : list of int
        Lengths of their kernels.
    """
    own, number = _distinct(forms)
    if len(own) == 1 and len(set(lags)) == 1:
        return own[0]
    return AdstockByChannel(own, number, tuple(lags))


def saturation_of(forms: Sequence[Saturation]) -> Saturation:
    """Return one saturation for all channels; a plain one where they do not differ."""
    own, number = _distinct(forms)
    return own[0] if len(own) == 1 else SaturationByChannel(own, number)


def adstock_of_channel(adstock: Adstock, channel: int) -> Adstock:
    """Return the form of a channel's kernel."""
    if isinstance(adstock, AdstockByChannel):
        return adstock.forms[adstock.form_of[channel]]
    return adstock


def saturation_of_channel(saturation: Saturation, channel: int) -> Saturation:
    """Return the form of a channel's curve."""
    if isinstance(saturation, SaturationByChannel):
        return saturation.forms[saturation.form_of[channel]]
    return saturation


def lags_of_channels(adstock: Adstock, n_lags: int, n_channels: int) -> np.ndarray:
    """Return the lengths of the channels' kernels, (n_channels,)."""
    if isinstance(adstock, AdstockByChannel):
        return np.array(adstock.lags)
    return np.full(n_channels, n_lags)


_C = TypeVar("_C", bound=Component)


def _distinct(forms: Sequence[_C]) -> tuple[tuple[_C, ...], tuple[int, ...]]:
    """Return the forms that differ, and which of them each channel has."""
    own: list[_C] = []
    for form in forms:
        if not any(form is known for known in own):
            own.append(form)
    number = tuple(
        next(i for i, known in enumerate(own) if known is form) for form in forms
    )
    return tuple(own), number


def _each(component: Any) -> list[Any]:
    """Return the form of each channel."""
    return [component.forms[number] for number in component.form_of]


def _joined(priors: Iterable[tuple[Prior, ...]]) -> tuple[PriorByChannel, ...]:
    """Return the parameters of all channels, each name once."""
    known = [{prior.name: prior for prior in own} for own in priors]
    # In an order that does not depend on that of the channels.
    names = sorted({name for own in known for name in own})
    return tuple(PriorByChannel(n, tuple(own.get(n) for own in known)) for n in names)


def _blocks(kinds: Iterable[Any]) -> list[tuple[Any, list[int]]]:
    """Return each kind with the channels that are of it."""
    found: dict[Any, list[int]] = {}
    for channel, kind in enumerate(kinds):
        found.setdefault(kind, []).append(channel)
    return list(found.items())


def _places(blocks: list[tuple[Any, list[int]]]) -> list[int]:
    """Return where each channel stands among those of the blocks, one by one."""
    order = [channel for _, channels in blocks for channel in channels]
    return np.argsort(order).tolist()
