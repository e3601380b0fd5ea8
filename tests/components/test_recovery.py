"""Each form learns the parameters of data that it made."""

import numpy as np
import pytest

from sklearn_mmm import DeepCausalMMMRegressor
from sklearn_mmm.components._adstock import ADSTOCKS
from sklearn_mmm.components._saturation import SATURATIONS
from sklearn_mmm.datasets import make_mmm

FORMS = [(kernel, "hill") for kernel in ADSTOCKS] + [
    ("geometric", curve) for curve in SATURATIONS if curve != "hill"
]


@pytest.mark.parametrize(("adstock", "saturation"), FORMS)
def test_a_form_recovers_its_own_truth(adstock, saturation):
    form = {"adstock": adstock, "saturation": saturation}
    X, y, truth = make_mmm(
        4, 80, 2, media_share=0.5, noise=0.01, random_state=1, **form
    )
    mmm = DeepCausalMMMRegressor(
        truth.media_columns,
        truth.control_columns,
        "region",
        "week",
        validation=False,
        graph=False,
        time_varying=False,
        n_members=0,
        random_state=0,
        **form,
    ).fit(X, y)
    np.testing.assert_allclose(mmm.adstock_, truth.adstock_weights, atol=0.02)
    # Over the spend that was seen, in units of the largest response.
    found = mmm.response_curves("channel×region", n_points=13, reach=1.0)
    true = truth.response_curves.groupby(["region", "channel"]).head(13)
    found, true = (
        table.sort_values(["channel", "region", "spend"])["response"].to_numpy()
        for table in (found, true)
    )
    largest = true.reshape(-1, 13)[:, -1:]
    # A kernel that may rise is a little less certain, and with it the curve.
    most, off = (0.1, 0.06) if adstock == "gamma" else (0.08, 0.05)
    assert np.abs((found - true).reshape(-1, 13) / largest).max() < most
    total, true_total = mmm.contributions_, truth.contributions.sum()
    np.testing.assert_allclose(total[truth.media_columns].sum(), true_total, rtol=off)
