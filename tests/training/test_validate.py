"""What inner validation chooses, given how forecasts did."""

import numpy as np
import pytest

from sklearn_mmm.training import _validate
from sklearn_mmm.training._validate import _Forecasts, inner_origins, validate


@pytest.mark.parametrize(
    ("n_weeks", "origins"),
    [(55, []), (56, [32, 40, 48]), (104, [80, 88, 96])],
)
def test_origins_leave_three_times_eight_weeks(n_weeks, origins):
    assert inner_origins(n_weeks) == origins


@pytest.fixture
def decide(monkeypatch):
    """Return what is chosen when forecasts have given losses and skill."""

    def run(results, varying="varying", explained=0.3):
        def forecast(fit, data, origins, noise, settings):
            losses, skill = results.get(
                (settings.future_share, settings.flexibility), ([9.0] * 3, 0.0)
            )
            asked.append((settings.future_share, settings.flexibility, fit))
            factor = 1.0 + settings.future_share
            brought = explained if fit == varying else 0.3
            return _Forecasts(np.array(losses), skill, factor, brought)

        asked = []
        monkeypatch.setattr(_validate, "_forecast", forecast)
        settings = validate("constant", lambda: varying, None, [80, 88, 96], 1.345)
        return settings, asked

    return run


CONSTANT = (0.0, 1.0)


def test_nothing_is_chosen_where_nothing_is_better(decide):
    settings, _ = decide({CONSTANT: ([1.0, 1.0, 1.0], 0.3)})
    assert (settings.future_share, settings.flexibility) == CONSTANT
    assert settings.skill == 0.3


def test_effects_vary_where_forecasts_are_trusted_and_hardly_suffer(decide):
    results = {CONSTANT: ([1.0, 1.0, 1.0], 0.9)}
    for losses, skill, chosen in (
        ([1.1, 1.1, 1.1], 0.6, 0.5),
        ([1.2, 1.2, 1.2], 0.6, 0.0),  # a fifth worse
        ([0.1, 0.1, 0.1], 0.4, 0.0),  # a model that does not forecast
    ):
        settings, _ = decide(results | {(0.5, 1.0): (losses, skill)})
        assert settings.future_share == chosen


def test_effects_do_not_vary_where_media_would_take_over_the_level(decide):
    results = {CONSTANT: ([1.0] * 3, 0.9), (0.5, 1.0): ([0.5] * 3, 0.95)}
    for explained, chosen in ((0.38, 0.5), (0.22, 0.5), (0.44, 0.0), (0.1, 0.0)):
        settings, _ = decide(results, explained=explained)
        assert settings.future_share == chosen


def test_all_of_the_modulation_is_kept_only_if_better_than_half(decide):
    results = {CONSTANT: ([1.0] * 3, 0.9), (0.5, 1.0): ([0.9] * 3, 0.9)}
    assert decide(results | {(1.0, 1.0): ([0.95] * 3, 0.9)})[0].future_share == 0.5
    settings, _ = decide(results | {(1.0, 1.0): ([0.8] * 3, 0.9)})
    assert settings.future_share == 1.0
    assert settings.interval_factor == 2.0  # of the forecasts that were chosen


def test_a_flexibility_has_to_win_at_every_origin_and_not_by_chance(decide):
    constant = {CONSTANT: ([1.0, 1.0, 1.0], 0.5)}
    for losses, chosen in (
        ([0.8, 0.81, 0.79], 4.0),
        ([0.5, 0.5, 1.01], 1.0),
        ([0.99, 0.99, 0.4], 1.0),  # on average, but with a large error
    ):
        settings, _ = decide(constant | {(0.0, 4.0): (losses, 0.5)})
        assert settings.flexibility == chosen


def test_without_a_varying_fit_effects_are_constant(decide):
    results = {CONSTANT: ([1.0] * 3, 0.5), (0.5, 1.0): ([0.1] * 3, 0.9)}
    settings, asked = decide(results, varying=None)
    assert settings.future_share == 0.0
    assert {fit for *_, fit in asked} == {"constant"}


def test_each_choice_is_forecast_by_its_own_fit(decide):
    _, asked = decide({CONSTANT: ([1.0] * 3, 0.9)})
    assert {fit for *_, fit in asked} == {"constant", "varying"}
    assert all((fit == "varying") == (share > 0) for share, _, fit in asked)


def test_varying_effects_are_not_trained_where_constant_ones_do_not_forecast(decide):
    results = {CONSTANT: ([1.0] * 3, 0.4), (0.5, 1.0): ([0.1] * 3, 0.9)}
    settings, asked = decide(results)
    assert settings.future_share == 0.0
    assert {fit for *_, fit in asked} == {"constant"}


def test_intervals_widen_to_hold_what_came(monkeypatch):
    rng = np.random.default_rng(0)
    ratios = [np.abs(2.0 * rng.standard_normal(500)) for _ in range(3)]
    many = _validate._interval_factor(ratios, n_regions=1000)
    assert many == pytest.approx(2.0, rel=0.05)
    # One region's errors are few witnesses against the model's own idea: 3 of 13.
    assert _validate._interval_factor(ratios, n_regions=1) == pytest.approx(
        many ** (3 / 13), 0.01
    )
    assert _validate._interval_factor([np.zeros(0)], n_regions=5) == 1.0
