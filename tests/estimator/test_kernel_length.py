import pytest

from sklearn_mmm.estimator._kernel_length import kernel_length, longest_kernel


@pytest.mark.parametrize(
    ("weeks_per_step", "expected"),
    [(1.0, 8), (None, 8), (1 / 7, 28), (4.348, 4), (2.0, 6), (13.0, 2), (52.0, 1)],
)
def test_kernels_last_four_to_twenty_six_weeks(weeks_per_step, expected):
    assert kernel_length("auto", weeks_per_step, 1000) == expected


def test_a_short_series_has_short_kernels():
    assert kernel_length("auto", 1 / 7, 112) == 28
    assert kernel_length("auto", 1 / 7, 111) == 8
    assert kernel_length("auto", 1.0, 10) == 8


def test_a_length_that_is_given_is_kept():
    assert kernel_length(5, 1 / 7, 20) == 5


@pytest.mark.parametrize(
    ("weeks_per_step", "expected"), [(1.0, 24), (1 / 7, 84), (4.348, 6), (52.0, 1)]
)
def test_kernels_grow_to_three_times_their_length(weeks_per_step, expected):
    assert longest_kernel("auto", weeks_per_step, 1000) == expected


def test_kernels_grow_to_a_quarter_of_a_series_and_not_if_a_length_is_given():
    assert longest_kernel("auto", 1.0, 60) == 15
    assert longest_kernel("auto", 1.0, 20) == 8
    assert longest_kernel(5, 1.0, 1000) == 5
