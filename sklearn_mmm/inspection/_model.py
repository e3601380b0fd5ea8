"""What is taken for a fitted model: the regressor, a pipeline or a search around it."""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from sklearn_mmm._arguments import shown
from sklearn_mmm._threads import one_thread

_Function = TypeVar("_Function", bound=Callable[..., Any])

# Arguments that are rows in the form of the X of fit.
_ROWS = ("X", "X_test", "plan")
_EXPECTED = (
    "give a fitted DeepCausalMMMRegressor, a pipeline that ends in one, or a search "
    "over it"
)


def of_fitted_model(function: _Function) -> _Function:
    """Let a function of a fitted regressor take a pipeline or a search as well.

    The first argument is replaced by the regressor in it, and rows by what the steps
    before it make of them. What is no estimator, such as a table, is passed on. The
    function runs on one thread.
    """
    signature = inspect.signature(function)
    first = next(iter(signature.parameters))

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        given = signature.bind(*args, **kwargs)
        if first in given.arguments:
            take = take_model if first == "mmm" else take_apart
            model, steps = take(given.arguments[first])
            given.arguments[first] = model
            for name in _ROWS:
                rows = given.arguments.get(name)
                # A budget that has been allocated is no table of rows.
                if rows is not None and steps and not hasattr(rows, "planned_outcome"):
                    for step in steps:
                        rows = step.transform(rows)
                    given.arguments[name] = rows
        with one_thread():
            return function(*given.args, **given.kwargs)

    return call  # type: ignore[return-value]


def take_model(mmm: Any) -> tuple[Any, list[Any]]:
    """Return the regressor at the end of a model and the steps before it.

    Raises
    ------
    NotFittedError
        If the regressor is not fitted.
    TypeError
        If there is none.
    """
    model, steps = take_apart(mmm)
    if not hasattr(model, "media_columns_"):
        raise TypeError(f"got mmm={shown(model)}; {_EXPECTED}")
    return model, steps


def take_apart(model: Any) -> tuple[Any, list[Any]]:
    """Return the regressor at the end of a model and the steps before it.

    Parameters
    ----------
    model : estimator or any other object
        The latter is returned as it is.

    Raises
    ------
    NotFittedError
        If the regressor is not fitted.
    TypeError
        If it is another estimator.
    """
    steps: list[Any] = []
    if not isinstance(model, BaseEstimator):
        return model, steps
    while isinstance(model, Pipeline) or hasattr(model, "best_estimator_"):
        if isinstance(model, Pipeline):
            names = [name for name, step in model.steps[:-1]]
            named = model.named_steps
            steps += [named[n] for n in names if named[n] not in (None, "passthrough")]
            model = model.steps[-1][1]
        else:
            model = model.best_estimator_
    check_is_fitted(model)
    if not hasattr(model, "media_plan"):
        raise TypeError(
            f"a {type(model).__name__} is no marketing mix model; {_EXPECTED}"
        )
    return model, steps
