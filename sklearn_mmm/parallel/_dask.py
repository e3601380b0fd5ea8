"""joblib on Dask, so that nothing is lost with a worker."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from joblib import parallel_config
from joblib._dask import DaskDistributedBackend


class _SelfContainedTasks(DaskDistributedBackend):
    """joblib's backend, whose tasks carry their own data.

    It would send larger arguments, such as the rows of a fold, to one worker ahead of
    the task. They are lost with that worker, the task cannot be repeated, and whoever
    waits for it waits for ever.
    """

    def start_call(self) -> None:
        super().start_call()
        # An argument without an entry is looked for nowhere else.
        self.call_data_futures: Any = None

    def stop_call(self) -> None:
        self.call_data_futures = {}
        super().stop_call()

    def effective_n_jobs(self, n_jobs: int) -> int:
        # With one job joblib would compute here instead of on the one worker.
        return max(2, super().effective_n_jobs(n_jobs))

    def get_nested_backend(self) -> tuple[Any, int]:
        return type(self)(client=self.client), -1

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), ())


@contextmanager
def on_dask(client: Any = None, **options: Any) -> Iterator[None]:
    """Let joblib run on a Dask cluster that may lose workers.

    Whatever takes ``n_jobs`` runs there: :func:`fit_many`, ``GridSearchCV``,
    ``cross_validate``. What a lost worker had begun is begun again on another.

    Parameters
    ----------
    client : distributed.Client, default=None
        None takes the current one.
    **options
        Of joblib's backend "dask": ``scatter=[X, y]`` sends large tables once to every
        worker instead of with each task; others go to ``Client.submit``.

    Yields
    ------
    None
        While it lasts, joblib runs there.

    Raises
    ------
    ValueError
        If Dask is not installed (``pip install "sklearn_mmm[dask]"``) or there is no
        client.

    Notes
    -----
    joblib's own backend waits for ever when a worker is lost that held the arguments
    of a task; here a task carries them.

    Examples
    --------
    >>> from dask.distributed import Client, LocalCluster  # doctest: +SKIP
    >>> with LocalCluster(n_workers=4, threads_per_worker=1) as cluster:
    ...     with Client(cluster), on_dask():
    ...         search.fit(X, y)  # doctest: +SKIP
    """
    backend = _SelfContainedTasks(client=client, **options)
    with parallel_config(backend=backend, n_jobs=-1):
        yield
