"""Holidays, named events and texts from a file to a stored model and its plans."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import Pipeline

from sklearn_mmm import load
from sklearn_mmm.cli import _commands as commands
from sklearn_mmm.cli import main


@pytest.fixture(scope="module")
def robyn():
    """Return weeks in the layout of Robyn, with two kinds of events."""
    rng = np.random.default_rng(0)
    dates = pd.date_range("2021-01-04", periods=120, freq="7D")
    events = np.full(120, "na", object)
    events[[20, 70]], events[[33, 95]] = "event1", "event2"
    table = pd.DataFrame(
        {
            "DATE": dates.strftime("%Y-%m-%d"),
            "tv_S": 1e4 * rng.gamma(1.0, 1.0, 120),
            "facebook_I": rng.gamma(2.0, 1e6, 120),
            "competitor_sales_B": rng.gamma(9.0, 1e5, 120),
            "events": events,
            "newsletter": rng.gamma(3.0, 1e3, 120),
        }
    )
    table["facebook_S"] = table["facebook_I"] / 500
    y = 1e6 + 20 * table["tv_S"] + 3e5 * (events == "event1")
    return table.assign(revenue=y + rng.normal(0, 2e4, 120))


@pytest.fixture
def quick(monkeypatch):
    """Let the command line fit a few epochs."""
    factory = commands.DeepCausalMMMRegressor
    monkeypatch.setattr(
        commands,
        "DeepCausalMMMRegressor",
        lambda *a, **k: factory(
            *a, **k, max_epochs=20, validation=False, time_varying=False, graph=False
        ),
    )


def written(table, path):
    table.to_csv(path, index=False)
    return str(path)


@pytest.mark.filterwarnings("always")
def test_a_file_of_robyn_in_one_go(robyn, tmp_path, capsys, quick):
    model = str(tmp_path / "model.mmm")
    sales = [{"name": "Sale", "start": "2021-03-03", "end": "2021-03-09"}]
    sales += [{"name": "Sale", "start": "2023-06-05", "end": "2023-06-11"}]
    named = written(pd.DataFrame(sales), tmp_path / "events.csv")
    early = written(robyn[:110], tmp_path / "early.csv")
    args = ["report", early, "--target", "revenue", "--members", "2", "--holdout", "0"]
    args += ["--holidays", "US", "--events", named, "--save", model]
    assert main([*args, "-o", str(tmp_path / "r.html"), "--plan-weeks", "4"]) == 0
    said = capsys.readouterr().err
    assert "controls  competitor_sales_B\n" in said
    assert "events    event1, event2, christmas_day," in said
    pipe = load(model)
    assert isinstance(pipe, Pipeline)
    encoder, mmm = pipe[0], pipe[-1]
    assert {"event_event1", "event_sale_before_1"} <= set(mmm.control_columns_)
    assert mmm.media_columns_ == ["tv_S", "facebook_I", "newsletter"]
    # Weeks to come have their holidays and events.
    plan = tmp_path / "plan.csv"
    args = ["plan", model, "--plan-weeks", "30", "--table", str(plan)]
    assert main([*args, "--quiet"]) == 0
    assert "events without any" in capsys.readouterr().err
    rows = pd.read_csv(plan, parse_dates=["DATE"])
    on = rows.loc[rows["event_sale"] > 0, ["DATE", "event_sale"]]
    assert on["DATE"].dt.strftime("%Y-%m-%d").tolist() == ["2023-06-05"]
    assert on["event_sale"].tolist() == [7.0]
    own = robyn.drop(columns="revenue").tail(8)
    given = written(own, tmp_path / "rows.csv")
    assert main(["plan", model, "--rows", given, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["total"] > 0
    # New rows are encoded as those of the first fit.
    whole = written(robyn, tmp_path / "whole.csv")
    args = ["refresh", model, whole, "--target", "revenue", "--quiet"]
    assert main([*args, "-o", str(tmp_path / "new.html")]) == 0
    again = load(model)
    assert len(again[-1].history_) == 120
    assert again[0].event_names_ == encoder.event_names_
    assert again[-1].predict(again[0].transform(robyn[list(own)])).shape == (120,)


def test_a_plan_file_and_a_state(robyn, tmp_path, capsys, quick):
    path = written(robyn, tmp_path / "data.csv")
    # A plan that says nothing of events has none.
    plan = robyn.drop(columns=["revenue", "events"]).tail(4)
    args = ["report", path, "--target", "revenue", "--members", "0", "--quiet"]
    args += ["--holidays", "US-CA", "-o", str(tmp_path / "r.html"), "--json"]
    args += ["--controls", "competitor_sales_B", "--holdout", "4"]
    assert main([*args, "--plan", written(plan, tmp_path / "p.csv")]) == 0
    found = json.loads(capsys.readouterr().out)["columns"]["controls"]
    assert "event_cesar_chavez_day" in found
    assert "event_event1" not in found


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--holidays", "USB"], "country: no holidays are known of 'USB'"),
        (["--holidays", "US-BY"], "subdivision: 'US' has none called 'BY'"),
        (["--events", "nothing.csv"], "there is no file"),
    ],
)
def test_bad_options(robyn, tmp_path, capsys, options, message):
    path = written(robyn, tmp_path / "data.csv")
    assert main(["check", path, "--target", "revenue", *options]) == 2
    assert message in capsys.readouterr().err


def test_a_table_without_dates_and_rows_without_a_clock(robyn, tmp_path, capsys):
    path = written(robyn, tmp_path / "data.csv")
    bad = written(pd.DataFrame({"name": ["x"], "day": ["soon"]}), tmp_path / "e.csv")
    assert main(["check", path, "--target", "revenue", "--events", bad]) == 2
    assert "events has no column ['start']" in capsys.readouterr().err
    path = written(robyn.drop(columns="DATE"), tmp_path / "timeless.csv")
    assert main(["check", path, "--target", "revenue", "--holidays", "US"]) == 2
    assert "need a column with the time step" in capsys.readouterr().err
