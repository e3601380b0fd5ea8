"""What tables, figures, budgets and reports take for a fitted model."""

import inspect

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklearn_mmm import (
    DeepCausalMMMRegressor,
    allocate_budget,
    allocation,
    inspection,
    plotting,
    report,
    simulate,
)
from sklearn_mmm.inspection._fitted_mmm import FittedMMM

OF_MODELS = [
    getattr(room, name)
    for room in (inspection, plotting, allocation, report)
    for name in room.__all__
    if inspect.isfunction(getattr(room, name))
    and next(iter(inspect.signature(getattr(room, name)).parameters), None)
    in ("mmm", "source")
]


def arguments(function, model):
    """Return a model and None for everything else that has to be given."""
    empty = inspect.Parameter.empty
    parameters = list(inspect.signature(function).parameters.values())[1:]
    needed = [p for p in parameters if p.default is empty and p.kind != p.VAR_KEYWORD]
    return [model, *[None] * len(needed)]


def test_a_fitted_regressor_is_what_tables_ask_for(fitted):
    """The protocol and the regressor agree, name by name and argument by argument."""
    for name in FittedMMM.__annotations__:
        assert hasattr(fitted, name), name
    methods = {n: m for n, m in vars(FittedMMM).items() if inspect.isfunction(m)}
    for name in [n for n in methods if not n.startswith("_")]:
        asked = inspect.signature(methods[name]).parameters
        has = inspect.signature(getattr(DeepCausalMMMRegressor, name)).parameters
        for argument, how in asked.items():
            assert has[argument].default == how.default, (name, argument)
            assert has[argument].kind == how.kind, (name, argument)


@pytest.mark.parametrize("function", OF_MODELS, ids=lambda f: f.__name__)
@pytest.mark.parametrize(
    "model",
    [
        DeepCausalMMMRegressor(),
        make_pipeline(StandardScaler(), DeepCausalMMMRegressor()),
        GridSearchCV(DeepCausalMMMRegressor(), {"max_lag": [4]}),
    ],
    ids=["regressor", "pipeline", "search"],
)
def test_what_is_not_fitted_is_refused(function, model):
    with pytest.raises(NotFittedError, match="not fitted yet"):
        function(*arguments(function, model))


@pytest.mark.parametrize("function", OF_MODELS, ids=lambda f: f.__name__)
def test_another_estimator_is_refused_with_the_way_out(function):
    ridge = Ridge().fit([[0.0], [1.0]], [0.0, 1.0])
    with pytest.raises(TypeError, match="a Ridge is no marketing mix model; give a"):
        function(*arguments(function, ridge))


@pytest.fixture(scope="module")
def pipeline(panel, fitted, make_regressor):
    """Return a pipeline of a step that doubles the price, and X and y.

    Its regressor, fitted to doubled prices, is the one of ``fitted`` otherwise.
    """
    X, y, _ = panel
    train = X["week"] < X["week"].unique()[-8]
    double = ColumnTransformer(
        [("price", FunctionTransformer(lambda v: 2 * v), ["price"])],
        remainder="passthrough",
        verbose_feature_names_out=False,
    ).set_output(transform="pandas")
    options = {"validation": False, "graph": False, "time_varying": False}
    whole = make_pipeline(clone(double), make_regressor(**options, n_members=4))
    return whole.fit(X[train], y[train]), X[~train], y[~train]


def test_a_pipeline_gives_what_its_regressor_gives_of_transformed_rows(pipeline):
    whole, X, y = pipeline
    mmm, rows = whole[-1], whole[0].transform(X)
    pd.testing.assert_frame_equal(
        inspection.fit_table(whole, X, y), inspection.fit_table(mmm, rows, y)
    )
    pd.testing.assert_frame_equal(
        inspection.channel_summary(whole), inspection.channel_summary(mmm)
    )
    changes = {"tv": 1.2}
    pd.testing.assert_frame_equal(
        simulate(whole, X, changes).by_channel, simulate(mmm, rows, changes).by_channel
    )
    pd.testing.assert_frame_equal(
        allocate_budget(whole, X=X, n_starts=1).spend,
        allocate_budget(mmm, rows, n_starts=1).spend,
    )
    assert plotting.plot_fit(whole, X, y) == plotting.plot_fit(mmm, rows, y)


def test_a_report_of_a_pipeline(pipeline, tmp_path):
    whole, X, y = pipeline
    plan = allocate_budget(whole, X, n_starts=1)
    of_pipeline, of_regressor = (
        report.make_report(*given, plan=plan).read_text(encoding="utf-8")
        for given in (
            (whole, tmp_path / "pipeline.html", X, y),
            (whole[-1], tmp_path / "mmm.html", whole[0].transform(X), y),
        )
    )
    assert len(of_pipeline) > 100_000
    assert of_pipeline == of_regressor


def test_a_search_stands_for_its_best_estimator(pipeline):
    whole, X, _ = pipeline
    search = GridSearchCV(whole, {})
    search.best_estimator_ = whole
    table = simulate(search, X, {"tv": 0.0}).by_channel
    pd.testing.assert_frame_equal(table, simulate(whole, X, {"tv": 0.0}).by_channel)
    assert np.isfinite(table.to_numpy()).all()


def test_members_that_are_pipelines_are_refused_with_the_way_out(pipeline):
    whole, X, _ = pipeline
    with pytest.raises(TypeError, match=r"members\[0\] is a Pipeline.*pipeline\[-1\]"):
        simulate(whole, X, {"tv": 0.0}, members=[whole])
