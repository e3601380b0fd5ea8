import importlib
import re
import sys
from pathlib import Path

import pytest

import sklearn_mmm
from sklearn_mmm import DeepCausalMMMRegressor
from sklearn_mmm.datasets import make_mmm

DOCS = Path(sklearn_mmm.__file__).parents[1] / "docs"
_FILE = re.compile(
    r"^\.\. code-block:: python\n   :caption: (\w+)\.py\n\n((?:   .*\n|\n)+)", re.M
)


@pytest.fixture(scope="session")
def written(tmp_path_factory):
    """Return the files that pages show, by page: their module."""
    folder = tmp_path_factory.mktemp("own")
    modules = {}
    for page in ("extend_saturation", "extend_adstock"):
        name, block = _FILE.search((DOCS / f"{page}.rst").read_text("utf-8")).groups()
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


@pytest.fixture(scope="session")
def small_panel():
    """Return two regions and 60 weeks with their truth."""
    return make_mmm(2, 60, 2, random_state=0)


@pytest.fixture(scope="session")
def make_small(small_panel):
    """Return a factory of regressors of that panel."""
    truth = small_panel[2]

    def make(**components):
        return DeepCausalMMMRegressor(
            truth.media_columns,
            truth.control_columns,
            "region",
            "week",
            max_lag=4,
            validation=False,
            graph=False,
            n_members=4,
            random_state=0,
            **components,
        )

    return make


@pytest.fixture(scope="session")
def own_curve_fit(small_panel, make_small, own_saturation):
    """Return a fit with a user's own saturation."""
    return make_small(saturation=own_saturation).fit(*small_panel[:2])


@pytest.fixture(scope="session")
def own_kernel_fit(small_panel, make_small, own_adstock):
    """Return a fit with a user's own adstock."""
    return make_small(adstock=own_adstock).fit(*small_panel[:2])
