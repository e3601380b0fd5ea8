"""Every piece of code that a page of the documentation shows runs as it stands."""

import copy
import doctest
import importlib
import importlib.util
import re
import shlex
import sys
import textwrap
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

import sklearn_mmm
from sklearn_mmm import DeepCausalMMMRegressor, make_future
from sklearn_mmm.cli import main
from sklearn_mmm.datasets import make_mmm

ROOT = Path(sklearn_mmm.__file__).parents[1]
DOCS = ROOT / "docs"
_DIRECTIVE = re.compile(
    r"^(?P<indent> *)\.\. code-block:: (?P<language>\w+)\n"
    r"(?P<options>(?:(?P=indent)   :[^\n]*\n)*)\n"
    r"(?P<body>(?:(?P=indent)   [^\n]*\n|[ ]*\n)+)",
    re.MULTILINE,
)
_SHOWN = re.compile(r"^\.\. shown:: (?P<expression>.+)$", re.MULTILINE)
_FENCE = re.compile(
    r"^```(?P<language>\w+)(?P<options>[^\n]*)\n(?P<body>.*?)^```",
    re.MULTILINE | re.DOTALL,
)
_FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass(frozen=True)
class Block:
    """A piece of code on a page."""

    language: str
    options: str
    code: str
    line: int

    @property
    def file(self):
        """Name of the file that a block is the whole of."""
        found = re.search(r":caption: (\S+\.\w+)", self.options)
        return found and found[1]


def blocks(path):
    """Return the code of a page in the order in which it is read."""
    text = path.read_text(encoding="utf-8")
    pattern = _DIRECTIVE if path.suffix == ".rst" else _FENCE
    found = [
        Block(
            found["language"],
            found["options"],
            textwrap.dedent(found["body"]).strip("\n") + "\n",
            text.count("\n", 0, found.start("body")),
        )
        for found in pattern.finditer(text)
    ]
    # What a page shows of its results is an expression, see docs/_shown.py.
    found += [
        Block("python", "", shown["expression"], text.count("\n", 0, shown.start()))
        for shown in _SHOWN.finditer(text)
    ]
    return sorted(found, key=lambda block: block.line)


def run_python(block, names, page):
    """Run a block; what it defines stays for the blocks that follow."""
    where = f"{page.name}, line {block.line}"
    if ">>>" not in block.code:
        exec(compile("\n" * block.line + block.code, str(page), "exec"), names)
        return
    test = doctest.DocTestParser().get_doctest(block.code, names, where, str(page), 0)
    problems = []
    runner = doctest.DocTestRunner(optionflags=_FLAGS)
    runner.run(test, out=problems.append, clear_globs=False)
    names.update(test.globs)
    assert not problems, "\n".join(problems)


def commands(block):
    """Return the command lines of a console block, without their prompts."""
    joined = block.code.replace("\\\n", " ")
    return [line[2:] for line in joined.splitlines() if line.startswith("$ ")]


PAGES = [*sorted(DOCS.glob("**/*.rst")), ROOT / "README.md", ROOT / "llms.txt"]
PAGES = [p for p in PAGES if not {"generated", "auto_examples"} & set(p.parts)]
PAGES = [p for p in PAGES if blocks(p)]
# What pages are about that need more than the tests do.
NEEDS = {"mlflow": "mlflow", "skops": "skops", "dask": "distributed"}


@pytest.fixture(scope="module")
def known():
    """Return the names that pages use without making them: a panel and its fit."""
    X, y, truth = make_mmm(3, 84, 3, random_state=0)
    old = X["week"] < X["week"].unique()[-8]
    mmm = DeepCausalMMMRegressor(
        truth.media_columns,
        truth.control_columns,
        "region",
        "week",
        graph=False,
        time_varying=False,
        validation=False,
        n_members=4,
        random_state=0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mmm.fit(X[old], y[old])
        future = make_future(mmm, periods=8)
    names = {"X": X[old], "y": y[old], "X_next": X[~old], "y_next": y[~old]}
    return names | {"truth": truth, "mmm": mmm, "future": future, "plan": X[~old]}


@pytest.fixture
def names(known):
    """Return names of a page's own."""
    return copy.deepcopy(known) | {"__name__": "page"}


@pytest.fixture
def sales(known):
    """Return the panel as one table."""
    return known["X"].assign(sales=known["y"])


def national(names, weeks, rng):
    """Return a series for each name, positive and uneven."""
    return pd.DataFrame({name: rng.gamma(1.0, 1000.0, weeks) for name in names})


def example_data():
    """Return tables laid out as the example data of other packages."""
    rng = np.random.default_rng(0)
    media = ["tv_S", "ooh_S", "print_S", "facebook_I", "search_clicks_P", "newsletter"]
    robyn = national(media, 110, rng)
    robyn["DATE"] = pd.date_range("2021-01-04", periods=110, freq="W-MON")
    robyn["facebook_S"] = 0.1 * robyn["facebook_I"]
    robyn["search_S"] = 0.4 * robyn["search_clicks_P"]
    robyn["competitor_sales_B"] = 1e4 + 1e3 * rng.normal(size=110)
    robyn["events"] = np.where(np.arange(110) % 40 == 5, "event1", "na")
    robyn.loc[10, "events"] = "event2"
    robyn["revenue"] = 2e5 + 40 * robyn[media].pow(0.7).sum(axis=1)
    pymc = national(["x1", "x2"], 110, rng) / 1e4
    pymc["date_week"] = robyn["DATE"]
    pymc["event_1"] = (np.arange(110) == 20).astype(float)
    pymc["event_2"] = (np.arange(110) == 70).astype(float)
    pymc["y"] = 50 + 30 * np.tanh(pymc[["x1", "x2"]]).sum(axis=1)
    channels = [f"Channel{i}_impression" for i in range(5)]
    organic = "Organic_channel0_impression"
    controls = ["competitor_sales_control", "sentiment_score_control", "Promo"]
    geo = national([*channels, organic, *controls], 3 * 104, rng)
    geo["geo"] = np.repeat(["Geo0", "Geo1", "Geo2"], 104)
    geo["time"] = np.tile(pd.date_range("2021-01-25", periods=104, freq="W-MON"), 3)
    for i, channel in enumerate(channels):
        geo[f"Channel{i}_spend"] = 0.01 * geo[channel]
    geo["conversions"] = 1e4 + 10 * geo[channels].pow(0.7).sum(axis=1)
    geo["revenue_per_conversion"] = 0.02
    dma = national(["channel_0", "channel_1", "control_0"], 2 * 80, rng)
    dma["dma"], dma["week"] = np.repeat([501, 502], 80), np.tile(np.arange(80), 2)
    dma["visits"] = 1e4 + 9 * dma[["channel_0", "channel_1"]].pow(0.7).sum(axis=1)
    return {
        "dt_simulated_weekly.csv": robyn,
        "mmm_example.csv": pymc,
        "geo_all_channels.csv": geo,
        "dma_panel.csv": dma,
    }


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch, sales):
    """Run in a folder of its own, with a panel as CSV."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    sales.to_csv("sales.csv", index=False)
    for name, table in example_data().items():
        table.to_csv(name, index=False)
    known = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - known:
        if getattr(sys.modules[name], "__file__", None) and str(tmp_path) in str(
            sys.modules[name].__file__
        ):
            del sys.modules[name]


def missing(block):
    """Return whether a block needs a package that is not here."""
    return any(
        word in block.code and importlib.util.find_spec(package) is None
        for word, package in NEEDS.items()
    )


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
@pytest.mark.filterwarnings("default")
def test_code_of_a_page_runs(page, names, folder):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for block in blocks(page):
            if block.file:
                (folder / block.file).write_text(block.code, encoding="utf-8")
            elif block.language in ("python", "pycon") and not missing(block):
                run_python(block, names, page)
            elif block.language == "console":
                for line in commands(block):
                    program, *arguments = shlex.split(line)
                    if program == "sklearn-mmm":
                        assert main(arguments) in (0, None), line


def test_pages_show_python_only_in_blocks_that_are_run():
    for page in PAGES:
        for block in blocks(page):
            assert block.language in {
                "python", "pycon", "console", "text", "toml", "yaml", "bash", "R",
            }, f"{page.name}, line {block.line}: {block.language}"  # fmt: skip


def test_no_page_has_code_outside_of_blocks_that_are_run():
    for page in sorted(DOCS.glob("**/*.rst")):
        if {"generated", "auto_examples", "_build"} & set(page.parts):
            continue
        lines = page.read_text(encoding="utf-8").splitlines()
        literal = [
            f"{page.name}, line {i}"
            for i, line in enumerate(lines, start=1)
            if line.endswith("::") and not line.lstrip().startswith("..")
        ]
        assert not literal


def test_every_benchmark_has_its_section(monkeypatch):
    monkeypatch.syspath_prepend(DOCS)
    page = importlib.import_module("_benchmarks")
    assert set(page.commands()) == set(page.SECTIONS)


def test_charts_of_the_gallery_need_no_network(monkeypatch):
    pytest.importorskip("sphinx")
    monkeypatch.syspath_prepend(DOCS)
    shown = importlib.import_module("_shown")
    figure = go.Figure(go.Bar(x=["tv"], y=[1.0]))
    html = shown.PageRenderer().to_mimebundle(figure.to_dict())["text/html"]
    assert f'src="../_static/{shown._SCRIPT}"' in html
    assert 'src="http' not in html


def test_the_gallery_names_all_examples(monkeypatch):
    monkeypatch.syspath_prepend(DOCS)
    order = importlib.import_module("_order")
    assert {p.stem for p in (ROOT / "examples").glob("*.py")} == set(order.FIRST)


def rows_of(table):
    """Return the lines of a benchmark's table, apart at blanks."""
    text = (DOCS / "benchmarks" / f"{table}.txt").read_text(encoding="utf-8")
    return [line.split() for line in text.splitlines()]


def test_numbers_of_the_readme_are_those_of_the_tables():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    table = text.split("<!-- numbers -->")[1].split("<!-- /numbers -->")[0]
    shown = [line.split("|")[2].strip() for line in table.strip().splitlines()[2:]]
    draws = [row for row in rows_of("recovery") if row[:1] == ["medium"]][1:]
    assert shown[0] == ", ".join(row[2] for row in draws)
    assert shown[1] == ", ".join(row[-1] for row in draws)
    [every] = [row for row in rows_of("coverage") if row[:2] == ["all", "above"]]
    assert shown[2] == f"{100 * float(every[3]):.0f} %"


def per_cent(number):
    """Return a share as a text of per cent."""
    return f"{100 * float(number.strip(',;')):.0f}"


def prose(page):
    """Return a page in one line."""
    return " ".join((DOCS / f"{page}.rst").read_text(encoding="utf-8").split())


def test_numbers_of_prose_are_those_of_the_tables():
    found = {row[0]: row for row in rows_of("graph") if row[1:2] == ["regions:"]}
    six, one = ((per_cent(found[n][5]), per_cent(found[n][8])) for n in "61")
    assert (
        f"{six[0]} % of the true one on average with six regions, {six[1]} % off at "
        f"most, and {one[0]} % with one region, {one[1]} % off at most"
    ) in prose("channel_graph")
    [starts] = [row for row in rows_of("modes") if row[:2] == ["all", "together:"]]
    count = dict(zip(starts[2::2], (n.strip(",") for n in starts[3::2]), strict=True))
    assert f"of {count['starts']} starts" in prose("convergence")
    assert f"{count['same']} end in the mode of the fit" in prose("convergence")
    assert f"{count['flat']} along a direction" in prose("convergence")
    assert (count["better"] == "0") == ("none in a better one" in prose("convergence"))
    bias = {"with": [], "without": []}
    for row in rows_of("treatments"):
        if row[0:1] == ["holidays"] and row[2] == "bias":
            bias[row[3]].append(abs(float(row[5])))
    low, high, most = min(bias["without"]), max(bias["without"]), max(bias["with"])
    assert (
        f"overstated by {100 * low:.0f} to {100 * high:.0f} % without the encoder and "
        f"off by at most {100 * most:.0f} % with it"
    ) in prose("how_to_events")
