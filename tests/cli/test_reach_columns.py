"""Reach and frequency on the command line: told, found, and with a stored model."""

import json

import numpy as np
import pandas as pd
import pytest

from sklearn_mmm import load
from sklearn_mmm.cli import _commands as commands
from sklearn_mmm.cli import main
from sklearn_mmm.cli._column_roles import Wanted
from sklearn_mmm.cli._columns import find_columns
from sklearn_mmm.cli._reach_columns import told_pairs


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    n = 80
    people = rng.gamma(2.0, 50.0, n) * (rng.random(n) < 0.8)
    often = np.where(people > 0, rng.uniform(1.0, 9.0, n), 0.0)
    table = pd.DataFrame(
        {
            "week": pd.date_range("2022-01-03", periods=n, freq="7D"),
            "tv_spend": rng.gamma(2.0, 10.0, n),
            "youtube_reach": people,
            "youtube_frequency": often,
            "youtube_spend": 0.02 * people * often,
        }
    )
    seen = people * often**2 / (often**2 + 9.0)
    return table.assign(sales=300 + 3 * table["tv_spend"] + seen + rng.normal(0, 3, n))


PAIR = {"youtube": ("youtube_reach", "youtube_frequency")}


def test_pairs_are_found_by_their_names(data):
    found = find_columns(data, Wanted())
    assert found.reach == PAIR
    assert found.media == ["tv_spend"]
    assert found.spend["youtube"] == "youtube_spend"
    assert not found.left_out
    # A frequency that cannot be one is none.
    other = data.assign(youtube_frequency=data["youtube_frequency"] / 10)
    assert not find_columns(other, Wanted()).reach


def test_what_is_told_is_taken(data):
    names = {"youtube_reach": "people", "youtube_frequency": "times"}
    table = data.rename(columns=names)
    wanted = Wanted(
        media=["tv_spend"],
        reach=["video=people,times"],
        spend=["video=youtube_spend"],
    )
    found = find_columns(table, wanted)
    assert found.reach == {"video": ("people", "times")}
    assert found.spend["video"] == "youtube_spend"
    missing = Wanted(media=["tv_spend"], reach=["video=people,time"])
    with pytest.raises(ValueError, match="--reach-frequency: the file has no column"):
        find_columns(table, missing)
    twice = Wanted(target="sales", reach=["video=people,sales"])
    with pytest.raises(ValueError, match="both --target and --reach-frequency"):
        find_columns(table, twice)


@pytest.mark.parametrize("text", ["video", "video=people", "=people,times", "v=a,b,c"])
def test_other_forms_are_refused(text):
    with pytest.raises(ValueError, match="CHANNEL=REACH,FREQUENCY"):
        told_pairs([text])


@pytest.mark.filterwarnings("default::sklearn_mmm.exceptions.AssumptionWarning")
def test_a_report_a_plan_and_a_refresh(data, tmp_path, capsys, monkeypatch):
    factory = commands.DeepCausalMMMRegressor
    quick = {"validation": False, "time_varying": False, "graph": False}
    monkeypatch.setattr(
        commands, "DeepCausalMMMRegressor", lambda *a, **k: factory(*a, **k | quick)
    )
    past, new = tmp_path / "past.csv", tmp_path / "new.csv"
    data[:-4].to_csv(past, index=False)
    data[-8:].to_csv(new, index=False)
    model, page = str(tmp_path / "model.mmm"), str(tmp_path / "r.html")
    options = tmp_path / "options.toml"
    options.write_text(
        'target = "sales"\nmembers = 2\nholdout = "0"\n'
        '[reach-frequency]\nvideo = ["youtube_reach", "youtube_frequency"]\n'
        '[spend]\nvideo = "youtube_spend"\n'
    )
    args = ["report", str(past), "--config", str(options), "--media", "tv_spend"]
    assert main([*args, "--save", model, "-o", page]) == 0
    err = capsys.readouterr().err
    assert "video (reach: youtube_reach, frequency: youtube_frequency, money:" in err
    mmm = load(model)
    assert mmm.media_columns_ == ["tv_spend", "video"]
    table = str(tmp_path / "plan.csv")
    plan = ["plan", model, "--rows", str(new), "--frequency", "optimal"]
    assert main([*plan, "--table", table, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["gain"] > 0
    often = pd.read_csv(table)["youtube_frequency"]
    assert often[often > 0].nunique() == 1
    assert main(["refresh", model, str(new), "-o", page, "--quiet"]) == 0
    assert len(load(model).history_) == len(data)
