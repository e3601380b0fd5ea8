import pytest

from sklearn_mmm.estimator._kernel_length import kernel_length


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
