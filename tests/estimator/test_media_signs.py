"""Channels that lower the outcome."""

import numpy as np
import pytest

from sklearn_mmm import allocate_budget, simulate
from sklearn_mmm.datasets import make_mmm


@pytest.fixture(scope="module")
def data():
    """Return regions in which a competitor's tv takes what it brings elsewhere."""
    X, y, truth = make_mmm(3, 104, 2, random_state=0)
    return X, y - 2 * truth.contributions["tv"], -truth.contributions["tv"].sum()


@pytest.fixture(scope="module")
def mmm(data, make_plain):
    X, y, _ = data
    return make_plain(media_signs={"tv": "-"}, n_members=8).fit(X, y)


def test_a_negative_channel_is_found(data, mmm):
    *_, total = data
    effects = mmm.effects("direct", coverage=0.9)
    assert effects.loc["tv", "contribution"] == pytest.approx(total, rel=0.25)
    assert effects.loc["tv", "roi_high"] < 0 < effects.loc["search", "roi_low"]
    assert (mmm.contributions_["tv"] <= 0).all()
    assert mmm.effect_["tv"] < 0 < mmm.effect_["search"]
    assert (mmm.regional_effect_["tv"] < 0).all()


def test_answers_agree_on_the_sign(data, mmm):
    X, *_ = data
    plan = X[X["week"].isin(X["week"].unique()[50:56])]
    more = X.copy()
    more.loc[plan.index, "tv"] *= 1.5
    lost = mmm.predict(more).sum() - mmm.predict(X).sum()
    assert lost < 0
    assert simulate(mmm, plan, {"tv": 1.5}).total["difference"] == pytest.approx(lost)
    result = allocate_budget(mmm, plan, bounds=(0.5, 2), n_starts=1)
    assert result.channels.loc["tv", "spend"] == pytest.approx(
        0.5 * result.channels.loc["tv", "planned"]
    )
    point = mmm.saturation_points().set_index("channel").loc["tv"]
    assert 0 < point["share_of_maximum"] < 1
    assert point["spend_at_50"] > 0
    curve = mmm.response_curves_.query("channel == 'tv'")
    assert (curve["response"] <= 0).all()
    assert (curve["low"] <= curve["high"]).all()


def test_lift_tests_and_priors_may_be_negative(data, make_plain):
    X, y, total = data
    roi = total / X["tv"].sum()
    believed = {"tv": {"roi": (2 * roi, abs(roi) / 50)}}
    model = make_plain(media_signs={"tv": "-"}, priors=believed, n_members=0)
    found = model.fit(X, y).effects("direct").loc["tv", "roi"]
    assert found == pytest.approx(2 * roi, rel=0.1)


def test_an_effect_against_its_sign_is_nothing(data, make_plain):
    X, y, _ = data
    model = make_plain(media_signs={"search": "-"}, n_members=0).fit(X, y)
    share = model.contributions_["search"].sum() / np.abs(y).sum()
    assert -0.01 < share <= 0
