"""State, threads and storage: what failed before, row by row."""

import pickle
import signal
import warnings
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy

import numpy as np
import pytest
import torch
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from threadpoolctl import threadpool_info

from sklearn_mmm import (
    AdstockHillTransformer,
    ChannelGraph,
    DeepCausalMMMRegressor,
    inspection,
    plotting,
)
from sklearn_mmm.__main__ import main
from sklearn_mmm.exceptions import (
    ExtrapolationWarning,
    InconsistentVersionWarning,
)
from sklearn_mmm.inspection import ResponseCurveFit
from sklearn_mmm.storage import _stored, skops_types


def run_with_signal(signal_at, moment, call):
    with signal_at(signal.SIGINT, moment):
        return call()


def test_ctrl_c_during_a_fit(fitted, panel, signal_at):
    X, y, _ = panel
    mmm = deepcopy(fitted)
    before = pickle.dumps(vars(mmm))
    with pytest.raises(KeyboardInterrupt):
        run_with_signal(signal_at, 1000, lambda: mmm.fit(X, y))
    assert pickle.dumps(vars(mmm)) == before


def test_ctrl_c_during_a_job_of_the_command_line(panel, signal_at, tmp_path, capsys):
    X, y, _ = panel
    X.assign(sales=y).to_csv(tmp_path / "data.csv", index=False)
    args = ["report", str(tmp_path / "data.csv"), "--target", "sales", "--media", "tv"]
    args += ["--region", "region", "--time", "week", "--quiet"]
    args += ["-o", str(tmp_path / "report.html")]
    assert run_with_signal(signal_at, 2000, lambda: main(args)) == 130
    assert [path.name for path in tmp_path.iterdir()] == ["data.csv"]
    assert capsys.readouterr().out == ""


def test_a_refused_fit_with_other_roles(fitted, panel, holdout):
    X, y, _ = panel
    mmm = deepcopy(fitted).set_params(media_columns=["search", "tv", "social"])
    with pytest.raises(ValueError, match="NaN"):
        mmm.fit(X.assign(tv=np.nan), y)
    np.testing.assert_array_equal(mmm.predict(holdout[0]), fitted.predict(holdout[0]))


def test_intervals_with_two_threads(with_members, holdout, monkeypatch):
    used = set()
    media = type(with_members.net_.module_.media)
    regional_effect = media.regional_effect

    def watched(self, *args):
        used.add(torch.get_num_threads())
        return regional_effect(self, *args)

    expected = with_members.predict_interval(holdout[0])
    monkeypatch.setattr(media, "regional_effect", watched)
    former = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        found = with_members.predict_interval(holdout[0])
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(former)
    np.testing.assert_array_equal(found, expected)
    assert used == {1}


def test_fits_that_overlap_in_threads(panel):
    X, y, _ = panel
    former = torch.get_num_threads()
    torch.set_num_threads(2)
    before = [pool["num_threads"] for pool in threadpool_info()]

    def fit(channel):
        AdstockHillTransformer([channel], "region", "week").fit(X, y)
        return torch.get_num_threads()

    try:
        with ThreadPoolExecutor(3) as pool:
            assert list(pool.map(fit, ["tv", "search", "social"])) == [2, 2, 2]
        assert torch.get_num_threads() == 2
        assert [pool["num_threads"] for pool in threadpool_info()] == before
    finally:
        torch.set_num_threads(former)


@pytest.mark.parametrize(
    "call",
    [
        inspection.channel_summary,
        inspection.diagnose,
        inspection.saturation_table,
        plotting.plot_waterfall,
        plotting.plot_response_curves,
    ],
)
def test_tables_and_charts_of_models_and_pipelines(call, fitted):
    with pytest.raises(NotFittedError):
        call(DeepCausalMMMRegressor())
    whole = make_pipeline(FunctionTransformer(), fitted)
    of_pipeline, of_regressor = call(whole), call(fitted)
    assert str(of_pipeline) == str(of_regressor)


def test_skops_dumps_and_loads_every_estimator(fitted, panel, tmp_path):
    skops = pytest.importorskip("skops.io")
    X, y, _ = panel
    spend = np.linspace(1, 50, 20)
    for estimator in (
        fitted,
        ChannelGraph(["tv", "search"], "region", "week").fit(X, y),
        ResponseCurveFit().fit(spend, spend / (spend + 9)),
    ):
        skops.dump(estimator, tmp_path / "estimator.skops")
        unknown = skops.get_untrusted_types(file=tmp_path / "estimator.skops")
        assert set(unknown) <= set(skops_types())
        found = skops.load(tmp_path / "estimator.skops", trusted=unknown)
        assert pickle.dumps(found.get_params()) == pickle.dumps(estimator.get_params())
        assert set(vars(found)) == set(vars(estimator))


def test_a_pickle_of_another_version(fitted, monkeypatch):
    data = pickle.dumps(fitted)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pickle.loads(data)
    monkeypatch.setattr(_stored, "__version__", "77.0")
    with pytest.warns(InconsistentVersionWarning, match=r"77\.0"):
        pickle.loads(data)


def test_warnings_point_at_the_caller(with_members, holdout):
    X, y = holdout
    far = X.assign(price=X["price"] + 1000)
    for call in (
        lambda: with_members.effects("direct", far),
        lambda: with_members.score(far, y),
        lambda: with_members.predict_interval(far),
    ):
        with pytest.warns(ExtrapolationWarning, match="price") as seen:
            call()
        assert {warning.filename for warning in seen} == {__file__}
