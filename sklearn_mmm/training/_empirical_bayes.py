"""Empirical Bayes: hyper-parameters learned from the data during training."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy.linalg import cho_factor, cho_solve, cholesky
from skorch.callbacks import Callback

from sklearn_mmm.network import week_weights
from sklearn_mmm.training._covariance import (
    TimeCovariance,
    maximise_regional,
    maximise_shared,
    whiteners,
)
from sklearn_mmm.training._dependence import factor_loadings
from sklearn_mmm.training._evidence import likeliest_scale

# Regions' noise variances are shrunk to their geometric mean as if it had been seen
# in this many weeks.
_POOLING_WEEKS = 10.0
JITTER = 1e-9


@dataclass
class TimeHyperparameters:
    """Variances of the baseline's components and the noise of each region.

    Attributes
    ----------
    regional : ndarray of shape (component,)
        In units of the noise variance.
    shared : ndarray of shape (component,)
        Relative to the squared mean outcome.
    sigma : ndarray of shape (n_regions,)
        Noise standard deviation relative to the mean outcome.
    loadings : ndarray of shape (n_regions, n_factors)
        Of the standardised innovations on what moves regions together.
    """

    regional: np.ndarray
    shared: np.ndarray
    sigma: np.ndarray
    loadings: np.ndarray


def initial_hyperparameters(
    covariance: TimeCovariance, n_regions: int
) -> TimeHyperparameters:
    """Return a stiff start, so that media explain before the level does."""
    start = {"level": (1e-3, 1e-4), "season": (1e-2, 1e-2)}
    regional = [start[name][0] for name in covariance.names]
    shared = [start[name][1] for name in covariance.names]
    return TimeHyperparameters(
        np.array([*regional, 1.0]),
        np.array([*shared, 1e-4]),
        np.full(n_regions, 0.15),
        np.zeros((n_regions, 0)),
    )


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
        self.regional_kernels_ = self.covariance.regional(self.position, self.position)
        self.shared_kernels_ = self.covariance.shared(self.position, self.position)
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
        self._renew_regional(net, (residual - course) * self.observed)
        if module.baseline.has_course:
            self._renew_shared(net, residual)
        self._renew_scales(net, parts, X, y)

    def _renew_regional(self, net: Any, residual: np.ndarray) -> None:
        hyper, delta = self.hyper_, net.criterion_.delta
        hyper.regional = maximise_regional(
            residual,
            self.observed,
            self.regional_kernels_,
            hyper.regional,
            hyper.sigma,
            delta,
        )
        W = whiteners(self._regional_covariance(), self.observed)
        innovation = np.matmul(W, residual[..., None])[..., 0]
        hyper.sigma = _robust_sigma(innovation, self.observed, hyper.sigma, delta)
        self._install_whitener(net, W)
        n_weeks = int(np.median(self.observed.sum(1)))
        hyper.loadings = factor_loadings(innovation / hyper.sigma[:, None], n_weeks)
        self._install_loadings(net)

    def _renew_shared(self, net: Any, residual: np.ndarray) -> None:
        """Solve for the common course exactly, then for its covariance."""
        W = net.criterion_.whitener.double().numpy(force=True)
        information, score = course_information(
            W, 1.0 / self.hyper_.sigma, self.hyper_.loadings, residual
        )
        scale = np.trace(information) / len(information)
        factor = cho_factor(information + JITTER * scale * np.eye(len(information)))
        error = cho_solve(factor, np.eye(len(information)))
        self.hyper_.shared = maximise_shared(
            cho_solve(factor, score), error, self.shared_kernels_, self.hyper_.shared
        )
        L = self._install_factor(net)
        posterior = L.T @ information @ L + np.eye(len(L))
        innovation = np.linalg.solve(posterior, L.T @ score)
        parameter = net.module_.baseline.innovation
        parameter.copy_(torch.as_tensor(innovation).to(parameter))

    def _renew_scales(
        self, net: Any, parts: Any, X: dict[str, Any], y: dict[str, Any]
    ) -> None:
        scales, module = net.penalties_.scales, net.module_
        scales.effect = _rms(module.media.effect, low=0.05, high=3.0)
        scales.control = _rms(module.controls.coefficient, low=0.02, high=1.0)
        whiten, region = net.criterion_.whiten, X["region"]
        if len(self.observed) > 1:
            scales.deviation = _expected_scale(
                module.media.deviation,
                whiten(parts.media, region),
                scales.deviation,
                0.01,
            )
            scales.control_deviation = _expected_scale(
                module.controls.deviation,
                whiten(X["controls"], region),
                scales.control_deviation,
                0.003,
            )
        if module.effects.active:
            self._renew_modulation(net, parts, X, y)

    def _renew_modulation(
        self, net: Any, parts: Any, X: dict[str, Any], y: dict[str, Any]
    ) -> None:
        """Renew how far effects may vary with time."""
        effects, criterion, region = net.module_.effects, net.criterion_, X["region"]
        features = effects.features(X["lags"][..., 0], X["controls"], X["calendar"])
        weight = week_weights(X["observed"])
        features = features - (features * weight).sum(1, keepdim=True)

        def white(values: torch.Tensor) -> np.ndarray:
            values = criterion.decorrelate(criterion.whiten(values, region), region)
            rows = values.flatten(0, 1).reshape(values.shape[0] * values.shape[1], -1)
            return np.asarray(rows.double().numpy(force=True))

        slopes = [white(parts.media * f.unsqueeze(-1)) for f in features.unbind(-1)]
        head = torch.cat([effects.state_head, effects.calendar_head]).double()
        net.penalties_.scales.modulation = likeliest_scale(
            np.hstack(slopes),
            head.numpy(force=True).ravel(),
            white(parts.media),
            white(y["outcome"] - parts.total)[:, 0],
        )

    def _regional_covariance(self) -> np.ndarray:
        K = np.tensordot(self.hyper_.regional, self.regional_kernels_, axes=1)
        return K + np.eye(len(self.position))

    def _install_whitener(self, net: Any, W: np.ndarray | None = None) -> None:
        if W is None:
            W = whiteners(self._regional_covariance(), self.observed)
        like = net.module_.baseline.intercept
        net.criterion_.whitener = torch.as_tensor(W).to(like)
        net.criterion_.precision = torch.as_tensor(1.0 / self.hyper_.sigma).to(like)

    def _install_loadings(self, net: Any) -> None:
        loadings = torch.as_tensor(self.hyper_.loadings)
        net.criterion_.loadings = loadings.to(net.criterion_.whitener)

    def _install_factor(self, net: Any) -> np.ndarray:
        B = np.tensordot(self.hyper_.shared, self.shared_kernels_, axes=1)
        L = cholesky(B + JITTER * np.eye(len(B)), lower=True)
        net.module_.baseline.factor.copy_(torch.as_tensor(L))
        return L


def course_information(
    W: np.ndarray, precise: np.ndarray, loadings: np.ndarray, residual: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return what the regions say about their common course, (week, week), (week,).

    Parameters
    ----------
    W : ndarray of shape (1 or n_regions, n_weeks, n_weeks)
        Inverse Cholesky factors in time.
    precise : ndarray of shape (n_regions,)
        One over the noise standard deviations.
    loadings : ndarray of shape (n_regions, n_factors)
    residual : ndarray of shape (n_regions, n_weeks)
    """
    # The precision over regions is I - loadings inner loadings' (Woodbury).
    inner = np.linalg.inv(np.eye(loadings.shape[1]) + loadings.T @ loadings)
    if len(W) == 1:
        weight = precise - loadings @ (inner @ (loadings.T @ precise))
        precision = W[0].T @ W[0]
        score = precision @ ((weight * precise) @ residual)
        return (weight @ precise) * precision, score
    scaled = W * precise[:, None, None]
    white = np.matmul(scaled, residual[..., None])[..., 0]
    information = np.einsum("ris,rit->st", scaled, scaled, optimize=True)
    score = np.einsum("rit,ri->t", scaled, white, optimize=True)
    common = np.einsum("rm,rit->mit", loadings, scaled, optimize=True)
    known = np.einsum("mn,nit->mit", inner, common)
    information -= np.einsum("mis,mit->st", known, common, optimize=True)
    score -= np.einsum("mit,mi->t", known, loadings.T @ white, optimize=True)
    return information, score


def _robust_sigma(
    innovation: np.ndarray, observed: np.ndarray, sigma: np.ndarray, delta: float
) -> np.ndarray:
    """Return each region's noise by Huber weights, pooled over regions."""
    n_weeks = observed.sum(1)
    seen = n_weeks > 0  # a region may begin after an inner origin
    for _ in range(3):  # iteratively reweighted; settles in a few rounds
        size = np.abs(innovation) / sigma[:, None]
        weight = np.minimum(1.0, delta / np.maximum(size, 1e-9))
        variance = (weight * innovation**2 * observed).sum(1) / np.maximum(n_weeks, 1)
        variance = np.maximum(variance, 1e-8)  # a perfect fit has no noise to divide by
        pooled = np.exp(np.log(variance[seen]).mean())
        variance = (n_weeks * variance + _POOLING_WEEKS * pooled) / (
            n_weeks + _POOLING_WEEKS
        )
        sigma = np.sqrt(variance)
    return sigma


def _rms(values: torch.Tensor, low: float, high: float) -> float:
    if not values.numel():
        return low
    return float(np.clip((values**2).mean().sqrt().item(), low, high))


def _expected_scale(
    deviation: torch.Tensor, whitened: torch.Tensor, scale: float, low: float
) -> float:
    """Return the expectation-maximisation step for a deviation's scale.

    The posterior variance uses each deviation's own information, the squared norm of
    its whitened regressor (region, week, feature).
    """
    if not deviation.numel():
        return scale
    variance = 1.0 / (1.0 / scale**2 + (whitened**2).sum(1))
    return float(np.clip((deviation**2 + variance).mean().sqrt().item(), low, 1.0))
