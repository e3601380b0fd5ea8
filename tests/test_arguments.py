"""What is no number, choice, table or model is refused by the argument's name."""

import numpy as np
import pandas as pd
import pytest

from sklearn_mmm import ChannelGraph, PanelBootstrap, PanelTimeSeriesSplit, inspection
from sklearn_mmm._arguments import check_truth, check_whole, is_number
from sklearn_mmm.components import Prior
from sklearn_mmm.metrics import skill_score

ODD = [None, "x", True, -1, 1.5, np.nan, np.inf, 10**400, [], {}, object(), 1j]
ODD += [np.array([1.0, 2.0]), pd.DataFrame(), b"x"]


def kind(value):
    """Return the name of a test: an address would differ between processes."""
    return type(value).__name__ if type(value) in {object, int} else None


@pytest.mark.parametrize("value", ODD, ids=kind)
def test_odd_numbers_are_refused_by_name(fitted, value):
    calls = {
        "n_points": lambda: fitted.response_curves(n_points=value),
        "n_lags": lambda: inspection.autocorrelation(
            inspection.fit_table(fitted), value
        ),
        "sd": lambda: Prior("a", "log", 0.0, value),
    }
    for name, call in calls.items():
        if isinstance(value, float) and value == 1.5 and name == "sd":
            continue
        with pytest.raises((ValueError, TypeError), match=rf"\b{name}="):
            call()


@pytest.mark.parametrize("value", [*ODD[:3], *ODD[5:]], ids=kind)
def test_odd_real_numbers_are_refused_by_name(fitted, value):
    for name, call in {
        "reach": lambda: fitted.response_curves(reach=value),
        "marginal_response": lambda: fitted.saturation_points(marginal_response=value),
    }.items():
        with pytest.raises(ValueError, match=rf"{name}=.*positive"):
            call()


@pytest.mark.parametrize("value", [v for v in ODD if not isinstance(v, bool)], ids=kind)
def test_odd_choices_are_refused_by_name(fitted, value):
    X = fitted.history_
    for name, call in {
        "kind": lambda: fitted.effects(value),
        "by": lambda: fitted.saturation_points(value),
        "return_std": lambda: fitted.predict(X, return_std=value),
    }.items():
        with pytest.raises((ValueError, TypeError), match=f"got {name}="):
            call()


@pytest.mark.parametrize("value", ODD, ids=kind)
def test_what_is_no_model_is_refused(value):
    for table in (inspection.channel_summary, inspection.fit_table):
        with pytest.raises(
            TypeError, match=r"got mmm=.*a fitted DeepCausalMMMRegressor"
        ):
            table(value)


@pytest.mark.parametrize("value", ODD, ids=kind)
def test_what_is_no_table_of_a_fit_is_refused(value):
    for table in (
        inspection.fit_metrics,
        inspection.residual_table,
        inspection.forecast_comparison,
    ):
        with pytest.raises(
            (ValueError, TypeError), match="give the table of fit_table"
        ):
            table(value)


@pytest.mark.parametrize("name", ["test_size", "gap", "max_train_size"])
@pytest.mark.parametrize("value", ["x", -1, 1.5, [1]], ids=kind)
def test_odd_splits_are_refused_by_name(name, value):
    split = PanelTimeSeriesSplit(2, **{name: value})
    with pytest.raises(ValueError, match=f"got {name}="):
        next(split.split(np.zeros((20, 1))))


def test_very_many_resamples_are_refused_at_once():
    X = pd.DataFrame({"region": ["a", "b"]})
    with pytest.raises(ValueError, match="n_resamples"):
        next(PanelBootstrap(10**400, region_column="region").split(X))


@pytest.mark.parametrize("edges", [[1], [None], np.array([1.0, 2.0]), [("tv",)]])
def test_odd_edges_are_refused_by_name(panel, edges):
    X, _, _ = panel
    graph = ChannelGraph(["tv", "search"], "region", "week", required_edges=edges)
    with pytest.raises(ValueError, match="required_edges"):
        graph.fit(X[:60])


def test_callbacks_that_are_none_are_refused(quick, panel):
    X, y, _ = panel
    with pytest.raises(TypeError, match="callbacks has 1"):
        quick(callbacks=[1]).fit(X[:60], y[:60])


def test_a_reference_without_an_error_has_no_skill():
    assert np.isnan(skill_score([1.0, 2.0], [1.0, 1.0], [1.0, 2.0]))


def test_numbers_of_numpy_are_numbers():
    assert is_number(np.float32(2))
    assert is_number(np.int64(2))
    assert not is_number(np.bool_(True))
    check_whole("n", np.int64(3), 1)
    check_truth("flag", np.bool_(False))
