"""Each statement of the first screen, and a case in which it must not be made."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from sklearn_mmm import make_future, simulate
from sklearn_mmm.allocation._money_curves import MoneyCurves
from sklearn_mmm.exceptions import AssumptionWarning
from sklearn_mmm.inspection import Units, fit_table, media_total, training_rows
from sklearn_mmm.plotting._words import (
    amount,
    between,
    decimal,
    part_of,
    short_number,
)
from sklearn_mmm.report import _tests as planned
from sklearn_mmm.report._charts import _budget
from sklearn_mmm.report._first_screen import chance_in_words, first_screen
from sklearn_mmm.report._labels import check_labels, relabel, relabel_figure
from sklearn_mmm.report._moves import shifts
from sklearn_mmm.report._report import _results
from sklearn_mmm.report._summary import summarise
from sklearn_mmm.report._tests import next_test
from sklearn_mmm.report._trust import DO_NOT_ACT, grade, trust_table


@pytest.fixture(scope="module")
def found(with_members, holdout):
    plan = training_rows(with_members, 13)
    return _results(with_members, *holdout, plan, Units("visits", "€", "week"), 0.9)


@pytest.fixture(scope="module")
def without(fitted, holdout):
    plan = training_rows(fitted, 13)
    return _results(fitted, *holdout, plan, Units("visits", "€", "week"), 0.9)


TABLES = ("total", "trust", "moves", "tests", "effects", "demand")


def vars_of(results):
    """Return the tables of results."""
    return {name: getattr(results, name) for name in TABLES}


def with_parts(results, **parts):
    """Return results with some of their tables replaced."""
    out = replace(results)
    # Stand-ins for a model have no tables of their own.
    if not parts.keys() >= set(TABLES):
        parts = vars_of(results) | parts
    out.__dict__.update(parts)
    return out


def judged(**verdicts):
    rows = [(k.replace("_", " "), v, "because") for k, v in verdicts.items()]
    return pd.DataFrame(rows, columns=["check", "verdict", "reason"])


GOOD = judged(
    forecasts="good",
    intervals="good",
    width_of_the_answer="good",
    channels_apart="good",
)


def test_the_headline_is_read_from_the_table(found, with_members):
    total = media_total(with_members)
    brought = with_members.contributions_[with_members.media_columns_]
    assert total["contribution"] == pytest.approx(brought.to_numpy().sum())
    assert total["low"] <= total["contribution"] <= total["high"]
    first = first_screen(with_parts(found, trust=GOOD))
    assert first.headline.startswith(
        f"Media brought {short_number(total['contribution'])} visits"
    )
    assert short_number(total["low"]) in first.answer
    assert first.grade == "high"


def test_a_forecast_worse_than_naive_leads(found):
    trust = judged(forecasts="poor", intervals="good", channels_apart="good")
    first = first_screen(with_parts(found, trust=trust))
    assert first.headline == "The model forecast worse than a plain mean"
    assert "Media brought" not in first.headline
    assert first.grade == "low"
    assert all(move.tone == "open" for move in first.moves)
    assert "Do not move money" in first.advice


def test_an_interval_as_wide_as_the_answer_leads(found):
    trust = judged(forecasts="good", width_of_the_answer="poor", channels_apart="good")
    unsure = with_parts(found, trust=trust)
    first = first_screen(unsure)
    assert first.headline == "The data cannot tell what media brought"
    (brought, *_) = summarise(unsure).sections["What each channel brought"]
    assert "as a best guess" in brought
    assert first.grade == "low"


def test_without_members_nothing_is_sure(without):
    first = first_screen(without)
    assert "no interval" in first.answer
    assert {move.tone for move in first.moves} <= {"open"}
    assert "cannot be said" in first.test
    assert first.grade != "high"


def test_a_share_of_no_sign_is_left_out(found):
    total = found.total.copy()
    total["share"] = np.nan
    first = first_screen(with_parts(found, total=total, trust=GOOD))
    assert "of the outcome" not in first.headline
    assert "nan" not in first.headline


def test_what_money_brought_needs_money(found):
    assert "Paid media brought" in first_screen(with_parts(found, trust=GOOD)).answer
    free = {"direct": found.roi.assign(spend=0.0)}
    first = first_screen(with_parts(found, effects=free, trust=GOOD))
    assert "Paid media" not in first.answer
    weak = judged(forecasts="poor")
    assert "Paid media" not in first_screen(with_parts(found, trust=weak)).answer


def test_what_to_test_fits_the_data(found):
    several = first_screen(found).test
    assert several.startswith(f"{found.tests['channel'][0]}: ")
    assert several.endswith("some regions: more hangs on it than on any other channel.")
    one = with_parts(found, tests=found.tests[:1])
    assert "other channel" not in first_screen(one).test
    history = pd.DataFrame({"region": ["all"]})
    mmm = SimpleNamespace(history_=history, mediators_=[])
    national = with_parts(replace(found, mmm=mmm), **vars_of(found))
    assert "in some weeks" in first_screen(national).test


def moves(chance):
    row = ("radio", "tv", 1000.0, 50.0, 10.0, 90.0, chance)
    return pd.DataFrame(
        [row], columns=["from", "to", "amount", "gain", "low", "high", "chance"]
    )


@pytest.mark.parametrize(
    ("chance", "tone"), [(0.95, "yes"), (0.8, "yes"), (0.5, "open"), (0.1, "no")]
)
def test_moves_are_green_red_or_grey_by_their_chance(found, chance, tone):
    first = first_screen(with_parts(found, moves=moves(chance), trust=GOOD))
    (move,) = first.moves
    assert move.tone == tone
    assert move.title == "Move €1,000 from radio to tv"
    assert move.detail == "50 visits more (10 to 90)"
    assert f"{100 * chance:.0f} %" in move.chance
    assert ("too weak" in move.chance) == (tone == "open")


def test_advice_is_about_moves_that_are_there(found):
    """Nobody is told to act on what is green where nothing is."""
    medium = judged(forecasts="good", intervals="good")
    expected = {
        ("high", 0.9): "Act on it in steps, and measure.",
        ("high", 0.5): "It can be relied on, but asks for no move of money.",
        ("medium", 0.9): "Act on what is green, test the rest first.",
        ("medium", 0.5): "Test before you move money by it.",
        ("low", 0.9): "Do not move money by it before a test.",
    }
    levels = {"high": GOOD, "medium": medium, "low": judged(forecasts="poor")}
    for (level, chance), advice in expected.items():
        parts = with_parts(found, moves=moves(chance), trust=levels[level])
        first = first_screen(parts)
        assert (first.grade, first.advice) == (level, advice)


def test_who_brought_it(found):
    assert first_screen(with_parts(found, trust=GOOD)).headline.startswith("Media br")
    mmm = SimpleNamespace(history_=found.mmm.history_, mediators_=["search"])
    mediated = with_parts(replace(found, mmm=mmm), **vars_of(found) | {"trust": GOOD})
    first = first_screen(mediated)
    assert first.headline.startswith("Media and mediators brought")


def test_a_move_to_what_follows_demand_waits_for_a_test(found):
    suspects = pd.DataFrame({"channel": ["tv", "radio"], "suspected": [True, False]})
    parts = {"moves": moves(0.95), "trust": GOOD}
    (move,) = first_screen(with_parts(found, demand=suspects, **parts)).moves
    assert move.tone == "open"
    assert move.chance == "tv seems to follow the outcome: test it first"
    # Money that is taken from it is another matter.
    others = suspects.assign(suspected=[False, True])
    (move,) = first_screen(with_parts(found, demand=others, **parts)).moves
    assert move.tone == "yes"


def test_a_move_that_loses_brings_less(found):
    losing = moves(0.3).assign(gain=-50.0, low=-90.0, high=20.0)
    (move,) = first_screen(with_parts(found, moves=losing, trust=GOOD)).moves
    assert move.detail == "50 visits less (−90 to 20)"


def test_a_chance_without_members_is_not_known(found):
    (move,) = first_screen(with_parts(found, moves=moves(np.nan), trust=GOOD)).moves
    assert (move.tone, move.chance) == ("open", "chance not known")


def test_without_moves_none_is_named(found):
    with_one = first_screen(with_parts(found, moves=moves(0.9)))
    assert with_one.moves_note.endswith("each move taken alone.")
    first = first_screen(with_parts(found, moves=moves(0.9)[:0]))
    assert first.moves == []
    assert "taken alone" not in first.moves_note
    assert "no move of money" in first.moves_note
    bare = replace(found, allocation=None)
    assert "no plan with money" in first_screen(bare).moves_note


def test_no_chance_is_called_certain():
    assert chance_in_words(1.0) == "over 97 % chance that it pays"
    assert chance_in_words(0.0) == "under 3 % chance that it pays"


def test_a_move_agrees_with_a_simulation(found, with_members):
    """A shift between two channels alone is what simulate says of it."""
    table, allocation = found.moves, found.allocation
    assert len(table)
    first = table.iloc[0]
    goal, plan = allocation.spend, with_members.media_plan(found.plan)
    spend = pd.DataFrame(plan.spend, plan.index, plan.channels)
    change = allocation.channels["spend"] - allocation.channels["planned"]
    for name in (first["from"], first["to"]):
        part = first["amount"] / abs(change[name])
        spend[name] += part * (goal[name].to_numpy() - spend[name])
    assert spend.to_numpy().sum() == pytest.approx(plan.spend.sum())
    simulated = simulate(with_members, found.plan, spend)
    assert first["gain"] == pytest.approx(simulated.total["difference"], rel=1e-6)
    assert first["low"] == pytest.approx(simulated.total["low"], rel=1e-6)


def test_shifts_by_hand():
    planned = pd.Series({"a": 100.0, "b": 100.0, "c": 100.0})
    spend = pd.Series({"a": 130.0, "b": 60.0, "c": 110.0})
    assert shifts(planned, spend) == [("b", "a", 30.0), ("b", "c", 10.0)]
    assert shifts(planned, planned) == []
    assert shifts(planned, planned * 1.2) == []


def test_the_next_test_is_where_most_hangs_on_it():
    roi = pd.DataFrame(
        {
            "channel": ["a", "b", "free"],
            "spend": [100.0, 1000.0, 0.0],
            "roi_low": [0.0, 1.0, np.nan],
            "roi_high": [5.0, 1.1, np.nan],
        }
    )
    table = next_test(roi)
    assert table["channel"].tolist() == ["a", "b"]
    np.testing.assert_allclose(table["at_stake"], [500.0, 100.0])
    assert next_test(roi[["channel", "spend"]]).empty


PLANNED = pd.DataFrame(
    {
        "channel": ["tv", "tv", "search"],
        "region": ["all", ["north", "south"], ["north"]],
        "kind": ["heavy up", "go dark", "go dark"],
        "duration": [4, 4, 4],
        "expected_lift": [5e3, -4e3, -6e3],
        "std_error": [1e3, 2e3, 3e3],
        "power": [0.9, 0.8, 0.7],
        "cost": [0.0, 1e3, 8e3],
        "value": [7e3, 5e3, 9e3],
        "net_value": [7e3, 4e3, 1e3],
    }
)


def test_the_test_of_a_plan_to_come_is_that_of_most_value(with_members, monkeypatch):
    monkeypatch.setattr(planned, "rank_tests", lambda *_: PLANNED.copy())
    with pytest.warns(AssumptionWarning):
        future = make_future(with_members, 6)
    curves = MoneyCurves.of([with_members.media_plan(future)])
    money, visits = Units("€", "€", "week"), Units("visits", "€", "week")
    table = planned.planned_tests(with_members, future, curves, money)
    assert table["channel"].tolist() == ["tv", "search"]
    assert table["region"].tolist() == ["all", "north"]
    # What costs money cannot be set off against visits.
    table = planned.planned_tests(with_members, future, curves, visits)
    assert table["channel"].tolist() == ["search", "tv"]
    # In the past nothing can be tested any more, and without members nothing is known.
    past = training_rows(with_members, 6)
    assert planned.planned_tests(with_members, past, curves, money) is None
    assert planned.planned_tests(with_members, None, None, money) is None
    # Nor is what is next to nothing worth a test.
    for value in (0.0, 0.01):
        small = PLANNED.assign(value=value)
        monkeypatch.setattr(planned, "rank_tests", lambda *_, t=small: t)
        assert planned.planned_tests(with_members, future, curves, money) is None


def test_a_planned_test_says_what_to_do(found):
    rows = PLANNED.iloc[[1]].assign(region="north; south; west; east; up; down")
    said = first_screen(with_parts(found, tests=rows)).test
    assert said.startswith("tv: switch it off in north, south, west, east and 2 more")
    assert "for the first 4 weeks" in said
    # Regions that are called by numbers are called regions.
    for regions, words in (
        ("501", "in region 501 for"),
        ("501; 502", "in regions 501, 502 for"),
        ("501; 502; 3; 4; 5; 6", "in regions 501, 502, 3, 4 and 2 more (in next"),
    ):
        numbered = PLANNED.iloc[[1]].assign(region=regions)
        assert words in first_screen(with_parts(found, tests=numbered)).test
    assert "A loss of 4,000 visits is expected" in said
    said = first_screen(with_parts(found, tests=PLANNED.iloc[[0]])).test
    assert said.startswith("tv: double it everywhere for the first 4 weeks")
    assert "A gain of 5,000 visits" in said
    assert "bring 7,000 visits more" in said


def test_trust_follows_the_holdout(with_members, holdout):
    total = media_total(with_members)
    fit = fit_table(with_members, *holdout)
    good = trust_table(with_members, fit, total, 0.9).set_index("check")["verdict"]
    assert good["forecasts"] in ("good", "fair")
    later = fit["split"] == "holdout"
    bad = fit.assign(predicted=fit["predicted"].where(~later, 3 * fit["predicted"]))
    bad = bad.assign(high=bad["high"].where(~later, bad["low"]))
    worse = trust_table(with_members, bad, total, 0.9).set_index("check")["verdict"]
    assert worse["forecasts"] == "poor"
    assert worse["intervals"] == "poor"
    none = trust_table(with_members, fit[~later], total, 0.9)
    assert grade(none) != "high"
    assert none.set_index("check")["verdict"]["forecasts"] == "not known"


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(9.0, 11.0, "good"), (7.0, 14.0, "fair"), (2.0, 15.0, "poor"), (-1, 11.0, "poor")],
)
def test_the_width_of_the_answer(with_members, low, high, verdict):
    total = pd.Series({"contribution": 10.0, "low": low, "high": high})
    fit = fit_table(with_members)
    table = trust_table(with_members, fit, total, 0.9).set_index("check")
    assert table.loc["width of the answer", "verdict"] == verdict


def holdout_of(actual, predicted, train=(1.0, 2.0, 1.0, 2.0)):
    """Return the table of a fit of one region with a holdout of four weeks."""
    n = len(train)
    return pd.DataFrame(
        {
            "region": "all",
            "time": range(n + 4),
            "actual": [*train, *actual],
            "predicted": [*train, *predicted],
            "split": ["training"] * n + ["holdout"] * 4,
        }
    )


def test_forecasts_by_hand(with_members):
    """Better than naive, than the recent mean alone, worse, or nothing to beat."""
    total = media_total(with_members)

    def verdict(fit):
        table = trust_table(with_members, fit, total, 0.9).set_index("check")
        return table.loc["forecasts", "verdict"]

    actual = [4.0, 2.0, 4.0, 2.0]
    assert verdict(holdout_of(actual, actual)) == "good"
    assert verdict(holdout_of(actual, [9.0, -9.0, 9.0, -9.0])) == "poor"
    assert verdict(holdout_of([1.5] * 4, [1.5] * 4)) == "not known"


@pytest.mark.parametrize(
    ("vif", "verdict"), [(2.0, "good"), (7.0, "fair"), (12.0, "poor"), (np.nan, "poor")]
)
def test_channels_apart_by_hand(with_members, monkeypatch, vif, verdict):
    from sklearn_mmm.report import _trust

    table = pd.DataFrame({"column": ["tv"], "role": ["channel"], "vif": [vif]})
    monkeypatch.setattr(_trust, "collinearity", lambda mmm: SimpleNamespace(vif=table))
    parts = with_members, fit_table(with_members), media_total(with_members), 0.9
    row = trust_table(*parts).set_index("check").loc["channels apart"]
    assert row["verdict"] == verdict
    assert ("moves with other" in row["reason"]) == (verdict != "good" and vif > 0)


@pytest.mark.parametrize(
    ("model", "year", "verdict"), [(1.0, 2.0, "good"), (3.0, 2.0, "fair")]
)
def test_last_year_may_forecast_better(with_members, monkeypatch, model, year, verdict):
    from sklearn_mmm.report import _trust

    errors = pd.DataFrame(
        {"skill": 0.5, "rmse": [model, 4.0, year]},
        index=["model", "recent mean", "seasonal naive"],
    )
    monkeypatch.setattr(_trust, "forecast_comparison", lambda fit: errors)
    fit = holdout_of([1.0] * 4, [1.0] * 4)
    row = trust_table(with_members, fit, media_total(with_members), 0.9).iloc[0]
    assert row["verdict"] == verdict
    assert ("not than last year's" in row["reason"]) == (verdict == "fair")


@pytest.mark.parametrize(
    ("suspected", "verdict"),
    [
        ([], "good"),
        (["small"], "good"),
        (["some"], "fair"),
        (["some", "much"], "poor"),
    ],
)
def test_spend_that_follows_demand_is_a_reason(monkeypatch, suspected, verdict):
    from sklearn_mmm.report import _trust

    channels = ["small", "some", "much"]
    table = pd.DataFrame({"channel": channels, "t": 1.0})
    table["suspected"] = table["channel"].isin(suspected)
    parts = pd.DataFrame({"small": [4.0], "some": [20.0], "much": [76.0]})
    monkeypatch.setattr(_trust, "worth_of_parts", lambda mmm: parts)
    mmm = SimpleNamespace(media_columns_=channels)
    ((_, found, reason),) = _trust._demand(mmm, table)
    assert found == verdict
    seem = "seems" if len(suspected) == 1 else "seem"
    assert (f"{seem} to follow" in reason) == bool(suspected)
    assert ("96 % of what media brought" in reason) == (verdict == "poor")
    assert all(name in reason for name in suspected)
    ((_, found, _),) = _trust._demand(mmm, table.assign(t=np.nan))
    assert found == "not known"


@pytest.mark.parametrize(
    ("inside", "verdict"), [(18, "good"), (15, "fair"), (12, "poor"), (7, "not known")]
)
def test_intervals_by_hand(with_members, inside, verdict):
    """Of twenty rows 90, 75 and 60 per cent; seven rows are too few."""
    n = 20 if inside > 7 else 7
    fit = pd.DataFrame(
        {
            "region": "all",
            "time": range(n + 4),
            "actual": [1.0, 2.0] * ((n + 4) // 2) + [1.0] * (n % 2),
            "split": ["training"] * 4 + ["holdout"] * n,
        }
    )
    fit["predicted"] = fit["actual"]
    off = np.where(np.arange(n + 4) < 4 + inside, 0.0, 5.0)
    fit = fit.assign(low=fit["actual"] + off - 1, high=fit["actual"] + off + 1)
    total = media_total(with_members)
    row = trust_table(with_members, fit, total, 0.9).set_index("check").loc["intervals"]
    assert row["verdict"] == verdict


def test_grades_by_hand():
    assert grade(GOOD) == "high"
    assert grade(judged(forecasts="good", intervals="good")) == "medium"
    assert grade(judged(forecasts="fair", intervals="fair", a="good")) == "medium"
    assert grade(judged(forecasts="good", a="poor", b="good")) == "medium"
    assert grade(judged(forecasts="good", a="poor", b="poor")) == "low"


def test_numbers_for_people():
    assert between(-3.0, 12e6, "€") == "−€3 to €12 m"
    assert between(np.nan, 1.0) == ""
    assert amount(-0.001, "$") == "above −$0.01"
    assert amount(999_999, "CHF") == "CHF 1 m"
    assert short_number(-1234.0) == "−1,230"
    assert [decimal(v, 2) for v in (-0.114, -0.001)] == ["−0.11", "0.00"]
    assert part_of(1e6, 3e6, "€") == "€1 m of €3 m"
    assert part_of(1e6, 3e6, "visits") == "1 m of 3 m visits"


def test_labels_replace_whole_names_alone():
    labels = {"tv": "Television", "tv_S": "TV"}
    assert relabel("tv, tv_S and tv2; mtv", labels) == "Television, TV and tv2; mtv"
    table = pd.DataFrame({"channel": ["tv"], "spend (tv)": ["1"]})
    assert relabel(table, labels).to_dict("list") == {
        "channel": ["Television"],
        "spend (Television)": ["1"],
    }
    spec = {
        "data": [{"name": "tv", "x": ["tv"], "hovertemplate": "%{tv} tv"}],
        "layout": {"xaxis": {"ticktext": ["a_long_name_of_a_tel…"]}},
    }
    long = labels | {"a_long_name_of_a_television_channel": "Long"}
    out = relabel_figure(spec, long)
    assert out["data"] == [
        {"name": "Television", "x": ["tv"], "hovertemplate": "%{tv} Television"}
    ]
    assert out["layout"]["xaxis"]["ticktext"] == ["Long"]
    assert relabel_figure(spec, {}) is spec


@pytest.mark.parametrize("labels", ["tv", {"tv": 3}, {"tv": "A", "radio": "A"}])
def test_wrong_labels(labels):
    with pytest.raises(ValueError, match="label"):
        check_labels(labels)


def test_channels_that_cannot_be_told_apart(with_members, monkeypatch):
    from sklearn_mmm.report import _trust

    vif = pd.DataFrame({"column": ["tv"], "role": ["channel"], "vif": [np.inf]})
    monkeypatch.setattr(_trust, "collinearity", lambda mmm: SimpleNamespace(vif=vif))
    total = media_total(with_members)
    table = trust_table(with_members, fit_table(with_members), total, 0.9)
    row = table.set_index("check").loc["channels apart"]
    assert row["verdict"] == "poor"
    assert row["reason"] == "tv moves with other columns"


@pytest.mark.parametrize(
    ("not_learned", "verdict"), [(0, "good"), (4, "fair"), (8, "poor")]
)
def test_what_was_not_learned_is_a_reason(with_members, not_learned, verdict):
    beliefs = pd.DataFrame(
        {
            "channel": ["tv", "radio"] * 5,
            "not_learned": [True] * not_learned + [False] * (10 - not_learned),
        }
    )
    parts = with_members, fit_table(with_members), media_total(with_members), 0.9
    table = trust_table(*parts, beliefs=beliefs).set_index("check")
    assert table.loc["prior against data", "verdict"] == verdict
    none = trust_table(*parts).set_index("check")
    assert none.loc["prior against data", "verdict"] == "not known"
    assert none.loc["placebo", "verdict"] == "not known"


@pytest.mark.parametrize(
    ("reaches", "share", "verdict"),
    [(True, 0.1, "good"), (False, 0.01, "fair"), (False, 0.1, "poor")],
)
def test_a_placebo_is_a_reason(with_members, reaches, share, verdict):
    placebo = pd.DataFrame({"share": [share], "reaches_zero": [reaches]})
    parts = with_members, fit_table(with_members), media_total(with_members), 0.9
    table = trust_table(*parts, placebo=placebo).set_index("check")
    assert table.loc["placebo", "verdict"] == verdict
    if verdict == "poor":
        assert "10 % of the outcome" in table.loc["placebo", "reason"]
    bare = trust_table(*parts, placebo=placebo[["share"]]).set_index("check")
    assert bare.loc["placebo", "verdict"] == "not known"


def test_weak_evidence_shows_no_gain(found):
    labels = [tile.label for tile in summarise(with_parts(found, trust=GOOD)).tiles]
    assert "Gain from reallocation" in labels
    weak = judged(forecasts="poor")
    summary = summarise(with_parts(found, trust=weak))
    assert "Gain from reallocation" not in [tile.label for tile in summary.tiles]
    # Nor does the page ask further down for what it warns of at its top.
    said = " ".join(summary.sections["What to do with the budget"])
    assert "Spend more on" not in said
    notes = [chart.note for chart in _budget(with_parts(found, trust=weak))]
    assert notes[0].startswith(DO_NOT_ACT)
    (move,) = first_screen(with_parts(found, moves=moves(0.95), trust=weak)).moves
    assert "chance" not in move.chance


def test_nothing_is_good_evidence_that_was_not_measured():
    """Neither without a holdout nor without intervals."""
    for name in ("forecasts", "width of the answer"):
        table = GOOD.assign(
            verdict=GOOD["verdict"].where(GOOD["check"] != name, "not known")
        )
        assert grade(table) == "medium"
