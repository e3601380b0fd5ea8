import numpy as np
import pandas as pd
import pytest

from sklearn_mmm.inspection import (
    collinearity,
    coverage_table,
    diagnose,
    fit_table,
    outlier_table,
    zero_spells,
)
from sklearn_mmm.inspection._data_quality import longest_run, variance_inflation


@pytest.fixture(scope="module")
def fit(make_regressor, panel):
    """Return a function that fits a few epochs to a changed panel."""
    X, y, _ = panel

    def run(change, **options):
        rows, outcome = change(X.copy(), y.copy())
        options = {"max_epochs": 3, "validation": False, "graph": False} | options
        return make_regressor(**options).fit(rows, outcome)

    return run


def test_coverage_counts_missing_rows(fit):
    with pytest.warns(UserWarning, match="missing"):
        mmm = fit(lambda X, y: (X.drop(index=X.index[[3, 5]]), y.drop(index=[3, 5])))
    table = coverage_table(mmm)
    assert len(table) == 4 * 80
    assert (~table["observed"]).sum() == 2


def test_longest_run_ends_with_its_region():
    flags = np.array([True, True, False, True, True, True])
    assert longest_run(flags, np.array(list("aaabbb"))) == 3
    assert longest_run(flags, np.array(list("aaaabb"))) == 2
    assert longest_run(~flags, np.zeros(6)) == 1


def test_zero_spells(fit):
    def pause(X, y):
        weeks = X["week"].unique()
        X.loc[:, "tv"] = 1.0 + np.arange(len(X)) % 7
        X.loc[X["week"].isin(weeks[10:25]), "tv"] = 0.0
        X.loc[X["region"] == X["region"].iloc[-1], "search"] = 0.0
        return X, y

    activity, spells = zero_spells(fit(pause))
    spells = spells.set_index("channel")
    assert spells.loc["tv", "longest_spell"] == 15
    assert spells.loc["tv", "zero_share"] == pytest.approx(15 / 80)
    assert spells.loc["search", "silent_regions"] == 1
    assert spells.loc["search", "longest_spell"] == 80
    quiet = activity[(activity["channel"] == "tv") & (activity["active"] == 0)]
    assert len(quiet) == 15


def test_variance_inflation_of_two_columns():
    found = variance_inflation(np.array([[1.0, 0.8], [0.8, 1.0]]))
    np.testing.assert_allclose(found, 1 / (1 - 0.64))
    found = variance_inflation(np.array([[1.0, 1.0], [1.0, 1.0]]))
    assert np.isinf(found).all()
    gap = np.array([[1.0, np.nan], [np.nan, np.nan]])
    np.testing.assert_array_equal(variance_inflation(gap), [1.0, np.nan])


def test_variance_inflation_is_the_diagonal_of_the_inverse():
    values = np.random.default_rng(0).normal(size=(50, 4)) @ np.triu(np.ones((4, 4)))
    correlation = np.corrcoef(values.T)
    np.testing.assert_allclose(
        variance_inflation(correlation), np.diag(np.linalg.inv(correlation))
    )


def test_differences_between_regions_are_no_correlation(fit):
    def independent(X, y):
        size = 10.0 ** X["region"].rank(method="dense")
        rng = np.random.default_rng(0)
        X["tv"], X["search"] = (size * (1 + rng.random(len(X))) for _ in range(2))
        return X, y

    correlation, vif = collinearity(fit(independent))
    assert abs(correlation.loc["tv", "search"]) < 0.15
    assert vif.set_index("column").loc["tv", "vif"] < 1.5


def test_warnings_name_what_is_wrong(fit):
    def spoil(X, y):
        X["search"] = 2 * X["tv"] + 1
        X["social"] = 100.0 + np.arange(len(X)) % 3
        return X, y

    mmm = fit(spoil)
    said = " ".join(diagnose(mmm)["message"])
    assert "less than two years" in said
    assert "variance inflation above 10" in said
    assert "above 10): search and tv." in said or "above 10): tv and search." in said
    assert "Always on with little variation: social." in said
    assert "no holdout" in said


def test_warnings_of_a_bad_forecast(fitted, holdout):
    X, y = holdout
    table = fit_table(fitted, X, y)
    later = table["split"] == "holdout"
    assert "worse than by the mean" not in " ".join(diagnose(fitted, table)["message"])
    table.loc[later, "predicted"] *= 10
    said = " ".join(diagnose(fitted, table)["message"])
    assert "worse than by the mean" in said
    assert "seasonal naive" in said


def test_wide_intervals_are_named(with_members, monkeypatch):
    said = " ".join(diagnose(with_members, coverage=0.01)["message"])
    assert "not even known within" not in said
    original = type(with_members).effects

    def effects(self, *args, **kwargs):
        return original(self, *args, **kwargs).assign(roi_low=-1.0, roi_high=9.0)

    monkeypatch.setattr(type(with_members), "effects", effects)
    assert "not even known within" in " ".join(diagnose(with_members)["message"])


def test_outliers_are_found_and_sorted(fitted):
    everything = outlier_table(fitted, threshold=0.0)
    assert len(everything) == len(fitted.history_)
    assert everything["score"].abs().is_monotonic_decreasing
    some = outlier_table(fitted, threshold=2.0)
    pd.testing.assert_frame_equal(some, everything[: len(some)])
    assert (some["score"].abs() >= 2).all()
