import importlib
import inspect
import os
import re
import signal
import sys
from contextlib import contextmanager
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
import torch

import sklearn_mmm
from sklearn_mmm import DeepCausalMMMRegressor
from sklearn_mmm.datasets import make_mmm

DOCS = Path(sklearn_mmm.__file__).parents[1] / "docs"
_FILE_IN_PAGE = re.compile(
    r"^\.\. code-block:: python\n   :caption: (\w+)\.py\n\n((?:   .*\n|\n)+)", re.M
)

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def panel():
    """Return a small panel with its truth."""
    return make_mmm(4, 80, 3, random_state=0)


@pytest.fixture(scope="session")
def make_regressor(panel):
    """Return a factory of regressors that know the panel's columns."""
    _, _, truth = panel

    def make(**kwargs):
        options = {"max_epochs": 200, "n_members": 0, "random_state": 0} | kwargs
        return DeepCausalMMMRegressor(
            truth.media_columns, truth.control_columns, "region", "week", **options
        )

    return make


@pytest.fixture(scope="session")
def fitted(panel, make_regressor):
    """Return a regressor fitted to all but the last eight weeks, without members."""
    X, y, _ = panel
    train = X["week"] < X["week"].unique()[-8]
    return make_regressor().fit(X[train], y[train])


@pytest.fixture(scope="session")
def with_members(panel, make_regressor):
    """Return the same fit with a small ensemble."""
    X, y, _ = panel
    train = X["week"] < X["week"].unique()[-8]
    return make_regressor(n_members=8).fit(X[train], y[train])


@pytest.fixture(scope="session")
def holdout(panel):
    """Return the last eight weeks, which ``fitted`` has not seen."""
    X, y, _ = panel
    later = X["week"] >= X["week"].unique()[-8]
    return X[later], y[later]


@pytest.fixture(scope="session")
def make_plain():
    """Return a factory of regressors without what takes time: members, graph, GRU."""

    def make(regressor=DeepCausalMMMRegressor, **options):
        options = {
            "media_columns": ["tv", "search"],
            "control_columns": ["price", "promotion"],
            "region_column": "region",
            "time_column": "week",
            "max_epochs": 60,
            "time_varying": False,
            "validation": False,
            "graph": False,
            "n_members": 0,
            "random_state": 0,
        } | options
        return regressor(**options)

    return make


@pytest.fixture(scope="session")
def plain_panel():
    """Return X and y of three regions and 70 weeks."""
    X, y, _ = make_mmm(3, 70, 2, random_state=0)
    return X, y


@pytest.fixture(scope="session")
def plain_fit(make_plain, plain_panel):
    """Return a plain fit of the plain panel."""
    return make_plain().fit(*plain_panel)


@contextmanager
def _signal_at(number, n_calls):
    seen = 0

    def watch(frame, event, arg):
        nonlocal seen
        # What is raised in a generator that is being closed is lost.
        passing = frame.f_code.co_flags & inspect.CO_GENERATOR
        own = "sklearn_mmm" in frame.f_code.co_filename and not passing
        if event == "call" and own:
            seen += 1
            if seen == n_calls:
                signal.raise_signal(number)

    former = signal.getsignal(signal.SIGINT)
    if former == signal.SIG_IGN:
        # A shell starts what runs in the background without it.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.setprofile(watch)
    try:
        yield lambda: seen
    finally:
        sys.setprofile(None)
        signal.signal(signal.SIGINT, former)


@pytest.fixture(scope="session")
def signal_at():
    """Return a context that signals the process at the package's n-th call in it.

    With -1 it never does; what it yields then counts the calls.
    """
    return _signal_at


@pytest.fixture(scope="session")
def quick():
    """Return a factory of keyed regressors that fit as fast as can be."""
    cheap = {
        "max_epochs": 2,
        "validation": False,
        "graph": False,
        "time_varying": False,
        "n_members": 0,
        "random_state": 0,
    }
    known = DeepCausalMMMRegressor().get_params()

    def make(media=("tv",), controls=None, region="region", time="week", **kwargs):
        options = {k: v for k, v in cheap.items() if k in known} | kwargs
        return DeepCausalMMMRegressor(list(media), controls, region, time, **options)

    return make


@pytest.fixture(scope="session")
def written(tmp_path_factory):
    """Return the files that pages show, by page: their module."""
    folder = tmp_path_factory.mktemp("own")
    modules = {}
    for page in ("extend_saturation", "extend_adstock"):
        name, block = _FILE_IN_PAGE.search(
            (DOCS / f"{page}.rst").read_text("utf-8")
        ).groups()
        code = re.sub("^   ", "", block, flags=re.M).strip("\n") + "\n"
        (folder / f"{name}.py").write_text(code, encoding="utf-8")
        modules[page] = name
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    yield {page: importlib.import_module(name) for page, name in modules.items()}
    sys.path.remove(str(folder))
    for name in modules.values():
        del sys.modules[name]


@pytest.fixture(scope="session")
def own_saturation(written):
    """Return the saturation that a page shows."""
    return written["extend_saturation"].ArctanSaturation()


@pytest.fixture(scope="session")
def own_adstock(written):
    """Return the adstock that a page shows."""
    return written["extend_adstock"].PowerLawAdstock()
