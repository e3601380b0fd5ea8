"""Which seasons a baseline has."""

import numpy as np
import pandas as pd
import pytest

from sklearn_mmm.baseline._covariance import Season, TimeCovariance
from sklearn_mmm.baseline._seasons import choose_seasons
from sklearn_mmm.baseline._signal import regional_course, regional_signal
from sklearn_mmm.baseline._state_space import LONG, Blocks
from sklearn_mmm.baseline._variances import TimeHyperparameters, Variances
from sklearn_mmm.panel._time_axis import make_time_axis

HOURS = pd.date_range("2022-01-03", periods=24 * 30, freq="h")
DAYS = pd.date_range("2022-01-03", periods=420)
WEEKS = pd.date_range("2022-01-03", periods=156, freq="7D")
MONTHS = pd.date_range("2021-01-01", periods=36, freq="MS")


def chosen(labels, wanted="auto", outcome=None, media=None):
    n = len(labels)
    rng = np.random.default_rng(0)
    outcome = rng.normal(1, 0.03, n) if outcome is None else outcome
    media = rng.gamma(2.0, 1.0, n) if media is None else media
    seen = np.ones((1, n), bool)
    position = np.arange(float(n))
    axis = None if labels is None else make_time_axis(labels, "time")
    return choose_seasons(
        wanted, axis, position, outcome[None], media[None, :, None], seen
    )


def names(*args, **kwargs):
    return [season.name for season in chosen(*args, **kwargs)]


def test_the_clock_says_which_seasons_there_are():
    assert names(DAYS) == ["season", "season_week"]
    assert names(DAYS[:300]) == ["season_week"]
    assert names(WEEKS) == ["season"]
    assert names(WEEKS[:50]) == []
    assert names(MONTHS) == ["season"]
    assert names(HOURS) == ["season_week", "season_day"]
    assert names(np.arange(156)) == ["season"]


def payday(effect):
    """Return weeks whose outcome counts the first five days of a month."""
    days = pd.date_range(WEEKS[0], periods=7 * len(WEEKS))
    share = (days.day <= 5).reshape(-1, 7).mean(1)
    rng = np.random.default_rng(1)
    return 1 + effect * share + rng.normal(0, 0.03, len(WEEKS))


def test_a_month_needs_evidence():
    assert names(WEEKS, outcome=payday(0.0)) == ["season"]
    assert names(WEEKS, outcome=payday(0.2)) == ["season", "season_month"]
    assert names(WEEKS[:20], outcome=payday(0.2)[:20]) == []
    # Media that come each month bring something each month.
    media = payday(0.2) - payday(0.0)
    rng = np.random.default_rng(2)
    outcome = 1 + np.sqrt(media) + rng.normal(0, 0.03, len(WEEKS))
    assert names(WEEKS, outcome=outcome, media=media) == ["season"]


def test_seasons_as_asked_for():
    assert names(WEEKS, ("month",)) == ["season_month"]
    assert names(WEEKS, ()) == []
    assert names(None or WEEKS, ["year", 4]) == ["season", "season_4"]
    found = chosen(DAYS, ("week", "year"))
    assert [season.length for season in found] == [365.25, 7.0]
    # Weekdays are remembered for half years, and have a level each.
    assert found[1] == Season("season_week", 7.0, 365.25 / 2, 0)


@pytest.mark.parametrize(
    ("labels", "wanted", "message"),
    [
        (
            WEEKS,
            ("week",),
            "a week of 1 time steps .* cannot be seen; leave 'week' out",
        ),
        (WEEKS[:40], ("year",), "a year of 52.2 time steps .* is longer than the data"),
        (
            WEEKS,
            ("quarter",),
            r"'quarter'; in these data there may be \['year', 'month'",
        ),
        (MONTHS, ("day",), r"'day'; in these data there may be \['year'\]"),
        (WEEKS, (1.5,), "1.5 time steps cannot be seen"),
        (WEEKS, (True,), "got True"),
        (WEEKS, "year", "got 'year'; give 'auto', or a list"),
        (WEEKS, ("year", "year"), "one season twice"),
        (None, ("year",), "there is no clock"),
    ],
)
def test_seasons_that_cannot_be(labels, wanted, message):
    n = len(WEEKS) if labels is None else len(labels)
    axis = None if labels is None else make_time_axis(labels, "time")
    grid = (
        np.arange(float(n)),
        np.ones((1, n)),
        np.ones((1, n, 1)),
        np.ones((1, n), bool),
    )
    with pytest.raises(ValueError, match=message):
        choose_seasons(wanted, axis, *grid)


def test_weekdays_have_independent_levels():
    seasons = chosen(DAYS, ("week",))
    covariance = TimeCovariance.of_seasons(0.0, seasons, wanders=False)
    at = np.arange(7.0)
    kernels = covariance.regional_kernels(at, at)
    found = kernels.at(np.inf)[kernels.names.index("season_week")]
    np.testing.assert_allclose(found, (7 * np.eye(7) - 1) / 2, atol=1e-12)


def test_blocks_know_all_seasons():
    """A filter over blocks of steps gives what the dense covariance does."""
    seasons = chosen(DAYS, ("year", "month", "week"))
    covariance = TimeCovariance.of_seasons(0.0, seasons, wanders=True)
    parts = {"level": 0.01, "season": 0.3, "season_month": 0.2, "season_week": 0.1}
    variances = Variances(parts | {"intercept": 1.0}, 2.0)
    hyper = TimeHyperparameters(variances, variances, np.ones(1), np.zeros((1, 0)))
    at = np.arange(float(LONG + 40))
    K = regional_signal(covariance, hyper, at, at)
    weights = np.random.default_rng(0).standard_normal((1, len(at)))
    found = regional_course(covariance, hyper, at, at, weights)
    np.testing.assert_allclose(found, weights @ K, rtol=1e-8, atol=1e-8)
    seen = np.ones((1, len(at)), bool)
    whitener = Blocks(covariance, at).whitener(variances, seen)
    matrix = whitener.matrices(len(at))[0][0].numpy()
    identity = matrix @ (K + np.eye(len(at))) @ matrix.T
    np.testing.assert_allclose(identity, np.eye(len(at)), atol=1e-8)
