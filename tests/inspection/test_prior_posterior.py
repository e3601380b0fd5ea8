import numpy as np
import pandas as pd
import pytest

from sklearn_mmm import plotting
from sklearn_mmm.components import Prior
from sklearn_mmm.estimator._prior_table import _natural_moments
from sklearn_mmm.inspection import event_table, prior_posterior


def test_every_parameter_of_every_channel(with_members):
    table = prior_posterior(with_members)
    known = with_members.parameter_table()
    names = set(known["parameter"]) - {"adstock_weight"}
    assert set(table["parameter"]) == names
    assert len(table) == len(names) * len(with_members.media_columns_)
    effect = table[table["parameter"] == "effect"]
    # A half-normal's mean is sqrt(2 / (pi - 2)) of its standard deviations.
    ratio = effect["prior_mean"] / effect["prior_sd"]
    np.testing.assert_allclose(ratio, np.sqrt(2 / (np.pi - 2)))
    moved = effect["posterior_mean"] - effect["prior_mean"]
    np.testing.assert_allclose(effect["moved"], moved / effect["prior_sd"])


def test_an_effect_that_data_show_is_learned_and_a_wide_one_is_not(with_members):
    table = prior_posterior(with_members)
    narrow = table["posterior_sd"] < 0.5 * table["prior_sd"]
    assert narrow.any()
    assert not table.loc[narrow, "not_learned"].any()
    stays = (table["posterior_sd"] >= 0.8 * table["prior_sd"]) & (
        table["moved"].abs() < 1
    )
    assert (table["not_learned"] == stays).all()


def test_moments_of_transformed_gaussians():
    m, s = np.array([-0.3]), np.array([0.8])
    mean, sd = _natural_moments(Prior("x", "log", -0.3, 0.8), m, s)
    expected = np.exp(-0.3 + 0.8**2 / 2)
    assert mean[0] == pytest.approx(expected)
    assert sd[0] == pytest.approx(expected * np.sqrt(np.exp(0.8**2) - 1), rel=1e-6)
    mean, sd = _natural_moments(Prior("x", "identity", -0.3, 0.8), m, s)
    assert (mean[0], sd[0]) == pytest.approx((-0.3, 0.8))
    mean, _ = _natural_moments(Prior("x", "logit", 0.0, 1.0), 0 * m, s)
    assert mean[0] == pytest.approx(0.5)


def test_without_members_there_is_no_posterior(fitted):
    with pytest.raises(ValueError, match="members"):
        prior_posterior(fitted)


def test_the_figure_shows_both(with_members):
    table = prior_posterior(with_members)
    figure = plotting.plot_prior_posterior(table)
    effect = table[table["parameter"] == "effect"]
    np.testing.assert_allclose(figure.data[0].x, effect["prior_mean"])
    np.testing.assert_allclose(figure.data[1].error_x.array, effect["posterior_sd"])


def test_events_are_counted_from_zero():
    class Fitted:
        media_columns_ = ()
        control_columns_ = ("price", "easter", "always")
        history_ = pd.DataFrame(
            {
                "region": ["a"] * 4 + ["b"] * 4,
                "time": [0, 1, 2, 3] * 2,
                "price": np.linspace(1, 2, 8),
                "easter": [0, 1, 0, 1, 0, 1, 0, 0.0],
                "always": 1.0,
            }
        )
        # Of region a an event is worth 10, of b 30; both are counted from their mean.
        contributions_ = pd.DataFrame(
            {
                "price": 0.0,
                "easter": [-5, 5, -5, 5, -7.5, 22.5, -7.5, -7.5],
                "always": 3.0,
            }
        )

    table = event_table(Fitted())
    assert table["event"].tolist() == ["easter"]
    assert table["n_steps"].tolist() == [2]
    np.testing.assert_allclose(table["contribution"], 50.0)
    np.testing.assert_allclose(table["per_step"], 25.0)
