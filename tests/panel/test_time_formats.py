"""However dates are written, they are read as they were meant, or not at all."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sklearn_mmm.panel._time_axis import make_time_axis
from sklearn_mmm.panel._time_text import ISO, choose_layout, fullness, parse_text

DAILY = [
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%y",
    "%m-%d-%Y",
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y%m%d",
]
DAILY += ["%d %b %Y", "%B %d, %Y", "%d-%b-%y", "%Y%j", "%y%m%d", "%Y.%m.%d"]
CLOCKS = ["%d/%m/%Y %H:%M", "%m/%d/%Y %I:%M %p", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]
MONTHLY = [*DAILY, "%Y-%m", "%m/%Y", "%Y%m", "%b %Y", "%b-%y"]
STEPS = {
    "D": DAILY,
    "7D": [*DAILY, "%G-W%V", "%G%V"],
    "14D": DAILY,
    "MS": MONTHLY,
    "ME": DAILY,
    "QS": DAILY,
    "h": CLOCKS,
    "15min": CLOCKS,
}


MONTHS = pd.date_range("2021-01-01", periods=24, freq="MS")


@st.composite
def writings(draw):
    frequency = draw(st.sampled_from(list(STEPS)))
    layout = draw(st.sampled_from(STEPS[frequency]))
    start = pd.Timestamp("2012-01-01") + pd.Timedelta(days=draw(st.integers(0, 4000)))
    if layout in ("%G-W%V", "%G%V"):
        start -= pd.Timedelta(days=start.weekday())
    dates = pd.date_range(start, periods=draw(st.integers(2, 60)), freq=frequency)
    keep = draw(st.lists(st.integers(0, len(dates) - 1), max_size=len(dates) // 10))
    gone = dates.delete([i for i in set(keep) if 0 < i < len(dates) - 1])
    return gone, layout


def refused(labels):
    """Return the axis, or None where the labels are refused as doubtful."""
    try:
        return make_time_axis(labels, "when")
    except ValueError as error:
        assert "without a doubt" in str(error) or "evenly" in str(error), error  # noqa: PT017
        return None


@settings(max_examples=300, deadline=None, derandomize=True)
@given(writing=writings(), order=st.randoms(use_true_random=False))
@example(
    writing=(pd.date_range("2021-01-01", periods=24, freq="MS"), "%d/%m/%Y"), order=None
)
def test_dates_are_read_as_they_were_meant_or_refused(writing, order):
    dates, layout = writing
    labels = dates.strftime(layout).to_numpy(dtype=object)
    if order is not None:
        order.shuffle(labels)
    axis = refused(labels)
    if axis is None:
        return
    meant = make_time_axis(dates, "when")
    texts = dates.strftime(layout).to_numpy(dtype=object)
    assert (
        axis.position(texts, "when").tolist() == meant.position(dates, "when").tolist()
    )
    assert (axis.kind, axis.pace) == (meant.kind, meant.pace)
    read, _ = axis.read(texts[:1], "when")
    assert abs(pd.Timestamp(read[0]) - dates[0]) < pd.Timedelta(days=31)


def test_fullness_by_hand():
    days = np.array(["2021-01-01", "2021-01-02", "2021-01-04"], "M8[s]")
    assert fullness(days) == pytest.approx(3 / 4)
    months = np.array(["2021-01-31", "2021-02-28", "2021-03-31"], "M8[s]")
    assert fullness(months) == 1
    assert fullness(days[:1]) == 1


def test_the_fuller_reading_is_chosen_only_where_the_other_is_empty():
    even = np.array(["2021-01-01", "2021-02-01", "2021-03-01", "2021-04-01"], "M8[s]")
    empty = np.array(["2021-01-01", "2021-01-02", "2021-01-03", "2031-01-04"], "M8[s]")
    assert choose_layout({"a": even, "b": empty}, "when", list("wxyz")) == "a"
    with pytest.raises(ValueError, match="x may be"):
        choose_layout({"a": even, "b": even.copy()[[0, 2, 1, 3]]}, "when", list("wxyz"))


@pytest.mark.parametrize(
    ("text", "local", "universal"),
    [
        ("2023-01-31", "2023-01-31", "2023-01-31"),
        ("2023/1/5", "2023-01-05", "2023-01-05"),
        ("2023-01", "2023-01-01", "2023-01-01"),
        ("2023-01-31T10:00+01:00", "2023-01-31T10:00", "2023-01-31T09:00"),
        ("2023-01-31 10:00:30-0530", "2023-01-31T10:00:30", "2023-01-31T15:30:30"),
        ("2023-01-31T10Z", "2023-01-31T10", "2023-01-31T10"),
        ("31-01-2023", "NaT", "NaT"),
        ("2023-13-01", "NaT", "NaT"),
    ],
)
def test_iso_texts_by_hand(text, local, universal):
    found = parse_text([text], ISO)
    expected = np.array([local, universal], "M8[s]")
    np.testing.assert_array_equal(np.ravel(found).astype("M8[s]"), expected)


@pytest.mark.parametrize("layout", ["%d%m%Y", "%m%d%Y"])
def test_dates_that_lost_their_dots_are_refused(layout):
    weeks = pd.date_range("2023-07-03", periods=60, freq="7D")
    with pytest.raises(ValueError, match=r"lost their dots.*dtype=\{'when': str\}"):
        make_time_axis(weeks.strftime(layout).astype(int), "when")


def test_large_numbers_that_are_no_dates_still_count():
    assert make_time_axis(np.arange(3_512_020, 3_512_060), "when").kind == "number"
