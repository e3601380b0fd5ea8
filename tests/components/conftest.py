import pytest

from sklearn_mmm import DeepCausalMMMRegressor
from sklearn_mmm.datasets import make_mmm


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
