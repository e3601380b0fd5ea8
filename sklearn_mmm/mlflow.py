"""Fits in MLflow: parameters, what was learned, metrics, report, tables, the model.

MLflow is asked for when a function of this module is called:
``pip install "sklearn_mmm[mlflow]"``.
"""

import sys
import tempfile
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd

from sklearn_mmm._version import __version__
from sklearn_mmm._warn import warn_caller
from sklearn_mmm.estimator._regressor import DeepCausalMMMRegressor
from sklearn_mmm.inspection import (
    channel_summary,
    fit_metrics,
    fit_table,
    forecast_comparison,
)
from sklearn_mmm.inspection._fitted_mmm import FittedMMM
from sklearn_mmm.inspection._model import of_fitted_model
from sklearn_mmm.report import make_report
from sklearn_mmm.storage import skops_types

__all__ = ["autolog", "log_fit", "log_model"]

# Of a parameter's text, in MLflow.
_LONGEST = 6000
# Callers that fit on behalf of the user, who has not asked for a run of each.
_MACHINES = ("sklearn.", "joblib.", "sklearn_mmm.")


def autolog(
    *, log_models: bool = True, report: bool = True, disable: bool = False
) -> None:
    """Log every fit of a :class:`DeepCausalMMMRegressor` to MLflow from now on.

    What is logged is what :func:`log_fit` logs, in the active run or else in one of
    its own. Fits that a search, a pipeline or :func:`fit_many` makes are left out.

    Parameters
    ----------
    log_models : bool, default=True
        Whether to log the model as well.
    report : bool, default=True
        Whether to log the report.
    disable : bool, default=False
        Stop logging instead.

    Raises
    ------
    ImportError
        If MLflow is not installed.

    Notes
    -----
    Where logging fails, the fit is kept and a warning tells why.

    Examples
    --------
    >>> import sklearn_mmm
    >>> sklearn_mmm.mlflow.autolog(log_models=False)  # doctest: +SKIP
    >>> mmm.fit(X, y)  # doctest: +SKIP
    """
    own = vars(DeepCausalMMMRegressor)["fit"]
    plain = getattr(own, "_without_logging", own)
    if disable:
        DeepCausalMMMRegressor.fit = plain  # type: ignore[method-assign]
        return
    _mlflow()

    @wraps(plain)
    def fit(self: Any, *args: Any, **kwargs: Any) -> Any:
        called_from = sys._getframe(1).f_globals.get("__name__", "")
        plain(self, *args, **kwargs)
        if not called_from.startswith(_MACHINES):
            try:
                log_fit(self, log_models=log_models, report=report)
            except Exception as error:  # noqa: BLE001 - a fit is worth more than its log
                warn_caller(
                    f"the fit could not be logged to MLflow: {error}", UserWarning
                )
        return self

    fit._without_logging = plain  # type: ignore[attr-defined]
    DeepCausalMMMRegressor.fit = fit  # type: ignore[method-assign]


@of_fitted_model
def log_fit(
    mmm: FittedMMM,
    X_test: Any = None,
    y_test: Any = None,
    *,
    log_models: bool = True,
    report: bool = True,
) -> None:
    """Log a fitted model to the active run of MLflow, or to one of its own.

    Parameters
    ----------
    mmm : DeepCausalMMMRegressor
        Fitted.
    X_test : DataFrame or array of shape (n_test_rows, n_columns), default=None
        Rows that were not trained on.
    y_test : array-like of shape (n_test_rows,), default=None
        Their outcome, outcome units per time step.
    log_models : bool, default=True
        Whether to log the model as well, as :func:`log_model` does.
    report : bool, default=True
        Whether to log the report.

    Raises
    ------
    ImportError
        If MLflow is not installed.

    Notes
    -----
    Parameters are those of the constructor. Metrics are the learned hyper-parameters
    (``hyperparameters.…``, among them the skill beside the recent mean at the origins
    of inner validation), the fit to the training rows (``training.…``) and, with test
    rows, the forecast of these beside two naive ones (``forecast.model.skill``,
    ``forecast.seasonal_naive.skill``...). Tables are CSV files in ``tables/``.

    Examples
    --------
    >>> from sklearn_mmm.mlflow import log_fit
    >>> log_fit(mmm, X_test, y_test, report=False)  # doctest: +SKIP
    """
    mlflow = _mlflow()
    if mlflow.active_run() is None:
        with mlflow.start_run():
            _log(mlflow, mmm, X_test, y_test, log_models, report)
    else:
        _log(mlflow, mmm, X_test, y_test, log_models, report)


def log_model(mmm: FittedMMM, name: str = "model", **options: Any) -> Any:
    """Log a fitted estimator, or a pipeline with one, in MLflow's default format.

    Parameters
    ----------
    mmm : estimator
        Fitted.
    name : str, default="model"
        Of the model.
    **options
        Of ``mlflow.sklearn.log_model``.

    Returns
    -------
    mlflow.models.model.ModelInfo
        As MLflow returns it.

    Raises
    ------
    ImportError
        If MLflow is not installed.

    Notes
    -----
    ``mlflow.sklearn.log_model(mmm, name="model", skops_trusted_types=skops_types())``
    does the same, see :func:`sklearn_mmm.storage.skops_types`.

    Examples
    --------
    >>> from sklearn_mmm.mlflow import log_model
    >>> log_model(mmm, "march")  # doctest: +SKIP
    """
    options = {
        "skops_trusted_types": skops_types(),
        "pip_requirements": [f"sklearn_mmm=={__version__}"],
    } | options
    _mlflow()
    return import_module("mlflow.sklearn").log_model(mmm, name=name, **options)


def _mlflow() -> Any:
    try:
        return import_module("mlflow")
    except ImportError as error:
        raise ImportError(
            'MLflow is not installed; pip install "sklearn_mmm[mlflow]"'
        ) from error


def _log(
    mlflow: Any,
    mmm: FittedMMM,
    X_test: Any,
    y_test: Any,
    log_models: bool,
    report: bool,
) -> None:
    parameters = {k: repr(v)[:_LONGEST] for k, v in mmm.get_params().items()}
    mlflow.log_params(parameters)
    table = fit_table(mmm, X_test, y_test)
    mlflow.log_metrics(_metrics(mmm, table))
    tables = {
        "channels": channel_summary(mmm),
        "contributions": mmm.contributions_,
        "response_curves": mmm.response_curves_,
        "fit": table,
    }
    for name, values in tables.items():
        mlflow.log_text(values.to_csv(), f"tables/{name}.csv")
    if report:
        with tempfile.TemporaryDirectory() as folder:
            path = make_report(mmm, Path(folder, "report.html"), X_test, y_test)
            mlflow.log_artifact(str(path))
    if log_models:
        log_model(mmm)


def _metrics(mmm: FittedMMM, table: pd.DataFrame) -> dict[str, float]:
    """Return what is finite of learned hyper-parameters and measures of the fit."""
    found = {f"hyperparameters.{k}": v for k, v in mmm.hyperparameters_.items()}
    rows: dict[str, Any] = {"training": fit_metrics(table).loc["training"]}
    if (table["split"] == "holdout").any():
        for name, row in forecast_comparison(table).iterrows():
            rows[f"forecast.{name}".replace(" ", "_")] = row
    for name, row in rows.items():
        found |= {f"{name}.{measure}": value for measure, value in row.items()}
    numbers = {k: float(v) for k, v in found.items() if isinstance(v, (int, float))}
    return {k: v for k, v in numbers.items() if abs(v) < float("inf")}
