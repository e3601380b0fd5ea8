import numpy as np
import pytest

from sklearn_mmm.graph._common_causes import most_strength
from sklearn_mmm.graph._rows import series_panel


def panel(strength, n_regions):
    """Return media that follow a cycle of their region as far as they are told to."""
    rng = np.random.default_rng(0)
    n_weeks = 156
    steps = rng.standard_normal((n_regions, n_weeks))
    cycle = np.array([np.convolve(s, 0.8 ** np.arange(30))[:n_weeks] for s in steps])
    own = 0.5 * rng.standard_normal((n_regions, n_weeks, 6))
    values = np.exp(strength * cycle[..., None] / cycle.std() + own)
    observed = np.ones((n_regions, n_weeks), bool)
    return series_panel(values, observed, np.arange(n_weeks), None)


@pytest.mark.parametrize("n_regions", [1, 12])
@pytest.mark.parametrize("strength", [0.2, 0.6])
def test_a_cause_that_is_there_is_looked_for(strength, n_regions):
    assert 1.5 * strength < most_strength(panel(strength, n_regions)) < 5 * strength


def test_a_strong_cause_is_not_looked_for_where_pairs_have_nothing_in_common():
    assert most_strength(panel(0.0, 12)) < 0.1
