"""Channels that follow the year: a cause in common that nobody has to guess."""

import numpy as np
from scipy import stats

from sklearn_mmm.graph._independence import rejected
from sklearn_mmm.graph._rows import GraphPanel

# False discovery rate of channels with a season.
_LEVEL = 0.01
_MOST_MEMORY = 0.95


def seasonal_pairs(panel: GraphPanel, weights: np.ndarray) -> np.ndarray:
    """Return the pairs of which both follow the year beyond what edges explain.

    Parameters
    ----------
    panel : GraphPanel
    weights : ndarray of shape (n + n_lagged, n)
        Edges, in units of the panel.

    Returns
    -------
    bool ndarray of shape (n, n)
    """
    n = panel.children.shape[2]
    own = panel.children - panel.parents @ weights[:n] - panel.lagged @ weights[n:]
    weeks = panel.kept.any(axis=0)
    if not panel.waves.shape[1] or weeks.sum() < 4 * panel.waves.shape[1]:
        return np.zeros((n, n), bool)
    # Means over the regions, each beside its own mean.
    kept = panel.kept[..., None]
    count = np.maximum(kept.sum(axis=1, keepdims=True), 1)
    centred = (own - (own * kept).sum(axis=1, keepdims=True) / count) * kept
    series = centred.sum(axis=0)[weeks] / kept.sum(axis=0)[weeks]
    p_values = np.array([_p_value(each, panel.waves[weeks]) for each in series.T])
    seasonal = rejected(p_values, _LEVEL)
    return np.asarray(np.outer(seasonal, seasonal) & ~np.eye(n, dtype=bool))


def _p_value(series: np.ndarray, waves: np.ndarray) -> float:
    """Test whether waves are in a series, beside a trend and an autoregression.

    An F test after the differences of Cochrane & Orcutt (1949), whose autocorrelation
    is less its bias (Kendall, 1954).
    """
    n_weeks, n_waves = waves.shape
    plain = np.column_stack([np.ones(n_weeks), np.linspace(-1, 1, n_weeks)])
    full = np.column_stack([plain, waves])
    residual = series - full @ np.linalg.lstsq(full, series)[0]
    power = float(residual @ residual)
    if power <= 1e-18 * max(float(series @ series), 1e-300):
        return 1.0
    rho = float(residual[1:] @ residual[:-1]) / power
    rho = float(np.clip(rho + (1 + (2 + n_waves) * rho) / n_weeks, 0.0, _MOST_MEMORY))

    def squares(columns: np.ndarray) -> float:
        y, x = (v[1:] - rho * v[:-1] for v in (series, columns))
        left = y - x @ np.linalg.lstsq(x, y)[0]
        return float(left @ left)

    without, beside = squares(plain), squares(full)
    freedom = n_weeks - 1 - full.shape[1]
    f = (without - beside) / n_waves / max(beside / freedom, 1e-300)
    return float(stats.f.sf(f, n_waves, freedom))
