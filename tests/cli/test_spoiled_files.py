"""Twenty-odd files as they come: each is read, or refused with the remedy."""

import gzip
import io
import json
import time
import zipfile

import numpy as np
import pandas as pd
import pytest

from sklearn_mmm.cli import main
from sklearn_mmm.cli._numbers import Signs, find_signs

N = 120


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    weeks = pd.date_range("2021-01-04", periods=N, freq="7D")
    return pd.DataFrame(
        {
            "week": weeks.strftime("%Y-%m-%d"),
            "revenue": rng.uniform(200_000, 300_000, N).round(2),
            "tv": rng.gamma(2, 5000, N).round(2),
            "search": rng.gamma(3, 1000, N).round(2),
            "price": rng.uniform(9, 12, N).round(2),
        }
    )


@pytest.fixture
def check(tmp_path, capsys):
    """Return a function that checks a file's content, in at most three seconds."""

    def run(content, name="data.csv", options=()):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        start = time.perf_counter()
        status = main(["check", str(path), "--json", *options])
        assert time.perf_counter() - start < 3
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return status, json.loads(said.out) if said.out else None, said.err

    return run


def csv(table, **options):
    return table.to_csv(index=False, **options)


def german(table, separator=";"):
    """Return a file with a decimal comma and points between thousands."""
    rows = table.copy()
    for name in ("revenue", "tv", "search", "price"):
        rows[name] = [
            f"{v:,.2f}".translate(str.maketrans(",.", ".,")) for v in table[name]
        ]
    return csv(rows, sep=separator)


def workbook(table):
    buffer = io.BytesIO()
    table.assign(week=pd.to_datetime(table["week"])).to_excel(buffer, index=False)
    return buffer.getvalue()


def parquet(table):
    polars = pytest.importorskip("polars")
    buffer = io.BytesIO()
    polars.DataFrame(table.to_dict("list")).write_parquet(buffer)
    return buffer.getvalue()


def zipped(table):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("data.csv", csv(table))
    return buffer.getvalue()


def dollars(table):
    rows = table.copy()
    for name in ("revenue", "tv", "search"):
        rows[name] = [f"${v:,.2f}" for v in table[name]]
    return csv(rows)


def spaces(table):
    names = {"revenue": " revenue ", "tv": "tv\u00a0"}
    return csv(table.rename(columns=names), sep=",").replace(",", " , ")


READ = {
    "semicolons, decimal comma, thousands": german,
    "tabs and decimal comma": lambda t: german(t, "\t"),
    "pipes": lambda t: csv(t, sep="|"),
    "currency signs and quoted thousands": dollars,
    "UTF-16": lambda t: csv(t).encode("utf-16"),
    "UTF-8 with a mark": lambda t: csv(t).encode("utf-8-sig"),
    "cp1252": lambda t: csv(t.assign(café=1.0)).encode("cp1252"),
    "gzip with another name": lambda t: gzip.compress(csv(t).encode()),
    "zip": zipped,
    "a workbook": workbook,
    "Parquet": parquet,
    "spaces around names and cells": spaces,
    "an index without a name": lambda t: t.to_csv(),
    "title lines before the header": lambda t: "Media report\n2021\n\n" + csv(t),
    "blank lines at the end": lambda t: csv(t) + "\n,,,,\n\n",
    "sep= before the header": lambda t: "sep=;\n" + csv(t, sep=";"),
    "Windows ends of lines": lambda t: csv(t).replace("\n", "\r\n"),
}


@pytest.mark.parametrize("kind", READ)
def test_files_that_are_read(kind, table, check):
    status, said, err = check(READ[kind](table))
    assert status == 0, err
    columns = said["columns"]
    assert columns["target"] == "revenue"
    assert columns["time"] == "week"
    assert columns["region"] is None
    assert columns["media"] == ["tv", "search"]
    assert columns["controls"] == ["price"]
    assert [f for f in said["findings"] if f["severity"] == "stops"] == []


@pytest.mark.parametrize(
    ("text", "options"),
    [
        (lambda t: german(t), ("--sep", ";", "--decimal", ",", "--thousands", ".")),
        (
            lambda t: german(t, "\t"),
            ("--sep", "\t", "--decimal", ",", "--thousands", "."),
        ),
        (lambda t: csv(t, sep="|"), ("--sep", "|", "--decimal", ".")),
    ],
)
def test_signs_that_are_told(table, check, text, options):
    status, said, err = check(text(table), options=options)
    assert status == 0, err
    _, sniffed, _ = check(text(table))
    assert said == sniffed


def test_signs_that_are_told_wrongly_are_refused(table, check):
    status, said, err = check(csv(table), options=("--sep", ";"))
    assert (status, said) == (2, None)
    assert err.startswith("error: ")


def regions(table):
    """Return a file in which a region is called NA, as Namibia's code."""
    return csv(
        pd.concat([table.assign(country="NA"), table.assign(country="ZA", tv=table.tv)])
    )


def test_a_region_called_na(table, check):
    status, said, _ = check(regions(table))
    assert status == 0
    assert said["columns"]["region"] == "country"


def put(table, column, value, row=5):
    rows = table.astype({column: object})
    rows.loc[row, column] = value
    return csv(rows)


DOUBTFUL = ["02/01/2021", "03/01/2021", "03/02/2021", "05/04/2021", "07/06/2021"]

REFUSED = {
    "an empty file": (lambda t: b"", "is empty", ()),
    "a header alone": (lambda t: csv(t[:0]), "a header and no rows", ()),
    "a web page": (lambda t: "<!DOCTYPE html><html>", "is a web page", ()),
    "JSON": (lambda t: '[{"a": 1}]', "export it as CSV", ()),
    "noise": (lambda t: bytes(range(256)) * 20, "is no text file", ()),
    "a cut gzip": (
        lambda t: gzip.compress(csv(t).encode())[:300],
        "cannot be unpacked",
        (),
    ),
    "an old workbook": (
        lambda t: b"\xd0\xcf\x11\xe0\xa1\xb1" + b"\x00" * 99,
        "save it as .xlsx",
        (),
    ),
    "two columns of one name": (
        lambda t: csv(t).replace("search", "tv", 1),
        "two columns called 'tv'",
        (),
    ),
    "a ragged line": (
        lambda t: csv(t).replace("\n2021-02-01,", "\n2021-02-01,1,", 1),
        "line 6 has 6 fields",
        (),
    ),
    "one column": (lambda t: csv(t[["tv"]]), "one column only", ()),
    "a misspelt target": (csv, "did you mean 'revenue'?", ("--target", "revenu")),
    "no target to be seen": (
        lambda t: csv(t.rename(columns={"revenue": "amount"})),
        "say which column is the outcome with --target",
        (),
    ),
    "two targets": (
        lambda t: csv(t.assign(orders=t["revenue"] / 30)),
        "say --target revenue or --target orders",
        (),
    ),
    "thousands or fractions": (
        lambda t: csv(
            t.assign(revenue="123,456", tv="1,234", search="2,345", price=9), sep=";"
        ),
        "say --thousands , or --decimal ,",
        (),
    ),
    "day and month in doubt": (
        lambda t: csv(t[: len(DOUBTFUL)].assign(week=DOUBTFUL)),
        "here: --dayfirst or --monthfirst",
        (),
    ),
    "a total at the end": (
        lambda t: csv(t) + "Total,1,1,1,1\n",
        "Total",
        ("--time", "week"),
    ),
}


def test_days_before_months_are_understood(table, check):
    months = pd.date_range("2021-01-01", periods=24, freq="MS")
    rows = table[:24].assign(week=months.strftime("%d/%m/%Y"))
    status, said, _ = check(csv(rows))
    assert status == 0
    assert said["columns"]["time"] == "week"
    told, _, _ = check(csv(rows), options=("--dayfirst",))
    assert told == 0


@pytest.mark.parametrize("kind", REFUSED)
def test_files_that_are_refused(kind, table, check):
    spoil, message, options = REFUSED[kind]
    status, said, err = check(spoil(table), options=options)
    if said is None:
        assert status == 2
        assert err.startswith("error: ")
        assert message in err
    else:
        assert status == 1
        assert message in str(said["findings"])


STOPPED = {
    "text among the outcomes": (lambda t: put(t, "revenue", "n/k"), "'n/k'"),
    "a missing outcome": (lambda t: put(t, "revenue", ""), "row 5"),
    "text among the media": (lambda t: put(t, "tv", "much"), "'tv', row 5"),
    "negative media": (lambda t: put(t, "tv", "-5"), "below zero"),
    "rows twice": (lambda t: csv(pd.concat([t, t])), "repeat a time step"),
}


@pytest.mark.parametrize("kind", STOPPED)
def test_rows_that_stop_a_fit(kind, table, check):
    spoil, message = STOPPED[kind]
    status, said, _ = check(spoil(table))
    assert status == 1
    stops = [f for f in said["findings"] if f["severity"] == "stops"]
    assert any(message in f["where"] + f["what"] for f in stops)
    assert all(f["what_to_do"] for f in stops)


def test_a_missing_file_names_its_neighbour(table, check, tmp_path, capsys):
    check(csv(table), "sales_2021.csv")
    assert main(["check", str(tmp_path / "sales_2012.csv")]) == 2
    assert "did you mean 'sales_2021.csv'?" in capsys.readouterr().err
    assert main(["check", str(tmp_path)]) == 2
    assert "is a folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("texts", "separator", "signs"),
    [
        (["1.234,5", "7"], ";", Signs(",", ".")),
        (["1,234.5"], ",", Signs(".", ",")),
        (["1.234.567"], ";", Signs(",", ".")),
        (["12,5"], ";", Signs(",", ".")),
        (["1,234"], ",", Signs(".", ",")),
        (["0.123"], ";", Signs(".", ",")),
        (["1.234"], ",", Signs(".", "")),
        (["12", "-3"], ";", Signs(".", "")),
    ],
)
def test_signs_by_hand(texts, separator, signs):
    assert find_signs({"x": texts}, separator) == signs


def test_signs_in_doubt_or_at_odds():
    with pytest.raises(ValueError, match="may be a thousand or a fraction"):
        find_signs({"x": ["1.234"]}, ";")
    with pytest.raises(ValueError, match="decimal points and with decimal commas"):
        find_signs({"x": ["1.25", "2,5"]}, ";")
