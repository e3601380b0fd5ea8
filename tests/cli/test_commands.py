import json
import re
import time
import warnings

import numpy as np
import pandas as pd
import pytest

from sklearn_mmm import __version__, load, make_future
from sklearn_mmm.cli import _commands as commands
from sklearn_mmm.cli import main
from sklearn_mmm.cli._column_roles import Columns, Wanted
from sklearn_mmm.cli._column_words import default_labels
from sklearn_mmm.cli._columns import find_columns
from sklearn_mmm.cli._show import plain_warnings


@pytest.fixture(scope="module")
def data(panel):
    """Return the panel's first regions as one table."""
    X, y, _ = panel
    return X.assign(sales=y).tail(160).reset_index(drop=True)


@pytest.fixture
def quick(monkeypatch):
    """Let the command line fit a few epochs."""
    factory = commands.DeepCausalMMMRegressor
    monkeypatch.setattr(
        commands,
        "DeepCausalMMMRegressor",
        lambda *a, **k: factory(*a, **k, max_epochs=20, validation=False),
    )


def write(table, folder, name="data.csv"):
    path = folder / name
    table.to_csv(path, index=False)
    return str(path)


ROLES = ["--target", "sales", "--controls", "price", "--region", "region"]
ROLES += ["--time", "week"]


def test_the_whole_job(data, tmp_path, capsys, quick):
    out = tmp_path / "r.html"
    plan = write(data.drop(columns="sales")[::-1], tmp_path, "plan.csv")
    args = ["report", write(data, tmp_path), *ROLES, "--media", "tv", "s*h"]
    args += ["--plan", plan, "--spend-unit", "€", "--title", "Mix & match"]
    args += ["--members", "0"]
    assert main([*args, "-o", str(out), "--quiet"]) == 0
    html = out.read_text(encoding="utf-8")
    assert "<h1>Mix &amp; match</h1>" in html
    # Titles of axes are JSON.
    assert r"sales per \u20ac" in html
    printed = capsys.readouterr()
    assert "Search" in printed.out
    assert "social" not in printed.out
    assert printed.err == ""


@pytest.mark.filterwarnings("default")
def test_the_weeks_to_come_are_planned(data, tmp_path, capsys, quick):
    args = ["report", write(data, tmp_path), *ROLES, "--media", "tv", "search"]
    args += ["--members", "0", "-o", str(tmp_path / "r.html"), "--quiet"]
    assert main([*args, "--plan-weeks", "6", "--plan-budget", "123000"]) == 0
    assert "123,000" in (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "assumed for the 6 time steps" in capsys.readouterr().err
    assert main([*args, "--plan-weeks", "0"]) == 2
    assert main([*args, "--plan-weeks", "6", "--plan", "plan.csv"]) == 2
    assert "leave out --plan-weeks" in capsys.readouterr().err


def test_money_and_lift_tests(data, tmp_path, capsys, quick):
    out = tmp_path / "r.html"
    table = data.assign(tv_cost=0.5 * data["tv"])
    tests = pd.DataFrame(
        {
            "channel": ["tv"],
            "start": [data["week"].min()],
            "end": [data["week"].max()],
            "lift": [9.9],
            "std_error": [1e9],
        }
    )
    args = ["report", write(table, tmp_path), *ROLES, "--media", "t*", "search"]
    args += ["--spend", "tv=tv_cost", "search=search"]
    args += ["--members", "4", "--holdout", "0", "--quiet"]
    args += ["--lift-tests", write(tests, tmp_path, "tests.csv"), "-o", str(out)]
    assert main(args) == 0
    printed = capsys.readouterr()
    spend = float(re.search(r"^TV +(\S+)", printed.out, re.M)[1].replace(",", ""))
    assert spend == pytest.approx(0.5 * data["tv"].sum(), rel=0.05)
    assert printed.err == ""
    assert "intervals of 90 %" in out.read_text(encoding="utf-8")
    bad = tests.assign(channel="radio")
    args[args.index("--lift-tests") + 1] = write(bad, tmp_path, "bad.csv")
    assert main(args) == 2
    assert "unknown channel 'radio'" in capsys.readouterr().err


@pytest.mark.filterwarnings("default")
def test_progress_and_warnings_are_lines_of_their_own(data, tmp_path, capsys, quick):
    path = write(data.assign(tv=1.0), tmp_path)
    args = ["report", path, *ROLES, "--media", "tv", "search", "--holdout", "0"]
    assert main([*args, "-o", str(tmp_path / "r.html")]) == 0
    err = capsys.readouterr().err
    assert "fit: 100%" in err
    assert "report: 100%" in err
    assert re.search(r"^warning: media columns \['tv'\] do not vary", err, re.M)


@pytest.mark.filterwarnings("default::sklearn_mmm.exceptions.AssumptionWarning")
def test_a_stored_model_plans_and_is_refreshed(data, tmp_path, capsys, quick):
    weeks = sorted(data["week"].unique())
    past = write(data[data["week"] < weeks[-4]], tmp_path, "past.csv")
    model, book = str(tmp_path / "model.mmm"), tmp_path / "tables.xlsx"
    out = ["-o", str(tmp_path / "r.html"), "--quiet"]
    args = ["report", past, *ROLES, "--media", "tv", "search", "--holdout", "0"]
    assert main([*args, "--members", "2", "--save", model, *out]) == 0
    capsys.readouterr()
    assert main(["plan", model, "--json"]) == 0
    total = 1.1 * json.loads(capsys.readouterr().out)["total"]
    assert main(["plan", model, "--total", str(total), "--json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert plan["total"] == pytest.approx(total)
    assert [row["channel"] for row in plan["channels"]] == ["tv", "search"]
    table = tmp_path / "plan.csv"
    args = ["plan", model, "--plan-weeks", "6", "--table", str(table)]
    assert main([*args, "--spend-unit", "$"]) == 0
    printed = capsys.readouterr()
    assert "more" in printed.out
    assert "The probability" in printed.out or "does not carry" in printed.out
    assert "assumed for the 6 time steps" in printed.err
    # The default plan is the future: rows to hand over, after all that is known.
    rows = pd.read_csv(table, parse_dates=["week"])
    assert rows["week"].nunique() == 6
    assert rows["week"].min() > load(model).history_["time"].max()
    assert main(["plan", model, "--plan-weeks", "0"]) == 2
    assert main(["plan", model, "--plan-weeks", "3", "--rows", past]) == 2
    assert "leave out --plan-weeks" in capsys.readouterr().err
    whole = write(data, tmp_path)
    args = ["refresh", model, whole, "--target", "sales", "--xlsx", str(book)]
    assert main([*args, *out]) == 0
    capsys.readouterr()
    assert str(load(model).history_["time"].max()).startswith(str(weeks[-1])[:10])
    assert "What changed since the last report" in (tmp_path / "r.html").read_text()
    tables = pd.read_excel(book, sheet_name=None)
    assert set(tables["roi"]["channel"]) == {"tv", "search"}
    assert {"moves", "trust", "changes"} <= set(tables)
    assert main([*args, *out]) == 2
    assert "has no rows after" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["plan", "no.mmm"], "store one with: report FILE --save no.mmm"),
        (["refresh", "no.mmm"], "name model and data"),
        (["refresh", "no.mmm", "x.csv"], "there is no model"),
        (["plan"], "name the file"),
    ],
)
def test_commands_without_a_model(capsys, args, message):
    assert main(args) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("told", [["region,brand"], ["region", "brand"]])
def test_several_columns_may_be_the_region(data, told):
    table = data.assign(brand=np.arange(len(data)) % 2)
    found = find_columns(table, Wanted(target="sales", time="week", regions=told))
    assert found.region_column == ["region", "brand"]
    assert found.taken["brand"] == "region"
    with pytest.raises(ValueError, match="no column 'shop'"):
        find_columns(table, Wanted(target="sales", regions=["region,shop"]))
    one = find_columns(table, Wanted(target="sales", regions=["region"]))
    assert one.region_column == "region"


def test_media_without_a_word_for_money_stand_beside_those_with_one(data):
    money = {"tv": "TV spend", "search": "Google Ads"}
    table = data.rename(columns=money).assign(search_volume=data["social"] + 7.0)
    table["tv_grp"] = 0.1 * data["tv"]
    found = find_columns(table, Wanted(target="sales", time="week"))
    assert found.media == ["Google Ads", "social", "tv_grp"]
    assert found.spend == {"tv_grp": "TV spend"}
    assert "search_volume" in found.left_out


def test_assumptions_name_an_option_of_the_command(fitted, capsys):
    with warnings.catch_warnings(), plain_warnings(set()):
        warnings.simplefilter("always")
        make_future(fitted, periods=3)
    err = capsys.readouterr().err
    assert "assumed for the 3 time steps" in err
    assert "--rows" in err
    assert "controls=" not in err


def test_patterns_leave_out_columns_with_a_role(data):
    roles = {"target": "sales", "time": "week", "regions": ["region"]}
    found = find_columns(data, Wanted(**roles, media=["*"], controls=["price"]))
    assert found.media == ["tv", "search", "social", "promotion"]
    assert found.controls == ["price"]
    found = find_columns(data, Wanted(**roles, media=["tv", "s*"], controls=["price"]))
    assert found.media == ["tv", "search", "social"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (["--media", "nope*"], "no column matches 'nope*'"),
        (["--target", "profit"], "no column 'profit'"),
        (["--target", "sale"], "did you mean 'sales'?"),
        (["--holdout", "400"], "leaves nothing"),
        (["--holdout", "-1"], "is negative"),
        (["--media", "week"], "both --time and --media"),
        (["--time", "sales"], "both --target and --time"),
        (["--controls", "tv"], "both --media and --controls"),
        (["-o", "/no/such/folder/r.html"], "-o='/no/such/folder/r.html', whose folder"),
        (["--save", "/no/such/m.mmm"], "--save='/no/such/m.mmm', whose folder"),
        (["--xlsx", "."], "--xlsx='.', a folder"),
        (["--plan", "no.csv"], "there is no file 'no.csv'"),
        (["--lift-tests", "no.csv"], "there is no file"),
        (["--spend", "tv"], "takes MEDIA=COLUMN"),
        (["--spend", "tv=nope"], "--spend: no column matches 'nope'"),
        (["--spend", "tv=sales"], "both --target and --spend"),
        (["--spend", "radio=social"], "'radio'"),
        (["--members", "1"], "'n_members' parameter"),
    ],
)
def test_wrong_options(data, tmp_path, capsys, change, message):
    args = ["report", write(data, tmp_path), *ROLES, "--media", "tv", *change]
    assert main(args) == 2
    assert message in capsys.readouterr().err


def test_check_writes_a_table_and_a_page(data, tmp_path, capsys):
    path = write(data.assign(tv=100 + 1e-3 * data["tv"]), tmp_path)
    out = tmp_path / "check.html"
    assert main(["check", path, *ROLES, "-o", str(out)]) == 0
    printed = capsys.readouterr()
    assert "DISTORTS  too little variation: column 'tv'" in printed.out
    assert re.search(r"^media +tv, search", printed.err, re.M)
    html = out.read_text(encoding="utf-8")
    assert "Distorts its results" in html
    assert "column &#x27;tv&#x27;" in html
    assert main(["check", write(spoilt(data, "tv", -1.0), tmp_path), *ROLES]) == 1


@pytest.mark.parametrize("suffix", ["toml", "yaml"])
def test_options_come_from_a_file(data, tmp_path, capsys, suffix):
    content = {
        "toml": 'target = "sales"\ncontrols = ["price"]\nmedia = ["tv"]\n',
        "yaml": "target: sales\ncontrols: [price]\nmedia: tv\n",
    }[suffix]
    config = tmp_path / f"monthly.{suffix}"
    config.write_text(
        f'{content}data{": " if suffix == "yaml" else " = "}"{write(data, tmp_path)}"\n'
    )
    assert main(["check", "--config", str(config), "--json"]) == 0
    columns = json.loads(capsys.readouterr().out)["columns"]
    assert columns["media"] == ["tv"]
    # An argument counts more than the file.
    args = ["check", "--config", str(config), "--json", "--media", "search"]
    assert main(args) == 0
    assert json.loads(capsys.readouterr().out)["columns"]["media"] == ["search"]
    config.write_text(content.replace("target", "traget"))
    assert main(["check", "x.csv", "--config", str(config)]) == 2
    assert "did you mean 'target'?" in capsys.readouterr().err


def test_checks_come_before_torch_does_anything(data, tmp_path, capsys, monkeypatch):
    def never(*args, **kwargs):
        raise AssertionError("a fit was started")

    monkeypatch.setattr(commands, "DeepCausalMMMRegressor", never)
    path = write(spoilt(data, "tv", -3.0), tmp_path)
    start = time.process_time()
    assert main(["report", path, *ROLES, "-o", str(tmp_path / "r.html")]) == 2
    assert time.process_time() - start < 2
    assert "below zero" in capsys.readouterr().err


def spoilt(data, column, value, row=4):
    table = data.astype({column: object})
    table.loc[row, column] = value
    return table


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda d: spoilt(d, "sales", "n/k"), "no numbers, first 'n/k'"),
        (lambda d: spoilt(d, "sales", None), "outcome, row 4 / region"),
        (lambda d: spoilt(d, "tv", -3.0), "1 values are below zero"),
        (lambda d: spoilt(d, "tv", None), "column 'tv', row 4 / region"),
        (lambda d: spoilt(d, "tv", "much"), "column 'tv', row 4 / region"),
        (lambda d: spoilt(d.astype({"week": str}), "week", "soon"), "soon"),
        (lambda d: spoilt(d, "region", None), "1 rows have no region"),
        (lambda d: pd.concat([d, d]), "repeat a time step"),
    ],
)
def test_wrong_data(data, tmp_path, capsys, spoil, message):
    path = write(spoil(data), tmp_path)
    assert main(["report", path, *ROLES, "--media", "tv", "--quiet"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("error: ")
    assert message in err
    assert "Traceback" not in err


def test_a_plan_needs_the_columns_of_the_data(data, tmp_path, capsys):
    plan = write(data[["region", "week", "tv"]], tmp_path, "plan.csv")
    args = ["report", write(data, tmp_path), *ROLES, "--media", "tv", "--plan", plan]
    assert main(args) == 2
    assert "has no columns" in capsys.readouterr().err


def robyn(rng, dates):
    return {
        "DATE": dates.strftime("%Y-%m-%d"),
        "revenue": rng.gamma(9, 1e5, len(dates)),
        "tv_S": rng.gamma(1, 1e4, len(dates)),
        "facebook_I": rng.gamma(2, 1e6, len(dates)),
        "facebook_S": rng.gamma(2, 1e4, len(dates)),
        "search_clicks_P": rng.gamma(2, 1e3, len(dates)),
        "search_S": rng.gamma(2, 1e3, len(dates)),
        "competitor_sales_B": rng.gamma(9, 1e5, len(dates)),
        "events": ["na"] * 40 + ["fair"] * 2 + ["na"] * (len(dates) - 42),
        "newsletter": rng.gamma(3, 1e3, len(dates)),
    }


def meridian(rng, dates):
    n = len(dates)
    return {
        "": range(n),
        "geo": ["Geo0", "Geo1"] * (n // 2),
        "time": dates[: n // 2].repeat(2).strftime("%Y-%m-%d"),
        "Channel0_impression": rng.gamma(2, 1e5, n),
        "Channel0_spend": rng.gamma(2, 1e3, n),
        "Organic_channel0_impression": rng.gamma(2, 1e3, n),
        "competitor_sales_control": rng.normal(size=n),
        "Promo": rng.integers(0, 2, n),
        "conversions": rng.gamma(9, 1e5, n),
        "revenue_per_conversion": 0.02 + rng.random(n) / 1e3,
        "population": [1000.0, 2000.0] * (n // 2),
    }


def pymc(rng, dates):
    n = len(dates)
    return {
        "date_week": dates.strftime("%Y-%m-%d"),
        "y": rng.gamma(9, 1e3, n),
        "x1": rng.gamma(2, 1.0, n),
        "x2": rng.gamma(2, 1.0, n) * (rng.random(n) > 0.5),
        "event_1": (np.arange(n) == 50) * 1.0,
        "event_2": (np.arange(n) == 90) * 1.0,
        "dayofyear": dates.strftime("%j").astype(int),
        "t": range(n),
    }


LAYOUTS = [
    (
        robyn,
        "revenue",
        {
            "time": "DATE",
            "region": None,
            "media": ["tv_S", "facebook_I", "search_clicks_P", "newsletter"],
            "spend": {
                "facebook_I": "facebook_S",
                "search_clicks_P": "search_S",
                "newsletter": None,
            },
            "controls": ["competitor_sales_B", "event_fair"],
        },
    ),
    (
        meridian,
        "conversions",
        {
            "time": "time",
            "region": "geo",
            "media": ["Channel0_impression", "Organic_channel0_impression"],
            "spend": {
                "Channel0_impression": "Channel0_spend",
                "Organic_channel0_impression": None,
            },
            "controls": ["competitor_sales_control", "Promo"],
        },
    ),
    (
        pymc,
        "y",
        {
            "time": "date_week",
            "region": None,
            "media": ["x1", "x2"],
            "spend": {},
            "controls": ["event_1", "event_2"],
        },
    ),
]


@pytest.mark.parametrize(("layout", "target", "expected"), LAYOUTS)
def test_layouts_of_other_tools_are_known(tmp_path, capsys, layout, target, expected):
    dates = pd.date_range("2020-01-06", periods=120, freq="7D")
    path = write(pd.DataFrame(layout(np.random.default_rng(0), dates)), tmp_path)
    assert main(["check", path, "--target", target, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert {name: said["columns"][name] for name in expected} == expected


def test_columns_are_called_as_people_call_them():
    found = Columns(
        media=["tv_S", "facebook_I", "newsletter", "x1", "YouTube"],
        controls=["competitor_sales_B", "event_event1", "price", "Price_index"],
    )
    assert default_labels(found) == {
        "tv_S": "TV",
        "facebook_I": "Facebook",
        "newsletter": "Newsletter",
        "competitor_sales_B": "Competitor Sales B",
        "event_event1": "Event 1",
        "price": "Price",
        "Price_index": "Price Index",
    }
    # Two columns of one name keep theirs, and so do names that say a unit alone.
    assert default_labels(Columns(media=["tv_S", "TV", "spend"])) == {}


@pytest.mark.slow
@pytest.mark.parametrize(("layout", "target", "expected"), LAYOUTS)
def test_layouts_of_other_tools_need_no_option_but_the_target(
    tmp_path, capsys, quick, layout, target, expected
):
    dates = pd.date_range("2020-01-06", periods=120, freq="7D")
    path = write(pd.DataFrame(layout(np.random.default_rng(0), dates)), tmp_path)
    out = tmp_path / "r.html"
    args = ["report", path, "--target", target, "--quiet", "--json"]
    assert main([*args, "-o", str(out)]) == 0
    said = json.loads(capsys.readouterr().out)
    assert len(said["channels"]) == len(expected["media"])
    assert out.stat().st_size > 1e6


def test_interrupting(data, tmp_path, capsys, monkeypatch):
    def interrupt(args):
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "load", interrupt)
    assert main(["report", "x", "--target", "y", "--media", "x"]) == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_the_command_says_its_version(capsys):
    with pytest.raises(SystemExit) as left:
        main(["--version"])
    assert left.value.code == 0
    assert capsys.readouterr().out == f"sklearn_mmm {__version__}\n"
