"""Adstock: the carry-over of media from one time step to the next."""

import torch
from torch import Tensor


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


def lagged(x: Tensor, n_lags: int) -> Tensor:
    """Stack a series with its own past; before its first step there is nothing.

    Parameters
    ----------
    x : Tensor of shape (..., week, channel)
        Media.
    n_lags : int
        Number of lags, 0 included.

    Returns
    -------
    Tensor of shape (..., week, channel, n_lags)
        ``out[..., t, c, l] = x[..., t - l, c]``, zero where ``t < l``.
    """
    out = x.new_zeros(*x.shape, n_lags)
    n_weeks = x.shape[-2]
    for lag in range(min(n_lags, n_weeks)):
        out[..., lag:, :, lag] = x[..., : n_weeks - lag, :]
    return out


def carry_over(x: Tensor, weights: Tensor) -> Tensor:
    """Apply an adstock kernel to media, causally, from a cold start.

    Parameters
    ----------
    x : Tensor of shape (..., week, channel)
        Media.
    weights : Tensor of shape (channel, lag)
        Kernel of each channel.

    Returns
    -------
    Tensor of shape (..., week, channel)
        Adstocked media, in the unit of ``x`` times that of ``weights``.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mmm.functional import carry_over
    >>> x = torch.tensor([[1.0], [0.0], [0.0]])
    >>> carry_over(x, torch.tensor([[1.0, 0.5]])).ravel()
    tensor([1.0000, 0.5000, 0.0000])
    """
    return (lagged(x, weights.shape[-1]) * weights).sum(-1)
