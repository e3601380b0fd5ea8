import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from sklearn_mmm import allocate_budget, make_report
from sklearn_mmm.inspection import (
    Units,
    channel_summary,
    fit_table,
    forecast_comparison,
    forecast_metrics,
    within_region_r2,
)
from sklearn_mmm.report._charts import charts
from sklearn_mmm.report._report import _results
from sklearn_mmm.report._summary import summarise


def results(mmm, X_test=None, y_test=None, plan=None, units=None):
    return _results(mmm, X_test, y_test, plan, units, 0.9)


@pytest.fixture(scope="module")
def found(fitted, holdout):
    return results(fitted, *holdout)


@pytest.fixture(scope="module")
def drawn(found):
    return list(charts(found))


def test_the_report_is_one_offline_file(fitted, holdout, tmp_path):
    path = make_report(fitted, tmp_path / "r.html", *holdout, title="<b>&")
    html = path.read_text(encoding="utf-8")
    assert "<title>&lt;b&gt;&amp;</title>" in html
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=[\"']https?:", html)
    assert html.count("! For license information please see plotly") <= 1
    assert len(re.findall(r"plotly\.js \(cartesian - minified\) v\d", html)) == 1
    assert html.count('class="plot"') >= 17
    with pytest.raises(ValueError, match="belong together"):
        make_report(fitted, path, holdout[0])


def test_the_file_is_the_same_each_time(report, fitted, holdout, tmp_path):
    second = make_report(fitted, tmp_path / "r.html", *holdout)
    assert report.read_bytes() == second.read_bytes()


def test_every_chart_has_its_place_words_and_numbers(drawn):
    names = [chart.name for chart in drawn]
    assert len(names) == len(set(names)) >= 17
    tables = {}
    for chart in drawn:
        assert chart.heading
        assert chart.note.endswith(".")
        assert chart.tables
        for name, table in chart.tables.items():
            assert tables.setdefault(name, table).equals(table)


def test_intervals_are_mentioned_where_there_are_any(
    found, drawn, with_members, holdout
):
    said = " ".join(chart.note for chart in drawn)
    assert "interval" not in said
    bounded = results(with_members, *holdout)
    assert "90 % interval" in " ".join(chart.note for chart in charts(bounded))
    table = summarise(bounded).channels
    assert table["ROI"].str.contains(" to ").all()
    assert not summarise(found).channels["ROI"].str.contains(" to ").any()


def test_the_summary_says_what_the_tables_hold(found, fitted):
    summary = summarise(found)
    said = " ".join(p for words in summary.sections.values() for p in words)
    assert "4 regions and 72 weeks" in said
    assert "3 January 2022 to" in said
    assert "The 8 weeks after that (32 rows) were kept back" in said
    skill = forecast_comparison(found.fit).loc["model", "skill"]
    tiles = {tile.label: tile.value for tile in summary.tiles}
    assert tiles["Forecast skill"] == f"{skill:.2f}"
    share = channel_summary(fitted)["share_of_outcome"].sum()
    assert tiles["Media's share of the outcome"] == f"{100 * share:.0f} %"
    assert "seasonal naive" in summary.forecasts["forecast of the holdout"].tolist()
    assert len(summary.channels) == len(summary.moves) == 3
    assert summary.warnings[-1].startswith("Contributions come from observational")


def test_without_a_holdout_the_fit_is_described(fitted):
    summary = summarise(results(fitted))
    assert "How well it fits" in summary.sections
    assert summary.forecasts is None
    assert any("no holdout" in w for w in summary.warnings)


def test_the_plan_is_the_next_quarter_unless_given(fitted, holdout):
    X, _ = holdout
    default = results(fitted)
    assert default.plan_name == "the 13 weeks after training"
    # As a year before.
    history = fitted.history_
    weeks = np.sort(history["time"].unique())[-52:-39]
    year_ago = history[history["time"].isin(weeks)]
    planned = year_ago[fitted.media_columns_].sum().sum()
    assert default.allocation.planned_total == pytest.approx(planned)
    given = results(fitted, plan=X)
    spend = X[fitted.media_columns_].sum().sum()
    assert given.allocation.planned_total == pytest.approx(spend)
    assert len(given.frontier) == 9
    own = allocate_budget(fitted, X, bounds=(0.9, 1.1))
    taken = results(fitted, plan=own)
    assert taken.allocation is own
    assert taken.frontier is None
    assert "frontier" not in {chart.name for chart in charts(taken)}


def test_doubts_come_before_the_move(with_members):
    found = results(with_members)
    gain = 0.1 * abs(found.allocation.planned_outcome)

    def said(chance):
        evidence = replace(found.allocation.evidence, probability=chance)
        own = replace(found.allocation, evidence=evidence, gain=gain)
        sections = summarise(replace(found, allocation=own)).sections
        return sections["What to do with the budget"]

    assert said(0.6)[0].startswith("The evidence does not carry this move")
    assert said(0.9)[0].startswith("Spending the same")


def test_without_a_time_column_there_is_no_budget(panel, make_regressor, tmp_path):
    X, y, _ = panel
    mmm = make_regressor(max_epochs=2, graph=False, validation=False)
    mmm.set_params(time_column=None, region_column=None)
    mmm.fit(X.drop(columns=["region", "week"])[:80], y[:80])
    shown = list(charts(results(mmm)))
    assert {"regions", "region_heatmap", "allocation"}.isdisjoint(c.name for c in shown)
    assert make_report(mmm, tmp_path / "r.html").exists()


def test_units_are_used(fitted, holdout):
    found = results(fitted, *holdout, units=Units("visits", "$", "week"))
    said = " ".join(p for w in summarise(found).sections.values() for p in w)
    assert "Each $1 of" in said
    assert "outcome units" not in said


def test_channel_summary(fitted):
    summary = channel_summary(fitted)
    assert summary["share_of_media"].sum() == pytest.approx(1)
    np.testing.assert_allclose(
        summary["roi"], summary["contribution"] / summary["spend"]
    )


def test_forecast_metrics_by_hand():
    train = pd.DataFrame(
        {"region": ["a"] * 5, "time": range(5), "outcome": [9.0, 1.0, 1.0, 3.0, 3.0]}
    )
    test = pd.DataFrame({"region": ["a", "a"], "outcome": [2.0, 4.0]})
    assert forecast_metrics(train, test, np.array([2.0, 3.0]))["skill"] == 0.75
    assert within_region_r2([1.0, 3.0], [1.0, 3.0], [5.0, 5.0]) == 1.0


def test_skill_agrees_with_forecast_metrics(fitted, holdout):
    X, y = holdout
    table = fit_table(fitted, X, y)
    train = table[table["split"] == "training"].rename(columns={"actual": "outcome"})
    test = table[table["split"] == "holdout"].rename(columns={"actual": "outcome"})
    expected = forecast_metrics(train, test, test["predicted"])["skill"]
    assert forecast_comparison(table).loc["model", "skill"] == pytest.approx(expected)


def test_groups_of_campaigns_stand_beside_returns(make_plain, plain_panel):
    mmm = make_plain(channel_groups={"video": ["tv", "search"]}).fit(*plain_panel)
    chart = next(c for c in charts(results(mmm)) if c.name == "roi")
    whole = chart.tables["groups"].iloc[0]
    assert f"video {whole['roi']:.2f}." in chart.note
    assert len(chart.tables["groups"]) == 3
