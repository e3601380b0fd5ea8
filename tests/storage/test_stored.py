"""Estimators come back from files, pickles and skops as they were."""

import io
import json
import pickle
import zipfile
from copy import deepcopy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn import config_context
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sklearn_mmm
from sklearn_mmm import (
    AdstockHillTransformer,
    ChannelGraph,
    DeepCausalMMMRegressor,
    RegionEncoder,
)
from sklearn_mmm.exceptions import InconsistentVersionWarning
from sklearn_mmm.inspection import ResponseCurveFit
from sklearn_mmm.storage import _stored, skops_types

DATA = Path(__file__).parents[1] / "data"


def by_file(estimator, folder):
    return sklearn_mmm.load(estimator.save(folder / "model.mmm"))


def by_pickle(estimator, folder):
    return pickle.loads(pickle.dumps(estimator))


def by_skops(estimator, folder):
    skops = pytest.importorskip("skops.io")
    skops.dump(estimator, folder / "model.skops")
    return skops.load(folder / "model.skops", trusted=skops_types())


WAYS = pytest.mark.parametrize("way", [by_file, by_pickle, by_skops])


def same(one, two):
    """Check that attributes of two estimators are equal to the last bit."""
    assert set(vars(one)) == set(vars(two))
    for name, value in vars(one).items():
        other = getattr(two, name)
        assert type(other) is type(value), name
        if isinstance(value, pd.DataFrame):
            pd.testing.assert_frame_equal(value, other, check_exact=True)
        elif isinstance(value, pd.Series):
            pd.testing.assert_series_equal(value, other, check_exact=True)
        elif isinstance(value, (np.ndarray, int, float, str, list, dict)):
            np.testing.assert_equal(other, value)


@WAYS
def test_regressors_come_back(with_members, holdout, tmp_path, way):
    X, y = holdout
    found = way(with_members, tmp_path)
    same(with_members, found)
    np.testing.assert_array_equal(
        found.predict_interval(X), with_members.predict_interval(X)
    )
    assert found.effects(coverage=0.8).equals(with_members.effects(coverage=0.8))
    assert found.score(X, y) == with_members.score(X, y)
    assert found.net_.history == with_members.net_.history
    assert repr(found.net_.module_) == repr(with_members.net_.module_)


@WAYS
def test_a_regressor_that_came_back_learns_on(with_members, holdout, tmp_path, way):
    X, y = holdout
    found = way(with_members, tmp_path).partial_fit(X, y)
    other = deepcopy(with_members).partial_fit(X, y)
    np.testing.assert_array_equal(found.predict_interval(X), other.predict_interval(X))


@WAYS
@pytest.mark.parametrize(
    "estimator",
    [
        AdstockHillTransformer(["tv"], "region", "week"),
        RegionEncoder("region", "week").set_output(transform="pandas"),
        ChannelGraph(["tv", "search"], "region", "week"),
    ],
    ids=lambda e: type(e).__name__,
)
def test_other_estimators_come_back(panel, tmp_path, estimator, way):
    X, y, _ = panel
    fitted = clone(estimator).fit(X, y)
    found = way(fitted, tmp_path)
    same(fitted, found)
    if hasattr(fitted, "transform"):
        assert found.transform(X).equals(fitted.transform(X))
    same(estimator, way(estimator, tmp_path))


@WAYS
def test_curve_fits_come_back(tmp_path, way):
    spend = np.linspace(1, 100, 30)
    curve = ResponseCurveFit().fit(spend, spend / (spend + 20))
    found = way(curve, tmp_path)
    same(curve, found)
    np.testing.assert_array_equal(found.predict(spend), curve.predict(spend))


@WAYS
def test_metadata_requests_come_back(tmp_path, way):
    with config_context(enable_metadata_routing=True):
        mmm = DeepCausalMMMRegressor().set_fit_request(lift_tests=True)
        found = way(mmm, tmp_path)
        assert found.get_metadata_routing().fit.requests["lift_tests"] is True


def test_a_pipeline_comes_back_from_skops(panel, tmp_path):
    X, y, _ = panel
    numbers = X[["tv", "search"]].to_numpy()
    whole = make_pipeline(StandardScaler(with_mean=False), AdstockHillTransformer())
    whole.fit(numbers, y)
    found = by_skops(whole, tmp_path)
    np.testing.assert_array_equal(found.transform(numbers), whole.transform(numbers))


def test_parameters_that_a_later_version_has_get_their_default(tmp_path):
    mmm = DeepCausalMMMRegressor(max_lag=4)
    del mmm.huber_delta
    found = by_file(mmm, tmp_path)
    assert found.max_lag == 4
    assert found.huber_delta == 2.0


class OwnRegressor(DeepCausalMMMRegressor):
    """A class of the user's own."""


def test_classes_of_ones_own_have_to_be_trusted(tmp_path):
    path = OwnRegressor(max_lag=4).save(tmp_path / "own.mmm")
    with pytest.raises(ValueError, match=r"load with trusted=\[OwnRegressor\]"):
        sklearn_mmm.load(path)
    found = sklearn_mmm.load(path, trusted=[OwnRegressor])
    assert type(found) is OwnRegressor
    assert found.max_lag == 4


def test_functions_among_the_parameters_are_refused(tmp_path):
    mmm = DeepCausalMMMRegressor(media_columns=lambda X: ["tv"])
    with pytest.raises(TypeError, match="lambda> cannot be stored in a file without"):
        mmm.save(tmp_path / "m.mmm")
    assert list(tmp_path.iterdir()) == []


def test_the_same_model_gives_the_same_bytes(fitted, tmp_path):
    one = fitted.save(tmp_path / "one.mmm").read_bytes()
    assert by_file(fitted, tmp_path).save(tmp_path / "two.mmm").read_bytes() == one


def change(path, change_content=None, drop=()):
    """Write a file anew with another content or without some of its entries."""
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    content = json.loads(entries["model.json"])
    if change_content is not None:
        change_content(content)
    entries["model.json"] = json.dumps(content).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in entries.items():
            if name not in drop:
                archive.writestr(name, data)
    return path


def pickled_array():
    buffer = io.BytesIO()
    np.save(buffer, np.array([{}], object), allow_pickle=True)
    return buffer.getvalue()


def test_damaged_files_are_refused(fitted, tmp_path):
    path = fitted.save(tmp_path / "model.mmm")
    whole = path.read_bytes()
    for data in (b"", whole[: len(whole) // 2], b"PK" + whole[10:], b"{}"):
        path.write_bytes(data)
        with pytest.raises(ValueError, match="no model saved by sklearn_mmm, or it is"):
            sklearn_mmm.load(path)
    for missing in ("model.json", "arrays/0.npy"):
        path.write_bytes(whole)
        with pytest.raises(ValueError, match="no model saved by sklearn_mmm, or it is"):
            sklearn_mmm.load(change(path, drop=[missing]))
    path.write_bytes(whole)
    with zipfile.ZipFile(change(path, drop=["arrays/0.npy"]), "a") as archive:
        archive.writestr("arrays/0.npy", pickled_array())
    with pytest.raises(ValueError, match="allow_pickle=False"):
        sklearn_mmm.load(path)
    with pytest.raises(FileNotFoundError):
        sklearn_mmm.load(tmp_path / "nothing.mmm")


def test_files_of_other_programs_and_later_versions_are_refused(tmp_path):
    path = RegionEncoder().save(tmp_path / "model.mmm")
    change(path, lambda c: c.update(schema=99))
    with pytest.raises(ValueError, match=r"schema 99\).*update the package"):
        sklearn_mmm.load(path)
    change(path, lambda c: c.update(format="other"))
    with pytest.raises(ValueError, match="no model saved by"):
        sklearn_mmm.load(path)


def test_an_attribute_that_is_missing_is_named(with_members, tmp_path):
    path = with_members.save(tmp_path / "model.mmm")

    def drop(content):
        parts = content["model"]["parts"]["_predictor"]["parts"]
        del parts["history"]

    with pytest.raises(ValueError, match="no 'history'; fit the model again"):
        sklearn_mmm.load(change(path, drop))


def test_pickles_of_another_version_warn_where_they_are_read(fitted, monkeypatch):
    data = pickle.dumps(RegionEncoder())
    monkeypatch.setattr(_stored, "__version__", "99.0")
    with pytest.warns(InconsistentVersionWarning, match=r"unpickled by 99\.0") as seen:
        pickle.loads(data)
    assert seen[0].filename == __file__


def test_the_net_is_read_with_weights_only(fitted, tmp_path):
    fitted.net_.save_params(f_params=tmp_path / "weights.pt")
    weights = torch.load(tmp_path / "weights.pt", weights_only=True)
    own = fitted.net_.module_.state_dict()
    assert set(weights) == set(own)
    assert all(torch.equal(weights[name], value) for name, value in own.items())
    other = deepcopy(fitted.net_)
    with torch.no_grad():
        for value in other.module_.parameters():
            value.zero_()
    other.load_params(f_params=tmp_path / "weights.pt")
    for name, value in other.module_.state_dict().items():
        assert torch.equal(value, own[name])
