import numpy as np
import pytest
from scipy.stats import norm

from sklearn_mmm._intervals import (
    central_interval,
    check_coverage,
    interval_around,
)


def test_ends_are_order_statistics():
    # The k-th of 9 draws has a share of k / 10 below it.
    draws = np.array([5.0, 1, 9, 2, 8, 3, 7, 4, 6])
    np.testing.assert_allclose(central_interval(draws, 0.6), [2, 8])
    np.testing.assert_allclose(central_interval(draws, 0.7), [1.5, 8.5])


def test_few_members_give_their_range():
    np.testing.assert_allclose(central_interval(np.array([3.0, 1, 2]), 0.9), [1, 3])
    np.testing.assert_allclose(central_interval(np.array([4.0]), 0.9), [4, 4])


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.9])
def test_a_further_draw_is_inside_as_often_as_promised(coverage):
    draws = np.random.default_rng(0).standard_normal((32, 20_000))
    low, high = central_interval(draws, coverage)
    inside = norm.cdf(high) - norm.cdf(low)
    assert inside.mean() == pytest.approx(coverage, abs=0.01)


def test_intervals_follow_units_and_signs():
    draws = np.random.default_rng(1).standard_normal((32, 3, 4))
    found = central_interval(draws, 0.8)
    assert found.shape == (2, 3, 4)
    np.testing.assert_allclose(central_interval(3 * draws + 1, 0.8), 3 * found + 1)
    np.testing.assert_allclose(central_interval(-draws, 0.8), -found[::-1])
    order = np.random.default_rng(2).permutation(32)
    np.testing.assert_array_equal(central_interval(draws[order], 0.8), found)


def test_intervals_of_a_higher_coverage_hold_those_of_a_lower_one():
    draws = np.random.default_rng(3).standard_normal((16, 50))
    inner, outer = (central_interval(draws, c) for c in (0.5, 0.8))
    assert (outer[0] < inner[0]).all()
    assert (inner[1] < outer[1]).all()


def test_an_interval_around_an_estimate_holds_it():
    draws = np.tile(np.arange(1.0, 10.0)[:, None], 3)
    found = interval_around(draws, np.array([0.0, 5.0, 9.5]), 0.6)
    np.testing.assert_allclose(found, [[0, 2, 2], [8, 8, 9.5]])


@pytest.mark.parametrize("coverage", [0, 1, -0.1, 1.5, 90, np.nan])
def test_a_coverage_that_is_no_probability_is_refused(coverage):
    with pytest.raises(ValueError, match=r"coverage=.*between 0 and 1"):
        check_coverage(coverage)
    with pytest.raises(ValueError, match=r"coverage=.*between 0 and 1"):
        central_interval(np.arange(5.0), coverage)
    with pytest.raises(ValueError, match=r"coverage=.*between 0 and 1"):
        interval_around(np.arange(5.0), np.array(2.0), coverage)


def test_probabilities_pass():
    for coverage in (1e-6, 0.5, 0.999):
        check_coverage(coverage)
