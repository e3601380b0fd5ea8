"""Refuse components that would break a fit, before it begins."""

import torch
from torch import Tensor

from sklearn_mmm.components._adstock import Adstock
from sklearn_mmm.components._component import Component
from sklearn_mmm.components._prior import Prior
from sklearn_mmm.components._saturation import Saturation

# Names of other columns of the same tables.
_TAKEN = ("adstock_weight", "effect")
_FAR = 1e9
_TOLERANCE = 1e-6


def check_components(adstock: Adstock, saturation: Saturation, n_lags: int) -> None:
    """Check that a kernel and a curve can be learned side by side.

    Parameters
    ----------
    adstock : Adstock
    saturation : Saturation
    n_lags : int

    Raises
    ------
    TypeError
        If priors are no tuple of :class:`Prior`, or a formula does not return a tensor.
    ValueError
        If names of parameters clash, or a formula does not have the properties that
        its class promises at the mean of the priors and one standard deviation away.
    """
    for component in (adstock, saturation):
        component._validate_params()
        _check_priors(component, component.priors)
    kernel = adstock.priors_for(n_lags)
    _check_priors(adstock, kernel)
    names = [prior.name for prior in (*kernel, *saturation.priors)]
    for name in names:
        if names.count(name) > 1 or name in _TAKEN:
            raise ValueError(
                f"{adstock!r} and {saturation!r} have parameters {names}, in which "
                f"{name!r} is not unique or is the name of another column of the "
                "tables; rename the parameter"
            )
    _check_weights(adstock, kernel, n_lags)
    _check_curve(saturation)


def _check_priors(component: Component, priors: object) -> None:
    if not isinstance(priors, tuple) or not all(isinstance(p, Prior) for p in priors):
        raise TypeError(
            f"priors of {component!r} are {priors!r}; they have to be a tuple of Prior"
        )


def _examples(priors: tuple[Prior, ...]) -> dict[str, Tensor]:
    """Return parameters at the priors' mean and beside it, (example, channel)."""
    steps = torch.tensor([[-1.0], [0.0], [1.0]], dtype=torch.float64).expand(3, 2)
    return {p.name: p.natural(p.mean + p.sd * steps) for p in priors}


def _check_weights(adstock: Adstock, priors: tuple[Prior, ...], n_lags: int) -> None:
    # The general way first, since only the formula itself is sure to be there.
    weights, slopes = Adstock.weights_and_derivatives(
        adstock, _examples(priors), n_lags
    )
    what = f"weights of {adstock!r}"
    wanted = (3, 2, n_lags) if priors else tuple(weights.shape)
    _check_tensor(weights, wanted, what)
    if (weights < -_TOLERANCE).any():
        raise ValueError(f"{what} are negative for {n_lags} lags; they must be >= 0")
    if ((weights.sum(-1) - 1).abs() > _TOLERANCE).any():
        raise ValueError(
            f"{what} sum to {weights.sum(-1).flatten().tolist()} for {n_lags} lags; "
            "divide them by their sum, so that adstocked media keep their unit"
        )
    for name, slope in slopes.items():
        _check_tensor(slope, wanted, f"the derivative of {what} by {name!r}")
    closed, own = adstock.weights_and_derivatives(_examples(priors), n_lags)
    _check_same(adstock, {"weights": closed, **own}, {"weights": weights, **slopes})


def _check_curve(saturation: Saturation) -> None:
    positive = torch.logspace(-3, 3, 61, dtype=torch.float64)
    x = torch.cat([torch.zeros(1), positive, torch.tensor([_FAR])]).double()
    x = x[:, None].expand(-1, 2)  # (point, channel)
    parameters = {n: p[:, None] for n, p in _examples(saturation.priors).items()}
    value, slope, slopes = Saturation.value_and_derivatives(saturation, parameters, x)
    what = f"the value of {saturation!r}"
    wanted = (3, *x.shape) if parameters else tuple(x.shape)
    _check_tensor(value, wanted, what)
    for name, derivative in {"x": slope, **slopes}.items():
        _check_tensor(
            derivative,
            wanted,
            f"the derivative by {name!r} of {saturation!r}",
            "at x = 0 as elsewhere (functional.power is a power of which they are)",
        )
    if (value[..., 0, :].abs() > _TOLERANCE).any():
        raise ValueError(f"{what} is not 0 without media (x = 0)")
    if (value.diff(dim=-2) < -_TOLERANCE).any():
        raise ValueError(
            f"{what} falls somewhere; more media must not have less effect"
        )
    far = value[..., -1, :]
    if saturation.bounded and ((far < 0.9) | (far > 1 + _TOLERANCE)).any():
        raise ValueError(
            f"{what} is {far.flatten().tolist()} for very large media, but a bounded "
            "curve tends to 1; divide it by its maximum, or set bounded = False if "
            "there is none"
        )

    closed, by_media, own = saturation.value_and_derivatives(parameters, x)
    found = {"value": closed, "x": by_media, **own}
    _check_same(saturation, found, {"value": value, "x": slope, **slopes})


def _check_same(
    component: Component, found: dict[str, Tensor], expected: dict[str, Tensor]
) -> None:
    """Check closed derivatives against automatic differentiation."""
    for name, values in expected.items():
        if name not in found or not torch.allclose(
            found[name], values, rtol=1e-4, atol=1e-6
        ):
            raise ValueError(
                f"derivatives of {component!r} in closed form are not those of its "
                f"formula: {name!r} differs or is missing; mend them, or leave them to "
                "automatic differentiation"
            )


def _check_tensor(
    values: object, shape: tuple[int, ...], what: str, where: str = ""
) -> None:
    if not isinstance(values, Tensor):
        raise TypeError(f"{what} is a {type(values).__name__}; it has to be a Tensor")
    if tuple(values.shape) != shape:
        raise ValueError(
            f"{what} has shape {tuple(values.shape)}, but expected {shape}; formulas "
            "have to broadcast over leading axes"
        )
    if not values.isfinite().all():
        end = f" {where}" if where else ""
        raise ValueError(f"{what} is not finite; it has to be{end}")
