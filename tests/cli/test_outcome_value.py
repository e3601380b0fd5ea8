"""Money of orders, from the command line."""

import json
import re

import pytest

from sklearn_mmm import load
from sklearn_mmm.cli import _commands as commands
from sklearn_mmm.cli import main
from sklearn_mmm.cli._outcome_value import read_worth

ROLES = ["--target", "orders", "--controls", "price", "--region", "region"]
ROLES += ["--time", "week", "--media", "tv", "search", "--holdout", "4", "--quiet"]


@pytest.fixture
def file(panel, tmp_path, monkeypatch):
    X, y, _ = panel
    table = X.assign(orders=y, ltv=25.0).tail(120)
    table.to_csv(tmp_path / "orders.csv", index=False)
    factory = commands.DeepCausalMMMRegressor
    monkeypatch.setattr(
        commands,
        "DeepCausalMMMRegressor",
        lambda *a, **k: factory(*a, **k, max_epochs=5, validation=False, graph=False),
    )
    return str(tmp_path / "orders.csv")


@pytest.mark.filterwarnings("ignore::sklearn_mmm.exceptions.AssumptionWarning")
@pytest.mark.parametrize("worth", ["ltv", "25"])
def test_money_has_its_sign_and_the_outcome_its_name(file, tmp_path, capsys, worth):
    out, model = tmp_path / "r.html", str(tmp_path / "m.mmm")
    args = ["report", file, *ROLES, "--outcome-value", worth, "--currency", "€"]
    args += ["--members", "2", "--save", model, "-o", str(out)]
    assert main([*args, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["units"]["outcome"] == "orders"
    assert said["units"]["value"] == "€"
    mmm = load(model)
    brought = mmm.contributions_[["tv", "search"]].sum()
    for row in said["channels"]:
        assert row["contribution"] == pytest.approx(25 * brought[row["channel"]])
    html = out.read_text(encoding="utf-8")
    words = re.sub(r"<[^>]+>", " ", html.split("<script")[0])
    assert re.search(r"edia brought €", words)
    assert "outcomes (orders) at" in words
    # Axes of predictions and of returns.
    assert "orders per week" in html
    assert r"\u20ac1 per \u20ac1 spent" in html or r"\u20ac per \u20ac spent" in html
    assert main(["plan", model, "--plan-weeks", "4", "--currency", "€"]) == 0
    assert re.search(r"would bring €", capsys.readouterr().out)


def test_a_plan_needs_the_worth_of_its_rows(file, panel, tmp_path, capsys):
    args = ["report", file, *ROLES, "--outcome-value", "ltv", "--members", "0"]
    plan = tmp_path / "plan.csv"
    panel[0].tail(8).to_csv(plan, index=False)
    assert main([*args, "--plan", str(plan), "-o", str(tmp_path / "r.html")]) == 2
    assert "has no columns ['ltv']" in capsys.readouterr().err


def test_what_is_worth_is_a_column_or_a_number():
    every, taken = ["orders", "ltv", "12"], {"orders": "target"}
    assert read_worth(None, every, taken) is None
    assert read_worth("ltv", every, taken) == "ltv"
    assert read_worth("12", every, taken) == "12"
    assert read_worth("12.5", every, taken) == 12.5
    for text, message in (
        ("orders", "both --target and the worth"),
        ("ltvs", "neither a number nor a column of the file; did you mean 'ltv'"),
        ("-3", "give more than 0"),
        ("inf", "give more than 0"),
    ):
        with pytest.raises(ValueError, match=message):
            read_worth(text, every, taken)
