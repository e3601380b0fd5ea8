"""Fits in MLflow."""

import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import GridSearchCV

import sklearn_mmm.mlflow
from sklearn_mmm import DeepCausalMMMRegressor, PanelTimeSeriesSplit

QUICK = {"validation": False, "graph": False, "time_varying": False, "n_members": 2}


def test_without_mlflow_the_way_out_is_told(monkeypatch, fitted):
    monkeypatch.setitem(sys.modules, "mlflow", None)
    before = DeepCausalMMMRegressor.fit
    for call in (
        sklearn_mmm.mlflow.autolog,
        lambda: sklearn_mmm.mlflow.log_fit(fitted),
        lambda: sklearn_mmm.mlflow.log_model(fitted),
    ):
        with pytest.raises(ImportError, match=r"pip install .sklearn_mmm\[mlflow\]"):
            call()
    assert DeepCausalMMMRegressor.fit is before


@pytest.fixture
def mlflow(tmp_path, monkeypatch):
    """Return MLflow with a store of its own."""
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    mlflow = pytest.importorskip("mlflow")
    former = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri((tmp_path / "runs").as_uri())
    yield mlflow
    sklearn_mmm.mlflow.autolog(disable=True)
    mlflow.set_tracking_uri(former)


def files(mlflow, run, folder=None):
    found = mlflow.MlflowClient().list_artifacts(run.info.run_id, folder)
    return {one.path for one in found}


pytestmark = pytest.mark.filterwarnings("ignore")


def test_a_bare_fit_is_logged(mlflow, panel, make_regressor):
    X, y, _ = panel
    sklearn_mmm.mlflow.autolog(log_models=False)
    sklearn_mmm.mlflow.autolog(log_models=False)  # once is enough
    mmm = make_regressor(**QUICK).fit(X, y)
    (run,) = mlflow.search_runs(output_format="list")
    assert run.info.status == "FINISHED"
    assert run.data.params["time_column"] == "'week'"
    noise = mmm.hyperparameters_["noise"]
    assert run.data.metrics["hyperparameters.noise"] == pytest.approx(noise)
    assert 0 < run.data.metrics["training.r2"] <= 1
    assert "report.html" in files(mlflow, run)
    tables = {"channels", "contributions", "fit", "response_curves"}
    assert files(mlflow, run, "tables") == {f"tables/{name}.csv" for name in tables}
    sklearn_mmm.mlflow.autolog(disable=True)
    make_regressor(**QUICK).fit(X, y)
    assert len(mlflow.search_runs(output_format="list")) == 1


def test_fits_of_a_search_are_not_logged(mlflow, panel, make_regressor):
    X, y, _ = panel
    sklearn_mmm.mlflow.autolog(log_models=False, report=False)
    cv = PanelTimeSeriesSplit(2, test_size=8, time_column="week")
    GridSearchCV(make_regressor(**QUICK), {"max_lag": [4]}, cv=cv).fit(X, y)
    assert mlflow.search_runs(output_format="list") == []


def test_forecasts_beside_naive_ones_go_to_the_active_run(
    mlflow, with_members, holdout
):
    with mlflow.start_run() as run:
        options = {"log_models": False, "report": False}
        sklearn_mmm.mlflow.log_fit(with_members, *holdout, **options)
    metrics = mlflow.get_run(run.info.run_id).data.metrics
    assert metrics["forecast.recent_mean.skill"] == 0.0
    assert metrics["forecast.model.skill"] == pytest.approx(
        sklearn_mmm.metrics.forecast_skill_scorer(with_members, *holdout)
    )
    assert "forecast.seasonal_naive.rmse" in metrics


def test_a_logged_model_comes_back(mlflow, with_members, holdout):
    X = holdout[0]
    with mlflow.start_run():
        info = sklearn_mmm.mlflow.log_model(with_members)
    found = mlflow.sklearn.load_model(info.model_uri)
    np.testing.assert_array_equal(
        found.predict_interval(X), with_members.predict_interval(X)
    )
    assert info.flavors["sklearn"]["serialization_format"] == "skops"
    served = mlflow.pyfunc.load_model(info.model_uri).predict(pd.DataFrame(X))
    np.testing.assert_array_equal(served, with_members.predict(X))


def test_a_fit_is_kept_though_its_log_fails(mlflow, panel, make_regressor, monkeypatch):
    X, y, _ = panel
    sklearn_mmm.mlflow.autolog()

    def fail(*args, **kwargs):
        raise OSError("no connection")

    monkeypatch.setattr(mlflow, "log_params", fail)
    with pytest.warns(UserWarning, match="not be logged to MLflow: no connection"):
        mmm = make_regressor(**QUICK).fit(X, y)
    assert hasattr(mmm, "contributions_")
