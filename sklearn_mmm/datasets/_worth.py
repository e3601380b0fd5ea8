"""What an order is worth, by region and time step."""

from __future__ import annotations

import numpy as np

from sklearn_mmm.datasets._clock import Clock
from sklearn_mmm.datasets._processes import slow_walk

# Of an order, so that sales are as much money as orders at this value.
USUAL = 30.0
COLUMN = "value"


def draw_worth(rng: np.random.Generator, clock: Clock, n_regions: int) -> np.ndarray:
    """Draw values around 30 that differ by region, season and slow moves.

    Parameters
    ----------
    rng : Generator
    clock : Clock
    n_regions : int

    Returns
    -------
    ndarray of shape (n_regions, n_steps)
        Spend units per order, to the cent.
    """
    level = 0.25 * rng.standard_normal((n_regions, 1))
    season = 0.1 * np.cos(2 * np.pi * (clock.years - rng.uniform()))
    walk = 0.06 * slow_walk(rng, (clock.n_weeks, 1))[:, 0]
    local = 0.05 * slow_walk(rng, (n_regions, clock.n_weeks, 1))[..., 0]
    weekly = USUAL * np.exp(level + season + walk + local)
    return np.asarray(np.round(clock.repeat(weekly), 2))
