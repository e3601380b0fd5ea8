"""Hidden common causes: cycles of budgets that move all channels of a region."""

from dataclasses import dataclass, replace

import numpy as np

from sklearn_mmm.graph._rows import GraphPanel
from sklearn_mmm.graph._states import Following, draw_states

# Media below this share of their mean are too small for a logarithm.
_FLOOR = 0.05
_MOST_LOADING = 0.97
_LEAST_OWN_VARIANCE = 0.05
_MOST_MEMORY = 0.98
_FEWEST_CHANNELS = 3
# So many times what pairs have in common is more than a cause of all explains.
_BEYOND = 3.0
# Loadings lie half way between one that all channels share and what each tells.
_OWN_LOADING = 0.5
_N_DRAWS = 2


@dataclass(frozen=True)
class CommonCause:
    """One draw of what moves all channels together.

    Attributes
    ----------
    size : ndarray of shape (n_regions, n_weeks)
        Factor by which the channels are larger or smaller than usual.
    beside : ndarray of shape (n_regions, n_weeks, n_terms)
        Terms for channels that follow the cause more or less than others.
    """

    size: np.ndarray
    beside: np.ndarray


def can_have_common_causes(panel: GraphPanel) -> bool:
    """Whether a cause that multiplies all channels can be told at all."""
    return (
        panel.is_series
        and panel.children.shape[2] >= _FEWEST_CHANNELS
        and bool((panel.children >= 0).all())
    )


def most_strength(panel: GraphPanel) -> float:
    r"""Return the typical loading beyond which a common cause would show in any pair.

    A cause of typical loading :math:`\lambda` gives pairs of logarithms a covariance of
    about :math:`\lambda^2`, of which few edges do not move the median.
    """
    logarithm, _ = _logarithm(panel.children, panel.kept)
    logarithm = panel.without_course(logarithm) * panel.kept[..., None]
    if panel.by_week:
        logarithm = logarithm - _nation(panel, logarithm)
    logarithm = logarithm * panel.kept[..., None]
    typical = max(_median_covariance(logarithm), 0.0)
    return _BEYOND * float(np.sqrt(typical))


def without_common_course(panel: GraphPanel) -> GraphPanel:
    """Divide all channels by the trend and season that their logarithms share.

    With few regions the additive course alone would leave weeks in season with larger
    swings than others. Linear relations between channels stay what they are. What a
    single channel does of its own is in no median over channels.
    """
    if panel.course.shape[1] == 1 or not can_have_common_causes(panel):
        return panel
    logarithm, _ = _logarithm(panel.children, panel.kept)
    terms = panel.course[:, 1:] - panel.course[:, 1:].mean(axis=0)
    size = np.ones(panel.kept.shape)
    for r, seen in enumerate(panel.kept):
        if seen.sum() > 2 * panel.course.shape[1]:
            found = np.linalg.lstsq(panel.course[seen], logarithm[r, seen])[0]
            size[r] = np.exp(terms @ np.median(found[1:], axis=1))
    whole = size[..., None]
    return replace(
        panel,
        children=panel.children / whole,
        parents=panel.parents / whole,
        lagged=panel.lagged / whole,
    )


def _logarithm(values: np.ndarray, kept: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return logarithms, and which values are not too small for them."""
    least = np.maximum(_FLOOR * np.abs(values[kept].mean(axis=0)), 1e-12)
    return np.log(np.maximum(values, least)), values > least


def draw_common_cause(
    panel: GraphPanel, weights: np.ndarray, strength: float, rng: np.random.Generator
) -> CommonCause:
    r"""Draw a common cause of a region's channels, given all that is observed.

    The logarithm of what a channel does of its own accord, less its mean, is
    :math:`\lambda_j f_t + a_{j,t}` with first-order autoregressions :math:`f` and
    :math:`a_j`. Given the typical loading, loadings and memories follow from medians
    over pairs of channels, which few edges do not move; :math:`f` is drawn from its
    posterior rather than estimated, since the errors of an estimate would look like a
    common cause themselves (multiple imputation, Rubin, 1987). A Wiener filter with
    noise begins, and :func:`draw_states` goes on with the distributions that channels
    have beside it; weeks without media say nothing about the cause. Where regions
    have weeks in common, so has the cause: a nation's part and the regions' own are
    drawn apart.

    Parameters
    ----------
    panel : GraphPanel
    weights : ndarray of shape (n + n_lagged, n)
        Edges, whose part of the channels is not their own.
    strength : float
        Typical loading of the regions' part: standard deviation of the logarithm.
    rng : Generator
    """
    n = panel.children.shape[2]
    own = panel.children - panel.parents @ weights[:n] - panel.lagged @ weights[n:]
    kept = panel.kept[..., None]
    raw, told = _logarithm(own, panel.kept)
    logarithm, told = panel.without_course(raw) * kept, told & kept
    parts = [(logarithm, told, strength)]
    if panel.by_week:
        nation = _nation(panel, logarithm)
        regions = (logarithm - nation) * kept
        loading = _national_strength(nation, regions)
        anywhere = told.any(axis=0, keepdims=True)
        parts = [(regions, told, strength), (nation, anywhere, loading)]
    size = np.zeros(panel.kept.shape)
    terms = []
    for values, seen, loading in parts:
        if loading <= 0:
            continue
        cause, typical = _draw(values, seen, loading, rng)
        cause = np.broadcast_to(cause, size.shape)
        size = size + typical * cause
        terms += [cause, cause**2 - 1]
    beside = np.stack(terms, axis=2) if terms else np.zeros((*size.shape, 0))
    return CommonCause(np.exp(size), beside)


def _nation(panel: GraphPanel, values: np.ndarray) -> np.ndarray:
    """Return means over regions, (1, n_weeks, n), of values that are 0 if not kept."""
    count = np.maximum(panel.kept.sum(axis=0), 1)[:, None]
    return np.asarray(values.sum(axis=0, keepdims=True) / count)


def _national_strength(nation: np.ndarray, regions: np.ndarray) -> float:
    """Typical loading of what all regions have in common, beyond chance."""
    shared = _median_covariance(nation)
    chance = max(_median_covariance(regions), 0.0) / max(len(regions) - 1, 1)
    n_weeks, n = nation.shape[1:]
    # Medians over pairs of series that wander vary by about this much.
    spread = (
        2 * float(nation.var(axis=(0, 1)).mean()) / np.sqrt(n_weeks * max(n - 1, 1))
    )
    excess = shared - chance
    return float(np.sqrt(excess)) if excess > spread else 0.0


def _covariance(values: np.ndarray, lag: int = 0) -> np.ndarray:
    end = values.shape[1] - lag
    now, later = values[:, :end], values[:, lag:]
    n = values.shape[2]
    out = now.reshape(-1, n).T @ later.reshape(-1, n) / (len(values) * end)
    return np.asarray(0.5 * (out + out.T))


def _median_covariance(values: np.ndarray, lag: int = 0) -> float:
    covariance = _covariance(values, lag)
    return float(np.median(covariance[np.triu_indices(len(covariance), 1)]))


def _draw(
    values: np.ndarray, told: np.ndarray, strength: float, rng: np.random.Generator
) -> tuple[np.ndarray, float]:
    """Draw the cause of centred logarithms, (n_regions, n_weeks), and its loading."""
    follow, own = _following(values, strength)
    cause = _first_draw(values, follow, own, rng)
    for _ in range(_N_DRAWS):
        cause = draw_states(values, told, cause, follow, rng)
    return cause, float(np.median(follow.loading))


def _following(values: np.ndarray, strength: float) -> tuple[Following, np.ndarray]:
    """Return how channels follow a cause, and the variances of their own parts."""
    n = values.shape[2]
    now, later = _covariance(values), _covariance(values, 1)
    above = np.triu_indices(n, 1)
    typical = float(np.median(now[above]))
    variance = np.maximum(np.diag(now), 1e-12)
    loading, memory = np.full(n, strength), 0.0
    if typical > 0:
        others = ~np.eye(n, dtype=bool)
        median = np.array([np.median(now[j][others[j]]) for j in range(n)])
        apart = np.clip(median / typical, 0.0, 2.0) - 1
        loading = strength * (1 + _OWN_LOADING * apart)
        memory = float(np.clip(np.median(later[above]) / typical, 0.0, _MOST_MEMORY))
    loading = np.minimum(loading, _MOST_LOADING * np.sqrt(variance))
    own = np.maximum(variance - loading**2, _LEAST_OWN_VARIANCE * variance)
    own_memory = np.clip((np.diag(later) - loading**2 * memory) / own, 0.0, 0.95)
    return Following(loading, own_memory, memory), own


def _first_draw(
    values: np.ndarray, follow: Following, own: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Draw the cause as if all were Gaussian and observed, (n_regions, n_weeks)."""
    n_regions, n_weeks, _ = values.shape
    loading = follow.loading
    angle = 2 * np.pi * np.arange(n_weeks // 2 + 1) / n_weeks

    def spectrum(rho: np.ndarray | float) -> np.ndarray:
        return np.asarray(
            (1 - rho**2) / (1 + rho**2 - 2 * rho * np.cos(angle[:, None]))
        )

    noise = own * spectrum(follow.memory)  # (frequency, channel)
    precision = 1 / spectrum(follow.cycle_memory)[:, 0] + (loading**2 / noise).sum(
        axis=1
    )
    waves = np.fft.rfft(values, axis=1)
    mean = (waves * (loading / noise)).sum(axis=2) / precision
    error = np.fft.rfft(rng.standard_normal((n_regions, n_weeks)), axis=1)
    return np.fft.irfft(mean + error / np.sqrt(precision), n_weeks, axis=1)
