"""Saturation: the diminishing effect of further media."""

import torch
from torch import Tensor


def hill(x: Tensor, half_saturation: Tensor, slope: Tensor) -> Tensor:
    r"""Return the Hill saturation of media, between 0 and 1.

    Parameters
    ----------
    x : Tensor of shape (..., channel)
        (Adstocked) media, at least 0.
    half_saturation : Tensor, broadcast against ``x``
        Media at which half of the maximum is reached, above 0, in the unit of ``x``.
    slope : Tensor, broadcast against ``x``
        Above 1 the curve is S-shaped, else concave.

    Returns
    -------
    Tensor of the broadcast shape
        :math:`x^s / (x^s + \kappa^s)`, exactly 0 at 0.

    Notes
    -----
    Computed as :math:`\sigma(s (\log x - \log \kappa))`, which neither overflows
    nor has an infinite gradient in the parameters at zero media. The formula is
    equation 4 of Jin et al. (2017).

    Examples
    --------
    >>> import torch
    >>> from sklearn_mmm.functional import hill
    >>> hill(torch.tensor([0.0, 1.0, 3.0]), torch.tensor(1.0), torch.tensor(1.0))
    tensor([0.0000, 0.5000, 0.7500])
    """
    given = x, half_saturation, slope
    if not (torch.is_grad_enabled() and any(t.requires_grad for t in given)):
        # An infinite logarithm has the right limit.
        distance = x.clamp_min(0.0).log_() - half_saturation.log()
        return torch.sigmoid_(slope * distance)
    # Zeros leave the logarithm's argument before it is taken, so no gradient is NaN.
    safe = x.clamp_min(torch.finfo(x.dtype).tiny)
    saturated = torch.sigmoid(slope * (safe.log() - half_saturation.log()))
    return saturated * (x > 0)


def power(x: Tensor, exponent: Tensor) -> Tensor:
    r"""Return a power of media whose derivatives are finite at zero, where they are 0.

    Parameters
    ----------
    x : Tensor
        At least 0.
    exponent : Tensor, broadcast against ``x``
        Above 0.

    Returns
    -------
    Tensor of the broadcast shape
        :math:`x^s`, exactly 0 at 0.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mmm.functional import power
    >>> power(torch.tensor([0.0, 4.0]), torch.tensor(0.5))
    tensor([0., 2.])
    """
    positive = x > 0
    # Zeros leave the argument before the power is taken, so no gradient is infinite.
    powered = torch.where(positive, x, torch.ones_like(x)) ** exponent
    return torch.where(positive, powered, torch.zeros_like(powered))
