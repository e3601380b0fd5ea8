"""Where the steps of expectation-maximisation lead."""

import copy

import numpy as np
import pytest

from sklearn_mmm.baseline._covariance import Variances
from sklearn_mmm.baseline._variances import TimeHyperparameters
from sklearn_mmm.likelihood._penalised import SCALE_RANGES, PriorScales
from sklearn_mmm.posterior._extrapolated import extrapolated, step_between


def settings(level=1.0, season=1.0, sigma=0.1, deviation=0.1):
    """Return hyper-parameters of two regions."""
    time = TimeHyperparameters(
        Variances({"level": level, "season": 0.5}, 1.0),
        Variances({"season": season}, 1.0),
        sigma * np.array([1.0, 2.0]),
        np.zeros((2, 0)),
    )
    scales = PriorScales(np.array([0.1]), np.array([0.5]), deviation=deviation)
    return time, scales


def test_steps_that_shrink_alike_end_where_they_lead():
    """Logarithms go half the way that is left, from 0 to -1 and to 0.3."""
    way = [
        settings(
            level=np.exp(-1 + 0.5**k),
            sigma=0.1 * np.exp(0.3 * (1 - 0.5**k)),
            deviation=0.1 * np.exp(-1 + 0.5**k),
        )
        for k in range(3)
    ]
    before = copy.deepcopy(way[2])
    former, last = (step_between(*way[k : k + 2]) for k in range(2))
    time, scales = extrapolated(*way[2], former, last)
    assert time.regional.parts["level"] == pytest.approx(np.exp(-1))
    np.testing.assert_allclose(time.sigma, 0.1 * np.exp(0.3) * np.array([1.0, 2.0]))
    assert scales.deviation == pytest.approx(0.1 * np.exp(-1))
    # What did not move stays, and nothing is changed in place.
    assert time.course.parts == {"season": 1.0}
    assert time.regional.parts["season"] == 0.5
    assert scales.control_deviation == PriorScales.control_deviation
    np.testing.assert_array_equal(way[2][0].sigma, before[0].sigma)
    assert way[2][0].regional == before[0].regional


def test_steps_to_and_fro_lead_nowhere():
    way = [settings(level=level) for level in (1.0, 2.0, 1.5)]
    steps = [step_between(*way[k : k + 2]) for k in range(2)]
    assert extrapolated(*way[2], *steps)[0].regional.parts["level"] == 1.5


def test_no_step_is_longer_than_steps_say():
    """Those that grow are no geometric series, and scales have their ranges."""
    way = [settings(level, deviation=d) for level, d in ((1, 0.1), (9, 0.05), (99, 0))]
    way[2] = settings(99, deviation=SCALE_RANGES["deviation"][0])
    steps = [step_between(*way[k : k + 2]) for k in range(2)]
    time, scales = extrapolated(*way[2], *steps)
    assert 99 < time.regional.parts["level"] <= 99 * np.exp(2) * (1 + 1e-12)
    assert scales.deviation == SCALE_RANGES["deviation"][0]
