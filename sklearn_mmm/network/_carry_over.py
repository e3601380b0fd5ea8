"""Carry-over: the learned adstock kernel of each channel."""

from typing import ClassVar

import torch
from torch import Tensor, nn

from sklearn_mmm.functional import delayed_weights, geometric_weights, weibull_weights


class CarryOver(nn.Module):
    """Adstock kernels with weak priors on their parameters.

    Parameters
    ----------
    kind : {"geometric", "delayed", "weibull"}
    n_channels : int
    n_lags : int
        Length of the kernels in time steps, the current one included.
    """

    # Mean and standard deviation of each parameter, before its transform.
    priors: ClassVar[dict[str, dict[str, tuple[float, float]]]] = {
        "geometric": {"logit_decay": (-1.0, 1.2)},
        "delayed": {"logit_decay": (-0.5, 1.0), "logit_delay": (-2.0, 1.0)},
        "weibull": {"log_shape": (0.0, 0.5), "log_scale": (0.0, 0.8)},
    }

    logit_decay: Tensor
    logit_delay: Tensor
    log_shape: Tensor
    log_scale: Tensor

    def __init__(self, kind: str, n_channels: int, n_lags: int) -> None:
        super().__init__()
        self.kind = kind
        self.n_lags = n_lags
        for name, (mean, _) in self.priors[kind].items():
            self.register_parameter(name, nn.Parameter(torch.full((n_channels,), mean)))

    def parameters_by_name(self) -> dict[str, Tensor]:
        """Return the kernels' parameters, each of shape (channel,)."""
        if self.kind == "weibull":
            return {"shape": self.log_shape.exp(), "scale": self.log_scale.exp()}
        out = {"decay": torch.sigmoid(self.logit_decay)}
        if self.kind == "delayed":
            out["delay"] = torch.sigmoid(self.logit_delay) * (self.n_lags - 1)
        return out

    def weights(self) -> Tensor:
        """Return the kernels, (channel, lag), each summing to 1."""
        p = self.parameters_by_name()
        if self.kind == "weibull":
            return weibull_weights(p["shape"], p["scale"], self.n_lags)
        if self.kind == "delayed":
            return delayed_weights(p["decay"], p["delay"], self.n_lags)
        return geometric_weights(p["decay"], self.n_lags)

    def penalty(self) -> Tensor:
        """Return the negative log prior of the parameters."""
        terms = [
            0.5 * (((getattr(self, name) - mean) / sd) ** 2).sum()
            for name, (mean, sd) in self.priors[self.kind].items()
        ]
        return torch.stack(terms).sum()
