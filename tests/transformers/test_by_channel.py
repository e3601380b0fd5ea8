"""Forms of single channels in AdstockHillTransformer."""

import numpy as np
import pandas as pd
import pytest

from sklearn_mmm import AdstockHillTransformer
from sklearn_mmm.datasets import make_mmm

FORMS = {
    "adstock": {"tv": "delayed"},
    "max_lag": {"tv": 5, "search": 3},
    "saturation": {"search": "none"},
}


@pytest.fixture(scope="module")
def panel():
    X, y, _ = make_mmm(2, 60, 2, random_state=0)
    return X[["region", "week", "tv", "search"]], y


def transformer(**options):
    return AdstockHillTransformer(["tv", "search"], "region", "week", **options)


def test_columns_are_those_of_transformers_with_one_form(panel):
    X, y = panel
    mixed = transformer(**FORMS).fit(X, y)
    found = mixed.transform(X)
    kernel, curve = mixed.adstock_parameters_, mixed.saturation_parameters_
    assert kernel.notna().loc["tv"].all()
    assert kernel["delay"].isna().tolist() == [False, True]
    assert curve.loc["search"].isna().all()
    assert np.isinf(mixed.half_saturation_[1])
    plain = transformer(
        adstock="delayed",
        max_lag=5,
        decay=mixed.decay_,
        half_saturation=mixed.half_saturation_[0],
        slope=mixed.slope_[0],
        parameters={"delay": kernel["delay"].fillna(0.0).to_numpy()},
    ).fit(X)
    np.testing.assert_allclose(found["tv"], plain.transform(X)["tv"])
    straight = transformer(max_lag=3, saturation="none", decay=mixed.decay_[1]).fit(X)
    np.testing.assert_allclose(found["search"], straight.transform(X)["search"])


def test_given_parameters_are_those_of_channels_that_have_them(panel):
    X, y = panel
    given = {"parameters": {"delay": 1.0}, "decay": [0.5, 0.25], "slope": 1.0}
    mixed = transformer(**FORMS, **given, half_saturation=0.5).fit(X)
    assert mixed.adstock_parameters_.loc["tv"].to_dict() == {"decay": 0.5, "delay": 1.0}
    assert np.isnan(mixed.adstock_parameters_.loc["search", "delay"])
    assert np.isnan(mixed.slope_[1])
    pd.testing.assert_frame_equal(mixed.transform(X), mixed.fit_transform(X))
    with pytest.raises(ValueError, match=r"delay=.*expected values in"):
        transformer(**FORMS, **given | {"parameters": {"delay": 4.5}}).fit(X, y)
    with pytest.raises(ValueError, match="half_saturation are learned from y"):
        transformer(**FORMS, parameters={"delay": 1.0}, slope=1.0).fit(X)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"adstock": {"radio": "delayed"}}, r"'radio', which is no channel.*'search'"),
        ({"max_lag": {"tv": 0}}, "max_lag of 'tv'"),
        ({"saturation": {"tv": "steep"}}, "saturation='steep'"),
    ],
)
def test_what_makes_no_sense_is_refused(panel, options, message):
    with pytest.raises(ValueError, match=message):
        transformer(**options).fit(*panel)


def test_positions_name_columns_of_arrays(panel):
    X, y = panel
    own = X.loc[X["region"] == "region_1", ["tv", "search"]]
    outcome = y[own.index]
    found = AdstockHillTransformer(max_lag={1: 1}).fit(own.to_numpy(), outcome)
    named = AdstockHillTransformer(max_lag={"search": 1}).fit(own, outcome)
    pd.testing.assert_frame_equal(
        found.adstock_parameters_.set_axis(["tv", "search"]), named.adstock_parameters_
    )
