"""Reach and frequency in front of a linear model."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from sklearn_mmm import AdstockHillTransformer, load

PAIR = {"video": ("people", "contacts")}
GIVEN = {"frequency_half_saturation": 2.0, "frequency_slope": 2.0}


@pytest.fixture(scope="module")
def X():
    rng = np.random.default_rng(0)
    people = rng.gamma(2.0, 50.0, 120) * (rng.random(120) < 0.8)
    contacts = np.where(people > 0, rng.uniform(1, 9, 120), np.nan)
    tv = rng.gamma(2.0, 10.0, 120)
    return pd.DataFrame({"tv": tv, "people": people, "contacts": contacts})


def test_by_hand():
    X = np.array([[4.0, 2.0], [0.0, 0.0], [2.0, 4.0]])
    found = AdstockHillTransformer(
        [], decay=0.5, max_lag=2, normalize=False, parameters=GIVEN,
        reach_frequency={"video": (0, 1)},
    ).fit(X)  # fmt: skip
    # Reach by its largest value, times 1/2 and 4/5 of the curve; then half a week on.
    np.testing.assert_allclose(found.transform(X)[:, 0], [0.5, 0.25, 0.4])
    np.testing.assert_array_equal(found.transform(X)[:, 1], X[:, 1])
    assert found.saturation_parameters_.loc["video"].to_dict() == GIVEN


def test_parameters_are_learned_from_the_outcome(X):
    often = X["contacts"].fillna(1.0)
    y = 2 * np.sqrt(X["tv"]) + X["people"] * often**2 / (often**2 + 3.0**2)
    step = AdstockHillTransformer(["tv"], max_lag=1, reach_frequency=PAIR)
    found = clone(step).fit(X, y)
    own = found.saturation_parameters_
    best = own["frequency_half_saturation"] * (own["frequency_slope"] - 1) ** (
        1 / own["frequency_slope"]
    )
    assert best["video"] == pytest.approx(3.0, rel=0.15)
    assert own.loc["tv", "slope"] > 0
    assert np.isnan(own.loc["tv", "frequency_slope"])
    assert np.isinf(found.half_saturation_[1])
    new = found.transform(X)
    assert new["contacts"].equals(X["contacts"])
    assert (
        Ridge(1e-3).fit(new[["tv", "people"]], y).score(new[["tv", "people"]], y) > 0.95
    )


def test_it_is_stored(X, tmp_path):
    step = AdstockHillTransformer(
        [], decay=0.5, parameters=GIVEN, reach_frequency=PAIR
    ).fit(X)
    again = load(step.save(tmp_path / "step.mmm"))
    pd.testing.assert_frame_equal(again.transform(X), step.transform(X))


def test_an_outcome_is_needed_for_what_is_not_given(X):
    with pytest.raises(ValueError, match="frequency_half_saturation"):
        AdstockHillTransformer([], decay=0.5, reach_frequency=PAIR).fit(X)
    step = AdstockHillTransformer([], decay=0.5, reach_frequency=PAIR)
    assert (
        make_pipeline(step, Ridge()).steps[0][1].__sklearn_tags__().target_tags.required
    )
