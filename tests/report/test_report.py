import re

import numpy as np
import pandas as pd
import pytest

from sklearn_mmm import make_report
from sklearn_mmm.__main__ import main
from sklearn_mmm.inspection import channel_summary, forecast_metrics, within_region_r2
from sklearn_mmm.plotting import plot_contributions, plot_fit, plot_response_curves


def training(panel):
    X, y, _ = panel
    train = X["week"] < X["week"].unique()[-8]
    return X[train], y[train], X[~train], y[~train]


def test_report_is_one_offline_file(panel, fitted, tmp_path):
    _, y, X_test, y_test = training(panel)
    path = make_report(fitted, tmp_path / "r.html", y, X_test, y_test, title="<b>&")
    html = path.read_text(encoding="utf-8")
    assert "&lt;b&gt;&amp;" in html
    assert html.count('class="plotly-graph-div"') == 3
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=[\"']https?:", html)
    assert "within-region" in html
    with pytest.raises(ValueError, match="belong together"):
        make_report(fitted, path, y, X_test)


def test_hostile_channel_names_are_inert(panel, make_regressor, tmp_path):
    X, y, _ = panel
    name = "</script><script>alert(1)</script>"
    mmm = make_regressor(max_epochs=3)
    mmm.set_params(media_columns=[name, "search"])
    mmm.fit(X.rename(columns={"tv": name}), y)
    html = make_report(mmm, tmp_path / "r.html", y).read_text(encoding="utf-8")
    assert "<script>alert(1)" not in html


def test_figures_show_the_tables(panel, fitted):
    X, y, *_ = training(panel)
    figure = plot_contributions(fitted)
    total = sum(np.asarray(trace.y, float) for trace in figure.data)
    expected = fitted.contributions_.sum(axis=1).groupby(X["week"].to_numpy()).sum()
    np.testing.assert_allclose(total, expected)
    assert "outcome units" in figure.layout.yaxis.title.text
    curves = plot_response_curves(fitted)
    assert len(curves.data) == 3 * len(fitted.media_columns_)
    table = pd.DataFrame(
        {"region": X["region"], "time": X["week"], "actual": y, "predicted": y * 2}
    )
    figure = plot_fit(table)
    np.testing.assert_allclose(figure.data[1].y, 2 * np.asarray(figure.data[0].y))
    assert len(figure.layout.updatemenus[0].buttons) == 1 + X["region"].nunique()


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


def csv(panel, tmp_path):
    X, y, _ = panel
    path = tmp_path / "data.csv"
    X.assign(sales=y).tail(160).to_csv(path, index=False)
    return str(path)


def test_command_line(panel, tmp_path, capsys, monkeypatch):
    import sklearn_mmm.__main__ as cli

    factory = cli.DeepCausalMMMRegressor
    monkeypatch.setattr(
        cli,
        "DeepCausalMMMRegressor",
        lambda *a, **k: factory(*a, **k, max_epochs=20),
    )
    out = tmp_path / "r.html"
    args = ["report", csv(panel, tmp_path), "--target", "sales", "--media", "tv", "s*h"]
    args += ["--controls", "price", "--region", "region", "--time", "week"]
    assert main([*args, "-o", str(out), "--quiet"]) == 0
    assert out.exists()
    printed = capsys.readouterr()
    assert "search" in printed.out
    assert printed.err == ""


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"--media": "nope*"}, "no column matches 'nope*'"),
        ({"--target": "profit"}, "'profit'"),
        ({"--holdout": "400"}, "leaves nothing"),
    ],
)
def test_command_line_errors(panel, tmp_path, capsys, change, message):
    options = {"--target": "sales", "--media": "tv", "--time": "week"} | change
    args = [part for item in options.items() for part in item]
    assert main(["report", csv(panel, tmp_path), *args]) == 2
    assert message in capsys.readouterr().err
    assert (
        main(["report", str(tmp_path / "no.csv"), "--target", "y", "--media", "x"]) == 2
    )
