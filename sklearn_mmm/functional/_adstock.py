"""Adstock: the carry-over of media from one time step to the next."""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

# A kernel has faded if its last weight is below this share of its largest.
_FADED = 0.1


def geometric_weights(decay: Tensor, n_lags: int, normalize: bool = True) -> Tensor:
    r"""Return the weights of a finite geometric adstock kernel.

    Parameters
    ----------
    decay : Tensor of shape (...)
        Share of the effect that is carried over to the next time step, in [0, 1).
    n_lags : int
        Length of the kernel in time steps, the current one included.
    normalize : bool, default=True
        Whether the weights sum to one, so that adstocked media keep their unit.

    Returns
    -------
    Tensor of shape (..., n_lags)
        Weight of the media of ``lag`` time steps ago.

    Notes
    -----
    :math:`w_l = \alpha^l` for :math:`l = 0, \dots, L - 1`, divided by
    :math:`\sum_l w_l` when normalised (Jin et al., 2017, "Bayesian Methods for
    Media Mix Modeling with Carryover and Shape Effects", equation 1).

    Examples
    --------
    >>> import torch
    >>> from sklearn_mmm.functional import geometric_weights
    >>> geometric_weights(torch.tensor(0.5), 3, normalize=False)
    tensor([1.0000, 0.5000, 0.2500])
    """
    lags = torch.arange(n_lags, dtype=decay.dtype, device=decay.device)
    weights = decay.unsqueeze(-1) ** lags
    return weights / weights.sum(-1, keepdim=True) if normalize else weights


def delayed_weights(decay: Tensor, delay: Tensor, n_lags: int) -> Tensor:
    r"""Return the weights of an adstock kernel that peaks some steps later.

    Parameters
    ----------
    decay : Tensor of shape (...)
        How fast the effect fades around its peak, in (0, 1).
    delay : Tensor of shape (...)
        Time steps from exposure to the peak, in [0, n_lags).
    n_lags : int
        Length of the kernel in time steps, the current one included.

    Returns
    -------
    Tensor of shape (..., n_lags)
        Weights that sum to one.

    Notes
    -----
    :math:`w_l \propto \alpha^{(l - \theta)^2}` (Jin et al., 2017, equation 4).

    Examples
    --------
    >>> import torch
    >>> from sklearn_mmm.functional import delayed_weights
    >>> delayed_weights(torch.tensor(0.5), torch.tensor(1.0), 3)
    tensor([0.2500, 0.5000, 0.2500])
    """
    lags = torch.arange(n_lags, dtype=decay.dtype, device=decay.device)
    exponent = (lags - delay.unsqueeze(-1)) ** 2
    return torch.softmax(exponent * decay.log().unsqueeze(-1), dim=-1)


def weibull_weights(shape: Tensor, scale: Tensor, n_lags: int) -> Tensor:
    r"""Return the weights of an adstock kernel in the form of a Weibull density.

    Parameters
    ----------
    shape : Tensor of shape (...)
        At most 1 falls from the start; above 1 peaks later.
    scale : Tensor of shape (...)
        Time steps, larger than 0.
    n_lags : int
        Length of the kernel in time steps, the current one included.

    Returns
    -------
    Tensor of shape (..., n_lags)
        Weights that sum to one.

    Notes
    -----
    The probability of each time step under a Weibull distribution,
    :math:`w_l \propto e^{-(l / \lambda)^k} - e^{-((l + 1) / \lambda)^k}`, the
    flexible kernel of Robyn (Zhou et al., 2024, "Packaging Up Media Mix Modeling: An
    Introduction to Robyn's Open-Source Approach").

    Examples
    --------
    >>> import torch
    >>> from sklearn_mmm.functional import weibull_weights
    >>> weibull_weights(torch.tensor(1.0), torch.tensor(1.4427), 3)
    tensor([0.5714, 0.2857, 0.1429])
    """
    edges = torch.arange(n_lags + 1, dtype=shape.dtype, device=shape.device)
    # The power's derivative in the shape is infinite at zero; its value there is 0.
    powered = (edges[1:] / scale.unsqueeze(-1)) ** shape.unsqueeze(-1)
    survival = torch.cat([torch.ones_like(powered[..., :1]), (-powered).exp()], -1)
    mass = survival[..., :-1] - survival[..., 1:] + torch.finfo(shape.dtype).tiny
    return mass / mass.sum(-1, keepdim=True)


def lagged(x: Tensor, n_lags: int, first: int = 0) -> Tensor:
    """Stack a series with its own past; before its first step there is nothing.

    Parameters
    ----------
    x : Tensor of shape (..., week, channel)
        Media.
    n_lags : int
        Number of lags, 0 included.
    first : int, default=0
        Number of steps at the beginning that are only past.

    Returns
    -------
    Tensor of shape (..., week - first, channel, n_lags)
        ``out[..., t, c, l] = x[..., first + t - l, c]``, zero where there is no such
        step. Channels and lags come first in memory, where each is a product of
        matrices.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mmm.functional import lagged
    >>> lagged(torch.tensor([[1.0], [2.0], [3.0]]), 2)[:, 0]
    tensor([[1., 0.],
            [2., 1.],
            [3., 2.]])
    """
    series = x.movedim(-1, 0)
    n_weeks = x.shape[-2] - first
    out = x.new_zeros(len(series), n_lags, *x.shape[:-2], n_weeks)
    for lag in range(min(n_lags, x.shape[-2])):
        # The first steps that have this lag.
        begin = max(lag - first, 0)
        past = series[..., first + begin - lag : first + n_weeks - lag]
        out[:, lag, ..., begin:] = past
    return out.movedim((0, 1), (-2, -1))


def of_lags(lags: Tensor, weights: Tensor) -> Tensor:
    """Apply kernels to media that are stacked with their own past.

    One product of matrices for each channel. In memory the channel comes first, then
    members, regions and weeks; that is fast where media are laid out in this way.

    Parameters
    ----------
    lags : Tensor of shape (region, week, channel, lag)
        See :func:`lagged`.
    weights : Tensor of shape (..., channel, lag) or (lag,)
        Kernels, perhaps of several members.

    Returns
    -------
    Tensor of shape (..., region, week, channel)
        Adstocked media.
    """
    n_regions, n_weeks, n_channels, n_lags = lags.shape
    members = weights.shape[:-2] if weights.dim() > 1 else ()
    kernel = weights.to(lags).expand(*members, n_channels, n_lags)
    past = lags.permute(2, 3, 0, 1).reshape(n_channels, n_lags, -1)
    out = torch.bmm(kernel.reshape(-1, n_channels, n_lags).transpose(0, 1), past)
    return out.reshape(n_channels, *members, n_regions, n_weeks).movedim(0, -1)


def carry_over(x: Tensor, weights: Tensor, first: int = 0) -> Tensor:
    """Apply an adstock kernel to media, causally, from a cold start.

    Parameters
    ----------
    x : Tensor of shape (..., week, channel)
        Media.
    weights : Tensor of shape (channel, lag)
        Kernel of each channel.
    first : int, default=0
        Number of steps at the beginning that are only past.

    Returns
    -------
    Tensor of shape (..., week - first, channel)
        Adstocked media, in the unit of ``x`` times that of ``weights``.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mmm.functional import carry_over
    >>> x = torch.tensor([[1.0], [0.0], [0.0]])
    >>> carry_over(x, torch.tensor([[1.0, 0.5]])).ravel()
    tensor([1.0000, 0.5000, 0.0000])
    >>> carry_over(x, torch.tensor([[1.0, 0.5]]), first=1).ravel()
    tensor([0.5000, 0.0000])
    """
    n_lags, n_steps = weights.shape[-1], x.shape[-2] - first
    # Blocks of a kernel's length: each is one product of matrices with its own past.
    n_blocks = max(1, -(-n_steps // n_lags))
    size = max(1, -(-n_steps // n_blocks))
    spare = n_blocks * size - n_steps
    series = pad(x.movedim(-1, 0), (n_lags - 1 - first, spare))
    width = n_lags - 1 + size
    past = series.unfold(-1, width, size).reshape(len(series), -1, width)
    # One more lag, of weight 0, is that of steps that do not reach others.
    kernels = pad(weights.expand(x.shape[-1], n_lags), (0, 1))
    out = torch.bmm(past, kernels[:, _lags_between(size, n_lags)])
    whole = out.reshape(*series.shape[:-1], n_blocks * size)
    return whole[..., :n_steps].movedim(0, -1)


@lru_cache(maxsize=8)
def _lags_between(size: int, n_lags: int) -> Tensor:
    """Return the lag from a block and its past to its steps; ``n_lags`` if none."""
    lag = torch.arange(n_lags - 1, n_lags - 1 + size)
    lag = lag - torch.arange(n_lags - 1 + size)[:, None]
    return torch.where((lag >= 0) & (lag < n_lags), lag, n_lags)


def has_faded(weights: np.ndarray) -> np.ndarray:
    """Return whether kernels have faded at their end, instead of being cut off.

    Faded is a last weight of less than a tenth of the largest. A kernel of one step is
    meant to have no carry-over. Zeros at the end pad a kernel that is shorter.

    Parameters
    ----------
    weights : ndarray of shape (channel, lag)
        Kernels, the current time step first.

    Returns
    -------
    bool ndarray of shape (channel,)
        True where it has faded.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mmm.functional import has_faded
    >>> has_faded(np.array([[0.7, 0.25, 0.05], [0.4, 0.3, 0.3]]))
    array([ True, False])
    """
    last = weights.shape[1] - 1 - (weights[:, ::-1] != 0).argmax(axis=1)
    end = weights[np.arange(len(weights)), last]
    return np.asarray((last == 0) | (end < _FADED * weights.max(axis=1)))


def half_life(weights: np.ndarray) -> float:
    """Return the time until half of a kernel's effect has arrived.

    Time counts from the start of the time step of the spend. Between time steps what
    has not yet arrived falls geometrically, so that an untruncated geometric kernel has
    log(1/2) / log(decay).

    Parameters
    ----------
    weights : ndarray of shape (n_lags,)
        Of one kernel, at least 0, summing to 1.

    Returns
    -------
    float
        Time steps.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mmm.functional import half_life
    >>> half_life(np.array([0.5, 0.25, 0.125, 0.125]))
    1.0
    """
    left = np.r_[1.0, 1.0 - np.cumsum(weights)]
    i = int(np.argmax(left <= 0.5 + 1e-12))
    before, after = left[i - 1], left[i]
    if after <= 1e-9:  # All of the rest arrives in this time step, evenly.
        return float(i - 1 + (before - 0.5) / (before - after))
    return float(i - 1 + np.log(0.5 / before) / np.log(after / before))
