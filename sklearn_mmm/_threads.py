"""How many threads a computation takes, and what a fit leaves when it fails."""

import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar

import torch
from joblib import Parallel, delayed, effective_n_jobs
from threadpoolctl import ThreadpoolController

_Function = TypeVar("_Function", bound=Callable[..., Any])
_Result = TypeVar("_Result")

# A thread takes torch's number over when it first asks: let that be the user's.
torch.get_num_threads()


class _Limit:
    """One thread for whoever computes, counted over threads and nested calls.

    OpenMP and torch keep a number for each thread that calls them, BLAS one for the
    whole process. So each thread sets and restores its own, while BLAS is limited from
    the first that enters until the last has left.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside: dict[int, set[object]] = {}
        # What is owed: it stays here until it is restored, whatever interrupts.
        self._own: dict[int, Any] = {}
        self._of_process: list[Any] = []
        self._n_modules = -1

    def enter(self, call: object) -> None:
        """Limit the calling thread, unless it is limited already."""
        me = threading.get_ident()
        with self._lock:
            self._inside.setdefault(me, set()).add(call)
            if not self._of_process:
                self._find_libraries()
                blas = self._libraries.select(user_api="blas")
                self._of_process = [torch.get_num_threads(), blas.limit(limits=1)]
            if me not in self._own:
                openmp = self._libraries.select(user_api="openmp")
                self._own[me] = openmp.limit(limits=1)
                torch.set_num_threads(1)

    def leave(self, call: object) -> None:
        """Restore what was before, once the outermost call has come to its end."""
        me = threading.get_ident()
        with self._lock:
            calls = self._inside.get(me, set())
            calls.discard(call)
            if calls:
                return
            self._inside.pop(me, None)
            if me in self._own:
                self._own[me].restore_original_limits()
                torch.set_num_threads(self._of_process[0])
                del self._own[me]
            if self._of_process and not self._inside:
                self._of_process[1].restore_original_limits()
                self._of_process = []

    def _find_libraries(self) -> None:
        # Libraries come with modules; looking for them takes milliseconds.
        if self._n_modules != len(sys.modules):
            self._libraries = ThreadpoolController()
            self._n_modules = len(sys.modules)


_LIMIT = _Limit()


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one thread; the limits of before hold again afterwards.

    A fit or a prediction is many small operations. More threads slow them down,
    several times where others run beside them, and round differently. As a decorator
    it does the same for a function. Computations may overlap in several threads.
    """
    call = object()
    try:
        _LIMIT.enter(call)
        yield
    finally:
        _LIMIT.leave(call)


def side_by_side(
    function: Callable[..., _Result],
    arguments: Iterable[tuple[Any, ...]],
    n_jobs: int | None,
) -> list[_Result]:
    """Return what a function gives for each of some arguments, on several threads.

    Each call computes on one thread, so that its result is the same for any number of
    them.

    Parameters
    ----------
    function : callable
        Which changes nothing that others read.
    arguments : iterable of tuple
    n_jobs : int or None
        Threads, as in joblib.

    Examples
    --------
    >>> side_by_side(pow, [(2, 3), (3, 2)], n_jobs=2)
    [8, 9]
    """
    if effective_n_jobs(n_jobs) == 1:
        return [function(*given) for given in arguments]
    alone = one_thread()(function)
    work = Parallel(n_jobs=n_jobs, require="sharedmem")
    return list(work(delayed(alone)(*given) for given in arguments))


def learns_aside(fit: _Function) -> _Function:
    """Let a fitting method work on a copy, on one thread, and assign at the end.

    Refused or interrupted, the estimator is what it was before, and so is a random
    state among its parameters. The method must not change in place what an earlier fit
    has stored.
    """

    @wraps(fit)
    def learn(self: Any, *args: Any, **kwargs: Any) -> Any:
        aside = object.__new__(type(self))
        vars(aside).update(vars(self))
        random: Any = getattr(self, "random_state", None)
        former = random.get_state() if hasattr(random, "get_state") else None
        try:
            with one_thread():
                result = fit(aside, *args, **kwargs)
        except BaseException:
            if former is not None:
                random.set_state(former)
            raise
        self.__dict__ = vars(aside)
        return self if result is aside else result

    return learn  # type: ignore[return-value]
