import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.linear_model import ElasticNet, Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline

from sklearn_mmm import AdstockHillTransformer, PanelTimeSeriesSplit, RegionEncoder


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


def test_learned_parameters_explain_better_than_wrong_ones(panel):
    X, y, truth = panel
    learned = AdstockHillTransformer(truth.media_columns, "region", "week").fit(X, y)
    error = np.abs(learned.decay_ - truth.adstock["decay"])
    assert error.mean() < 0.25
    with pytest.raises(ValueError, match=r"decay.*requires y"):
        AdstockHillTransformer(["tv"], "region", "week").fit(X)


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
        ({"decay": [0.1, 0.2]}, "decay of shape"),
        ({"slope": [0.0]}, "slope"),
        ({"adstock": "magic"}, "adstock"),
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


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("model", [Ridge(), ElasticNet(alpha=1.0)])
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
    assert search.best_params_["adstockhilltransformer__decay"] in (0.0, 0.5)
