"""Many panels: results by name, failures collected, nothing lost with a worker."""

import os
import signal

import numpy as np
import pytest
from joblib import parallel_config
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_mmm import AdstockHillTransformer, fit_many
from sklearn_mmm.datasets import make_mmm
from sklearn_mmm.parallel import on_dask


def line(slope, n=20):
    X = np.arange(float(n))[:, None]
    return X, slope * X[:, 0]


def test_results_come_by_name_in_the_order_of_the_panels():
    panels = {f"brand {i}": line(i) for i in range(5)}
    with parallel_config("threading"):
        fits = fit_many(Ridge(alpha=0.0), panels, n_jobs=2)
    assert list(fits) == list(panels)
    slopes = [fits[name].coef_[0] for name in panels]
    np.testing.assert_allclose(slopes, range(5), atol=1e-9)
    assert fits.failures == {}


def test_a_panel_gives_what_a_fit_of_its_own_gives(make_regressor):
    panels = {seed: make_mmm(2, 60, 3, random_state=seed)[:2] for seed in (0, 1)}
    options = {"validation": False, "graph": False, "n_members": 2}
    mmm = make_regressor(time_varying=False, **options)
    with parallel_config("threading"):
        fits = fit_many(mmm, panels, n_jobs=2)
    for name, (X, y) in panels.items():
        alone = make_regressor(time_varying=False, **options).fit(X, y)
        np.testing.assert_array_equal(fits[name].predict(X), alone.predict(X))
    assert not hasattr(mmm, "history_")


def test_failures_are_collected_and_named():
    X, y = line(1.0)
    panels = {"good": (X, y), "hole": (X, np.where(y == 3, np.nan, y)), "also": (X, y)}
    with pytest.warns(FitFailedWarning, match="1 of 3 panels.*'hole'.*NaN") as seen:
        fits = fit_many(Ridge(), panels)
    assert seen[0].filename == __file__
    assert list(fits) == ["good", "also"]
    assert "test_fit_many" not in str(fits.failures["hole"])
    assert "Traceback" in fits.failures["hole"].__notes__[0]
    with pytest.raises(KeyError, match="panel 'hole' failed: ValueError"):
        fits["hole"]
    with pytest.raises(KeyError, match="nothing"):
        fits["nothing"]
    assert repr(fits) == "FittedPanels(2 fitted, 1 failed: hole)"


def test_panels_may_be_read_where_they_are_fitted_and_have_options():
    X, y = line(2.0)
    weight = np.ones(len(y))
    panels = {"read": lambda: (X, y), "more": (X, y, {"sample_weight": weight})}
    fits = fit_many(Ridge(), panels)
    assert fits["read"].coef_ == fits["more"].coef_


class Unpicklable(Exception):
    def __init__(self, one, two):
        super().__init__(one)


def test_errors_that_cannot_travel_are_told_in_words():
    def fail():
        raise Unpicklable("no such brand", 2)

    with pytest.warns(FitFailedWarning, match="no such brand"):
        fits = fit_many(Ridge(), {"a": fail})
    assert repr(fits.failures["a"]) == "RuntimeError('Unpicklable: no such brand')"


@pytest.mark.parametrize(
    ("panels", "message"),
    [
        ([("a", 1)], "panels is a list; give a dict"),
        ({"a": [1, 2]}, "panel 'a' is a list; give"),
    ],
)
def test_other_forms_are_refused(panels, message):
    with pytest.raises(TypeError, match=message):
        fit_many(Ridge(), panels)


def test_a_bar_shows_progress(capsys):
    fit_many(Ridge(), {"a": line(1), "b": line(2)}, verbose=1)
    assert "2/2" in capsys.readouterr().err


def test_ctrl_c_ends_all():
    def interrupt():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit_many(Ridge(), {"a": line(1), "b": interrupt})


def dying_once(folder, result):
    """Return a function that kills its own process when it is first called."""

    def panel():
        mark = folder / "has been here"
        if not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return panel


@pytest.mark.slow
def test_all_results_arrive_though_a_process_dies(tmp_path):
    panels = {i: line(i) for i in range(6)}
    panels[3] = dying_once(tmp_path, line(3))
    fits = fit_many(Ridge(alpha=0.0), panels, n_jobs=2)
    assert list(fits) == list(range(6))
    np.testing.assert_allclose([f.coef_[0] for f in fits.values()], range(6), atol=1e-9)


@pytest.fixture(scope="module")
def client():
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_all_panels_arrive_though_a_worker_of_a_cluster_is_killed(client, tmp_path):
    estimator = AdstockHillTransformer(["tv"], "region", "week")
    panels = {i: make_mmm(2, 60, 1, random_state=i)[:2] for i in range(8)}
    alone = fit_many(estimator, panels)
    panels[4] = dying_once(tmp_path, panels[4])
    with on_dask(client):
        fits = fit_many(estimator, panels)
    assert (tmp_path / "has been here").exists()
    assert list(fits) == list(range(8))
    for name, one in fits.items():
        np.testing.assert_array_equal(one.decay_, alone[name].decay_)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_search_ends_though_a_worker_of_a_cluster_is_killed(client, tmp_path):
    X, y = np.random.default_rng(0).normal(size=(5000, 4)), np.arange(5000.0)
    search = GridSearchCV(
        make_pipeline(FunctionTransformer(), Ridge()), {"ridge__alpha": [0.1, 1.0, 9.0]}
    )
    alone = search.fit(X, y).cv_results_["mean_test_score"]
    dies = dying_once(tmp_path, None)

    def passes(X):
        dies()
        return X

    search.set_params(estimator__functiontransformer__func=passes)
    with on_dask(client):
        search.fit(X, y)
    assert (tmp_path / "has been here").exists()
    np.testing.assert_array_equal(search.cv_results_["mean_test_score"], alone)


@pytest.mark.slow
def test_a_panel_that_kills_every_worker_counts_as_failed(tmp_path):
    def die():
        os.kill(os.getpid(), signal.SIGKILL)

    panels = {"good": line(1), "bad": die}
    with pytest.warns(FitFailedWarning, match="panels could not be fitted"):
        fits = fit_many(Ridge(), panels, n_jobs=2)
    assert "TerminatedWorkerError" in repr(fits.failures["bad"])
