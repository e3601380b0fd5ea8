"""For any panel: a finite and sensible result, or an error that names what is wrong.

A panel is drawn with its size, calendar, types, scales and oddities; it is fitted as
fast as can be, and every property of ``PROPERTIES`` is held against the fitted model.
"""

import warnings
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sklearn_mmm import allocate_budget, load, simulate
from sklearn_mmm.inspection import (
    contribution_table,
    diagnose,
    fit_table,
    region_channel_table,
    share_table,
)

CALENDARS = {
    "week": lambda n: pd.date_range("2021-01-04", periods=n, freq="7D"),
    "day": lambda n: pd.date_range("2021-01-01", periods=n),
    "hour": lambda n: pd.date_range("2021-01-01", periods=n, freq="h"),
    "month": lambda n: pd.date_range("2011-01-31", periods=n, freq="ME"),
    "retail": lambda n: (
        pd.Timestamp("2011-01-29")
        + pd.to_timedelta(np.cumsum(np.resize([28, 28, 35], n)) - 28, unit="D")
    ),
    "zone": lambda n: pd.date_range(
        "2021-01-04", periods=n, freq="7D", tz="Europe/Berlin"
    ),
    "period": lambda n: pd.period_range("2011-01", periods=n, freq="M"),
    "text": lambda n: CALENDARS["week"](n).strftime("%Y-%m-%d"),
    "iso week": lambda n: CALENDARS["week"](n).strftime("%G-W%V"),
    "day first": lambda n: pd.date_range("2021-01-13", periods=n).strftime("%d.%m.%Y"),
    "digits": lambda n: CALENDARS["week"](n).strftime("%Y%m%d").astype(int),
    "number": lambda n: pd.RangeIndex(3, 3 + n),
}
TYPES = ["float64", "float32", "int64", "uint16", "object", "Float64", "str"]
REGIONS = [str, int, lambda i: f"région {i} <b>", lambda i: i + 0.5, lambda i: f"0{i}"]
NAMES = [
    "tv",
    "x",
    "y",
    "0",
    "{a}",
    "a b",
    "<b>",
    "%s",
    "é",
    "spend",
    "lag",
    "*",
    "channel",
]
ODDITIES = [
    "silent region",
    "constant",
    "zero",
    "outlier",
    "collinear",
    "duplicate",
    "leak",
    "missing rows",
    "shuffled",
    "late region",
    "zero outcome",
    "constant outcome",
    "negative outcome",
    "sparse",
    "tiny beside huge",
]
DEFECTS = {
    "NaN": (np.nan, "NaN"),
    "infinite": (np.inf, "inf"),
    "negative": (-1.0, "[Nn]egative"),
    "text": ("much", "text"),
    "huge": (10**400, "unit"),
    "date": (pd.Timestamp("2021-01-04"), "dates|number"),
    "list": ([1], "number"),
}


@dataclass(frozen=True)
class Case:
    """A panel and how it is fitted."""

    n_regions: int
    n_steps: int
    n_channels: int
    n_controls: int
    calendar: str
    dtype: str
    region: int
    y_scale: float
    x_scale: float
    oddities: tuple
    n_members: int
    graph: bool
    time_varying: bool
    adstock: str
    whole: bool  # whether the fit goes to its end, with inner validation
    seed: int
    extra: int  # which of the dear properties are tried

    def table(self):
        """Return X, y and the names of media and controls."""
        rng = np.random.default_rng(self.seed)
        shape = self.n_regions, self.n_steps
        media = rng.gamma(1.5, 1.0, (*shape, self.n_channels))
        controls = rng.normal(size=(*shape, self.n_controls))
        level = 10 * rng.lognormal(size=(self.n_regions, 1))
        y = level * (5 + media.sum(2) / (1 + media.sum(2))) + rng.normal(size=shape)
        self._twist(media, y, rng)
        names = [f"{NAMES[i]}" for i in range(self.n_channels)]
        given = [f"control {i}" for i in range(self.n_controls)]
        label = REGIONS[self.region]
        times = CALENDARS[self.calendar](self.n_steps)
        n = self.n_regions * self.n_steps
        X = pd.DataFrame(
            {
                "geo": [label(r) for r in range(self.n_regions) for _ in times],
                "when": [t for _ in range(self.n_regions) for t in times],
                **dict(zip(names, self.x_scale * media.reshape(n, -1).T, strict=True)),
                **dict(zip(given, controls.reshape(n, -1).T, strict=True)),
            }
        )
        X[names] = self._typed(X[names])
        keep = self._kept(rng, n)
        return X.iloc[keep], self.y_scale * y.ravel()[keep], names, given

    def _twist(self, media, y, rng):
        odd = self.oddities
        if "silent region" in odd:
            media[0, :, 0] = 0
        if "constant" in odd:
            media[..., -1] = 1.5
        if "zero" in odd:
            media[..., 0] = 0
        if "outlier" in odd:
            y[-1, self.n_steps // 2] *= 1000
        if "collinear" in odd and self.n_channels > 2:
            media[..., 2] = media[..., 0] + 2 * media[..., 1]
        if "duplicate" in odd and self.n_channels > 1:
            media[..., 1] = media[..., 0]
        if "leak" in odd:
            media[..., 0] = np.abs(y)
        if "zero outcome" in odd:
            y[0] = 0
        if "constant outcome" in odd:
            y[:] = 7
        if "negative outcome" in odd:
            y -= 2 * y.mean()
        if "sparse" in odd:
            media *= rng.random(media.shape) < 0.05
        if "tiny beside huge" in odd:
            y[0] *= 1e-9
            media[..., 0] *= 1e6

    def _typed(self, media):
        if self.dtype in ("int64", "uint16"):
            media = (media / self.x_scale * 100).round()
        return media.astype(self.dtype)

    def _kept(self, rng, n):
        keep = np.arange(n)
        if "missing rows" in self.oddities and n > 12:
            keep = keep[rng.random(n) < 0.8]
        if "late region" in self.oddities and self.n_regions > 1:
            late = (keep < self.n_steps) & (keep < self.n_steps // 2)
            keep = keep[~late]
        if "shuffled" in self.oddities:
            keep = rng.permutation(keep)
        return keep


@st.composite
def cases(draw, most_regions=12, most_steps=160, most_channels=12):
    """Return panels; small ones come first."""
    exponent = st.integers(-12, 12)
    return Case(
        n_regions=draw(st.integers(1, most_regions)),
        n_steps=draw(st.integers(3, most_steps)),
        n_channels=draw(st.integers(1, most_channels)),
        n_controls=draw(st.integers(0, 2)),
        calendar=draw(st.sampled_from(list(CALENDARS))),
        dtype=draw(st.sampled_from(TYPES)),
        region=draw(st.integers(0, len(REGIONS) - 1)),
        y_scale=10.0 ** draw(exponent),
        x_scale=10.0 ** draw(exponent),
        oddities=tuple(draw(st.sets(st.sampled_from(ODDITIES), max_size=3))),
        n_members=draw(st.sampled_from([0, 0, 2])),
        graph=draw(st.booleans()),
        time_varying=draw(st.booleans()),
        adstock=draw(st.sampled_from(["geometric", "delayed", "weibull", "binomial"])),
        whole=draw(st.sampled_from([False, False, False, True])),
        seed=draw(st.integers(0, 2**16)),
        extra=draw(st.integers(0, 5)),
    )


@dataclass(frozen=True)
class Fitted:
    case: Case
    mmm: object
    X: pd.DataFrame
    y: np.ndarray
    media: list
    size: float  # of the outcome

    def later(self, n_steps=2):
        """Return rows that follow the training rows."""
        case = replace(self.case, n_steps=self.case.n_steps + n_steps, oddities=())
        X, *_ = case.table()
        X = X.reset_index(drop=True)
        late = X.groupby("geo", sort=False).cumcount() >= self.case.n_steps
        return X[late]


def is_sensible(values, fitted, times=1e3):
    values = np.asarray(values, dtype=float)
    return np.isfinite(values).all() and np.abs(values).max() <= times * fitted.size


def predictions_of_training_rows_are_the_sum_of_contributions(f):
    parts = f.mmm.contributions_.sum(axis=1)
    np.testing.assert_allclose(f.mmm.predict(f.X), parts, rtol=1e-6, atol=1e-9 * f.size)
    assert is_sensible(f.mmm.contributions_, f)


def the_order_of_rows_does_not_matter(f):
    order = np.random.default_rng(1).permutation(len(f.X))
    np.testing.assert_allclose(
        f.mmm.predict(f.X.iloc[order]),
        f.mmm.predict(f.X)[order],
        rtol=1e-6,
        atol=1e-9 * f.size,
    )


def some_rows_are_predicted_as_among_all(f):
    some = f.X.iloc[::3]
    np.testing.assert_allclose(
        f.mmm.predict(some), f.mmm.predict(f.X)[::3], rtol=1e-6, atol=1e-9 * f.size
    )


def rows_of_the_future_are_finite_and_sensible(f):
    assert is_sensible(f.mmm.predict(f.later()), f)


def an_unseen_region_is_finite_and_sensible(f):
    label = 977 if REGIONS[f.case.region](0) in (0, 0.5) else "elsewhere"
    assert is_sensible(f.mmm.predict(f.later().iloc[:2].assign(geo=label)), f)


def parts_of_any_rows_sum_to_their_prediction(f):
    rows = f.later()
    np.testing.assert_allclose(
        f.mmm.decompose(rows).sum(axis=1),
        f.mmm.predict(rows),
        rtol=1e-6,
        atol=1e-9 * f.size,
    )


def channels_never_lower_the_outcome(f):
    assert (f.mmm.contributions_[f.mmm.media_columns_].to_numpy() >= 0).all()


def direct_effects_sum_to_what_media_brought(f):
    table = f.mmm.effects("direct")
    brought = f.mmm.contributions_[f.mmm.media_columns_].to_numpy().sum()
    np.testing.assert_allclose(
        table["contribution"].sum(), brought, rtol=1e-6, atol=1e-9 * f.size
    )
    assert np.isfinite(table.loc[table["spend"] > 0, ["roi", "marginal_roi"]]).all(
        axis=None
    )


def curves_rise_and_are_finite(f):
    for by in ("channel", "channel×region"):
        table = f.mmm.response_curves(by, n_points=11)
        assert np.isfinite(table["response"]).all()
        assert np.isfinite(table["marginal_response"]).all()
        for _, curve in table.groupby([c for c in ("channel", "region") if c in table]):
            steps = np.diff(curve["response"])
            assert (steps >= -1e-9 * curve["response"].max()).all()


def points_of_saturation_are_finite_where_there_is_an_effect(f):
    for by in ("channel", "channel×region"):
        table = f.mmm.saturation_points(
            by, marginal_response=f.case.y_scale / f.case.x_scale
        )
        numbers = table.drop(columns=["channel", "region"], errors="ignore")
        works = (table["maximum"] > 0) & (table["spend"] > 0)
        assert np.isfinite(numbers[works].astype(float)).all(axis=None)
        assert not np.isinf(numbers.astype(float)).any(axis=None)


def the_graph_is_finite_and_has_no_cycles(f):
    edges = f.mmm.dag_.to_numpy()
    assert np.isfinite(edges).all()
    power = np.linalg.matrix_power((edges != 0).astype(float), len(edges))
    assert not power.any()


def intervals_hold_the_prediction(f):
    if not f.case.n_members:
        return
    low, high = f.mmm.predict_interval(f.X).T
    predicted = f.mmm.predict(f.X)
    assert np.isfinite(low).all()
    assert np.isfinite(high).all()
    assert (low <= predicted).all()
    assert (predicted <= high).all()


def other_frames_are_read_alike(f):
    if f.case.calendar == "period" or f.case.dtype == "object":
        return
    rows = pl.DataFrame(f.X.to_dict("list")).lazy()
    np.testing.assert_allclose(f.mmm.predict(rows), f.mmm.predict(f.X), rtol=1e-6)


PROPERTIES = [
    predictions_of_training_rows_are_the_sum_of_contributions,
    the_order_of_rows_does_not_matter,
    some_rows_are_predicted_as_among_all,
    rows_of_the_future_are_finite_and_sensible,
    an_unseen_region_is_finite_and_sensible,
    parts_of_any_rows_sum_to_their_prediction,
    channels_never_lower_the_outcome,
    direct_effects_sum_to_what_media_brought,
    curves_rise_and_are_finite,
    points_of_saturation_are_finite_where_there_is_an_effect,
    the_graph_is_finite_and_has_no_cycles,
    intervals_hold_the_prediction,
    other_frames_are_read_alike,
]


def a_budget_is_spent_within_its_bounds(f, folder):
    rows = f.later(3)
    spent = f.mmm.media_plan(rows).spend.sum()
    if not spent > 0:
        return
    plan = allocate_budget(f.mmm, rows)
    spend = plan.spend.to_numpy()
    assert np.isfinite(spend).all()
    assert (spend >= 0).all()
    np.testing.assert_allclose(spend.sum(), plan.total, rtol=1e-6)
    assert plan.gain >= -1e-6 * max(f.size, abs(plan.planned_outcome))


def more_spend_brings_no_less(f, folder):
    table = simulate(f.mmm, f.later(3), dict.fromkeys(f.mmm.media_columns_, 1.5))
    assert table.total["difference"] >= -1e-9 * f.size
    assert is_sensible(table.outcome, f)


def a_stored_model_says_the_same(f, folder):
    path = folder / "model.mmm"
    f.mmm.save(path)
    np.testing.assert_array_equal(load(path).predict(f.X), f.mmm.predict(f.X))


def an_update_is_finite_and_knows_the_new_rows(f, folder):
    rows = f.later()
    y = np.full(len(rows), f.y.mean())
    n_rows = len(f.X) + len(rows)
    f.mmm.partial_fit(rows, y)
    assert len(f.mmm.contributions_) == n_rows
    assert is_sensible(f.mmm.predict(rows), f)


def tables_of_results_are_made(f, folder):
    assert diagnose(f.mmm)["message"].str.len().gt(20).all()
    fits = fit_table(f.mmm)
    assert np.isfinite(fits[["actual", "predicted"]]).all(axis=None)
    parts = contribution_table(f.mmm).select_dtypes("number")
    assert np.isfinite(parts).all(axis=None)
    shares = pd.concat([share_table(f.mmm), region_channel_table(f.mmm)])
    numbers = shares.select_dtypes("number")
    assert not np.isinf(numbers).any(axis=None)
    # Of an outcome below zero, or of none at all, there is no share to speak of.
    if f.y.any() and "negative outcome" not in f.case.oddities:
        assert shares["share_of_outcome"].abs().max() < 100


# Dearer ones, of which each example tries one.
DEAR = [
    tables_of_results_are_made,
    a_budget_is_spent_within_its_bounds,
    more_spend_brings_no_less,
    a_stored_model_says_the_same,
    an_update_is_finite_and_knows_the_new_rows,
]


def fit(quick, case):
    X, y, media, controls = case.table()
    mmm = quick(
        media,
        controls,
        "geo",
        "when",
        n_members=case.n_members,
        graph=case.graph,
        time_varying=case.time_varying,
        adstock=case.adstock,
        max_lag=4,
        **({"max_epochs": 200, "validation": True} if case.whole else {}),
    )
    mmm.fit(X, y)
    # Where the outcome is zero throughout, units are what they are.
    size = np.abs(y).max() or 1e-3
    return Fitted(case, mmm, X, y, media, size)


def hold(quick, case, folder):
    """Hold all properties against a panel; nothing leaks but our own warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", category=UserWarning, module="tests|.*")
        warnings.simplefilter("error", RuntimeWarning)
        warnings.simplefilter("error", FutureWarning)
        _, y, *_ = case.table()
        if len(y) < 2:
            with pytest.raises(ValueError, match="sample"):
                fit(quick, case)
            return
        fitted = fit(quick, case)
        for holds in PROPERTIES:
            holds(fitted)
        if case.extra < len(DEAR):
            DEAR[case.extra](fitted, folder)


def refuse(quick, case, defect):
    """Spoil one value of a column, which the error names."""
    value, word = DEFECTS[defect]
    X, y, media, controls = case.table()
    column = media[-1]
    spoiled = X[column].astype(float).astype(object).to_list()
    spoiled[len(X) // 2] = value
    X = X.assign(**{column: pd.Series(spoiled, X.index, dtype=object)})
    with pytest.raises((ValueError, TypeError), match=word) as error:
        quick(media, controls, "geo", "when", max_lag=4).fit(X, y)
    assert repr(column) in str(error.value)


QUIET = [
    HealthCheck.too_slow,
    HealthCheck.data_too_large,
    HealthCheck.function_scoped_fixture,
]


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=QUIET)
@given(case=cases(3, 30, 3))
def test_properties_hold_for_small_panels(quick, tmp_path, case):
    hold(quick, case, tmp_path)


@pytest.mark.slow
@settings(max_examples=2000, deadline=None, suppress_health_check=QUIET)
@given(case=cases())
def test_properties_hold_for_panels(quick, tmp_path, case):
    hold(quick, case, tmp_path)


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=QUIET)
@given(case=cases(3, 12, 3), defect=st.sampled_from(list(DEFECTS)))
def test_one_spoiled_value_is_named(quick, case, defect):
    refuse(quick, case, defect)
