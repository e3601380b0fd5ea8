import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.optimize import nnls
from sklearn.base import clone
from sklearn.linear_model import ElasticNet, Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils import get_tags

from sklearn_mmm import AdstockHillTransformer, PanelTimeSeriesSplit, RegionEncoder
from sklearn_mmm.components import HillSaturation
from sklearn_mmm.datasets import make_mmm


def given(**kwargs):
    options = {"decay": 0.5, "half_saturation": 0.5, "slope": 1.0} | kwargs
    return AdstockHillTransformer(["tv"], "region", "week", **options)


def frame(tv, region="a"):
    return pd.DataFrame({"region": region, "week": np.arange(len(tv)), "tv": tv})


def test_by_hand():
    out = given(normalize=False).fit_transform(frame([4.0, 0.0, 2.0]))
    adstocked = np.array([1.0, 0.5, 0.75])
    np.testing.assert_allclose(out["tv"], adstocked / (adstocked + 0.5))
    assert out[["region", "week"]].equals(frame([4.0, 0.0, 2.0])[["region", "week"]])


def test_carry_over_from_fit_and_row_order():
    X = frame([4.0, 1.0, 3.0, 0.0, 0.0])
    transformer = given().fit(X.head(3))
    whole = transformer.transform(X)
    np.testing.assert_allclose(transformer.transform(X.tail(2))["tv"], whole["tv"][3:])
    assert (whole["tv"][3:] > 0).all()
    order = [4, 2, 0, 3, 1]
    np.testing.assert_allclose(
        transformer.transform(X.iloc[order])["tv"], whole["tv"].iloc[order]
    )


def unexplained(panel, **parameters):
    """Return squares that saturated media leave, within regions and weeks."""
    X, y, truth = panel
    media = AdstockHillTransformer(truth.media_columns, "region", "week", **parameters)
    table = media.fit(X, y).transform(X)[truth.media_columns]
    outcome = y / y.groupby(X["region"]).transform("mean")
    table = table.assign(outcome=outcome)
    for key in (X["region"], X["week"]):
        table = table - table.groupby(key).transform("mean")
    target = table.pop("outcome").to_numpy()
    return nnls(table.to_numpy(), target)[1] ** 2


def test_learned_parameters_explain_better_than_wrong_ones():
    panel = make_mmm(8, 104, 4, random_state=0)
    X, y, truth = panel
    learned = AdstockHillTransformer(truth.media_columns, "region", "week").fit(X, y)
    true = truth.adstock["decay"].to_numpy()
    error = np.abs(learned.decay_ - true).mean()
    # The best number for all channels is their median.
    assert error < 0.5 * np.abs(np.median(true) - true).mean()
    left = unexplained(panel)
    shapes = {
        "half_saturation": truth.half_saturation.to_numpy(),
        "slope": truth.slope.to_numpy(),
    }
    assert left < 1.05 * unexplained(panel, decay=true, **shapes)
    wrong = [{"decay": d} | shapes for d in (0.0, 0.3, 0.6, true[::-1])]
    assert all(left < unexplained(panel, **parameters) for parameters in wrong)


def test_what_is_learned_needs_an_outcome():
    X = frame([1.0, 2.0])
    with pytest.raises(ValueError, match=r"decay.*requires y"):
        AdstockHillTransformer(["tv"], "region", "week").fit(X)
    with pytest.raises(ValueError, match=r"^rate are learned.*requires y"):
        given(half_saturation=None, slope=None, saturation="logistic").fit(X)
    straight = given(half_saturation=None, slope=None, saturation="none")
    for transformer, needed in ((straight, False), (given(slope=None), True)):
        assert get_tags(transformer).target_tags.required == needed
    total = sum(0.5**lag for lag in range(8))
    found = straight.fit_transform(X)["tv"]
    np.testing.assert_allclose(found, np.array([0.5, 1.25]) / total)


def test_containers_and_names(panel):
    X, _, _ = panel
    transformer = given().fit(X.head(80))
    assert transformer.get_feature_names_out().tolist() == list(X.columns)
    polars = pl.DataFrame({c: X[c].to_list() for c in X})
    out = given().fit(polars).transform(polars)
    assert isinstance(out, pl.DataFrame)
    np.testing.assert_allclose(out["tv"].to_numpy(), given().fit(X).transform(X)["tv"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"decay": 1.0}, "decay"),
        ({"decay": [0.1, 0.2]}, "one for each"),
        ({"slope": [0.0]}, "slope"),
        ({"adstock": "magic"}, "adstock"),
        ({"adstock": "weibull"}, r"decay=0\.5.*'shape', 'scale', 'half_saturation'"),
        ({"parameters": {"rate": 1.0}}, r"rate=1\.0.*leave it out"),
        ({"parameters": {"slope": 1.0}}, r"\['slope'\] are given twice"),
        ({"saturation": HillSaturation(min_slope=2.0)}, r"slope=1\.0.*above 2"),
        (
            {"adstock": "delayed", "max_lag": 4, "parameters": {"delay": 3.0}},
            r"delay=3\.0.*in \[0, 3\)",
        ),
    ],
)
def test_bad_parameters(options, message):
    with pytest.raises(ValueError, match=message):
        given(**options).fit(frame([1.0, 2.0]))


def test_negative_media():
    with pytest.raises(ValueError, match=r"Negative values in data.*'tv'"):
        given().fit(frame([1.0, -2.0]))


def test_region_encoder_by_hand():
    X = pd.DataFrame({"region": ["a", "a", "b"]})
    encoder = RegionEncoder("region", smooth=2.0).fit(X, [1.0, 3.0, 10.0])
    # Means 2 and 10 are shrunk to their mean 6 by n / (n + 2).
    np.testing.assert_allclose(encoder.baseline_, [4.0, 6 + 4 / 3])
    out = encoder.transform(pd.DataFrame({"region": ["b", "new"]}))
    assert out["region_code"].tolist() == [1, -1]
    assert out["region_baseline"].tolist()[1] == 6.0
    with pytest.raises(ValueError, match="'new'"):
        encoder.set_params(handle_unknown="error").transform(
            pd.DataFrame({"region": ["new"]})
        )


def test_fit_transform_does_not_leak():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {"region": np.repeat(np.arange(300), 4), "week": np.tile(np.arange(4), 300)}
    )
    y = rng.standard_normal(len(X))
    encoder = RegionEncoder("region", "week", smooth=0.0)
    honest = encoder.fit_transform(X, y)["region_baseline"]
    leaking = encoder.fit(X, y).transform(X)["region_baseline"]
    assert np.corrcoef(honest, y)[0, 1] < 0.1
    assert np.corrcoef(leaking, y)[0, 1] > 0.3


def test_keys_are_dropped_or_kept(panel):
    X, y, _ = panel
    out = RegionEncoder("region", "week").fit(X, y)
    assert list(out.transform(X)) == out.get_feature_names_out().tolist()
    assert "region" not in out.get_feature_names_out()
    kept = RegionEncoder("region", "week", keep_keys=True).fit(X, y)
    assert list(kept.transform(X))[:2] == ["region", "week"]


@pytest.mark.parametrize(
    ("model", "n_jobs"),
    [
        (Ridge(), 1),
        (ElasticNet(alpha=1.0), 1),
        (Ridge(), 2),
        pytest.param(ElasticNet(alpha=1.0), 2, marks=pytest.mark.slow),
    ],
)
def test_linear_mix_models(panel, model, n_jobs):
    X, y, truth = panel
    pipe = make_pipeline(
        AdstockHillTransformer(
            truth.media_columns, "region", "week", half_saturation=0.5, slope=1.0
        ),
        RegionEncoder("region", "week"),
        model,
    )
    cv = PanelTimeSeriesSplit(2, test_size=8, time_column="week")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        assert (cross_val_score(pipe, X, y, cv=cv, n_jobs=n_jobs) > 0.5).all()
        grid = {"adstockhilltransformer__decay": [0.0, 0.5]}
        search = GridSearchCV(pipe, grid, cv=cv, n_jobs=n_jobs).fit(X, y)
    scores = search.cv_results_["mean_test_score"]
    alone = [
        cross_val_score(
            clone(pipe).set_params(adstockhilltransformer__decay=decay), X, y, cv=cv
        ).mean()
        for decay in (0.0, 0.5)
    ]
    assert scores[0] != scores[1]
    np.testing.assert_array_equal(scores, alone)


def test_other_forms_by_hand():
    X = frame([4.0, 0.0, 2.0])
    weights = np.array([0.4, 0.4 * (2 / 3) ** 1.0])  # 1 - l / 3 to the power of 1
    scaled = np.array([1.0, 0.0, 0.5])
    adstocked = np.convolve(scaled, weights / weights.sum())[:3]
    transformer = AdstockHillTransformer(
        ["tv"],
        "region",
        "week",
        adstock="binomial",
        saturation="exponential",
        max_lag=2,
        parameters={"alpha": 0.5, "rate": [3.0]},
    ).fit(X)
    out = transformer.transform(X)["tv"]
    np.testing.assert_allclose(out, 1 - np.exp(-3 * adstocked))
    assert transformer.saturation_parameters_.to_dict() == {"rate": {"tv": 3.0}}
    assert transformer.adstock_parameters_.to_dict() == {"alpha": {"tv": 0.5}}
    np.testing.assert_allclose(transformer.half_saturation_, np.log(2) / 3)
    assert np.isnan([transformer.decay_, transformer.slope_]).all()


def test_a_kernel_that_is_not_normalised_has_a_largest_weight_of_1():
    transformer = AdstockHillTransformer(
        ["tv"],
        "region",
        "week",
        adstock="delayed",
        saturation="none",
        max_lag=3,
        normalize=False,
        parameters={"decay": 0.5, "delay": 1.0},
    )
    out = transformer.fit_transform(frame([1.0, 0.0, 0.0, 0.0]))["tv"]
    np.testing.assert_allclose(out, [0.5, 1.0, 0.5, 0.0])


def test_the_form_that_made_the_data_explains_them_best():
    panel = make_mmm(6, 104, 3, saturation="none", media_share=0.8, random_state=0)
    straight = unexplained(panel, saturation="none")
    steep = {"half_saturation": 0.3, "slope": 2.0}
    assert 1.5 * straight < unexplained(panel, **steep)


def test_a_form_of_ones_own_and_searches_over_forms(own_adstock, own_saturation):
    X, y, truth = make_mmm(2, 60, 2, random_state=0)
    media = AdstockHillTransformer(
        truth.media_columns, "region", "week", adstock=own_adstock, max_lag=4
    )
    pipe = make_pipeline(media, RegionEncoder("region", "week"), Ridge())
    forms = [own_saturation, "hill", HillSaturation(min_slope=1.0)]
    grid = [
        {"adstockhilltransformer__saturation": forms},
        {
            "adstockhilltransformer__saturation": [own_saturation],
            "adstockhilltransformer__saturation__usual": [5.0],
        },
    ]
    cv = PanelTimeSeriesSplit(2, test_size=8, time_column="week")
    search = GridSearchCV(pipe, grid, cv=cv, refit=False).fit(X, y)
    assert len(set(search.cv_results_["mean_test_score"])) == 4
    fitted = clone(media).set_params(saturation=own_saturation).fit(X, y)
    weights = (1.0 + np.arange(4)) ** -fitted.adstock_parameters_["decline"].iloc[0]
    tv = X["tv"].to_numpy()[60:] / fitted.scale_[1, 0]
    adstocked = np.convolve(tv, weights / weights.sum())[:60]
    expected = np.arctan(adstocked / fitted.half_saturation_[0]) * 2 / np.pi
    np.testing.assert_allclose(fitted.transform(X)["tv"][60:], expected)
