"""Empirical Bayes: hyper-parameters learned from the data during training."""

from typing import Any

import numpy as np
import torch
from skorch.callbacks import Callback
from torch.func import functional_call

from sklearn_mmm.baseline._covariance import TimeCovariance, whiteners
from sklearn_mmm.baseline._variances import (
    CourseEvidence,
    course_factor,
    initial_hyperparameters,
    kernels_at,
    likeliest_innovation,
    regional_covariance,
    renew_time,
)
from sklearn_mmm.likelihood._difference import difference
from sklearn_mmm.likelihood._evidence import likeliest_scale
from sklearn_mmm.likelihood._penalised import SCALE_RANGES
from sklearn_mmm.network import MMMModule, week_weights


class EmpiricalBayes(Callback):
    """Renew covariances and prior scales every few epochs, then leave them.

    Between renewals the objective is a plain penalised likelihood; each renewal is
    an exact or expectation-maximisation step for the hyper-parameters given the
    parameters.

    Parameters
    ----------
    covariance : TimeCovariance
    position : ndarray of shape (n_weeks,)
    observed : bool ndarray of shape (n_regions, n_weeks)
    first, last, every : int
        Epochs of the first renewal, the last one, and the distance between them.
    """

    def __init__(
        self,
        covariance: TimeCovariance,
        position: np.ndarray,
        observed: np.ndarray,
        first: int,
        last: int,
        every: int,
    ) -> None:
        self.covariance = covariance
        self.position = position
        self.observed = observed
        self.first = first
        self.last = last
        self.every = every

    def on_train_begin(self, net: Any, **kwargs: Any) -> None:
        """Install the initial covariances."""
        self.hyper_ = initial_hyperparameters(self.covariance, len(self.observed))
        self.kernels_ = kernels_at(self.covariance, self.position)
        self._install_whitener(net)
        self._install_loadings(net)
        if net.module_.baseline.has_course:
            self._install_factor(net)

    def on_epoch_end(self, net: Any, dataset_train: Any = None, **kwargs: Any) -> None:
        """Renew if it is time."""
        epoch = len(net.history)
        if self.first <= epoch <= self.last and (epoch - self.first) % self.every == 0:
            self.renew(net, dataset_train.X, dataset_train.y)

    @torch.no_grad()
    def renew(self, net: Any, X: dict[str, Any], y: Any) -> None:
        """Renew all hyper-parameters given the current parameters."""
        module = net.module_
        parts = module(**X)
        own = parts.controls.sum(-1) + parts.media.sum(-1) + module.baseline.intercept
        residual = (y["outcome"] - own).double().numpy(force=True) * self.observed
        course = (parts.baseline - module.baseline.intercept).double()
        course = np.broadcast_to(course.numpy(force=True), self.position.shape)
        self.hyper_, W, evidence = renew_time(
            self.hyper_,
            self.kernels_,
            residual[None],
            course[None] if module.baseline.has_course else None,
            self.observed,
            net.criterion_.delta,
            widely=len(net.history) == self.first,
        )
        self._install_whitener(net, W)
        self._install_loadings(net)
        if evidence is not None:
            self._renew_shared(net, evidence)
        self._renew_scales(net, parts, X, y)

    def _renew_shared(self, net: Any, evidence: CourseEvidence) -> None:
        """Install the common course's covariance, and solve for it exactly."""
        L = self._install_factor(net)
        innovation = likeliest_innovation(L, evidence)
        parameter = net.module_.baseline.innovation
        parameter.copy_(torch.as_tensor(innovation).to(parameter))

    def _renew_scales(
        self, net: Any, parts: Any, X: dict[str, Any], y: dict[str, Any]
    ) -> None:
        scales, module = net.penalties_.scales, net.module_
        scales.effect = _rms(module.media.effect, "effect")
        scales.control = _rms(module.controls.coefficient, "control")
        whiten, region = net.criterion_.whiten, X["region"]
        if len(self.observed) > 1:
            scales.deviation = _expected_scale(
                module.media.deviation,
                whiten(parts.media, region),
                scales.deviation,
                "deviation",
            )
            scales.control_deviation = _expected_scale(
                module.controls.deviation,
                whiten(X["controls"], region),
                scales.control_deviation,
                "control_deviation",
            )
        if module.effects.active:
            self._renew_modulation(net, parts, X, y)

    def _renew_modulation(
        self, net: Any, parts: Any, X: dict[str, Any], y: dict[str, Any]
    ) -> None:
        """Renew how far effects may vary with time."""
        effects, criterion, region = net.module_.effects, net.criterion_, X["region"]
        features = effects.features(X["lags"][..., 0], X["controls"], X["calendar"])
        factor = effects(features, X["observed"])
        weight = week_weights(X["observed"])
        features = features - (features * weight).sum(1, keepdim=True)

        def white(values: torch.Tensor) -> np.ndarray:
            values = criterion.decorrelate(criterion.whiten(values, region), region)
            rows = values.flatten(0, 1).reshape(values.shape[0] * values.shape[1], -1)
            return np.asarray(rows.double().numpy(force=True))

        # The evidence is for what neither responses of another shape, nor controls, nor
        # the common course could explain.
        flat = torch.ones_like(parts.media[..., :1])
        columns = [white(parts.media), white(X["controls"]), white(flat)]
        columns += [white(slope * factor) for slope in _shape_slopes(net.module_, X)]
        n_free = sum(c.shape[1] for c in columns)
        if net.module_.baseline.has_course:
            course = net.module_.baseline.factor.expand(len(region), -1, -1)
            columns.append(white(course))
        nuisance = np.hstack(columns)
        precision = np.ones(nuisance.shape[1])
        precision[:n_free] = 0.0
        slopes = [white(parts.media * f.unsqueeze(-1)) for f in features.unbind(-1)]
        net.penalties_.scales.modulation = likeliest_scale(
            np.hstack(slopes),
            effects.head.double().numpy(force=True).ravel(),
            nuisance,
            precision,
            white(y["outcome"] - parts.total)[:, 0],
        )

    def _install_whitener(self, net: Any, W: np.ndarray | None = None) -> None:
        if W is None:
            W = whiteners(
                regional_covariance(self.hyper_, self.kernels_.regional), self.observed
            )
        like = net.module_.baseline.intercept
        net.criterion_.whitener = torch.as_tensor(W).to(like)
        net.criterion_.precision = torch.as_tensor(1.0 / self.hyper_.sigma).to(like)

    def _install_loadings(self, net: Any) -> None:
        loadings = torch.as_tensor(self.hyper_.loadings)
        net.criterion_.loadings = loadings.to(net.criterion_.whitener)

    def _install_factor(self, net: Any) -> np.ndarray:
        L = course_factor(self.hyper_, self.kernels_.shared)
        net.module_.baseline.factor.copy_(torch.as_tensor(L))
        return L


def _shape_slopes(module: MMMModule, X: dict[str, Any]) -> list[torch.Tensor]:
    """Return derivatives of the media response by what shapes it."""

    def response(name: str) -> Any:
        inputs = X["lags"], X["region"]
        return lambda value: functional_call(module.media, {name: value}, inputs)

    return [
        # Training is in single precision, so the step is large.
        difference(response(name), value, step=1e-2)
        for name, value in module.media.named_parameters()
        if name not in ("log_effect", "deviation")
    ]


def _rms(values: torch.Tensor, name: str) -> float:
    low, high = SCALE_RANGES[name]
    if not values.numel():
        return low
    return float(np.clip((values**2).mean().sqrt().item(), low, high))


def _expected_scale(
    deviation: torch.Tensor, whitened: torch.Tensor, scale: float, name: str
) -> float:
    """Return the expectation-maximisation step for a deviation's scale.

    The posterior variance uses each deviation's own information, the squared norm of
    its whitened regressor (region, week, feature).
    """
    if not deviation.numel():
        return scale
    variance = 1.0 / (1.0 / scale**2 + (whitened**2).sum(1))
    size = (deviation**2 + variance).mean().sqrt().item()
    return float(np.clip(size, *SCALE_RANGES[name]))
