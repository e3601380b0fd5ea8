import gzip
import re

import pandas as pd
import pytest

import sklearn_mmm.__main__ as cli
from sklearn_mmm.__main__ import main


@pytest.fixture(scope="module")
def data(panel):
    """Return the panel's first regions as one table."""
    X, y, _ = panel
    return X.assign(sales=y).tail(160).reset_index(drop=True)


@pytest.fixture
def quick(monkeypatch):
    """Let the command line fit a few epochs."""
    factory = cli.DeepCausalMMMRegressor
    monkeypatch.setattr(
        cli,
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
    assert "sales per €" in html
    printed = capsys.readouterr()
    assert "search" in printed.out
    assert "social" not in printed.out
    assert printed.err == ""


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
    args += ["--spend", "tv=tv_cost", "--members", "4", "--holdout", "0", "--quiet"]
    args += ["--lift-tests", write(tests, tmp_path, "tests.csv"), "-o", str(out)]
    assert main(args) == 0
    printed = capsys.readouterr()
    spend = float(re.search(r"^tv +(\S+)", printed.out, re.M)[1])
    assert spend == pytest.approx(0.5 * data["tv"].sum(), rel=1e-3)
    assert printed.err == ""
    assert "intervals of 90%" in out.read_text(encoding="utf-8")
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


def test_patterns_leave_out_columns_with_a_role(data):
    parser = cli.build_parser()
    args = parser.parse_args(["report", "x", *ROLES, "--media", "*"])
    media, controls = cli.select_roles(list(data.columns), args)
    assert media == ["tv", "search", "social", "promotion"]
    assert controls == ["price"]
    args = parser.parse_args(["report", "x", *ROLES, "--media", "tv", "s*"])
    assert cli.select_roles(list(data.columns), args) == (
        ["tv", "search", "social"],
        ["price"],
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (["--media", "nope*"], "no column matches 'nope*'"),
        (["--target", "profit"], "no column 'profit'"),
        (["--holdout", "400"], "leaves nothing"),
        (["--holdout", "-1"], "is negative"),
        (["--media", "week"], "both --time and --media"),
        (["--time", "sales"], "both --target and --time"),
        (["--controls", "tv"], "both --media and --controls"),
        (["-o", "/no/such/folder/r.html"], "there is no folder"),
        (["--plan", "no.csv"], "No such file"),
        (["--lift-tests", "no.csv"], "No such file"),
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


def spoilt(data, column, value, row=4):
    table = data.astype({column: object})
    table.loc[row, column] = value
    return table


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda d: spoilt(d, "sales", "n/k"), "first 'n/k' in row 4"),
        (lambda d: spoilt(d, "sales", None), "first 'nan' in row 4"),
        (lambda d: spoilt(d, "tv", -3.0), "media column 'tv' has 1 negative"),
        (lambda d: spoilt(d, "tv", None), "'tv' has 1 such values, first in row 4"),
        (lambda d: spoilt(d, "tv", "much"), "'tv' holds text"),
        (lambda d: spoilt(d.astype({"week": str}), "week", "soon"), "holds 'soon'"),
        (lambda d: spoilt(d, "region", None), "'region' contains NaN"),
        (lambda d: pd.concat([d, d]), "occur more than once"),
    ],
)
def test_wrong_data(data, tmp_path, capsys, spoil, message):
    path = write(spoil(data), tmp_path)
    assert main(["report", path, *ROLES, "--media", "tv", "--quiet"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("error: ")
    assert message in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.csv", b"", "cannot be read as a CSV file: No columns"),
        ("bytes.csv", bytes(range(256)) * 20, "cannot be read as a CSV file"),
        (
            "cut.csv.gz",
            gzip.compress(b"a,b\n1,2\n" * 99, mtime=0)[:24],
            "cannot be read as a",
        ),
        ("not.csv.gz", b"a,b", "cannot be read as a CSV file"),
        ("not.csv.xz", b"a,b", "cannot be read as a CSV file"),
        ("not.zip", b"a,b", "cannot be read as a CSV file"),
    ],
)
def test_files_that_are_no_csv(tmp_path, capsys, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    assert main(["report", str(path), "--target", "y", "--media", "x"]) == 2
    assert message in capsys.readouterr().err


def test_files_that_cannot_be_opened(tmp_path, capsys):
    for path in (tmp_path / "no.csv", tmp_path):
        assert main(["report", str(path), "--target", "y", "--media", "x"]) == 2
        assert str(path) in capsys.readouterr().err


def test_a_plan_needs_the_columns_of_the_data(data, tmp_path, capsys):
    plan = write(data[["region", "week", "tv"]], tmp_path, "plan.csv")
    args = ["report", write(data, tmp_path), *ROLES, "--media", "tv", "--plan", plan]
    assert main(args) == 2
    assert "has no columns" in capsys.readouterr().err


def test_interrupting(data, tmp_path, capsys, monkeypatch):
    def interrupt(path):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "read_csv", interrupt)
    assert main(["report", "x", "--target", "y", "--media", "x"]) == 130
    assert capsys.readouterr().err == "interrupted\n"
