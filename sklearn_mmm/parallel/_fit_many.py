"""One estimator, many panels."""

import pickle
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from joblib import Parallel, delayed
from joblib.externals.loky.process_executor import TerminatedWorkerError
from sklearn.base import clone
from sklearn.exceptions import FitFailedWarning
from tqdm.auto import tqdm

from sklearn_mmm._warn import warn_caller

# How often panels are begun again whose worker process has died.
_N_ATTEMPTS = 3


@dataclass(frozen=True)
class FittedPanels(Mapping[Any, Any]):
    """Fitted estimators by the name of their panel.

    Attributes
    ----------
    estimators : dict
        Fitted, in the order of the panels.
    failures : dict of Exception
        Why a panel could not be fitted; the traceback is a note of the exception.

    Examples
    --------
    >>> from sklearn_mmm.parallel import FittedPanels
    >>> FittedPanels({"a": 1}, {"b": ValueError("no rows")})
    FittedPanels(1 fitted, 1 failed: b)
    """

    estimators: dict[Any, Any] = field(default_factory=dict)
    failures: dict[Any, Exception] = field(default_factory=dict)

    def __getitem__(self, name: Any) -> Any:
        if name in self.failures:
            raise KeyError(f"panel {name!r} failed: {self.failures[name]!r}")
        return self.estimators[name]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.estimators)

    def __len__(self) -> int:
        return len(self.estimators)

    def __repr__(self) -> str:
        failed = ", ".join(map(str, self.failures))
        text = f"{len(self)} fitted, {len(self.failures)} failed"
        return f"FittedPanels({text}: {failed})" if failed else f"FittedPanels({text})"


def fit_many(
    estimator: Any,
    panels: Mapping[Any, Any],
    *,
    n_jobs: int | None = None,
    verbose: int = 0,
) -> FittedPanels:
    """Fit a clone of an estimator to each of many panels, such as one for each brand.

    Jobs run through joblib: on this machine with ``n_jobs``, on a cluster inside
    :func:`on_dask`. What one panel gives does not depend on the others.

    Parameters
    ----------
    estimator : estimator
        Unfitted; a pipeline or a search does as well.
    panels : dict
        By name, ``(X, y)``, ``(X, y, options)`` with a dict of further arguments of
        ``fit`` (such as lift tests), or a function without arguments that returns one
        of these, which is called in the worker.
    n_jobs : int, default=None
        Panels at a time; None means 1 unless joblib is told otherwise, -1 one for
        each core.
    verbose : int, default=0
        Whether to show a progress bar over panels.

    Returns
    -------
    FittedPanels
        A mapping from names to fitted estimators, with the exceptions of panels that
        failed in ``failures``.

    Raises
    ------
    TypeError
        If panels are no dict, or one is neither a tuple nor a function.

    Warns
    -----
    FitFailedWarning
        If panels failed.

    Notes
    -----
    If a worker process dies, for want of memory for instance, its panels are begun
    again, three times at most; after that they count as failed.

    Examples
    --------
    >>> from sklearn_mmm import AdstockHillTransformer, fit_many
    >>> from sklearn_mmm.datasets import make_mmm
    >>> panels = {
    ...     brand: make_mmm(2, 30, 1, random_state=seed)[:2]
    ...     for seed, brand in enumerate(["soap", "tea"])
    ... }
    >>> fits = fit_many(AdstockHillTransformer(["tv"], "region", "week"), panels)
    >>> list(fits)
    ['soap', 'tea']
    >>> fits["tea"].decay_.shape
    (1,)
    """
    _check(panels)
    found: dict[Any, Any] = {}
    with tqdm(total=len(panels), unit="panel", disable=not verbose) as bar:
        for attempt in range(1, _N_ATTEMPTS + 1):
            waiting = {n: panel for n, panel in panels.items() if n not in found}
            try:
                for name, result in _work(estimator, waiting, n_jobs):
                    found[name] = result
                    bar.update()
            except TerminatedWorkerError as error:
                if attempt == _N_ATTEMPTS:
                    found = dict.fromkeys(waiting, error) | found
    ordered = {name: found[name] for name in panels}
    failures = {k: v for k, v in ordered.items() if isinstance(v, Exception)}
    _warn_of(failures, len(panels))
    return FittedPanels(
        {k: v for k, v in ordered.items() if k not in failures}, failures
    )


def _work(
    estimator: Any, panels: Mapping[Any, Any], n_jobs: int | None
) -> Iterable[tuple[Any, Any]]:
    """Return names and results as they arrive."""
    work: Any = Parallel(n_jobs=n_jobs, return_as="generator_unordered")
    found: Iterable[tuple[Any, Any]] = work(
        delayed(_fit_one)(name, clone(estimator), panel)
        for name, panel in panels.items()
    )
    return found


def _check(panels: Any) -> None:
    if not isinstance(panels, Mapping):
        raise TypeError(
            f"panels is a {type(panels).__name__}; give a dict of names and (X, y)"
        )
    for name, panel in panels.items():
        pair = isinstance(panel, tuple) and len(panel) in (2, 3)
        if not pair and not isinstance(panel, Callable):  # type: ignore[arg-type]
            raise TypeError(
                f"panel {name!r} is a {type(panel).__name__}; give (X, y), "
                "(X, y, options of fit), or a function that returns one of these"
            )


def _fit_one(name: Any, estimator: Any, panel: Any) -> tuple[Any, Any]:
    """Return the name and a fitted estimator, or why there is none."""
    try:
        X, y, *options = panel() if callable(panel) else panel
        return name, estimator.fit(X, y, **(options[0] if options else {}))
    except Exception as error:  # noqa: BLE001 - one panel must not end the others
        error.add_note(traceback.format_exc())
        try:
            pickle.loads(pickle.dumps(error))
        except Exception:  # noqa: BLE001 - an exception that cannot travel
            return name, RuntimeError(f"{type(error).__name__}: {error}")
        return name, error


def _warn_of(failures: Mapping[Any, Exception], n_panels: int) -> None:
    if not failures:
        return
    first, error = next(iter(failures.items()))
    warn_caller(
        f"{len(failures)} of {n_panels} panels could not be fitted, first {first!r} "
        f"({type(error).__name__}: {error}); see the attribute failures",
        FitFailedWarning,
    )
