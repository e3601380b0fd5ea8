"""A Hill curve through any table of spend and response."""

from numbers import Integral, Real
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import pandas as pd
from scipy.optimize import OptimizeResult, least_squares
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils import check_array, check_consistent_length
from sklearn.utils.validation import check_is_fitted

from sklearn_mmm._arguments import MOST
from sklearn_mmm._sklearn_compat import (
    Interval,
    StrOptions,
    _check_sample_weight,
    _fit_context,
)
from sklearn_mmm._threads import learns_aside, one_thread
from sklearn_mmm.storage import StoredEstimator

_NAMES = ["top", "half_saturation", "slope"]
# Of the largest spend: beyond these a half-saturation cannot be told from none.
_HALF_RANGE = (1e-3, 1e2)
_N_REWEIGHTS = 4
# Of the largest response: noise is not proportional to less than that.
_LEAST_EXPECTED = 0.01


class _Fit(NamedTuple):
    """Parameters under a form of the noise."""

    noise: str
    values: np.ndarray
    covariance: np.ndarray
    log_likelihood: float


class ResponseCurveFit(RegressorMixin, StoredEstimator):
    r"""Fit a Hill curve to spend and response, from this package or any other.

    .. math:: y = T \frac{x^s}{x^s + \kappa^s}

    by bounded least squares in the logarithms of the parameters, from several starts.

    Parameters
    ----------
    min_slope, max_slope : float, default=0.2, 10.0
        Bounds of the slope.
    noise : {"auto", "constant", "proportional"}, default="auto"
        Whether the standard deviation of the noise is the same everywhere or
        proportional to the response; "auto" takes what is more likely.
    n_starts : int, default=9
        Starting points, spread over half-saturations within the data and slopes.

    Attributes
    ----------
    top_ : float
        Response at full saturation :math:`T`, outcome units.
    half_saturation_ : float
        Spend :math:`\kappa` at half of it, spend units.
    slope_ : float
        Slope :math:`s`; above 1 the curve is S-shaped.
    r2_ : float
        Coefficient of determination of the training data.
    covariance_ : DataFrame of shape (3, 3)
        Of ``top``, ``half_saturation`` and ``slope`` in their own units, from the
        curvature of the sum of squares. Infinite where the data do not bound a
        parameter at all.
    std_error_ : Series of shape (3,)
        Its standard errors.
    noise_ : {"constant", "proportional"}
        The form of the noise that was assumed.
    saturated_ : bool
        Whether the data reach saturation: the standard error of ``top_`` is at most a
        tenth of it, and the largest spend is beyond the half-saturation.
    n_features_in_ : int

    Notes
    -----
    With residual variance :math:`\hat\sigma^2 = \mathrm{SSE} / (n - 3)` and Jacobian
    :math:`J`, the covariance is :math:`\hat\sigma^2 (J^\top J)^{-1}` (Seber & Wild,
    1989, "Nonlinear Regression", section 2.1). A response that grows like a power of
    spend fits equally well with any large top; then standard errors are many times
    the estimates, and ``saturated_`` is False.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mmm.inspection import ResponseCurveFit
    >>> spend = np.linspace(0, 100, 40)
    >>> curve = ResponseCurveFit().fit(spend, 500 * spend**2 / (spend**2 + 30**2))
    >>> round(curve.top_), round(curve.half_saturation_), round(curve.slope_, 2)
    (500, 30, 2.0)
    >>> curve.predict([30.0]).round()
    array([250.])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "min_slope": [Interval(Real, 0, 1e6, closed="right")],
        "max_slope": [Interval(Real, 0, 1e6, closed="right")],
        "noise": [StrOptions({"auto", "constant", "proportional"})],
        "n_starts": [Interval(Integral, 1, MOST, closed="both")],
    }

    def __init__(
        self,
        min_slope: float = 0.2,
        max_slope: float = 10.0,
        *,
        noise: str = "auto",
        n_starts: int = 9,
    ) -> None:
        self.min_slope = min_slope
        self.max_slope = max_slope
        self.noise = noise
        self.n_starts = n_starts

    @_fit_context(prefer_skip_nested_validation=True)
    @learns_aside
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the curve.

        Parameters
        ----------
        X : array-like of shape (n_points,) or (n_points, 1)
            Spend, at least 0, spend units.
        y : array-like of shape (n_points,)
            Response, outcome units.
        sample_weight : array-like of shape (n_points,), default=None
            Weights of the squared residuals.

        Returns
        -------
        self
            The curve, fitted.

        Raises
        ------
        ValueError
            If spend is negative or all the same, values are not finite, there are
            fewer than four points, or ``min_slope`` exceeds ``max_slope``.
        """
        if self.min_slope > self.max_slope:
            raise ValueError(
                f"min_slope={self.min_slope} exceeds max_slope={self.max_slope}"
            )
        spend = self._read(X)
        response = check_array(
            y, ensure_2d=False, dtype=np.float64, input_name="y", estimator=self
        )
        if response.ndim != 1:
            raise ValueError(f"y has shape {response.shape}; give one response a point")
        check_consistent_length(spend, response)
        if len(spend) < 4:
            raise ValueError(
                f"there are {len(spend)} points (n_samples={len(spend)}); a curve of "
                "three parameters needs at least 4"
            )
        if np.ptp(spend) == 0:
            raise ValueError("all spend is the same; a curve needs different spends")
        weight = _check_sample_weight(sample_weight, spend, dtype=np.float64)
        self.n_features_in_ = 1
        fits = [
            self._fit_noise(name, spend, response, weight / weight.mean())
            for name in ("constant", "proportional")
            if self.noise in ("auto", name)
        ]
        self._publish(max(fits, key=lambda fit: fit.log_likelihood))
        self.r2_ = float(
            r2_score(response, self._curve(spend), sample_weight=sample_weight)
        )
        self.saturated_ = bool(
            self.std_error_["top"] <= 0.1 * self.top_
            and spend.max() > self.half_saturation_
        )
        return self

    @one_thread()
    def predict(self, X: Any) -> np.ndarray:
        """Return the fitted response.

        Parameters
        ----------
        X : array-like of shape (n_points,) or (n_points, 1)
            Spend, spend units.

        Returns
        -------
        ndarray of shape (n_points,)
            Outcome units.
        """
        check_is_fitted(self)
        return self._curve(self._read(X))

    def _read(self, X: Any) -> np.ndarray:
        spend = check_array(
            X, ensure_2d=False, dtype=np.float64, input_name="X", estimator=self
        )
        if spend.ndim == 2 and spend.shape[1] == 1:
            spend = spend[:, 0]
        if spend.ndim != 1:
            raise ValueError(
                f"X has shape {spend.shape}; a response curve has one feature, spend"
            )
        if (spend < 0).any():
            row = int(np.flatnonzero(spend < 0)[0])
            raise ValueError(
                f"spend is negative ({spend[row]:g} in row {row}); give spend of at "
                "least 0"
            )
        return spend

    def _curve(self, spend: np.ndarray) -> np.ndarray:
        return self.top_ * _hill(spend, self.half_saturation_, self.slope_)

    def _fit_noise(
        self, noise: str, spend: np.ndarray, response: np.ndarray, weight: np.ndarray
    ) -> "_Fit":
        """Fit under a form of the noise, by reweighting where it depends on the fit."""
        n = np.count_nonzero(weight)
        expected = np.ones(len(spend))
        for _ in range(1 if noise == "constant" else _N_REWEIGHTS):
            root = np.sqrt(weight) / expected
            root /= np.sqrt(np.mean(root**2))  # The solver's tolerances are absolute.
            values, covariance = self._least_squares(spend, response, root)
            fitted = values[0] * _hill(spend, values[1], values[2])
            if noise == "proportional":
                largest = max(float(np.abs(fitted).max()), 1e-300)
                expected = np.maximum(np.abs(fitted) / largest, _LEAST_EXPECTED)
            else:
                largest = 1.0
        squares = weight * ((response - fitted) / (largest * expected)) ** 2
        log_likelihood = -n / 2 * np.log(max(squares.sum() / n, 1e-300)) - float(
            np.sum(np.log(largest * expected)[weight > 0])
        )
        return _Fit(noise, values, covariance, float(log_likelihood))

    def _least_squares(
        self, spend: np.ndarray, response: np.ndarray, root: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the parameters and their covariance."""
        unit = float(spend.max())
        size = float(np.abs(response).max()) or 1.0
        x, y = spend / unit, response / size
        low = np.log([1e-6, _HALF_RANGE[0], self.min_slope])
        high = np.log([1e6, _HALF_RANGE[1], self.max_slope])

        def residuals(log: np.ndarray) -> np.ndarray:
            top, half, slope = np.exp(log)
            return np.asarray(root * (top * _hill(x, half, slope) - y))

        def jacobian(log: np.ndarray) -> np.ndarray:
            return root[:, None] * _log_jacobian(x, *np.exp(log))

        fits: list[OptimizeResult] = []
        for half, slope in self._starts(x):
            share = root * _hill(x, half, slope)
            top = max(share @ (root * y), 1e-5) / max(share @ share, 1e-12)
            start = np.clip(np.log([top, half, slope]), low + 1e-9, high - 1e-9)
            fits.append(
                least_squares(
                    residuals, start, jac=jacobian, bounds=(low, high), xtol=1e-12
                )
            )
        best = min(fits, key=lambda fit: fit.cost)
        values = np.exp(best.x) * np.array([size, unit, 1.0])
        variance = 2 * best.cost / (np.count_nonzero(root) - 3 or 1)
        covariance = _covariance(jacobian(best.x), variance)
        return values, covariance * np.outer(values, values)

    def _publish(self, fit: "_Fit") -> None:
        self.top_, self.half_saturation_, self.slope_ = map(float, fit.values)
        self.noise_ = fit.noise
        self.covariance_ = pd.DataFrame(fit.covariance, _NAMES, _NAMES)
        error = np.sqrt(np.diag(fit.covariance))
        self.std_error_ = pd.Series(error, _NAMES, name="std_error")

    def _starts(self, x: np.ndarray) -> list[tuple[float, float]]:
        """Spread half-saturations over the data and slopes over their range."""
        n = int(np.ceil(np.sqrt(self.n_starts)))
        halves = np.quantile(x[x > 0], np.linspace(0.15, 0.9, n) if n > 1 else 0.5)
        slopes = np.geomspace(0.7, 3.0, n) if n > 1 else [1.2]
        slopes = np.clip(slopes, self.min_slope, self.max_slope)
        grid = [(float(h), float(s)) for s in slopes for h in np.atleast_1d(halves)]
        return grid[: self.n_starts]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        tags.input_tags.positive_only = True
        return tags


def _hill(x: np.ndarray, half: float, slope: float) -> np.ndarray:
    # Through the logarithm, so that large slopes do not overflow.
    with np.errstate(divide="ignore", over="ignore"):
        return np.asarray(1 / (1 + np.exp(-slope * (np.log(x) - np.log(half)))))


def _log_jacobian(x: np.ndarray, top: float, half: float, slope: float) -> np.ndarray:
    """Return derivatives by the logarithms of top, half-saturation and slope."""
    share = _hill(x, half, slope)
    steep = top * share * (1 - share) * slope
    positive = x > 0
    distance = np.log(np.where(positive, x, half) / half)
    return np.column_stack([top * share, -steep, steep * distance])


def _covariance(jacobian: np.ndarray, variance: float) -> np.ndarray:
    """Return the covariance, infinite along directions that the data do not see."""
    _, singular, rows = np.linalg.svd(jacobian, full_matrices=False)
    if singular[-1] <= 1e-12 * singular[0]:
        return np.full((3, 3), np.inf)
    return np.asarray(variance * (rows.T / singular**2) @ rows)
