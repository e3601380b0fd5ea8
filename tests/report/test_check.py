"""What a report cannot be made of is said before anything is computed."""

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge

from sklearn_mmm import DeepCausalMMMRegressor, inspection, make_report
from sklearn_mmm.report import _report
from sklearn_mmm.report._workbook import write_workbook

ODD = [True, 3, 1.5, [], {"a": 1}, object(), np.ones(3), pd.DataFrame({"a": [1]})]


@pytest.fixture
def make(fitted, tmp_path, monkeypatch):
    """Return a function that asks for a report, of which nothing is computed."""

    def never(*args, **kwargs):
        raise AssertionError("computed before the arguments were checked")

    def run(**arguments):
        make_report(**{"mmm": fitted, "path": tmp_path / "r.html"} | arguments)

    monkeypatch.setattr(_report, "_results", never)
    yield run
    assert not list(tmp_path.glob("*.html"))


@pytest.mark.parametrize("value", [None, "x", *ODD])
def test_what_is_no_model_is_refused(make, value):
    with pytest.raises(TypeError, match=r"got mmm=.*a fitted DeepCausalMMMRegressor"):
        make(mmm=value)
    if value is not None:
        with pytest.raises(TypeError, match=r"got previous=.*the last report"):
            make(previous=value)


def test_other_estimators_are_refused(make):
    for name in ("mmm", "previous"):
        with pytest.raises(NotFittedError):
            make(**{name: DeepCausalMMMRegressor()})
        with pytest.raises(TypeError, match="Ridge is no marketing mix model"):
            make(**{name: Ridge().fit([[1.0], [2.0]], [1.0, 2.0])})


@pytest.mark.parametrize("name", ["path", "xlsx", "title", "units", "placebo"])
def test_odd_arguments_are_refused_by_name(make, name):
    for value in ODD:
        with pytest.raises((TypeError, ValueError), match=rf"\b{name}\b.*; ?give"):
            make(**{name: value})


@pytest.mark.parametrize("name", ["path", "xlsx"])
def test_places_where_no_file_can_be_are_refused(make, name, tmp_path):
    for place in (tmp_path, "", str(tmp_path)):
        with pytest.raises(ValueError, match=f"got {name}=.*a folder; name a file"):
            make(**{name: place})
    with pytest.raises(ValueError, match=f"got {name}=.*does not exist; make it"):
        make(**{name: tmp_path / "none" / "r.html"})


@pytest.mark.parametrize("coverage", ["x", 0, 1, 2, None, np.nan, [0.9], True])
def test_odd_coverages_are_refused(make, coverage):
    with pytest.raises(ValueError, match="coverage"):
        make(coverage=coverage)


def test_a_placebo_test_is_told_by_its_columns(make):
    with pytest.raises(
        ValueError, match=r"lacks the columns \['share'\].*placebo_test"
    ):
        make(placebo=pd.DataFrame({"reaches_zero": [True]}))


def test_odd_test_rows_are_refused(fitted, holdout, tmp_path):
    X, y = holdout
    for rows, outcome, words in (
        (X, None, "belong together"),
        (None, y, "belong together"),
        (X, y[:3], "y_test has 3 rows, X_test 32"),
        (X.iloc[:0], y[:0], "0 sample"),
        (X.drop(columns="tv"), y, "now missing:\n- tv"),
        (X, y * np.nan, "NaN"),
    ):
        with pytest.raises(ValueError, match=words):
            make_report(fitted, tmp_path / "r.html", rows, outcome)
    assert not list(tmp_path.iterdir())


def test_a_plan_that_is_none_is_refused(fitted, tmp_path):
    for plan in ("x", 3, object(), [], pd.DataFrame()):
        with pytest.raises((ValueError, TypeError), match=r"array|sample|column"):
            make_report(fitted, tmp_path / "r.html", plan=plan)
    assert not list(tmp_path.iterdir())


def test_odd_names_do_not_stop_a_report(fitted, tmp_path):
    labels = {"tv": "</script><b>%{x} $a$", "nope": "x", "search": ""}
    units = inspection.Units("<b>", "%{x}", "$week$")
    path = make_report(
        fitted, tmp_path / "r.html", labels=labels, units=units, title=""
    )
    assert "</script><b>" not in path.read_text(encoding="utf-8")


def test_a_workbook_is_there_whole_or_as_it_was(tmp_path, monkeypatch):
    openpyxl = pytest.importorskip("openpyxl")
    path = tmp_path / "tables.xlsx"
    table = pd.DataFrame({"a": [1.0]})
    write_workbook({"one": table}, path)
    former = path.read_bytes()
    save = openpyxl.Workbook.save

    def fails(book, file):
        save(book, file)
        raise OSError("No space left on device")

    monkeypatch.setattr(openpyxl.Workbook, "save", fails)
    with pytest.raises(OSError, match="No space"):
        write_workbook({"one": 2 * table}, path)
    assert path.read_bytes() == former
    assert len(list(tmp_path.iterdir())) == 1
